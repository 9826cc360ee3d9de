//! Two runs side by side: their blocks read together, and what of a change does not depend on its numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_core::plan::Plan;
use antiphon_core::summary::{Estimate, Summary};
use antiphon_core::{Change, ComparedTarget, Finding, OBJECT_FORMAT, Probe, ProviderSeen, Sample};

use super::cell::{Found, measures};
use super::pairing::{PairedTarget, Pairing};
use super::pool::Pooled;
use super::{Movements, Series, UserMoved};
use crate::AggregatorError;
use crate::block::{Block, OpenRun, off_the_loop};
use crate::cell::CellInput;
use crate::memory::Memory;
use crate::read_block::{Cells, Places, read_block};

/// Both runs and what they have in common.
pub(super) struct Both {
    pub(super) base: OpenRun,
    pub(super) run: OpenRun,
    pub(super) pairing: Pairing,
}

/// Model and fingerprint → samples, in the base and in the run.
#[derive(Default)]
pub(super) struct Seen {
    models: [BTreeMap<String, u64>; 2],
    fingerprints: [BTreeMap<String, u64>; 2],
}

impl Seen {
    fn count(&mut self, side: usize, sample: &Sample) {
        let names = [
            (&sample.billing.model, &mut self.models),
            (&sample.billing.fingerprint, &mut self.fingerprints),
        ];
        for (name, counts) in names {
            if let Some(name) = name {
                *counts[side].entry(name.clone()).or_default() += 1;
            }
        }
    }

    pub(super) fn merge(known: &mut Self, more: Self) {
        for side in [0, 1] {
            let pairs = [(&mut known.models, &more.models), (&mut known.fingerprints, &more.fingerprints)];
            for (known, more) in pairs {
                for (name, count) in &more[side] {
                    *known[side].entry(name.clone()).or_default() += count;
                }
            }
        }
    }
}

/// What is shared of a block.
pub(super) struct OfBlock {
    /// Place of the probe, turn, and a measure.
    pub(super) found: Vec<(usize, u32, Found)>,
    pub(super) names: Seen,
}

impl Both {
    pub(super) fn new(base: OpenRun, run: OpenRun) -> Self {
        let pairing = Pairing::of(&base.manifest, &run.manifest);
        Self { base, run, pairing }
    }

    /// What is shared of a block of the run.
    pub(super) async fn block(
        self: &Arc<Self>,
        target: usize,
        block: usize,
        memory: &Memory,
    ) -> Result<OfBlock, AggregatorError> {
        let paired = &self.pairing.targets[target];
        let at = Block { target: paired.run, block };
        let cells: Vec<((usize, u32), u64)> = (self.run.cells(at).into_iter())
            .filter(|((probe, _), planned)| self.pairing.probes.contains_key(probe) && *planned > 0)
            .map(|(cell, planned)| (cell, 2 * planned))
            .collect();
        let share = memory.of_block(&cells).await;
        let places: Vec<(usize, u32)> = cells.into_iter().map(|(cell, _)| cell).collect();
        let reads: Vec<&[(usize, u32)]> = match share.is_cell_by_cell() {
            true => places.chunks(1).collect(),
            false => vec![&places],
        };
        let mut of_block = OfBlock { found: Vec::new(), names: Seen::default() };
        for read in reads.into_iter().filter(|read| !read.is_empty()) {
            let run = self.read(&self.run, &self.pairing.run_places, at, read).await?;
            let mut base = Cells::new();
            for (block, read) in self.base_blocks(read) {
                let at = Block { target: paired.base, block };
                base.extend(self.read(&self.base, &self.pairing.base_places, at, &read).await?);
            }
            for (side, cells) in [(0, &base), (1, &run)] {
                let samples = cells.values().flatten();
                samples.for_each(|row| of_block.names.count(side, &row.sample));
            }
            let (both, read, place) = (Arc::clone(self), read.to_vec(), paired.run);
            of_block.found.extend(off_the_loop(move || both.measure(place, &read, base, run)).await);
        }
        Ok(of_block)
    }

    /// Block of the base → cells of it, by their places in the run.
    fn base_blocks(&self, read: &[(usize, u32)]) -> BTreeMap<usize, Vec<(usize, u32)>> {
        let mut blocks: BTreeMap<usize, Vec<(usize, u32)>> = BTreeMap::new();
        for cell in read {
            let block = self.pairing.probes[&cell.0] / self.base.manifest.probes_per_block as usize;
            blocks.entry(block).or_default().push(*cell);
        }
        blocks
    }

    async fn read(
        &self,
        of: &OpenRun,
        places: &Places,
        block: Block,
        cells: &[(usize, u32)],
    ) -> Result<Cells, AggregatorError> {
        let jobs = of.inputs(block, true).await?.jobs;
        let (target, id) = (&of.target(block).id, Plan::block_id(block.block));
        let wanted = |probe: usize, turn: u32| cells.contains(&(probe, turn));
        Ok(read_block(&of.store, &of.manifest.run, (target, &id), jobs, places, wanted, |_| ()).await?)
    }

    fn measure(
        &self,
        target: usize,
        cells: &[(usize, u32)],
        mut base: Cells,
        mut run: Cells,
    ) -> Vec<(usize, u32, Found)> {
        let manifest = &self.run.manifest;
        let none = std::collections::HashMap::new();
        let mut all = Vec::new();
        for &(place, turn) in cells {
            let probe = &manifest.probes[place];
            // Both are read as the run is: its scoring, its places. Only the order of options is each run's own.
            let input = |of: &'_ OpenRun, samples| CellInput {
                manifest,
                prompter: match std::ptr::eq(of, &raw const self.base) {
                    true => &self.base.prompter,
                    false => &self.run.prompter,
                },
                target: &manifest.targets[target],
                probe,
                place,
                turn,
                samples,
                certificate: antiphon_core::certificate::Certificate::default(),
                vectors: &none,
                miss: None,
            };
            let take = |cells: &mut Cells| cells.remove(&(place, turn)).unwrap_or_default();
            let (of_base, of_run) = (input(&self.base, take(&mut base)), input(&self.run, take(&mut run)));
            let purpose =
                ["compare", manifest.targets[target].id.as_str(), probe.id.as_str(), &turn.to_string()];
            let seed = u64::from(manifest.seed.number(&purpose));
            all.extend(measures(&of_base, &of_run, seed).into_iter().map(|found| (place, turn, found)));
        }
        all
    }

    pub(super) fn blank(
        &self,
        target: usize,
        group: Option<String>,
        found: &Found,
        of: Option<(&Probe, u32)>,
    ) -> Change {
        let policy = self.run.manifest.policy.clone().unwrap_or_default();
        Change {
            target: self.run.manifest.targets[target].id.clone(),
            blocks: policy.blocks(found.measure, group.as_deref()),
            group,
            probe: of.map(|(probe, _)| probe.id.clone()),
            turn: of.map_or(0, |(_, turn)| turn),
            language: found.language.clone(),
            users_with: found.level.clone(),
            measure: found.measure,
            users: 0,
            of_probes: 1,
            base: None,
            run: None,
            difference: Estimate::default(),
            margin: 0.0,
            p: None,
            permutation_p: None,
            p_adjusted: None,
            equivalence_p: None,
            detectable: None,
            finding: Finding::Undecided,
        }
    }

    pub(super) fn target(&self, paired: &PairedTarget, seen: Seen) -> ComparedTarget {
        let (base, run) = (&self.base.manifest.targets[paired.base], &self.run.manifest.targets[paired.run]);
        let mut drift = Vec::new();
        for (what, [then, now]) in
            [("response model", &seen.models), ("system fingerprint", &seen.fingerprints)]
        {
            let names = |of: &BTreeMap<String, u64>| of.keys().cloned().collect::<Vec<_>>().join(", ");
            if then.is_empty() || now.is_empty() {
                continue;
            }
            if now.len() > 1 {
                drift.push(format!("the {what} changed within the run: {}", names(now)));
            }
            if base.model == run.model && !then.keys().eq(now.keys()) {
                drift.push(format!("the {what} is {}, in the base {}", names(now), names(then)));
            }
        }
        let provider = |what: &str, [base, run]: [BTreeMap<String, u64>; 2]| ProviderSeen {
            what: what.to_owned(),
            base,
            run,
        };
        ComparedTarget {
            target: run.id.clone(),
            base: (base.id != run.id).then(|| base.id.clone()),
            asked_otherwise: paired.asked_otherwise.clone(),
            seen: vec![provider("model", seen.models), provider("fingerprint", seen.fingerprints)],
            provider_drift: drift,
        }
    }

    pub(super) fn movements(
        &self,
        means: &[Pooled],
        targets: &[ComparedTarget],
        [base, run]: [&Summary; 2],
        complete: bool,
    ) -> Movements {
        let series = means.iter().map(|pooled| Series {
            target: self.run.manifest.targets[pooled.key.target].id.clone(),
            group: pooled.key.group.clone(),
            users_with: pooled.key.level.clone(),
            measure: pooled.key.measure,
            users: pooled
                .values
                .iter()
                .map(|(user, [base, run])| UserMoved { user: *user, base: *base, run: *run })
                .collect(),
        });
        let names = |what: usize| {
            let of = targets.iter().map(|target| (target.target.clone(), &target.seen[what].run));
            of.map(|(target, names)| (target, names.keys().cloned().collect())).collect()
        };
        Movements {
            format: OBJECT_FORMAT,
            run: run.run.clone(),
            base: base.run.clone(),
            made_from: Movements::source([base, run]),
            complete,
            models: names(0),
            fingerprints: names(1),
            series: series.collect(),
        }
    }
}
