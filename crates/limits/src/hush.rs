//! The answer to 429: the whole pool falls silent until the provider will listen again, and if that keeps happening it
//! sings more slowly.
//!
//! A single 429 at a limit that we share with nobody is a matter of milliseconds, and costs its `retry-after` only. Three
//! separate ones with no clean minute between them say that the limit is lower than we were told: then the factor halves, at
//! most once in [`WINDOW`], and every clean minute gives [`STEP`] of it back.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

/// The factor halves at most once in this time, and climbs by a step after this time without a 429.
const WINDOW: Duration = Duration::from_secs(60);

/// What a clean window gives back.
const STEP: f64 = 0.05;

/// The factor goes no lower.
const LEAST_FACTOR: f64 = 0.05;

/// So many separate 429s halve the factor.
const STRIKES: u32 = 3;

/// The pause after a 429 that names none; it doubles with every strike.
const PAUSE: Duration = Duration::from_secs(1);

/// A pause is prolonged by up to a tenth and this much, so that a fleet does not come back as one.
const MOST_JITTER: Duration = Duration::from_secs(1);

/// The brake of a pool.
#[derive(Debug)]
pub(crate) struct Hush {
    factor: f64,
    strikes: u32,
    hushes: u64,
    paused_until: Option<Instant>,
    halved_at: Option<Instant>,
    clean_since: Instant,
}

impl Hush {
    pub(crate) fn new(now: Instant) -> Self {
        Self { factor: 1.0, strikes: 0, hushes: 0, paused_until: None, halved_at: None, clean_since: now }
    }

    /// Separate 429s so far: one that arrives during a pause belongs to the one that began it.
    pub(crate) fn hushes(&self) -> u64 {
        self.hushes
    }

    /// What every rate is multiplied with, in 0.05..=1.
    pub(crate) fn factor(&self) -> f64 {
        self.factor
    }

    /// The end of the pause, if there is one at `now`.
    pub(crate) fn pause(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// Takes in a 429.
    pub(crate) fn hush(&mut self, after: Option<Duration>, jitter: &mut ChaCha8Rng, now: Instant) {
        self.recover(now);
        let fresh = self.pause(now).is_none();
        if fresh {
            self.hushes += 1;
            self.strikes += 1;
        }
        let pause = after.unwrap_or(PAUSE * 2_u32.pow(self.strikes.clamp(1, 6) - 1));
        let longer = pause.div_f64(10.0).min(MOST_JITTER).mul_f64(jitter.random_range(0.0..1.0));
        // A `retry-after` beyond what the clock can hold is as good as none.
        let until = now.checked_add(pause + longer).unwrap_or(now);
        self.paused_until = self.pause(now).max(Some(until));
        self.clean_since = self.paused_until.unwrap_or(now);
        let rested = self.halved_at.is_none_or(|at| now >= at + WINDOW);
        if self.strikes >= STRIKES && rested {
            self.factor = (self.factor / 2.0).max(LEAST_FACTOR);
            self.halved_at = Some(now);
            self.strikes = 0;
        }
    }

    /// Lets time pass: every clean window forgives a strike, or else gives back a step of the factor.
    pub(crate) fn recover(&mut self, now: Instant) {
        while (self.strikes > 0 || self.factor < 1.0) && now >= self.clean_since + WINDOW {
            self.clean_since += WINDOW;
            self.strikes = self.strikes.saturating_sub(1);
            // A step's rounding error must not leave the factor a hair below 1 for another minute.
            self.factor = if self.factor + STEP > 0.999 { 1.0 } else { self.factor + STEP };
        }
    }
}

#[cfg(test)]
mod tests {
    use antiphon_core::Seed;

    use super::*;

    fn jitter() -> ChaCha8Rng {
        Seed(7).stream(&["test"])
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_stray_429_costs_its_retry_after_and_no_more() {
        let begin = Instant::now();
        let mut hush = Hush::new(begin);
        hush.hush(Some(2 * SECOND), &mut jitter(), begin);
        let until = hush.pause(begin).unwrap() - begin;
        assert!((2 * SECOND..=2 * SECOND + SECOND / 5).contains(&until), "{until:?}");
        assert!((hush.factor() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn refusals_during_a_pause_are_one_hush() {
        let begin = Instant::now();
        let mut hush = Hush::new(begin);
        for _ in 0..100 {
            hush.hush(Some(SECOND), &mut jitter(), begin);
        }
        assert_eq!((hush.hushes(), hush.strikes), (1, 1));
    }

    #[test]
    fn a_longer_pause_wins_and_a_shorter_one_does_not() {
        let begin = Instant::now();
        let mut hush = Hush::new(begin);
        hush.hush(Some(30 * SECOND), &mut jitter(), begin);
        hush.hush(Some(SECOND), &mut jitter(), begin);
        assert!(hush.pause(begin).unwrap() >= begin + 30 * SECOND);
    }

    #[test]
    fn the_third_halves_once_per_window_and_clean_minutes_give_back() {
        let begin = Instant::now();
        let mut hush = Hush::new(begin);
        let mut now = begin;
        let mut factors = Vec::new();
        for _ in 0..6 {
            hush.hush(Some(SECOND), &mut jitter(), now);
            factors.push(hush.factor());
            now += 2 * SECOND;
        }
        assert_eq!(factors, [1.0, 1.0, 0.5, 0.5, 0.5, 0.5]);
        // The window has passed since the halving, so the next one halves again.
        hush.hush(Some(SECOND), &mut jitter(), begin + 65 * SECOND);
        assert!((hush.factor() - 0.25).abs() < 1e-9);
        hush.recover(begin + 65 * SECOND + 2 * WINDOW);
        assert!((hush.factor() - 0.30).abs() < 1e-9, "{}", hush.factor());
        hush.recover(begin + 20 * WINDOW);
        assert!((hush.factor() - 1.0).abs() < f64::EPSILON, "{}", hush.factor());
    }

    #[test]
    fn pauses_without_a_number_double() {
        let begin = Instant::now();
        let mut hush = Hush::new(begin);
        hush.hush(None, &mut jitter(), begin);
        let first = hush.pause(begin).unwrap() - begin;
        let later = begin + 3 * SECOND;
        hush.hush(None, &mut jitter(), later);
        let second = hush.pause(later).unwrap() - later;
        assert!(first < SECOND * 2 && second >= SECOND * 2, "{first:?} {second:?}");
    }
}
