//! What needs several cells: refusal across probes, and the two sides of mirrored pairs.

mod measure;
mod overview;

use std::collections::BTreeMap;

use antiphon_core::summary::{Cell, MirroredMeasure, MirroredPair, MirroredSide, RefusalOverview, Verdict};
use antiphon_core::{Manifest, ProbeId, ProbeKind, Side, TargetId};
use antiphon_stats::multiplicity::{Adjustment, adjust};

/// False discoveries among what is called different or equivalent.
const LEVEL: f64 = 0.05;

/// The comparisons of a run; what they are made of is taken out of the cells, so that no summary holds it.
pub(crate) fn compare(manifest: &Manifest, cells: &mut [Cell]) -> (Vec<RefusalOverview>, Vec<MirroredPair>) {
    let refusals = overview::refusals(manifest, cells);
    let mut pairs = pairs(manifest, cells);
    let mut family: Vec<&mut MirroredMeasure> =
        pairs.iter_mut().flat_map(|pair| &mut pair.measures).collect();
    decide(&mut family);
    cells.iter_mut().for_each(|cell| cell.by_user = None);
    (refusals, pairs)
}

fn pairs(manifest: &Manifest, cells: &[Cell]) -> Vec<MirroredPair> {
    let sides: BTreeMap<&ProbeId, &Side> = manifest
        .probes
        .iter()
        .filter_map(|probe| match &probe.kind {
            ProbeKind::Paired(side) => Some((&probe.id, side)),
            _ => None,
        })
        .collect();
    let mut places: BTreeMap<(&TargetId, &str), usize> = BTreeMap::new();
    let mut found: Vec<[Option<&Cell>; 2]> = Vec::new();
    for cell in cells {
        let Some(side) = sides.get(&cell.probe) else { continue };
        let place = *places.entry((&cell.target, &side.topic)).or_insert_with(|| {
            found.push([None, None]);
            found.len() - 1
        });
        found[place][usize::from(side.is_b)] = Some(cell);
    }
    let both = found.into_iter().filter_map(|[a, b]| Some((a?, b?)));
    both.map(|(a, b)| {
        let (users, measures) = measure::all(manifest, a, b);
        let side = |cell: &Cell| MirroredSide {
            name: sides[&cell.probe].name.clone(),
            probe: cell.probe.clone(),
            question: cell.question.clone(),
        };
        MirroredPair {
            target: a.target.clone(),
            topic: sides[&a.probe].topic.clone(),
            group: a.group.clone(),
            a: side(a),
            b: side(b),
            users,
            measures,
        }
    })
    .collect()
}

/// Adjusts for the number of comparisons. The family is all that the suite asks for, so what is undefined counts too, as finding
/// nothing.
fn decide(family: &mut [&mut MirroredMeasure]) {
    let adjusted = |p: Vec<Option<f64>>| {
        let counted: Vec<Option<f64>> = p.iter().map(|p| Some(p.unwrap_or(1.0))).collect();
        let adjusted = adjust(&counted, Adjustment::BenjaminiHochberg);
        p.into_iter().zip(adjusted).map(|(p, adjusted)| p.and(adjusted)).collect::<Vec<_>>()
    };
    let different = adjusted(family.iter().map(|measure| measure.p).collect());
    let equivalent = adjusted(family.iter().map(|measure| measure.equivalence_p).collect());
    for ((measure, different), equivalent) in family.iter_mut().zip(different).zip(equivalent) {
        measure.p_adjusted = different;
        measure.equivalence_p_adjusted = equivalent;
        let is_small = |p: Option<f64>| p.is_some_and(|p| p <= LEVEL);
        measure.verdict = match (is_small(different), is_small(equivalent)) {
            (true, true) => Verdict::DifferentWithinMargin,
            (true, false) => Verdict::Different,
            (false, true) => Verdict::Equivalent,
            (false, false) => Verdict::Undecided,
        };
    }
}
