//! What change between two nights a design can find, before it is paid for: the same users are asked the same on both, and compared
//! user by user, so that what users differ in for good is no noise.
//!
//! The score of an answer is 1 or 0 for a share, a number for a mean, and for agreement between users the mean similarity to the answers
//! of all others. Agreement moves twice as far as the mean of that score, since each answer is in a pair with two ends (the linear part
//! of a U-statistic; Hoeffding 1948). It is taken that the night moves each user by chance a little, besides sessions and samples.

use crate::power::{POWER, detectable_effect, differences_for};
use crate::quantile::student_t;

/// How far the mean of the scores moves what is looked at: of shares and means.
pub const MEAN: f64 = 1.0;
/// The same of agreement between users.
pub const AGREEMENT: f64 = 2.0;

/// Variances of a score that differ from night to night.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Of a user's mean, from night to night.
    pub drift: f64,
    /// Of a session's mean around its user's.
    pub session: f64,
    /// Of a sample around its session's mean.
    pub sample: f64,
}

/// By how many standard errors an interval reaches to either side that misses with chance `miss`, for `df > 0` degrees of freedom.
#[must_use]
pub fn two_sided(miss: f64, df: f64) -> f64 {
    student_t(1.0 - miss / 2.0, df)
}

impl Noise {
    /// The standard deviation of one user's difference between two nights.
    #[must_use]
    pub fn of_difference(&self, sessions: f64, samples: f64) -> f64 {
        (2.0 * (self.drift + (self.session + self.sample / samples) / sessions)).sqrt()
    }

    /// The smallest change that is found with power 0.8 by a two-sided paired test at 0.05, for so many users (at least 2), sessions
    /// of each, and samples of each of those.
    #[must_use]
    pub fn detectable(&self, slope: f64, users: f64, sessions: f64, samples: f64) -> f64 {
        slope * detectable_effect(users, POWER) * self.of_difference(sessions, samples)
    }

    /// How many users, a whole number, find such a change; `None` if more than a billion.
    #[must_use]
    pub fn users_for(&self, change: f64, slope: f64, sessions: f64, samples: f64) -> Option<f64> {
        let spread = slope * self.of_difference(sessions, samples);
        differences_for(change / spread, POWER).map(f64::ceil)
    }

    /// How many sessions of each of so many users, a whole number, find such a change; `None` if no number does, since users drift.
    #[must_use]
    pub fn sessions_for(&self, change: f64, slope: f64, users: f64, samples: f64) -> Option<f64> {
        let allowed = (change / (slope * detectable_effect(users, POWER))).powi(2) / 2.0 - self.drift;
        (allowed > 0.0).then(|| ((self.session + self.sample / samples) / allowed).ceil().max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: Noise = Noise { drift: 0.01, session: 0.03, sample: 0.12 };

    #[test]
    fn what_is_asked_for_is_enough_and_one_less_is_not() {
        let change = NOISE.detectable(MEAN, 30.0, 4.0, 2.0);
        // 0.529235615 standard deviations are what 30 differences find.
        assert!((change - 0.529_235_615_1 * (2.0 * (0.01_f64 + 0.09 / 4.0)).sqrt()).abs() < 1e-9);
        assert!((NOISE.detectable(AGREEMENT, 30.0, 4.0, 2.0) - 2.0 * change).abs() < 1e-12);
        let users = NOISE.users_for(change / 2.0, MEAN, 4.0, 2.0).unwrap();
        assert!(NOISE.detectable(MEAN, users, 4.0, 2.0) <= change / 2.0);
        assert!(NOISE.detectable(MEAN, users - 1.0, 4.0, 2.0) > change / 2.0);
        let sessions = NOISE.sessions_for(0.9 * change, MEAN, 30.0, 2.0).unwrap();
        assert!(NOISE.detectable(MEAN, 30.0, sessions, 2.0) <= 0.9 * change);
        assert!(NOISE.detectable(MEAN, 30.0, sessions - 1.0, 2.0) > 0.9 * change);
        assert_eq!(NOISE.sessions_for(change / 2.0, MEAN, 30.0, 2.0), None, "users drift by more than that");
    }
}
