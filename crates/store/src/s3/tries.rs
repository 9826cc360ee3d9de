//! Trying again, with more and more time between: at random, so that a fleet does not come back all at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;

/// The wait after the first failure is at most this, and doubles.
const FIRST: Duration = Duration::from_millis(100);
/// No wait is longer, whatever the server asks.
const LONGEST: Duration = Duration::from_secs(10);

/// The attempts at one operation.
#[derive(Debug)]
pub(super) struct Tries {
    /// No attempt begins later.
    until: Instant,
    most: u32,
    failed: u32,
}

impl Tries {
    /// At most `most` attempts, the last of which begins within `patience`.
    pub(super) fn new(most: u32, patience: Duration) -> Self {
        Self { until: Instant::now() + patience, most, failed: 0 }
    }

    /// Waits for the next attempt, or gives the failure back where there is none.
    pub(super) async fn again(&mut self, failure: Failure) -> Result<(), Failure> {
        self.failed += 1;
        let wait = wait(self.failed, failure.retry_after, RandomState::new().hash_one(self.failed));
        if !failure.is_passing() || self.failed >= self.most || Instant::now() + wait > self.until {
            return Err(failure);
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// Anything up to twice as much after each failure ("full jitter"), and no less than the server asks.
fn wait(failed: u32, retry_after: Option<Duration>, random: u64) -> Duration {
    let most = FIRST.saturating_mul(1 << (failed - 1).min(16)).min(LONGEST);
    let share = (random >> 32) as f64 / f64::from(u32::MAX);
    most.mul_f64(share).max(retry_after.unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_heed_the_server() {
        assert_eq!(wait(1, None, u64::MAX), FIRST);
        assert_eq!(wait(1, None, 0), Duration::ZERO);
        assert_eq!(wait(3, None, u64::MAX), FIRST * 4);
        assert_eq!(wait(1_000, None, u64::MAX), LONGEST);
        assert_eq!(wait(1, Some(Duration::from_secs(3)), u64::MAX), Duration::from_secs(3));
        assert_eq!(wait(1, Some(Duration::from_secs(3_600)), 0), LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_by_number_and_by_time() {
        let passing = || Failure::cut_off("connection reset");
        let mut by_number = Tries::new(3, Duration::from_secs(3_600));
        by_number.again(passing()).await.unwrap();
        by_number.again(passing()).await.unwrap();
        by_number.again(passing()).await.unwrap_err();

        let begin = Instant::now();
        let mut by_time = Tries::new(u32::MAX, Duration::from_secs(30));
        while by_time.again(passing()).await.is_ok() {}
        assert!(begin.elapsed() <= Duration::from_secs(30) && begin.elapsed() >= Duration::from_secs(15));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_not_tried_again() {
        let begin = Instant::now();
        Tries::new(9, Duration::from_secs(30))
            .again(Failure::of_one("AccessDenied", "no"))
            .await
            .unwrap_err();
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
