//! Whether a target recalls more than the others: cut by cut, at the probes and users that both answered.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::summary::AgainstSibling;
use antiphon_core::{Manifest, TargetId};
use antiphon_stats::permutation::sign_flip;
use antiphon_stats::recall::controls::better_than_all;
use antiphon_stats::two_way::{Entry, mean_of_table};

use super::evidence::{Evidence, estimate};

type Key<'a> = (&'a str, u32, u64);

/// The target beside each other one, and the p of its recalling more than every one of them (intersection-union: the largest).
pub(super) fn compare(
    manifest: &Manifest,
    target: &TargetId,
    own: &Evidence<'_>,
    all: &[(&TargetId, Evidence<'_>)],
) -> (Vec<AgainstSibling>, Option<f64>) {
    let mine = by_place(own);
    let mut found = Vec::new();
    for (other, evidence) in all.iter().filter(|(other, _)| *other != target) {
        let theirs = by_place(evidence);
        let entries: Vec<Entry> = mine
            .iter()
            .filter_map(|(key, value)| {
                Some(Entry { row: key.1.into(), column: key.2, value: value - theirs.get(key)? })
            })
            .collect();
        let mut of_cuts: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        entries.iter().for_each(|entry| of_cuts.entry(entry.row).or_default().push(entry.value));
        let means: Vec<f64> = of_cuts.values().map(|values| mean(values)).collect();
        let seed = u64::from(manifest.seed.number(&["recall", "siblings", target.as_str(), other.as_str()]));
        let p = sign_flip(&means, seed).map(|test| test.p);
        // One-sided: that it is the other way round is no evidence for the target.
        let above = mean(&means) > 0.0;
        let one_sided = p.map(|p| if above { p / 2.0 } else { 1.0 - p / 2.0 });
        found.push(AgainstSibling {
            target: (*other).clone(),
            cuts: entries.iter().map(|entry| entry.row).collect::<BTreeSet<_>>().len() as u64,
            difference: estimate(mean_of_table(&entries, own.users_are_drawn())),
            p: one_sided,
        });
    }
    let ps: Option<Vec<f64>> = found.iter().map(|sibling: &AgainstSibling| sibling.p).collect();
    let unique = ps.and_then(|ps| better_than_all(&ps));
    (found, unique)
}

fn by_place<'a>(evidence: &'a Evidence<'_>) -> BTreeMap<Key<'a>, f64> {
    let points = evidence.points.iter();
    points
        .map(|point| ((evidence.probe_name(point), point.word, point.user), point.scored.in_order))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "cuts and users are few")]
    let size = values.len() as f64;
    values.iter().sum::<f64>() / size
}
