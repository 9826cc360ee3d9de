//! Many nights after a baseline: what each came to, and whether anything has changed by now. May be looked at every night.

use std::collections::BTreeMap;

use antiphon_core::suite::{Measured, Policy};
use antiphon_core::summary::Estimate;
use antiphon_core::{
    Comparison, History, HistoryNight, HistoryPoint, HistorySeries, OBJECT_FORMAT, RunId, RunVerdict,
};
use antiphon_stats::change::paired_change;
use antiphon_stats::multiplicity::e_bh;
use antiphon_stats::season::Season;

use super::{Movements, UserMoved};

type Key = (antiphon_core::TargetId, Option<String>, Option<(String, String)>, Measured);

/// The nights in their order, each compared with the same baseline. `alpha` is how often a season without a change may raise an alarm,
/// whenever it is looked at. A night on which another model says that it answers begins a series anew: it is the provider's change, which the
/// comparison of that night names.
#[must_use]
pub fn season(
    suite: &str,
    base: &RunId,
    nights: &[Movements],
    policy: &Policy,
    alpha: f64,
) -> antiphon_core::History {
    let mut keys: Vec<Key> = Vec::new();
    let mut of_nights: Vec<BTreeMap<Key, &[UserMoved]>> = Vec::new();
    for night in nights {
        let of = night.series.iter().map(|series| {
            let key =
                (series.target.clone(), series.group.clone(), series.users_with.clone(), series.measure);
            (key, series.users.as_slice())
        });
        let of: BTreeMap<Key, &[UserMoved]> = of.collect();
        keys.extend(of.keys().cloned());
        of_nights.push(of);
    }
    keys.sort();
    keys.dedup();
    let mut all: Vec<HistorySeries> = keys.iter().map(|key| begin(key, policy)).collect();
    let mut seasons = vec![Season::default(); keys.len()];
    let mut models: BTreeMap<&antiphon_core::TargetId, &Vec<String>> = BTreeMap::new();
    for (at, (night, of)) in nights.iter().zip(&of_nights).enumerate() {
        for (place, key) in keys.iter().enumerate() {
            let Some(users) = of.get(key) else { continue };
            let now = night.models.get(&key.0).filter(|names| !names.is_empty());
            if now.is_some_and(|now| models.get(&key.0).is_some_and(|before| *before != now)) {
                seasons[place] = Season::default();
            }
            let differences = users.iter().map(|user| (user.user, user.run - user.base)).collect();
            let found = seasons[place].push(&differences);
            let point = point(at, key.3, users, found.score, found.e);
            all[place].points.push(point);
        }
        for (target, names) in night.models.iter().filter(|(_, names)| !names.is_empty()) {
            models.insert(target, names);
        }
        let e: Vec<f64> = seasons.iter().map(Season::e).collect();
        for place in e_bh(&e, alpha) {
            all[place].alarm.get_or_insert(at as u64);
        }
    }
    antiphon_core::History {
        format: OBJECT_FORMAT,
        suite: suite.to_owned(),
        base: base.clone(),
        alpha,
        nights: nights
            .iter()
            .map(|night| HistoryNight { run: night.run.clone(), complete: night.complete })
            .collect(),
        series: all,
    }
}

/// The comparison of the newest night, with what the season so far says: an alarm blocks where the newest night is beyond the margin of what
/// must not change, and else warns.
#[must_use]
pub fn with_season(comparison: Comparison, history: &History) -> Comparison {
    let mut judged = comparison;
    for series in history.series.iter().filter(|series| series.alarm.is_some()) {
        let newest = series.points.last().and_then(|point| point.difference.value);
        let rises = series.measure == Measured::Agreement && newest.is_some_and(|value| value > 0.0);
        let blocks = series.blocks && series.is_alarmed_beyond_margin() && !rises;
        let least = if blocks { RunVerdict::Block } else { RunVerdict::Warn };
        judged.verdict = judged.verdict.max(least);
        let users = series
            .users_with
            .as_ref()
            .map_or(String::new(), |(factor, level)| format!(", users with {factor} {level}"));
        let night = series.alarm.and_then(|at| history.nights.get(usize::try_from(at).ok()?));
        judged.reasons.push(format!(
            "over all nights, {}: {} of {}, group {}{users}, found on {}",
            if blocks { "changed" } else { "changed, which only warns" },
            series.measure.name(),
            series.target,
            series.group.as_deref().unwrap_or("none"),
            night.map_or("an earlier night", |night| night.run.as_str())
        ));
    }
    judged
}

fn begin((target, group, users_with, measure): &Key, policy: &Policy) -> HistorySeries {
    HistorySeries {
        target: target.clone(),
        group: group.clone(),
        users_with: users_with.clone(),
        measure: *measure,
        margin: policy.margin(*measure),
        blocks: policy.blocks(*measure, group.as_deref()),
        points: Vec::new(),
        alarm: None,
    }
}

fn point(at: usize, measure: Measured, users: &[UserMoved], score: Option<f64>, e: f64) -> HistoryPoint {
    let is_log = measure == Measured::Length;
    // A share lies in [0, 1], so what an interval has beyond is no part of it.
    let level = |value: f64| if is_log { value.exp() } else { value.clamp(0.0, 1.0) };
    let estimate = |values: Vec<f64>, told: &dyn Fn(f64) -> f64| {
        #[expect(clippy::cast_precision_loss, reason = "users are far below 2^53")]
        let count = values.len() as f64;
        let mean = (!values.is_empty()).then(|| told(values.iter().sum::<f64>() / count));
        let interval = paired_change(&values).map(|change| change.interval);
        let note = interval.is_none().then(|| "the users do not differ, so no spread was seen".to_owned());
        Estimate {
            value: mean,
            low: interval.map(|at| told(at.low)),
            high: interval.map(|at| told(at.high)),
            note,
        }
    };
    let change = |value: f64| if is_log { value.exp_m1() } else { value };
    HistoryPoint {
        night: at as u64,
        level: estimate(users.iter().map(|user| user.run).collect(), &level),
        difference: estimate(users.iter().map(|user| user.run - user.base).collect(), &change),
        score,
        e,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_shares_stay_among_shares() {
        let users: Vec<UserMoved> =
            (0..20).map(|user| UserMoved { user, base: 0.0, run: f64::from(u8::from(user == 0)) }).collect();
        let point = point(0, Measured::Refusal, &users, None, 1.0);
        assert_eq!((point.level.value, point.level.low), (Some(0.05), Some(0.0)));
        assert!(point.level.high.unwrap() > 0.1);
        // A difference of shares may be below 0.
        assert!(point.difference.low.unwrap() < 0.0);
    }
}
