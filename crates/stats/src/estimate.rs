//! What every statistic answers with: a value, an interval, or the reason why not.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Whom an interval speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Population {
    /// Users were drawn independently; the interval speaks of all users that could have been drawn.
    Drawn,
    /// Users are a grid or were written out; the interval speaks of these users only and resamples their sessions.
    Fixed,
}

/// A two-sided 95 % confidence interval, `low <= high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A point estimate with its interval. `why` is set exactly when one of the two is missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate, unclipped: an unbiased estimate may lie slightly outside the range of what it estimates.
    pub value: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Why the value or the interval is missing.
    pub why: Option<Undefined>,
    /// The form of the interval, where there was a choice.
    pub form: Option<Form>,
}

/// Which form the rule for agreements and means took, by what was seen ([`crate::interval`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Well inside `(0, 1)`, or with many deviating units: t on the logit scale.
    LogitT,
    /// Near 0 or 1 with few units that ever deviate: exact binomial at an effective number of units.
    FewDeviants,
    /// Nothing ever varied: exact binomial at the most units that unanimity can stand for.
    Unanimous,
}

/// An interval and the form that gave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Formed {
    pub(crate) interval: Interval,
    pub(crate) form: Form,
}

/// Why a number cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Undefined {
    /// Nothing was answered.
    #[error("no samples")]
    NoSamples,
    /// Agreement between users needs two of them.
    #[error("agreement between users needs at least two users")]
    OneUser,
    /// Agreement between sessions needs a user with two of them.
    #[error("no user has two sessions")]
    OneSession,
    /// Agreement within a session needs a session with two samples.
    #[error("no session has two samples")]
    OneSample,
    /// Two users say nothing about how users differ.
    #[error("an interval needs at least three users, a point is all that fewer give")]
    FewUsers,
    /// Too few raters to see how raters differ.
    #[error("an interval needs at least {needed} raters")]
    FewRaters {
        /// Raters that there must be.
        needed: usize,
    },
    /// Too few answers ever deviate from the most frequent one.
    #[error("an interval needs at least {needed} users who ever deviate from the most frequent answer")]
    FewDeviants {
        /// Users that there must be of this kind.
        needed: usize,
    },
    /// Too few users for the interval to hold what it promises.
    #[error("an interval needs at least {needed} users")]
    FewDrawnUsers {
        /// Users that there must be.
        needed: usize,
    },
    /// For users that are not drawn the interval comes from their sessions.
    #[error("users that were not drawn need at least {needed} sessions each for an interval")]
    FewSessions {
        /// Sessions that every user must have.
        needed: usize,
    },
    /// Users in general are more than users who share levels can show, unless there are many levels.
    #[error(
        "users in general need at least {needed} levels of every factor that varies; the levels stand side by side"
    )]
    FewLevels {
        /// Levels that every factor must have.
        needed: usize,
    },
    /// Tables of levels would be too large.
    #[error("users in general are worked out for at most {most} levels of a factor")]
    ManyLevels {
        /// Levels that a factor may have.
        most: usize,
    },
    /// No two users are as different as users in general are.
    #[error("any two users share a level of some factor, so nothing is known of two who share none")]
    AlwaysSharing,
    /// Of the texts of one level only some pairs were compared.
    #[error("pairs were drawn, which is too few for an interval of one level")]
    DrawnPairs,
    /// No rule gives an interval for users that were not drawn.
    #[error("users that were not drawn have no interval for this")]
    FixedUsers,
    /// The intervals are made for means in `[0, 1]`.
    #[error("a value lies outside 0 to 1, so no interval applies")]
    OutOfRange,
    /// Good-Turing coverage is below one half, so most of the distribution has not been seen.
    #[error("more than half of the distribution is still unseen, so its entropy cannot be estimated")]
    Unseen,
    /// At every place most answers have nothing.
    #[error("most answers have no word in common, so there is no consensus")]
    NoConsensus,
    /// Leaving out any user changes nothing.
    #[error("leaving out any one user changes nothing, so nothing tells how far the value may be off")]
    NoSpread,
    /// An interval would take more work than the caller allows.
    #[error("there are too many or too long answers to hold the vote again without each user")]
    TooMuch,
}

impl Formed {
    /// The interval of `1 - x` where this is the interval of `x`.
    pub(crate) fn mirrored(self) -> Self {
        Self { interval: self.interval.mirrored(), ..self }
    }
}

impl Interval {
    /// The interval of `1 - x` where this is the interval of `x`.
    pub(crate) fn mirrored(self) -> Self {
        Self { low: 1.0 - self.high, high: 1.0 - self.low }
    }

    /// Whether `value` lies in the closed interval.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

impl Estimate {
    pub(crate) fn undefined(why: Undefined) -> Self {
        Self { value: None, interval: None, why: Some(why), form: None }
    }

    pub(crate) fn new(value: f64, interval: Result<Interval, Undefined>) -> Self {
        Self { value: Some(value), interval: interval.ok(), why: interval.err(), form: None }
    }

    pub(crate) fn formed(value: f64, interval: Result<Formed, Undefined>) -> Self {
        let form = interval.ok().map(|formed| formed.form);
        Self { form, ..Self::new(value, interval.map(|formed| formed.interval)) }
    }
}
