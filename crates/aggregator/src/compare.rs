//! A run held against an earlier one. What each user's answers come to is read from the stored samples, cell by cell where a block is too
//! large to hold; of the runs only differences are kept, user by user and group by group. A pure function of both runs.

mod cell;
mod judge;
mod pairing;
mod pool;
mod season;

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_core::plan::Plan;
use antiphon_core::summary::{Estimate, Summary};
use antiphon_core::{
    Change, ComparedRun, ComparedTarget, Comparison, Finding, OBJECT_FORMAT, Probe, ProviderSeen, RunId,
    RunVerdict, Sample, TargetId, keys,
};
use antiphon_stats::season::level_of_look;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use self::cell::{Found, measures};
use self::judge::Judge;
use self::pairing::{PairedTarget, Pairing};
use self::pool::Pool;
use crate::block::{Block, OpenRun, off_the_loop};
use crate::cell::CellInput;
use crate::memory::Memory;
use crate::read_block::{Cells, Places, read_block};
use crate::{AggregatorError, Parts};

pub use season::season;

/// Which comparison with a baseline it is, of a suite that is compared every night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look(
    /// From 1.
    pub u32,
);

/// What each user of a night differs in from the baseline: what [`season`] is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Movements {
    /// [`OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The night.
    pub run: RunId,
    /// The baseline.
    pub base: RunId,
    /// Hash of what it was made from.
    pub made_from: String,
    /// Whether all of the night's samples were had.
    pub complete: bool,
    /// Models that say they answered.
    pub models: BTreeMap<TargetId, Vec<String>>,
    /// Measures of each target and group.
    pub series: Vec<Series>,
}

/// One measure of a target and group on one night.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The target.
    pub target: TargetId,
    /// The group.
    pub group: Option<String>,
    /// Factor and level, where only some users are meant.
    pub users_with: Option<(String, String)>,
    /// The measure.
    pub measure: antiphon_core::suite::Measured,
    /// Its users.
    pub users: Vec<UserMoved>,
}

/// One user of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UserMoved {
    /// Its place in the manifest.
    pub user: u64,
    /// The mean over probes in the baseline.
    pub base: f64,
    /// The same on this night.
    pub run: f64,
}

/// Compares `run` with `base`, and stores what each user differs in. Both must have been summed up: their summaries say what is missing.
/// With a `look`, the level is that of this look, so that all looks together keep to half of the policy's; the
/// other half is [`season()`]'s.
///
/// # Errors
/// If a run or its summary is not there, or one of its objects cannot be read.
pub async fn compare(
    parts: &Parts,
    [base, run]: [&Summary; 2],
    look: Option<Look>,
    stop: &CancellationToken,
) -> Result<(Comparison, Movements), AggregatorError> {
    let open = async |summary: &Summary| OpenRun::open(&parts.store, &summary.run).await;
    let both = Arc::new(Both::new(open(base).await?, open(run).await?));
    let (mut pool, mut seen) = (Pool::default(), BTreeMap::new());
    let manifest = &both.run.manifest;
    let policy = manifest.policy.clone().unwrap_or_default();
    let mut judge = Judge::new(&policy, manifest.seed);
    let mut probes = Vec::new();
    let memory = Memory::new(parts.settings.memory_mib);
    let blocks: Vec<(usize, usize)> = (0..both.pairing.targets.len())
        .flat_map(|target| (0..both.run.plan().blocks()).map(move |block| (target, block)))
        .collect();
    let read = stream::iter(blocks)
        .map(|(target, block)| {
            let (both, memory) = (Arc::clone(&both), &memory);
            async move {
                both.run.refuse_if(stop)?;
                both.block(target, block, memory).await.map(|found| (target, found))
            }
        })
        .buffered(parts.settings.threads.get());
    tokio::pin!(read);
    while let Some((target, OfBlock { found, names })) = read.try_next().await? {
        Seen::merge(seen.entry(target).or_default(), names);
        let place = both.pairing.targets[target].run;
        for (at, turn, found) in found {
            let probe = &manifest.probes[at];
            pool.add(place, probe.group.as_deref(), &found);
            // Levels of users are looked at over all probes of a group only.
            if found.level.is_none() {
                let blank = both.blank(place, probe.group.clone(), &found, Some((probe, turn)));
                probes.push(match &found.shift {
                    Some(shift) => judge.of_shift(blank, shift),
                    None => judge.of_values(blank, &found.values),
                });
            }
        }
    }
    let (means, shifts) = pool.means(manifest);
    let mut groups = Vec::new();
    for pooled in &means {
        let found = Found {
            measure: pooled.key.measure,
            language: None,
            level: pooled.key.level.clone(),
            values: BTreeMap::new(),
            shift: None,
        };
        let blank = both.blank(pooled.key.target, pooled.key.group.clone(), &found, None);
        groups.push(judge.of_values(Change { of_probes: pooled.probes, ..blank }, &pooled.values));
    }
    for pooled in &shifts {
        let found = Found {
            measure: pooled.key.measure,
            language: None,
            level: None,
            values: BTreeMap::new(),
            shift: None,
        };
        let blank = both.blank(pooled.key.target, pooled.key.group.clone(), &found, None);
        groups.push(judge.of_pooled_shift(
            Change { of_probes: pooled.probes, ..blank },
            pooled.users,
            &pooled.apart,
        ));
    }
    groups.sort_by_key(order);
    let level = look.map_or(policy.alpha, |Look(look)| level_of_look(policy.alpha / 2.0, look));
    let mut all: Vec<&mut Change> = groups.iter_mut().chain(&mut probes).collect();
    judge::decide(&mut all, &policy, level);
    let targets: Vec<ComparedTarget> = (both.pairing.targets.iter().enumerate())
        .map(|(at, paired)| both.target(paired, seen.remove(&at).unwrap_or_default()))
        .collect();
    let movements = both.movements(&means, &targets, [base, run]);
    let mut comparison = Comparison {
        format: OBJECT_FORMAT,
        base: side(base),
        run: side(run),
        suite: manifest.suite.clone(),
        policy,
        level,
        look: look.map(|Look(look)| look),
        verdict: RunVerdict::Inconclusive,
        reasons: Vec::new(),
        users: both.pairing.users as u64,
        targets,
        not_compared: both.pairing.not_compared.clone(),
        groups,
        probes,
    };
    (comparison.verdict, comparison.reasons) = judge::verdict(&comparison);
    parts.store.put_packed(&keys::movements(&run.run, &base.run), &movements).await?;
    Ok((comparison, movements))
}

/// All users first, then those of levels.
fn order(
    change: &Change,
) -> (TargetId, Option<String>, bool, Option<(String, String)>, antiphon_core::suite::Measured) {
    let levels = change.users_with.clone();
    (change.target.clone(), change.group.clone(), levels.is_some(), levels, change.measure)
}

fn side(summary: &Summary) -> ComparedRun {
    let total = &summary.completeness.total;
    ComparedRun {
        run: summary.run.clone(),
        identity: summary.identity.clone(),
        planned: total.planned,
        missing: total.planned.saturating_sub(total.behaviour() + total.unsupported + total.ended),
    }
}

/// Both runs and what they have in common.
struct Both {
    base: OpenRun,
    run: OpenRun,
    pairing: Pairing,
}

/// Model and fingerprint → samples, in the base and in the run.
#[derive(Default)]
struct Seen {
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

    fn merge(known: &mut Self, more: Self) {
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

struct OfBlock {
    /// Place of the probe, turn, and a measure.
    found: Vec<(usize, u32, Found)>,
    names: Seen,
}

impl Both {
    fn new(base: OpenRun, run: OpenRun) -> Self {
        let pairing = Pairing::of(&base.manifest, &run.manifest);
        Self { base, run, pairing }
    }

    /// What is shared of a block of the run.
    async fn block(
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

    fn blank(
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

    fn target(&self, paired: &PairedTarget, seen: Seen) -> ComparedTarget {
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

    fn movements(
        &self,
        means: &[pool::Pooled],
        targets: &[ComparedTarget],
        [base, run]: [&Summary; 2],
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
        let models = targets
            .iter()
            .map(|target| (target.target.clone(), target.seen[0].run.keys().cloned().collect()));
        Movements {
            format: OBJECT_FORMAT,
            run: run.run.clone(),
            base: base.run.clone(),
            made_from: Movements::source([base, run]),
            complete: run.completeness.complete,
            models: models.collect(),
            series: series.collect(),
        }
    }
}

impl Movements {
    /// A hash of what two runs are known by: stored movements with another one are out of date.
    #[must_use]
    pub fn source(of: [&Summary; 2]) -> String {
        let json = serde_json::to_vec(
            &of.map(|summary| (&summary.run, &summary.analysis_hash, &summary.completeness)),
        );
        blake3::hash(&json.expect("types of ours with string keys always serialise")).to_hex()[..32]
            .to_owned()
    }
}
