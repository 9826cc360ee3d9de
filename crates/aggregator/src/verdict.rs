//! Whether targets know the document: evidence from all cells of a target, and tests that the manifest fixed beforehand.

mod comes_back;
mod decide;
mod evidence;
mod siblings;

use std::collections::BTreeMap;

use antiphon_core::summary::{Cell, DocumentVerdict};
use antiphon_core::{Cut, Manifest, ProbeId, ProbeKind, RecallRules, Round, RoundKind, TargetId};

use evidence::Evidence;

/// What a cut's cell holds for the verdict.
pub(crate) struct CutCell<'a> {
    pub(crate) cut: &'a Cut,
    pub(crate) cell: &'a Cell,
}

/// One verdict a target, in the order of the manifest; what they are made of is taken out of the cells, so that no summary holds it.
pub(crate) fn all(manifest: &Manifest, rounds: &[Round], cells: &mut [Cell]) -> Vec<DocumentVerdict> {
    let verdicts = match &manifest.scoring.recall {
        Some(rules) => of_targets(manifest, rules, Looks::of(rounds), cells),
        None => Vec::new(),
    };
    cells.iter_mut().for_each(|cell| cell.recall_by_user = None);
    verdicts
}

fn of_targets(
    manifest: &Manifest,
    rules: &RecallRules,
    looks: Looks,
    cells: &[Cell],
) -> Vec<DocumentVerdict> {
    let cuts: BTreeMap<&ProbeId, &Cut> = manifest
        .probes
        .iter()
        .filter_map(|probe| match &probe.kind {
            ProbeKind::Recall(cut) => Some((&probe.id, cut)),
            _ => None,
        })
        .collect();
    let of = |target: &TargetId| -> Evidence<'_> {
        let own = cells.iter().filter(|cell| cell.target == *target);
        let found = own.clone().filter_map(|cell| Some(CutCell { cut: cuts.get(&cell.probe)?, cell }));
        let chosen = own.filter(|cell| {
            manifest.probes.iter().any(|probe| {
                probe.id == cell.probe
                    && probe.continues.as_ref().is_some_and(|of| of.document == rules.document)
            })
        });
        Evidence::gather(manifest, rules, found.collect(), chosen.collect())
    };
    let evidence: Vec<(&TargetId, Evidence<'_>)> =
        manifest.targets.iter().map(|target| (&target.id, of(&target.id))).collect();
    let miss = looks.miss(rules.alpha);
    evidence
        .iter()
        .map(|(target, own)| {
            let (siblings, unique_p) = siblings::compare(manifest, target, own, &evidence);
            let mut verdict = decide::verdict(target, own, rules, miss);
            verdict.siblings = siblings;
            verdict.unique_p = unique_p;
            verdict.looks = looks.0;
            if let Some((prefix, comes_back, coverage)) = comes_back::all(own) {
                verdict.prefix_words = Some(prefix);
                verdict.comes_back = Some(Box::new(comes_back));
                verdict.coverage = Some(coverage);
            }
            verdict
        })
        .collect()
}

/// How often a run was or may have been looked at: whoever tops it up has seen what it came to.
#[derive(Debug, Clone, Copy)]
struct Looks(u64);

impl Looks {
    fn of(rounds: &[Round]) -> Self {
        let grown = rounds.iter().filter(|round| matches!(round.kind, RoundKind::Extension(_))).count();
        Self(1 + grown as u64)
    }

    /// The chance of each test at this look. All looks of an endless number together come to `alpha`: half of it at the first, and half over
    /// all later ones, as 1 / (k (k - 1)).
    fn miss(self, alpha: f64) -> f64 {
        if self.0 == 1 {
            return alpha / 2.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "looks are few")]
        let k = self.0 as f64;
        alpha / 2.0 / (k * (k - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Looks;

    #[test]
    fn all_looks_together_miss_no_more_often_than_one_may() {
        let spent: f64 = (1..100_000).map(|look| Looks(look).miss(0.01)).sum();
        assert!(spent < 0.01 && spent > 0.009_99, "{spent}");
    }
}
