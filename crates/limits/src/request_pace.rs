//! Calls per minute, paced by `governor`.
//!
//! The rate is the limit's own. The burst is a tenth smaller than the limit's: a server that counts exactly as we do
//! sees calls a little closer together than we sent them, and that tenth is the slack. Where a limit is shared, the slack
//! is taken off before it is divided.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// Bursts above this would overflow nanoseconds at the slowest rate.
const LARGEST_BURST: u32 = 1_000_000;

/// How far a slowed pace may catch up with a timer that fired late.
const LATENESS: Duration = Duration::from_millis(10);

/// The time that [`RequestPace`] was told last: `governor` asks a clock, and everything here is told.
#[derive(Debug, Clone, Default)]
struct Hands(Arc<AtomicU64>);

impl Clock for Hands {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Spaces calls so that no more than the limit start in a minute, after a first burst.
#[derive(Debug)]
pub(crate) struct RequestPace {
    limiter: RateLimiter<NotKeyed, InMemoryState, Hands, StateInformationMiddleware>,
    hands: Hands,
    begin: Instant,
    interval: Duration,
    burst: NonZeroU32,
    /// Calls that could have started right after the last one, and when that was.
    left: (u32, Instant),
    /// Under a factor below 1 calls are spaced evenly, without bursts: the next may start then.
    slowed_until: Instant,
}

impl RequestPace {
    /// `per_minute` calls, of which `burst` at once; nothing for a limit of 0.
    pub(crate) fn new(per_minute: u32, burst: NonZeroU32, now: Instant) -> Option<Self> {
        let per_minute = NonZeroU32::new(per_minute)?;
        // Rounded up, so that rounding never makes the pace faster than the limit.
        let interval = Duration::from_nanos(60_000_000_000_u64.div_ceil(per_minute.get().into()));
        let quota = Quota::with_period(interval).expect("an interval is at least 1 ns").allow_burst(burst);
        let hands = Hands::default();
        let limiter = RateLimiter::direct_with_clock(quota, hands.clone())
            .with_middleware::<StateInformationMiddleware>();
        Some(Self {
            limiter,
            hands,
            begin: now,
            interval,
            burst,
            left: (burst.get(), now),
            slowed_until: now,
        })
    }

    /// The same from `now` on, but all that could be saved up is spent: the first call may start after one interval.
    pub(crate) fn spent(per_minute: u32, burst: u32, now: Instant) -> Option<Self> {
        Self::new(per_minute, NonZeroU32::new(burst)?, now).map(|pace| pace.first_after(1.0, now))
    }

    /// Goes on with another rate and burst. Of what was saved up one call stays at most, and of one that had been waited
    /// for in part that part does, so that a rate may change often without anything being gained or lost.
    pub(crate) fn under(mut self, per_minute: u32, burst: u32, now: Instant) -> Option<Self> {
        let fresh = Self::new(per_minute, NonZeroU32::new(burst)?, now)?;
        if (fresh.interval, fresh.burst) == (self.interval, self.burst) {
            return Some(self);
        }
        let missing = match self.take(now) {
            Ok(()) => 0.0,
            Err(until) => (until - now).div_duration_f64(self.interval),
        };
        let slowed = self.slowed_until.saturating_duration_since(now).div_duration_f64(self.interval);
        let slowed_until = now + fresh.interval.mul_f64(slowed);
        Some(Self { slowed_until, ..fresh.first_after(missing, now) })
    }

    /// A new pace whose first call may start after so many intervals, alone.
    fn first_after(mut self, intervals: f64, now: Instant) -> Self {
        // Rounded up, or frequent changes would gain what rounding loses.
        self.begin =
            now + self.interval.mul_f64(intervals) + Duration::from_nanos(u64::from(intervals > 0.0));
        self.left.1 = self.begin;
        self.lower_to(1, self.begin);
        self
    }

    /// Starts a call at `factor` times the rate, or says when the next may start.
    pub(crate) fn start(&mut self, factor: f64, now: Instant) -> Result<(), Instant> {
        if factor < 1.0 && now < self.slowed_until {
            return Err(self.slowed_until);
        }
        self.take(now)?;
        if factor < 1.0 {
            let from = now.checked_sub(LATENESS).map_or(now, |late| self.slowed_until.max(late));
            self.slowed_until = from + self.interval.div_f64(factor);
        }
        Ok(())
    }

    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if now < self.begin {
            return Err(self.begin);
        }
        self.tell(now);
        let left = self.limiter.check().map_err(|until| self.begin + until.earliest_possible())?;
        self.left = (left.remaining_burst_capacity(), now);
        Ok(())
    }

    /// The provider says that so many calls are left: less than we thought counts, more does not.
    pub(crate) fn lower_to(&mut self, remaining: u32, now: Instant) {
        let (left, at) = self.left;
        let since = now.saturating_duration_since(at).as_nanos() / self.interval.as_nanos();
        let grown = u32::try_from(since).unwrap_or(u32::MAX);
        let level = left.saturating_add(grown).min(self.burst.get());
        if let Some(excess) = NonZeroU32::new(level.saturating_sub(remaining)) {
            self.tell(now);
            if let Ok(Ok(left)) = self.limiter.check_n(excess) {
                self.left = (left.remaining_burst_capacity(), now);
            }
        }
    }

    /// What `remaining` calls at `then` have become by `now`, after `started` more of our own. A reply tells what was left when
    /// its call came in, which may be long ago; taken as it stands, it would cost whatever has grown meanwhile.
    pub(crate) fn aged(&self, remaining: u32, then: Instant, started: u64, now: Instant) -> u32 {
        let grown = now.saturating_duration_since(then).as_nanos() / self.interval.as_nanos();
        let left = u128::from(remaining) + grown;
        u32::try_from(left.saturating_sub(started.into())).unwrap_or(u32::MAX)
    }

    fn tell(&self, now: Instant) {
        let nanos = now.saturating_duration_since(self.begin).as_nanos();
        self.hands.0.store(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// What a process that shares a limit with nobody may use of its burst; one that is absent is one second's worth.
pub(crate) fn own_burst(per_minute: u32, burst: Option<u32>) -> NonZeroU32 {
    local_burst(burst.unwrap_or(per_minute / 60))
}

/// Nine tenths of a burst, at least 1.
pub(crate) fn local_burst(burst: u32) -> NonZeroU32 {
    let slack = burst.div_ceil(10);
    NonZeroU32::new(burst.saturating_sub(slack).min(LARGEST_BURST)).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new(per_minute: u32, burst: Option<u32>, now: Instant) -> Option<RequestPace> {
        RequestPace::new(per_minute, own_burst(per_minute, burst), now)
    }

    /// Starts `calls` as early as the pace lets them and returns when each started.
    fn starts(pace: &mut RequestPace, calls: usize, factor: f64, begin: Instant) -> Vec<Duration> {
        let mut now = begin;
        (0..calls)
            .map(|_| {
                while let Err(until) = pace.start(factor, now) {
                    assert!(until > now, "the pace asks to wait for a moment that has passed");
                    now = until;
                }
                now - begin
            })
            .collect()
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let begin = Instant::now();
        let mut pace = new(3_000, Some(50), begin).unwrap();
        let starts = starts(&mut pace, 3_000, 1.0, begin);
        assert_eq!(starts[44], Duration::ZERO);
        assert_eq!(starts[45], Duration::from_millis(20));
        assert_eq!(starts[2_999], Duration::from_millis(20 * (3_000 - 45)));
    }

    #[test]
    fn a_limit_of_nothing_has_no_pace() {
        assert!(new(0, None, Instant::now()).is_none());
    }

    #[test]
    fn half_the_factor_is_half_the_rate_without_bursts() {
        let begin = Instant::now();
        let mut pace = new(600, None, begin).unwrap();
        let starts = starts(&mut pace, 11, 0.5, begin);
        let last = starts[10];
        assert!(last >= Duration::from_millis(1_980) && last <= Duration::from_millis(2_000), "{last:?}");
    }

    #[test]
    fn a_lowered_pace_waits_for_its_next_call() {
        let begin = Instant::now();
        let mut pace = new(600, Some(20), begin).unwrap();
        pace.lower_to(2, begin);
        pace.lower_to(10, begin);
        let starts = starts(&mut pace, 4, 1.0, begin);
        assert_eq!(starts, [0, 0, 100, 200].map(Duration::from_millis));
    }

    proptest! {
        #[test]
        fn no_window_has_more_starts_than_rate_and_burst(
            per_minute in 1..100_000_u32,
            burst in prop::option::of(1..500_u32),
            pauses in prop::collection::vec(0..5_000_u64, 1..8),
        ) {
            let begin = Instant::now();
            let mut pace = new(per_minute, burst, begin).unwrap();
            let mut all = Vec::new();
            let mut now = begin;
            for pause in pauses {
                now += Duration::from_millis(pause);
                all.extend(starts(&mut pace, 40, 1.0, now).into_iter().map(|at| now - begin + at));
                now = begin + *all.last().expect("40 calls started");
            }
            let burst = f64::from(burst.unwrap_or((per_minute / 60).max(1)));
            for from in 0..all.len() {
                for until in from..all.len() {
                    let window = (all[until] - all[from]).as_secs_f64();
                    let most = burst + window * f64::from(per_minute) / 60.0;
                    prop_assert!((until - from + 1) as f64 <= most + 1e-6);
                }
            }
        }
    }
}
