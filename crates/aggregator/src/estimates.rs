//! From numbers of `stats` to numbers of the summary.

use antiphon_core::summary::{Agreement, Estimate, IntervalRules, Units};
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
