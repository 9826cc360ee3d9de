//! From numbers of `stats` to numbers of the summary.

use antiphon_core::summary::{Agreement, Estimate, IntervalRules, Units};
use antiphon_stats::two_way::TwoWayMean;
use antiphon_stats::{self as stats, Interval, PairsUsed, Population};

use crate::cell::rule;

pub(crate) fn estimate(from: stats::Estimate) -> Estimate {
    Estimate {
        value: from.value,
        low: from.interval.map(|interval| interval.low),
        high: from.interval.map(|interval| interval.high),
        note: from.why.map(|why| why.to_string()),
    }
}

/// A value in units of `scale`, such as words of a reference instead of its share.
pub(crate) fn scaled(from: stats::Estimate, offset: f64, scale: f64) -> Estimate {
    let back = |value: f64| offset + value * scale;
    let mut estimate = estimate(from);
    estimate.value = estimate.value.map(back);
    estimate.low = estimate.low.map(back);
    estimate.high = estimate.high.map(back);
    estimate
}

/// A value without an interval, with the reason.
pub(crate) fn point(value: Option<f64>, note: &str) -> Estimate {
    Estimate { value, low: None, high: None, note: Some(note.to_owned()) }
}

pub(crate) fn with_interval(value: f64, interval: Option<Interval>) -> Estimate {
    Estimate {
        value: Some(value),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        note: None,
    }
}

/// Intervals that are shown miss so often.
pub(crate) const SHOWN: f64 = 0.05;

/// A share or a chance by its table, of which no interval leaves `[0, 1]`; `none` says why there is no value.
pub(crate) fn share_of(of: Option<TwoWayMean>, none: &str) -> Estimate {
    let Some(of) = of else { return point(None, none) };
    let Some(interval) = of.interval(SHOWN) else {
        return point(Some(of.mean), "there is one cluster, which has no interval");
    };
    let clipped = Interval { low: interval.low.max(0.0), high: interval.high.min(1.0) };
    with_interval(of.mean, Some(clipped))
}

/// The note of what is [`bounded`] by cuts.
pub(crate) const SAME_AT_ALL_CUTS: &str = "no spread was seen: the bound takes cuts as independent";

/// Weights of a mean do not add up to 1 to the last bit.
const ROUNDING: f64 = 1e-12;

/// Where all of `units` were the same, 0 or 1, no spread is seen; what can be said is that a share of them that differs would have been seen, with
/// 95 % confidence: `0.05^(1/units)`, if they are independent.
pub(crate) fn bounded(of: Estimate, units: usize, note: &str) -> Estimate {
    #[expect(clippy::cast_precision_loss, reason = "words of answers are far below 2^53")]
    let bound = SHOWN.powf(1.0 / units as f64);
    let ends = match of.value {
        Some(value) if value.abs() < ROUNDING => [0.0, 1.0 - bound],
        Some(value) if (1.0 - value).abs() < ROUNDING => [bound, 1.0],
        _ => return of,
    };
    Estimate { low: Some(ends[0]), high: Some(ends[1]), note: Some(note.to_owned()), ..of }
}

/// An agreement, that between users with an interval that misses with another chance than 0.05 where there is one.
pub(crate) fn agreement(from: &stats::Agreement, miss: Option<f64>) -> Agreement {
    Agreement {
        within_session: estimate(from.within),
        between_sessions: estimate(from.sessions),
        between_users: estimate(miss.map_or(from.users, |miss| from.users_at(miss))),
        sampling_part: from.parts.sampling,
        session_part: from.parts.session,
        user_part: from.parts.user,
        rho_user: from.rho_user,
        rho_session: from.rho_session,
        users: from.size.users as u64,
        sessions: from.size.sessions as u64,
        samples: from.size.samples as u64,
        sampled_pairs: match from.pairs {
            PairsUsed::Exact => None,
            PairsUsed::Sampled(pairs) => Some(pairs),
        },
        rules: rules(from),
    }
}

fn rules(of: &stats::Agreement) -> IntervalRules {
    let units = match of.population {
        Population::Drawn => Units::Users,
        Population::Fixed => Units::Sessions,
    };
    IntervalRules {
        within_session: rule(&of.within, units),
        between_sessions: rule(&of.sessions, units),
        between_users: rule(&of.users, units),
    }
}
