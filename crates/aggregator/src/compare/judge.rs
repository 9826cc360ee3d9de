//! From differences to findings, and from those to the verdict.

use std::collections::BTreeMap;

use antiphon_core::suite::{Measured, Policy};
use antiphon_core::summary::Estimate;
use antiphon_core::{Change, Comparison, Finding, RunVerdict, Seed};
use antiphon_stats::between::Between;
use antiphon_stats::exchange::exchange_pairs_until;
use antiphon_stats::multiplicity::adjust_weighted;
use antiphon_stats::power::{POWER, detectable_effect};
use antiphon_stats::versus::{self, FEWEST, Moved, Shift};

/// Above this p nobody asks for another one.
const INTERESTING: f64 = 0.1;
/// Reasons that are given of each kind.
const REASONS: usize = 5;

/// What makes changes of differences.
pub(crate) struct Judge<'a> {
    policy: &'a Policy,
    seed: Seed,
    /// A p of a group that is as small needs no further draws.
    enough: f64,
    /// Users → the effect in standard deviations that is found; it takes a while to compute.
    effects: BTreeMap<usize, f64>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(policy: &'a Policy, seed: Seed) -> Self {
        Self { policy, seed, enough: 0.0, effects: BTreeMap::new() }
    }

    /// Says at which level and among how many groups a p has to stand.
    pub(crate) fn among(&mut self, groups: usize, level: f64) {
        #[expect(clippy::cast_precision_loss, reason = "groups are far below 2^53")]
        let shares = 2.0 * groups.max(1) as f64;
        self.enough = level / shares;
    }

    /// Fills in what was found of a mean over users.
    pub(crate) fn of_values(&mut self, blank: Change, values: &BTreeMap<u64, [f64; 2]>) -> Change {
        let differences: Vec<f64> = values.values().map(|[base, run]| run - base).collect();
        let levels = [0, 1].map(|side| mean(values.values().map(|both| both[side])));
        let (margin, seed) = (self.policy.margin(blank.measure), self.seed_of(&blank));
        let moved = match blank.measure {
            Measured::Length => versus::ratios(&differences, margin),
            Measured::Agreement => versus::agreements(&differences, levels, margin, seed),
            _ => versus::shares(&differences, margin, seed),
        };
        let told = |value: f64| if blank.measure == Measured::Length { value.exp_m1() } else { value };
        let level = |value: f64| if blank.measure == Measured::Length { value.exp() } else { value };
        let (difference, note) = match moved {
            Some(Moved { value, interval, .. }) => {
                let interval = interval.map(|at| (told(at.low), told(at.high)));
                ((Some(told(value)), interval), None)
            }
            None if differences.len() < 3 => {
                ((None, None), Some("fewer than three users asked on both sides"))
            }
            None => (
                (Some(told(mean(differences.iter().copied()))), None),
                Some("the users' differences do not vary"),
            ),
        };
        let few = differences.len() < FEWEST;
        let p = moved.and_then(|moved| moved.p);
        let interesting = p.filter(|p| *p <= INTERESTING);
        Change {
            users: differences.len() as u64,
            base: Some(level(levels[0])),
            run: Some(level(levels[1])),
            difference: Estimate {
                value: difference.0,
                low: difference.1.map(|at| at.0),
                high: difference.1.map(|at| at.1),
                note: note.map(str::to_owned),
            },
            margin,
            p,
            permutation_p: interesting.and_then(|_| versus::exchanged(&differences, seed)),
            equivalence_p: moved.and_then(|moved| moved.equivalence).filter(|_| !few),
            detectable: moved
                .and_then(|moved| moved.spread)
                .map(|spread| told(spread * self.effect(differences.len()))),
            ..blank
        }
    }

    /// The same of a distribution on one probe.
    pub(crate) fn of_shift(&self, blank: Change, found: &Between) -> Change {
        self.shifted(
            blank,
            found.users,
            versus::shift(&found.apart, self.policy.margin(Measured::Distribution)),
            found.gap,
            Some(found.test.p),
            found.own.iter().sum(),
        )
    }

    /// The same of a distribution over several probes, of which there are few, so that a p as small as a late night of a season asks for
    /// can be had.
    pub(crate) fn of_pooled_shift(
        &self,
        blank: Change,
        users: usize,
        apart: &[Vec<f64>],
        reach: f64,
    ) -> Change {
        let shift = versus::shift(apart, self.policy.margin(Measured::Distribution));
        let test = exchange_pairs_until(apart, self.enough, self.seed_of(&blank));
        let sum: f64 = apart.iter().flatten().sum();
        #[expect(clippy::cast_precision_loss, reason = "pairs of users are far below 2^53")]
        let value = sum / (users * users.saturating_sub(1) / 2) as f64;
        self.shifted(blank, users, shift, value, test.map(|test| test.p), reach)
    }

    /// `reach` is the distance there would be if no answer of one night were one of the other: the agreement of both nights. Where that is no
    /// more than the margin, a small distance is no sign of anything.
    fn shifted(
        &self,
        blank: Change,
        users: usize,
        shift: Option<Shift>,
        value: f64,
        p: Option<f64>,
        reach: f64,
    ) -> Change {
        let interval = shift.and_then(|shift| shift.interval);
        Change {
            users: users as u64,
            difference: Estimate {
                value: Some(value),
                low: interval.map(|at| at.low),
                high: interval.map(|at| at.high),
                note: shift
                    .is_none()
                    .then(|| "an interval needs at least four users on both sides".to_owned()),
            },
            margin: self.policy.margin(Measured::Distribution),
            p: p.map(|p| p.max(versus::least_p(users))),
            equivalence_p: shift
                .and_then(|shift| shift.equivalence)
                .filter(|_| users >= FEWEST && reach > self.policy.margin(Measured::Distribution)),
            ..blank
        }
    }

    fn effect(&mut self, users: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "users are far below 2^53")]
        let compute = || detectable_effect(users as f64, POWER);
        *self.effects.entry(users).or_insert_with(compute)
    }

    fn seed_of(&self, change: &Change) -> u64 {
        let probe = change.probe.as_ref().map_or("", |probe| probe.as_str());
        let (factor, level) = change.users_with.as_ref().map_or(("", ""), |(factor, level)| (factor, level));
        let purpose = [
            "compare",
            change.target.as_str(),
            change.group.as_deref().unwrap_or_default(),
            probe,
            &change.turn.to_string(),
            change.language.as_deref().unwrap_or_default(),
            factor,
            level,
            change.measure.name(),
        ];
        u64::from(self.seed.number(&purpose))
    }
}

/// Decides what was found of each. All tests are one family (methods: one for each report); what has no p counts for nothing. Half of what the
/// family may err by is for groups and half for single probes, of which there are many more: else a group would have to stand out among
/// hundreds of them.
pub(crate) fn decide(changes: &mut [&mut Change], policy: &Policy, level: f64) {
    let p: Vec<Option<f64>> = changes.iter().map(|change| change.p).collect();
    let tests = |of_probes: bool| {
        let tested =
            changes.iter().filter(|change| change.p.is_some() && change.probe.is_some() == of_probes);
        #[expect(clippy::cast_precision_loss, reason = "tests are far below 2^53")]
        let count = tested.count().max(1) as f64;
        count
    };
    let [of_group, of_probe] = [1.0 / tests(false), 1.0 / tests(true)];
    let weights: Vec<f64> =
        changes.iter().map(|change| if change.probe.is_some() { of_probe } else { of_group }).collect();
    let adjusted = adjust_weighted(&p, &weights);
    for (change, adjusted) in changes.iter_mut().zip(adjusted) {
        change.p_adjusted = adjusted;
        let is_found = adjusted.is_some_and(|p| p <= level);
        let is_same = change.equivalence_p.is_some_and(|p| p <= policy.alpha);
        let is_beyond =
            change.difference.value.is_some_and(|value| change.measure.exceeds(value, change.margin));
        change.finding = match (is_found, is_beyond) {
            (true, true) => Finding::Changed,
            (true, false) => Finding::Slight,
            (false, _) if is_same => Finding::Same,
            (false, _) => Finding::Undecided,
        };
    }
}

/// Verdict and reasons.
pub(crate) fn verdict(comparison: &Comparison) -> (RunVerdict, Vec<String>) {
    let all = || comparison.groups.iter().chain(&comparison.probes);
    let changed = || all().filter(|change| change.finding == Finding::Changed);
    let mut blocking: Vec<&Change> = changed().filter(|change| change.must_not_be()).collect();
    let mut warning: Vec<&Change> = changed().filter(|change| !change.must_not_be()).collect();
    let open = |change: &&Change| {
        change.blocks && change.users_with.is_none() && change.finding == Finding::Undecided
    };
    let mut undecided: Vec<&Change> = comparison.groups.iter().filter(open).collect();
    let mut reasons = Vec::new();
    reasons.extend(told("changed", &mut blocking));
    let (base, run) = (&comparison.base, &comparison.run);
    for (side, what) in [(run, "the run"), (base, "the base")] {
        if side.missing > 0 {
            reasons.push(format!(
                "{what} {} is incomplete: {} of {} samples are missing",
                side.run, side.missing, side.planned
            ));
        }
        if side.lost > 0 {
            reasons.push(format!(
                "{what} {} has lost answers: of the result objects that its summary was made from {} are no longer in the store; put them \
                 back, or compare with another run",
                side.run, side.lost
            ));
        }
    }
    if comparison.groups.is_empty() {
        reasons.push("nothing could be compared".to_owned());
    }
    reasons.extend(told("neither a change nor its absence could be shown", &mut undecided));
    reasons.extend(told("changed, which only warns", &mut warning));
    let drift = comparison.targets.iter().flat_map(|target| {
        target.provider_drift.iter().map(move |what| format!("provider drift, {}: {what}", target.target))
    });
    reasons.extend(drift);
    let otherwise = comparison.targets.iter().filter(|target| !target.asked_otherwise.is_empty());
    reasons.extend(otherwise.map(|target| {
        format!("target {} is asked otherwise: {}", target.target, target.asked_otherwise.join(", "))
    }));
    let is_open =
        !undecided.is_empty() || comparison.groups.is_empty() || !run.is_complete() || !base.is_complete();
    let verdict = match () {
        () if !blocking.is_empty() => RunVerdict::Block,
        () if is_open => RunVerdict::Inconclusive,
        () if !reasons.is_empty() => RunVerdict::Warn,
        () => {
            reasons.push("the same within the margins wherever a change would block".to_owned());
            RunVerdict::Pass
        }
    };
    (verdict, reasons)
}

/// The clearest few in words, and how many more there are.
fn told(what: &str, changes: &mut [&Change]) -> Vec<String> {
    changes.sort_by(|a, b| {
        let p = |change: &Change| change.p_adjusted.unwrap_or(1.0);
        a.probe.is_some().cmp(&b.probe.is_some()).then(p(a).total_cmp(&p(b)))
    });
    let mut said: Vec<String> =
        changes.iter().take(REASONS).map(|change| format!("{what}: {}", sentence(change))).collect();
    if changes.len() > REASONS {
        said.push(format!("{what}: {} more", changes.len() - REASONS));
    }
    said
}

fn sentence(change: &Change) -> String {
    let of = match (&change.probe, &change.group) {
        (Some(probe), _) => format!("probe {probe}"),
        (None, Some(group)) => format!("group {group}"),
        (None, None) => "probes without a group".to_owned(),
    };
    let with = change
        .users_with
        .as_ref()
        .map_or(String::new(), |(factor, level)| format!(", users with {factor} {level}"));
    let number =
        |value: Option<f64>| value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.3}"));
    let amount = match (change.measure, change.base) {
        (Measured::Distribution, _) | (_, None) => {
            format!("squared distance {}", number(change.difference.value))
        }
        (Measured::Length, Some(base)) => format!("{base:.1} to {:.1} words", change.run.unwrap_or_default()),
        (_, Some(_)) => format!("{} to {}", number(change.base), number(change.run)),
    };
    format!(
        "{} of {}, {of}{with}: {amount} (margin {})",
        change.measure.name(),
        change.target,
        number(Some(change.margin))
    )
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "users are far below 2^53")]
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests;
