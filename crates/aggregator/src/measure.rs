//! How wide the intervals of single probes are at present: what decides whether they are asked on. The same numbers as the summary's,
//! from the same code.

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_core::prompt::Prompter;
use antiphon_core::summary::Cell;
use antiphon_core::{Manifest, ProbeId, Round, Seen, TargetId};
use antiphon_store::Store;

use crate::AggregatorError;
use crate::block::OpenRun;
use crate::looks::Looks;
use crate::read_block::Places;

/// The widest interval of agreement between users of each of these probes of a target, over its turns and languages. Left out are
/// probes of which nothing was answered that could be compared.
///
/// # Errors
/// If one of their results cannot be read.
pub async fn widest(
    store: &Store,
    (manifest, rounds): (&Manifest, &[Round]),
    target: &TargetId,
    probes: &[ProbeId],
) -> Result<Vec<(ProbeId, Seen)>, AggregatorError> {
    let open = Arc::new(OpenRun {
        store: store.clone(),
        manifest: manifest.clone(),
        rounds: rounds.to_vec(),
        dead: BTreeMap::new(),
        prompter: Prompter::new(manifest.seed),
        places: Places::of(manifest),
        miss: Looks::of(manifest).map(|looks| looks.miss()),
    });
    let mut found: BTreeMap<ProbeId, Seen> = BTreeMap::new();
    for block in open.blocks().filter(|block| open.target(*block).id == *target) {
        if !open.plan().block_probes(block.block).any(|(_, probe)| probes.contains(&probe.id)) {
            continue;
        }
        let inputs = open.inputs(block, true).await?;
        let part = open.part(block, inputs, false).await?;
        for cell in part.cells.iter().filter(|cell| probes.contains(&cell.probe)) {
            for seen in intervals(cell) {
                let known = found.entry(cell.probe.clone()).or_insert_with(|| seen.clone());
                if wider(&seen, known).is_gt() {
                    *known = seen;
                }
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The intervals of a cell that have to be narrow: its headline in each language.
pub(crate) fn intervals(cell: &Cell) -> Vec<Seen> {
    let headlines = cell.headlines().filter(|headline| headline.estimate.value.is_some());
    headlines
        .map(|headline| Seen {
            turn: cell.turn,
            language: headline.language.map(str::to_owned),
            value: headline.estimate.value,
            low: headline.estimate.low,
            high: headline.estimate.high,
        })
        .collect()
}

/// What has no interval is wider than anything.
pub(crate) fn wider(a: &Seen, b: &Seen) -> std::cmp::Ordering {
    let width = |seen: &Seen| seen.half_width().unwrap_or(f64::INFINITY);
    width(a).total_cmp(&width(b))
}
