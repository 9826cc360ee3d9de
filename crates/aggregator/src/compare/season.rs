//! Many nights after a baseline: what each came to, and whether anything has changed by now. May be looked at every night.

use std::collections::BTreeMap;

use antiphon_core::suite::{Measured, Policy};
use antiphon_core::summary::Estimate;
use antiphon_core::{
    Comparison, History, HistoryNight, HistoryPoint, HistorySeries, OBJECT_FORMAT, RunId, RunVerdict,
    TargetId,
};
use antiphon_stats::change::paired_change;
use antiphon_stats::multiplicity::e_bh;
use antiphon_stats::season::Season;

use super::{Movements, UserMoved};

type Key = (TargetId, Option<String>, Option<(String, String)>, Measured);

/// The nights in their order, each compared with the same baseline. `alpha` is how often a season without a change may raise an alarm,
/// whenever it is looked at. A night on which another model says that it answers begins a series anew: it is the provider's change, which the
/// comparison of that night names. Another fingerprint is told and begins nothing anew (decision 014).
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
    let mut models = Names::default();
    for (at, (night, of)) in nights.iter().zip(&of_nights).enumerate() {
        for (place, key) in keys.iter().enumerate() {
            let Some(users) = of.get(key) else { continue };
            if models.differ(&key.0, &night.models).is_some() {
                seasons[place] = Season::default();
            }
            let differences = users.iter().map(|user| (user.user, user.run - user.base)).collect();
            let found = seasons[place].push(&differences);
            let point = point(at, key.3, users, found.score, found.e);
            all[place].points.push(point);
        }
        models.take(&night.models);
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
        nights: told(nights),
        series: all,
    }
}

/// The nights, and what the provider says has changed from one to the next.
fn told(nights: &[Movements]) -> Vec<HistoryNight> {
    let (mut models, mut fingerprints) = (Names::default(), Names::default());
    let mut all = Vec::with_capacity(nights.len());
    for night in nights {
        let mut provider = Vec::new();
        for (what, known, now) in
            [("model", &mut models, &night.models), ("fingerprint", &mut fingerprints, &night.fingerprints)]
        {
            for target in now.keys() {
                if let Some([before, now]) = known.differ(target, now) {
                    let (before, now) = (before.join(", "), now.join(", "));
                    provider.push(format!("the {what} of {target} is {now}, the night before {before}"));
                }
            }
            known.take(now);
        }
        all.push(HistoryNight { run: night.run.clone(), complete: night.complete, provider });
    }
    all
}

/// What each target's provider called itself when it last said so.
#[derive(Default)]
struct Names<'a>(BTreeMap<&'a TargetId, &'a [String]>);

impl<'a> Names<'a> {
    /// The names before and now, where both are known and they are not the same.
    fn differ(
        &self,
        target: &TargetId,
        now: &'a BTreeMap<TargetId, Vec<String>>,
    ) -> Option<[&'a [String]; 2]> {
        let now = now.get(target).filter(|names| !names.is_empty())?.as_slice();
        self.0.get(target).filter(|before| **before != now).map(|before| [*before, now])
    }

    fn take(&mut self, now: &'a BTreeMap<TargetId, Vec<String>>) {
        self.0.extend(
            now.iter().filter(|(_, names)| !names.is_empty()).map(|(id, names)| (id, names.as_slice())),
        );
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
    use crate::compare::Series;

    use super::*;

    /// One series of twenty users, who refuse a fifth more often from the sixth night on.
    fn nights(model: impl Fn(u64) -> String, fingerprint: impl Fn(u64) -> String) -> Vec<Movements> {
        let users = |night: u64| {
            (0..20).map(move |user: u64| {
                // Some number between -0.1 and 0.1 that depends on user and night.
                let noise = ((user * 7 + night * 13) * (user + 3 * night + 5) % 21) as f64 / 100.0 - 0.1;
                UserMoved { user, base: 0.2, run: 0.2 + noise + if night >= 5 { 0.2 } else { 0.0 } }
            })
        };
        let names = |name: String| BTreeMap::from([("voice".parse().unwrap(), vec![name])]);
        let night = |night: u64| Movements {
            format: OBJECT_FORMAT,
            run: format!("n{night}").parse().unwrap(),
            base: "base".parse().unwrap(),
            made_from: String::new(),
            complete: true,
            models: names(model(night)),
            fingerprints: names(fingerprint(night)),
            series: vec![Series {
                target: "voice".parse().unwrap(),
                group: None,
                users_with: None,
                measure: Measured::Refusal,
                users: users(night).collect(),
            }],
        };
        (0..8).map(night).collect()
    }

    fn seen(nights: &[Movements]) -> History {
        season("suite", &"base".parse().unwrap(), nights, &Policy::default(), 0.025)
    }

    #[test]
    fn another_fingerprint_is_told_and_begins_nothing_anew() {
        let same = seen(&nights(|_| "m".to_owned(), |_| "fp".to_owned()));
        assert_eq!(same.series[0].alarm, Some(5), "{:#?}", same.series);
        assert!(same.nights.iter().all(|night| night.provider.is_empty()));
        // A server that is built anew every night hides nothing.
        let built = seen(&nights(|_| "m".to_owned(), |night| format!("fp{night}")));
        assert_eq!(built.series, same.series);
        assert_eq!(built.nights[0].provider, Vec::<String>::new());
        assert_eq!(
            built.nights[5].provider,
            ["the fingerprint of voice is fp5, the night before fp4"],
            "and the night of the change can be looked up"
        );
    }

    #[test]
    fn another_model_begins_anew() {
        let model = |night: u64| if night >= 5 { "new".to_owned() } else { "old".to_owned() };
        let found = seen(&nights(model, |_| "fp".to_owned()));
        assert_eq!(found.nights[5].provider, ["the model of voice is new, the night before old"]);
        let anew = seen(&nights(model, |_| "fp".to_owned())[5..]);
        let of = |history: &History, from: usize| -> Vec<f64> {
            history.series[0].points[from..].iter().map(|point| point.e).collect()
        };
        assert_eq!(of(&found, 5), of(&anew, 0), "as if these nights were all there are");
    }

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
