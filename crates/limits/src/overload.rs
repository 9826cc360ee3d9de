//! The answer to 503 and 529: the provider is overloaded, which has nothing to do with our quota.
//!
//! An overloaded call between answered ones is that call's own trouble, and whoever made it waits before asking again.
//! Three in a row, with no answer between them, are the pool's: it pauses, twice as long each time.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

/// So many in a row pause the pool.
const IN_A_ROW: u32 = 3;

/// The first pause, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The back-off of a pool.
#[derive(Debug, Default)]
pub(crate) struct Overload {
    in_a_row: u32,
    paused_until: Option<Instant>,
}

impl Overload {
    /// The end of the pause, if there is one at `now`.
    pub(crate) fn pause(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// An answer came: whatever it was, it is over.
    pub(crate) fn answered(&mut self) {
        self.in_a_row = 0;
    }

    /// Takes in an overload. The pause is drawn from the upper half of its length, and is at least `after`.
    pub(crate) fn overloaded(&mut self, after: Option<Duration>, jitter: &mut ChaCha8Rng, now: Instant) {
        // Calls that were under way when the pause began say nothing new.
        if self.pause(now).is_some() {
            return;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        let Some(doublings) = self.in_a_row.checked_sub(IN_A_ROW) else { return };
        let (first, longest) = PAUSES;
        let pause = (first * 2_u32.pow(doublings.min(6))).min(longest).mul_f64(jitter.random_range(0.5..1.0));
        self.paused_until = now.checked_add(pause.max(after.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use antiphon_core::Seed;

    use super::*;

    #[test]
    fn overloads_between_answers_do_not_pause_the_pool() {
        let (mut overload, mut jitter, now) =
            (Overload::default(), Seed(1).stream(&["test"]), Instant::now());
        for _ in 0..10 {
            overload.overloaded(None, &mut jitter, now);
            overload.overloaded(Some(Duration::from_secs(5)), &mut jitter, now);
            overload.answered();
        }
        assert_eq!(overload.pause(now), None);
    }

    #[test]
    fn an_outage_pauses_longer_and_longer_up_to_a_minute() {
        let (mut overload, mut jitter, mut now) =
            (Overload::default(), Seed(1).stream(&["test"]), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..12 {
            overload.overloaded(None, &mut jitter, now);
            let until = overload.pause(now).unwrap_or(now);
            pauses.push((until - now).as_secs_f64());
            now = until;
        }
        assert_eq!(pauses[..2], [0.0, 0.0]);
        for (at, pause) in pauses[2..].iter().enumerate() {
            let longest = 2_f64.powi(i32::try_from(at).unwrap()).min(60.0);
            assert!((longest / 2.0..=longest).contains(pause), "pause {at} is {pause}");
        }
    }

    #[test]
    fn the_provider_may_ask_for_more() {
        let (mut overload, mut jitter, now) =
            (Overload::default(), Seed(1).stream(&["test"]), Instant::now());
        for _ in 0..3 {
            overload.overloaded(Some(Duration::from_secs(20)), &mut jitter, now);
        }
        assert_eq!(overload.pause(now), Some(now + Duration::from_secs(20)));
    }
}
