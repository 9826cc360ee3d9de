//! How often a call is made again, how long it waits, and when a failure is final. Nothing is retried for ever.

use std::time::Duration;

use antiphon_core::{FailureKind, Seed};
use rand::RngExt;

use crate::call::Again;

/// Bounds of retrying one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// Most failed calls of one sample, 429s apart.
    pub attempts: u32,
    /// Most 429s of one sample: the pool waits them out for everybody, so they are no fault of the sample.
    pub rate_limited: u32,
    /// So many failures of the same kind in a row are final.
    pub identical: u32,
    /// The first wait; each next one is twice as long.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// Most time spent in calls and waits of one sample; standing in line for a permit does not count.
    pub deadline: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 8,
            rate_limited: 20,
            identical: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            deadline: Duration::from_secs(600),
        }
    }
}

/// The failures of one sample so far.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    total: u32,
    rate_limited: u32,
    in_a_row: Option<(FailureKind, u32)>,
    spent: Duration,
}

impl Failures {
    /// Counts time against the deadline.
    pub(crate) fn spend(&mut self, time: Duration) {
        self.spent += time;
    }

    /// Counts a failure. Gives the wait before the next call, or `None` if this failure is final.
    pub(crate) fn count(
        &mut self,
        failure: &Again,
        policy: &RetryPolicy,
        jitter: Seed,
        key: &str,
    ) -> Option<Duration> {
        if failure.kind == FailureKind::RateLimited {
            self.rate_limited += 1;
            return (self.rate_limited < policy.rate_limited).then_some(Duration::ZERO);
        }
        self.total += 1;
        let run = match self.in_a_row {
            Some((last, run)) if last == failure.kind => run + 1,
            _ => 1,
        };
        self.in_a_row = Some((failure.kind, run));
        let wait = self.wait(policy, jitter, key).max(failure.after.unwrap_or_default());
        if run >= policy.identical || self.total >= policy.attempts || self.spent + wait >= policy.deadline {
            return None;
        }
        self.spent += wait;
        Some(wait)
    }

    /// Full jitter, drawn from the sample's key: samples that failed together do not come back together.
    fn wait(&self, policy: &RetryPolicy, jitter: Seed, key: &str) -> Duration {
        let doubled =
            policy.first_wait.saturating_mul(1 << (self.total - 1).min(16)).min(policy.longest_wait);
        let part: f64 = jitter.stream(&["retry", key, &self.total.to_string()]).random();
        doubled.mul_f64(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: FailureKind) -> Again {
        Again { kind, detail: String::new(), after: None, unreachable: false }
    }

    fn again(kinds: &[FailureKind]) -> Vec<bool> {
        let (mut failures, policy) = (Failures::default(), RetryPolicy::default());
        kinds.iter().map(|kind| failures.count(&failure(*kind), &policy, Seed(1), "k").is_some()).collect()
    }

    #[test]
    fn the_same_failure_in_a_row_is_final() {
        assert_eq!(again(&[FailureKind::Server; 5]), [true, true, true, true, false]);
    }

    #[test]
    fn changing_failures_end_too() {
        let mixed: Vec<_> = [FailureKind::Server, FailureKind::Timeout].into_iter().cycle().take(8).collect();
        assert_eq!(again(&mixed), [true, true, true, true, true, true, true, false]);
    }

    #[test]
    fn rate_limits_have_a_bound_of_their_own() {
        let answers = again(&[FailureKind::RateLimited; 20]);
        assert!(answers[..19].iter().all(|again| *again) && !answers[19]);
    }

    #[test]
    fn time_is_bounded_whatever_the_counts() {
        let policy = RetryPolicy { attempts: 1000, identical: 1000, ..RetryPolicy::default() };
        let mut failures = Failures::default();
        failures.spend(policy.deadline);
        assert_eq!(failures.count(&failure(FailureKind::Server), &policy, Seed(1), "k"), None);
        let mut patient = Failures::default();
        let long = Again { after: Some(policy.deadline), ..failure(FailureKind::Overloaded) };
        assert_eq!(patient.count(&long, &policy, Seed(1), "k"), None);
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        let policy =
            RetryPolicy { attempts: 100, identical: 100, deadline: Duration::MAX, ..RetryPolicy::default() };
        let mut failures = Failures::default();
        for attempt in 0..40_u32 {
            let wait = failures.count(&failure(FailureKind::Server), &policy, Seed(1), "k").unwrap();
            assert!(
                wait <= policy.first_wait * (1 << attempt.min(10)) && wait <= policy.longest_wait,
                "{attempt} {wait:?}"
            );
        }
    }
}
