//! Tokens per minute: an estimate is reserved before a call and settled after it, with refund or debt.
//!
//! `governor` has neither refund nor debt, so this bucket is our own.
//!
//! Capacity is a sixth of the limit, ten seconds' worth: large enough for several long calls at once, small enough that
//! the burst after a rest stays a small part of a minute.
//!
//! What is promised: in every window of length `w`, the net of what was charged (reservations, minus refunds, plus
//! debts) is at most `limit × w/60 s + max(capacity, largest reservation) + debts of the window`. If every estimate is
//! at least the real usage and at most the capacity, that is `limit + capacity` in every window of 60 s.

use std::time::Duration;

use tokio::time::Instant;

/// The bucket holds the limit divided by this.
const CAPACITIES_PER_MINUTE: f64 = 6.0;

/// Differences below this are rounding.
const ROUNDING: f64 = 1e-6;

/// A bucket of tokens that fills steadily up to its capacity and may go into debt.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    per_second: f64,
    capacity: f64,
    level: f64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) fn new(per_minute: u32, now: Instant) -> Self {
        let per_minute = f64::from(per_minute);
        let capacity = per_minute / CAPACITIES_PER_MINUTE;
        Self { per_second: per_minute / 60.0, capacity, level: capacity, filled_at: now }
    }

    /// A bucket that never held anything.
    pub(crate) fn nothing(now: Instant) -> Self {
        Self { per_second: 0.0, capacity: 0.0, level: 0.0, filled_at: now }
    }

    /// The same debts under another limit, and what is left if it `goes_on` without a gap.
    pub(crate) fn under(&self, per_minute: u32, goes_on: bool, now: Instant) -> Self {
        let fresh = Self::new(per_minute, now);
        let most = if goes_on { fresh.capacity } else { 0.0 };
        Self { level: self.level.min(most), ..fresh }
    }

    /// Lets time pass at `factor` times the rate.
    pub(crate) fn fill(&mut self, factor: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.level = (self.level + passed * self.per_second * factor).min(self.capacity);
        self.filled_at = self.filled_at.max(now);
    }

    /// When `tokens` may be reserved, if not now; `None` where that is never. More than the capacity may be
    /// reserved from a full bucket: it is charged in full and leaves a debt, so that it neither hangs nor is free.
    pub(crate) fn ready(&self, tokens: u64, factor: f64) -> Result<(), Option<Instant>> {
        let missing = (tokens as f64).min(self.capacity) - self.level;
        if tokens == 0 || missing <= ROUNDING && self.capacity > 0.0 {
            return Ok(());
        }
        let rate = self.per_second * factor;
        if rate <= 0.0 {
            return Err(None);
        }
        Err(Some(self.filled_at + Duration::from_secs_f64(missing / rate)))
    }

    /// Takes `tokens` out.
    pub(crate) fn charge(&mut self, tokens: u64) {
        self.level -= tokens as f64;
    }

    /// Puts the difference right once the real number is known. A refund never fills above the capacity.
    pub(crate) fn settle(&mut self, reserved: u64, used: u64) {
        self.level = (self.level + reserved as f64 - used as f64).min(self.capacity);
    }

    /// The provider says that so many are left: less than we thought counts, more does not.
    pub(crate) fn lower_to(&mut self, remaining: u64) {
        self.level = self.level.min(remaining as f64);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Token parts: a sixtieth of a billionth of a token, in which both time and tokens are whole numbers.
    const PART: i128 = 60_000_000_000;

    /// The same bucket in exact arithmetic, replayed from the beginning.
    struct Exact {
        limit: i128,
        level: i128,
        at: u64,
    }

    impl Exact {
        fn capacity(&self) -> i128 {
            self.limit * PART / 6
        }

        fn fill(&mut self, at: u64) {
            self.level = (self.level + self.limit * i128::from(at - self.at)).min(self.capacity());
            self.at = at;
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Wait(u64),
        Take { estimate: u64, used_percent: u64 },
        Settle(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..20_000_000_000_u64).prop_map(Step::Wait),
            (0..3_000_u64, 0..150_u64)
                .prop_map(|(estimate, used_percent)| Step::Take { estimate, used_percent }),
            (0..8_usize).prop_map(Step::Settle),
        ];
        prop::collection::vec(step, 1..120)
    }

    proptest! {
        /// Replays a history against the exact bucket, and then checks the promise over every window.
        #[test]
        fn no_window_is_charged_more_than_promised(limit in 60..20_000_u32, steps in steps()) {
            let begin = Instant::now();
            let mut bucket = TokenBucket::new(limit, begin);
            let mut exact = Exact { limit: limit.into(), level: i128::from(limit) * PART / 6, at: 0 };
            let (mut at, mut open, mut charges) = (0_u64, Vec::new(), Vec::<(u64, i128, i128)>::new());
            let mut largest = 0_i128;
            for step in steps {
                match step {
                    Step::Wait(nanos) => at += nanos,
                    Step::Take { estimate, used_percent } => {
                        let now = begin + Duration::from_nanos(at);
                        bucket.fill(1.0, now);
                        exact.fill(at);
                        let missing =
                            (i128::from(estimate) * PART).min(exact.capacity()) - exact.level;
                        match bucket.ready(estimate, 1.0) {
                            Ok(()) => {
                                // A thousandth of a token is the most that rounding may grant.
                                prop_assert!(estimate == 0 || missing <= PART / 1_000);
                                bucket.charge(estimate);
                                exact.level -= i128::from(estimate) * PART;
                                largest = largest.max(estimate.into());
                                charges.push((at, estimate.into(), 0));
                                open.push((estimate, estimate * used_percent / 100));
                            }
                            Err(when) => {
                                prop_assert!(missing > 0);
                                prop_assert!(when.expect("the rate is above 0") >= now);
                            }
                        }
                    }
                    Step::Settle(which) if which < open.len() => {
                        let (reserved, used) = open.swap_remove(which);
                        bucket.fill(1.0, begin + Duration::from_nanos(at));
                        exact.fill(at);
                        bucket.settle(reserved, used);
                        let net = i128::from(used) - i128::from(reserved);
                        exact.level = (exact.level - net * PART).min(exact.capacity());
                        charges.push((at, net, net.max(0)));
                    }
                    Step::Settle(_) => {}
                }
            }
            let limit = i128::from(limit);
            for from in 0..charges.len() {
                let (mut net, mut debts) = (0, 0);
                for &(until, charge, debt) in &charges[from..] {
                    (net, debts) = (net + charge, debts + debt);
                    let window = i128::from(until - charges[from].0);
                    let most = limit * window / PART + (limit / 6 + 1).max(largest) + debts + 1;
                    prop_assert!(net <= most, "charged {net}, promised {most}");
                }
            }
        }
    }

    #[test]
    fn more_than_the_capacity_passes_from_a_full_bucket_and_is_paid_for() {
        let begin = Instant::now();
        let mut bucket = TokenBucket::new(600, begin);
        assert_eq!(bucket.ready(1_000, 1.0), Ok(()));
        bucket.charge(1_000);
        // 900 in debt, and ten tokens a second: 91 s until one more is there.
        assert_eq!(bucket.ready(1, 1.0), Err(Some(begin + Duration::from_secs_f64(90.1))));
    }

    #[test]
    fn a_limit_of_nothing_lets_only_nothing_pass() {
        let bucket = TokenBucket::new(0, Instant::now());
        assert_eq!(bucket.ready(1, 1.0), Err(None));
        assert_eq!(bucket.ready(0, 1.0), Ok(()));
    }

    #[test]
    fn the_provider_may_lower_the_level_but_not_raise_it() {
        let begin = Instant::now();
        let mut bucket = TokenBucket::new(6_000, begin);
        bucket.lower_to(5_000);
        assert_eq!(bucket.ready(1_000, 1.0), Ok(()));
        bucket.lower_to(400);
        assert_eq!(bucket.ready(1_000, 1.0), Err(Some(begin + Duration::from_secs(6))));
    }
}
