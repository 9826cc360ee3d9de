//! One pair, measure by measure: what each side comes to, how far they differ, and whether that is less than matters.

use std::collections::BTreeMap;

use antiphon_core::summary::{
    ByUser, Cell, Estimate, Measure, MirroredMeasure, UserValues, Verdict, WithoutUser,
};
use antiphon_core::{Manifest, UserMode};
use antiphon_stats::Interval;
use antiphon_stats::paired::{self, Difference, Rule};

/// Both sides of a pair with what is compared by.
struct Pair<'a> {
    manifest: &'a Manifest,
    a: &'a Cell,
    b: &'a Cell,
    /// Users on both sides.
    users: Vec<(&'a UserValues, &'a UserValues)>,
}

/// The number of users on both sides, and all measures.
pub(super) fn all(manifest: &Manifest, a: &Cell, b: &Cell) -> (u64, Vec<MirroredMeasure>) {
    let (Some(of_a), Some(of_b)) = (&a.by_user, &b.by_user) else { return (0, Vec::new()) };
    let others: BTreeMap<u64, &UserValues> = of_b.users.iter().map(|user| (user.user, user)).collect();
    let users = of_a.users.iter().filter_map(|user| Some((user, *others.get(&user.user)?))).collect();
    let pair = Pair { manifest, a, b, users };
    let margins = manifest.scoring.margins.unwrap_or_default();
    let refused = |cell: &Cell| cell.rates.refused_by_rule.clone().unwrap_or_default();
    let declared = |cell: &Cell| cell.rates.refused.clone();
    let hedged = |cell: &Cell| cell.rates.hedged.clone().unwrap_or_default();
    let mut measures = vec![
        pair.share(Measure::Refusal, margins.refusal, |user| Some(user.refused), refused),
        pair.share(Measure::RefusalByProvider, margins.refusal, |user| Some(user.declared), declared),
        pair.share(Measure::Hedging, margins.hedging, |user| user.hedged, hedged),
        pair.words(margins.words),
    ];
    measures.extend(pair.agreements(of_a, of_b, margins.agreement));
    (pair.users.len() as u64, measures)
}

impl Pair<'_> {
    fn is_drawn(&self) -> bool {
        self.manifest.users.mode == UserMode::Drawn
    }

    fn seed(&self, measure: Measure) -> u64 {
        let purpose = ["mirrored", self.a.target.as_str(), self.a.probe.as_str(), &format!("{measure:?}")];
        u64::from(self.manifest.seed.number(&purpose))
    }

    fn share(
        &self,
        measure: Measure,
        margin: f64,
        value: fn(&UserValues) -> Option<f64>,
        rate: impl Fn(&Cell) -> Estimate,
    ) -> MirroredMeasure {
        let values: Vec<(f64, f64)> =
            self.users.iter().filter_map(|(a, b)| Some((value(a)?, value(b)?))).collect();
        let differences: Vec<f64> = values.iter().map(|(a, b)| a - b).collect();
        let found = if self.is_drawn() {
            paired::shares(&differences, margin, self.seed(measure))
        } else {
            known(&rate(self.a)).zip(known(&rate(self.b))).map(|(a, b)| paired::sides(a, b, margin))
        };
        let means = mean(values.iter().map(|(a, _)| *a)).zip(mean(values.iter().map(|(_, b)| *b)));
        self.row(measure, means, found, [-margin, margin])
    }

    /// Lengths are compared by their ratio: on the logarithmic scale, and told as a part.
    fn words(&self, margin: f64) -> MirroredMeasure {
        let lengths = |user: &UserValues| user.words.filter(|words| *words > 0.0);
        let values: Vec<(f64, f64)> =
            self.users.iter().filter_map(|(a, b)| Some((lengths(a)?, lengths(b)?))).collect();
        let ratios: Vec<f64> = values.iter().map(|(a, b)| (a / b).ln()).collect();
        let limit = (1.0 + margin).ln();
        let found = if self.is_drawn() {
            paired::means(&ratios, (-limit, limit))
        } else {
            let spread = |(a, b): &(&UserValues, &UserValues)| Some(a.words_spread? + b.words_spread?);
            let sum: Option<f64> = self.users.iter().map(spread).sum();
            #[expect(clippy::cast_precision_loss, reason = "users are far below 2^53")]
            let count = self.users.len() as f64;
            let value = mean(ratios.iter().copied());
            value.zip(sum).and_then(|(value, sum)| paired::of_error(value, sum.sqrt() / count, limit))
        };
        let told = |found: Difference| Difference {
            value: found.value.exp_m1(),
            interval: found.interval.map(|at| Interval { low: at.low.exp_m1(), high: at.high.exp_m1() }),
            ..found
        };
        let means = mean(values.iter().map(|(a, _)| *a)).zip(mean(values.iter().map(|(_, b)| *b)));
        let mut row = self.row(Measure::Words, means, found.map(told), [(-limit).exp_m1(), margin]);
        if found.is_none() {
            row.difference.value = mean(ratios.into_iter()).map(f64::exp_m1);
        }
        row
    }

    /// Language by language, where both sides have a value.
    fn agreements(&self, a: &ByUser, b: &ByUser, margin: f64) -> Vec<MirroredMeasure> {
        let both = a.agreement.iter().filter_map(|(language, value, without)| {
            let (_, other, others) = b.agreement.iter().find(|(spoken, _, _)| spoken == language)?;
            let interval = |cell: &Cell| {
                let wording = cell.wording.iter().find(|wording| wording.language == *language)?;
                known(&wording.answered.between_users).map(|(_, interval)| interval)
            };
            let (of_a, of_b) = (interval(self.a), interval(self.b));
            let found = if self.is_drawn() {
                let without = both_without((*value, without), (*other, others));
                paired::agreements((*value, of_a), (*other, of_b), &without?, margin)
            } else {
                of_a.zip(of_b).map(|(of_a, of_b)| paired::sides((*value, of_a), (*other, of_b), margin))
            };
            let row = self.row(Measure::Agreement, Some((*value, *other)), found, [-margin, margin]);
            Some(MirroredMeasure { language: Some(language.clone()), ..row })
        });
        both.collect()
    }

    fn row(
        &self,
        measure: Measure,
        means: Option<(f64, f64)>,
        found: Option<Difference>,
        margin: [f64; 2],
    ) -> MirroredMeasure {
        let interval = found.and_then(|found| found.interval);
        let why = match (means, &found) {
            (None, _) => Some("no user has such a value on both sides"),
            (_, Some(_)) => None,
            (_, None) if self.users.len() < 3 => Some("an interval needs at least three users on both sides"),
            (_, None) if self.is_drawn() => {
                Some("the users do not differ from one another, so no spread was seen")
            }
            (_, None) => Some("users that were not drawn need at least 2 sessions each for an interval"),
        };
        let by = found.map_or("", |found| match found.rule {
            Rule::StudentT => "Student's t over the differences of users",
            Rule::Exact => "exact binomial limits, since hardly any user differs or hardly any does not",
            Rule::Sides if self.is_drawn() => "the intervals of both sides put together, since one is close to 1",
            Rule::Sides => "the intervals of both sides put together: users were not drawn, so it speaks of these users only",
            Rule::Jackknife => "jackknife over users, each taken out of both sides at once",
        });
        MirroredMeasure {
            measure,
            language: None,
            a: means.map(|(a, _)| a),
            b: means.map(|(_, b)| b),
            difference: Estimate {
                value: found.map(|found| found.value).or_else(|| means.map(|(a, b)| a - b)),
                low: interval.map(|at| at.low),
                high: interval.map(|at| at.high),
                note: why.map(str::to_owned),
            },
            interval_by: by.to_owned(),
            margin,
            p: found.and_then(|found| found.p),
            p_adjusted: None,
            equivalence_p: found.and_then(|found| found.equivalence),
            equivalence_p_adjusted: None,
            verdict: Verdict::Undecided,
        }
    }
}

/// Both agreements without each user of either side; a user who is on one side only is taken out of that one. `None` where an agreement
/// without somebody is undefined.
fn both_without(a: (f64, &[WithoutUser]), b: (f64, &[WithoutUser])) -> Option<Vec<(f64, f64)>> {
    let mut users: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for without in a.1 {
        users.entry(without.user).or_insert((a.0, b.0)).0 = without.agreement?;
    }
    for without in b.1 {
        users.entry(without.user).or_insert((a.0, b.0)).1 = without.agreement?;
    }
    Some(users.into_values().collect())
}

fn known(estimate: &Estimate) -> Option<(f64, Interval)> {
    Some((estimate.value?, Interval { low: estimate.low?, high: estimate.high? }))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    (count > 0.0).then(|| sum / count)
}
