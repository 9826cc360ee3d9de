//! Rounds whose samples were found in files: what is planned is what was found.

use super::Plan;
use crate::{Import, ImportedBlock, ImportedCell, Round, RoundKind, Target, TargetId};

impl<'a> Plan<'a> {
    /// What imports found of a target and a probe.
    pub(super) fn imported(&self, target: &TargetId, probe: usize) -> impl Iterator<Item = &'a ImportedCell> {
        let probe = &self.manifest.probes[probe].id;
        let cells = self.rounds.iter().filter_map(import).flat_map(|import| &import.cells);
        cells.filter(move |cell| cell.target == *target && cell.probe == *probe)
    }
}

fn import(round: &Round) -> Option<&Import> {
    match &round.kind {
        RoundKind::Import(import) => Some(import),
        _ => None,
    }
}

/// Samples of each object of an imported block.
pub(super) fn objects<'a>(import: &'a Import, target: &Target, block: usize) -> &'a [u64] {
    let is_it = |found: &&ImportedBlock| found.target == target.id && found.block as usize == block;
    import.blocks.iter().find(is_it).map_or(&[], |found| &found.objects)
}
