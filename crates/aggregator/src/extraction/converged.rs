//! Whether chains come to one text, on answers that had no vote in it, beside chains for an invented title.
//!
//! What a fresh user says in one chain is held against the texts of the *other* chains: so neither the choice of a text nor its own passages can raise
//! the share. Users are the units. Everything else is fixed: it speaks of these chains.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::summary::{Converged, Estimate, Extraction, Finding, FreshChains};
use antiphon_core::{ChainEnd, ConvergenceRules, TargetId, UserMode};
use antiphon_stats::overlap::containment_beyond;
use antiphon_stats::pieces::pieces;
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{Nested, Population, interval, paired};

use super::fresh::{Answers, Fresh};
use crate::block::OpenRun;
use crate::estimates;

const NOT_DRAWN: &str = "users were not drawn, so nothing can be said of users in general";

/// Target by target in the order of the manifest, groups in the order of their names; those with fewer than two chains are left out.
pub(super) fn all(
    run: &OpenRun,
    rules: ConvergenceRules,
    extractions: &[Extraction],
    answers: &Answers,
) -> Vec<Converged> {
    let is_drawn = run.manifest.users.mode == UserMode::Drawn;
    let mut found = Vec::new();
    for target in &run.manifest.targets {
        let own = || extractions.iter().filter(|one| one.target == target.id);
        let groups: BTreeSet<&Option<String>> = own().map(|one| &one.group).collect();
        for group in groups {
            let of = |invented: bool| -> Vec<&Extraction> {
                own().filter(|one| one.group == *group && one.invented == invented).collect()
            };
            let (chains, invented) = (of(false), of(true));
            if chains.len() > 1 {
                let scene =
                    Scene { target: &target.id, group: group.as_ref(), is_drawn, seed: run.manifest.seed.0 };
                found.push(scene.look(rules, answers, &chains, &invented));
            }
        }
    }
    found
}

#[derive(Clone, Copy)]
struct Scene<'a> {
    target: &'a TargetId,
    group: Option<&'a String>,
    is_drawn: bool,
    seed: u64,
}

impl Scene<'_> {
    fn look(
        self,
        rules: ConvergenceRules,
        answers: &Answers,
        chains: &[&Extraction],
        invented: &[&Extraction],
    ) -> Converged {
        let mut vocabulary = Vocabulary::default();
        let mut side =
            |chains: &[&Extraction]| Side::of(chains, answers, rules.run_words as usize, &mut vocabulary);
        let (real, made_up) = (side(chains), side(invented));
        let pairs: Vec<f64> = (real.users.iter())
            .filter_map(|(user, share)| Some((share - made_up.users.get(user)?).clamp(-1.0, 1.0)))
            .collect();
        let note = match () {
            () if real.is_open || made_up.is_open => Some("chains of the group are incomplete"),
            () if real.chains.probes.len() < 2 => Some("the target supports fewer than two of the chains"),
            () if real.users.is_empty() => Some("no fresh user answered"),
            () if invented.is_empty() => Some("no chain asks for an invented title"),
            () if made_up.chains.probes.len() < 2 => {
                Some("the target supports fewer than two of the chains for an invented title")
            }
            () if pairs.len() < 3 => Some("fewer than three fresh users answered in both"),
            () if !self.is_drawn => Some(NOT_DRAWN),
            () => None,
        };
        let estimate = |side: &Side| self.estimate(side);
        let (share, made_up_share) = (estimate(&real), estimate(&made_up));
        let difference = self.difference(&pairs, rules);
        let finding = note.is_none().then(|| finding(rules, &share, &made_up_share, &difference));
        Converged {
            target: self.target.clone(),
            group: self.group.cloned(),
            chains: FreshChains { share, ..real.chains },
            invented: FreshChains { share: made_up_share, ..made_up.chains },
            users: pairs.len() as u64,
            difference,
            finding,
            note: note.map(str::to_owned),
        }
    }

    fn estimate(self, side: &Side) -> Estimate {
        let cell = Nested::from_lists(side.users.values().map(|share| vec![vec![share.clamp(0.0, 1.0)]]));
        let estimate = interval::proportion(&cell, Population::Drawn);
        if self.is_drawn {
            estimates::estimate(estimate)
        } else {
            estimates::point(estimate.value, NOT_DRAWN)
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "users are far below 2^53")]
    fn difference(self, pairs: &[f64], rules: ConvergenceRules) -> Estimate {
        let value = (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64);
        match paired::shares(pairs, rules.alike, self.seed) {
            _ if !self.is_drawn => estimates::point(value, NOT_DRAWN),
            Some(found) => estimates::with_interval(found.value, found.interval),
            None => estimates::point(value, "an interval needs at least three users"),
        }
    }
}

/// The rules of the manifest, in their order. What has no interval decides nothing.
fn finding(rules: ConvergenceRules, share: &Estimate, made_up: &Estimate, difference: &Estimate) -> Finding {
    let above = |low: Option<f64>, limit: f64| low.is_some_and(|low| low > limit);
    let below = |high: Option<f64>, limit: f64| high.is_some_and(|high| high < limit);
    let is_alike = below(difference.high, rules.alike) && !above(difference.low, 0.0);
    match () {
        () if above(difference.low, rules.margin) => Finding::Converge,
        () if below(share.high, rules.alike) => Finding::Scattered,
        () if is_alike && above(made_up.low, rules.margin) => Finding::MadeUp,
        () => Finding::Undecided,
    }
}

/// Chains that ask for the same thing in different ways.
#[derive(Default)]
struct Side {
    chains: FreshChains,
    /// Each user's share.
    users: BTreeMap<usize, f64>,
    /// Whether any chain is incomplete: no share is known then.
    is_open: bool,
}

impl Side {
    fn of(chains: &[&Extraction], answers: &Answers, run: usize, vocabulary: &mut Vocabulary) -> Self {
        let supported: Vec<&&Extraction> =
            chains.iter().filter(|one| one.end != ChainEnd::Unsupported).collect();
        let texts: Vec<Vec<u32>> = supported.iter().map(|one| words(&one.text(), vocabulary)).collect();
        let mut side = Self {
            is_open: supported.iter().any(|one| matches!(one.end, ChainEnd::Failed | ChainEnd::Unfinished)),
            ..Self::default()
        };
        let mut by_user: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (place, one) in supported.iter().enumerate() {
            side.chains.probes.push(one.probe.clone());
            let said = answers.get(&(one.target.clone(), one.probe.clone()));
            let said = said.map_or(&[] as &[Fresh], Vec::as_slice);
            side.chains.samples += said.len() as u64;
            side.chains.silent += said.iter().filter(|fresh| fresh.text.is_none()).count() as u64;
            let others: Vec<&Vec<u32>> =
                texts.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, text)| text).collect();
            if others.is_empty() || side.is_open {
                continue;
            }
            let mut of_chain: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
            for fresh in said {
                of_chain.entry(fresh.user).or_default().push(share(fresh, &others, run, vocabulary));
            }
            for (user, shares) in of_chain {
                by_user.entry(user).or_default().push(mean(&shares));
            }
        }
        side.users = by_user.into_iter().map(|(user, shares)| (user, mean(&shares))).collect();
        side
    }
}

/// How much of an answer stands in texts that others grew, their mean. Whoever says no run of words of their own says nothing of any text.
fn share(fresh: &Fresh, texts: &[&Vec<u32>], run: usize, vocabulary: &mut Vocabulary) -> f64 {
    let Some(text) = &fresh.text else { return 0.0 };
    let (said, given) = (words(text, vocabulary), words(&fresh.given, vocabulary));
    let shares: Vec<f64> =
        texts.iter().map(|text| containment_beyond(&said, text, &given, run).unwrap_or(0.0)).collect();
    mean(&shares)
}

fn words(text: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
    pieces(text).iter().map(|piece| vocabulary.id(&piece.word)).collect()
}

/// Of at least one.
#[expect(clippy::cast_precision_loss, reason = "answers are far below 2^53")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests;
