//! The role: reads a run block by block, several at a time, and writes its summary.

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_core::certificate::Certificate;
use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::summary::{Cell, Completeness, GroupAgreement, Operations, Summary, TargetGap};
use antiphon_core::{Job, OBJECT_FORMAT, RunId, Sampling, keys};
use antiphon_queue::Queue;
use antiphon_stats::text::NORMALISER_VERSION;
use antiphon_store::{Store, StoreError};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::between::{self, Shelf};
use crate::block::{Block, Inputs, OpenRun};
use crate::error_bars;
use crate::extraction;
use crate::looks::Looks;
use crate::memory::Memory;
use crate::mirrored;
use crate::part::{Part, Whole};
use crate::read_block::Places;
use crate::rules::RULES_VERSION;
use crate::stored_parts::StoredParts;
use crate::table::Joined;
use crate::{AggregatorError, Settings, tables, users, verdict};

/// Blocks that are looked for at a time.
const LOOKS: usize = 16;

/// What the aggregator works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The truth.
    pub store: Store,
    /// What it may use of the machine. It changes no result.
    pub settings: Settings,
}

/// Sums a run up, and writes `summary.json`, `operations.json`, `samples.parquet` and `probes.parquet`.
///
/// # Errors
/// If the run is not there, or one of its objects cannot be read.
pub async fn run(
    parts: &Parts,
    run: &RunId,
    stop: &CancellationToken,
) -> Result<(Summary, Operations), AggregatorError> {
    let open = Arc::new(OpenRun::open(&parts.store, run).await?);
    join(parts, &open, None, stop).await
}

/// The same with the help of all who [`serve`](crate::serve): they begin with the first blocks, and this process with the last, until all
/// are stored; then it joins them. What nobody has done when it comes to it, it does, so that it never waits for anybody.
///
/// # Errors
/// Those of [`run`]. A queue that takes no jobs is no error.
pub async fn run_with_help(
    parts: &Parts,
    queue: &Queue,
    run: &RunId,
    stop: &CancellationToken,
) -> Result<(Summary, Operations), AggregatorError> {
    let open = Arc::new(OpenRun::open(&parts.store, run).await?);
    let stored = StoredParts::of(Arc::clone(&open));
    let missing: Vec<Block> = stream::iter(open.blocks())
        .map(|block| {
            let stored = &stored;
            async move { Ok::<_, AggregatorError>((!stored.has(block).await?).then_some(block)) }
        })
        .buffered(LOOKS)
        .try_filter_map(async |missing| Ok(missing))
        .try_collect()
        .await?;
    let job = |block: &Block| {
        Job::summing_up(run.clone(), open.target(*block).id.clone(), Plan::block_id(block.block))
    };
    let jobs: Vec<Job> = missing.iter().map(job).collect();
    // Nobody is waited for, not even a broker that takes no jobs: what it has not taken is done here.
    let publish = async {
        if let Err(error) = queue.publish_jobs(&jobs).await {
            tracing::warn!(%error, "nobody helps");
        }
        std::future::pending().await
    };
    let memory = Memory::new(parts.settings.memory_mib);
    let own = stream::iter(missing.into_iter().rev())
        .map(|block| {
            let (open, stored, memory) = (&open, &stored, &memory);
            async move {
                open.refuse_if(stop)?;
                match stored.ensure(memory, block).await {
                    // It is too large to be stored, and is made once more when all are joined.
                    Err(AggregatorError::Store(StoreError::Unencodable { .. })) => Ok(()),
                    ended => ended,
                }
            }
        })
        .buffer_unordered(parts.settings.threads.get())
        .try_collect::<()>();
    tokio::select! {
        ended = own => ended?,
        never = publish => never,
    }
    join(parts, &open, Some(&stored), stop).await
}

/// Joins the parts of all blocks: those that are in `stored`, and what is made now.
async fn join(
    parts: &Parts,
    open: &Arc<OpenRun>,
    stored: Option<&StoredParts>,
    stop: &CancellationToken,
) -> Result<(Summary, Operations), AggregatorError> {
    let run = &open.manifest.run;
    let memory = Memory::new(parts.settings.memory_mib);
    let local = |error| AggregatorError::Scratch { place: std::env::temp_dir(), source: error };
    let file = tempfile::NamedTempFile::new().map_err(local)?;
    let samples = Joined::new(file.reopen().map_err(local)?, tables::SAMPLES).map_err(table("samples"))?;
    let (mut whole, mut shelf) = (Whole::new(samples), Shelf::new()?);
    let asks_each = open.lacks_a_few().await?;
    let made = stream::iter(open.blocks())
        .map(|block| {
            let (open, memory) = (Arc::clone(open), &memory);
            async move {
                open.refuse_if(stop)?;
                let inputs = open.inputs(block, asks_each).await?;
                let found = match stored {
                    Some(stored) => stored.get(block, &inputs).await?,
                    None => None,
                };
                let part = match found {
                    Some(part) => part,
                    None => make(&open, memory, block, inputs).await?,
                };
                Ok::<_, AggregatorError>((block, part))
            }
        })
        .buffered(parts.settings.threads.get());
    tokio::pin!(made);
    while let Some((block, mut part)) = made.try_next().await? {
        shelf.put(block.target, std::mem::take(&mut part.excerpts))?;
        whole.add(&open.target(block).id, part).map_err(table("samples"))?;
    }
    let is_priced = open.manifest.targets.iter().all(|target| target.price.is_some());
    let (cells, groups, scales, mut operations) =
        whole.close(is_priced, open.rounds.len()).map_err(table("samples"))?;
    let gaps = between::compare(open, shelf, parts.settings.threads.get(), stop).await?;
    let summary =
        Box::pin(extraction::tell(open, open.summary(cells, groups, scales, gaps), asks_each)).await?;
    let probes = tables::probes(run.as_str(), &summary.cells).map_err(table("probes"))?;
    let store = &parts.store;
    for work in store.duplicates(run).await? {
        operations.in_vain += work.samples;
        operations.in_vain_dollars += work.dollars;
    }
    operations.dollars = operations.dollars.map(|kept| kept + operations.in_vain_dollars);
    store.put_file(&keys::summary(run, "samples.parquet"), file.path()).await?;
    store.put(&keys::summary(run, "probes.parquet"), probes).await?;
    store.put_json(&keys::summary(run, "operations.json"), &operations).await?;
    store.put_json(&keys::summary(run, "summary.json"), &summary).await?;
    Ok((summary, operations))
}

/// Sums a block up once there is memory for it.
pub(crate) async fn make(
    open: &Arc<OpenRun>,
    memory: &Memory,
    block: Block,
    inputs: Inputs,
) -> Result<Part, AggregatorError> {
    let share = memory.of_block(&open.cells(block)).await;
    let part = open.part(block, inputs, share.is_cell_by_cell()).await?;
    memory.learn(&part.tally);
    Ok(part)
}

impl OpenRun {
    pub(crate) async fn open(store: &Store, run: &RunId) -> Result<Self, AggregatorError> {
        let no_run = || AggregatorError::NoRun { run: run.clone() };
        let manifest = store.get_manifest(run).await?.ok_or_else(no_run)?;
        let rounds = store.rounds(run).await?;
        let mut dead: BTreeMap<_, Vec<Job>> = BTreeMap::new();
        for lost in store.dead_jobs(run).await? {
            dead.entry((lost.job.target.clone(), lost.job.block.clone())).or_default().push(lost.job);
        }
        Ok(Self {
            miss: Looks::of(&manifest).map(|looks| looks.miss()),
            store: store.clone(),
            prompter: Prompter::new(manifest.seed),
            places: Places::of(&manifest),
            manifest,
            rounds,
            dead,
        })
    }

    /// Whether the listings may come late: they lack a few jobs of the plan, so that each is asked for.
    pub(crate) async fn lacks_a_few(&self) -> Result<bool, AggregatorError> {
        Ok(self.store.lacks_a_few_results(&self.plan()).await?)
    }

    pub(crate) fn refuse_if(&self, stop: &CancellationToken) -> Result<(), AggregatorError> {
        match stop.is_cancelled() {
            true => Err(AggregatorError::Stopped { run: self.manifest.run.clone() }),
            false => Ok(()),
        }
    }

    fn summary(
        &self,
        mut cells: Vec<Cell>,
        groups: Vec<GroupAgreement>,
        scales: crate::scales::Scales,
        gaps: Vec<TargetGap>,
    ) -> Summary {
        let manifest = &self.manifest;
        let mut completeness =
            Completeness { complete: false, total: Certificate::default(), targets: BTreeMap::new() };
        for cell in &cells {
            completeness.total.add(&cell.certificate);
            completeness.targets.entry(cell.target.clone()).or_default().add(&cell.certificate);
        }
        completeness.complete = completeness.total.is_complete();
        let (refusals, pairs) = mirrored::compare(manifest, &mut cells);
        let verdicts = verdict::all(manifest, &self.rounds, &mut cells);
        let plan: Plan<'_> = self.plan();
        if let Some(looks) = Looks::of(manifest) {
            for cells in cells.chunk_by_mut(|a, b| a.target == b.target && a.probe == b.probe) {
                let place = self.places.probes[&cells[0].probe];
                looks.tell(&plan, &cells[0].target.clone(), place, cells);
            }
        }
        Summary {
            format: OBJECT_FORMAT,
            run: manifest.run.clone(),
            suite: manifest.suite.clone(),
            description: manifest.description.clone(),
            suite_hash: manifest.suite_hash.clone(),
            identity: manifest.identity.clone(),
            analysis_hash: manifest.analysis_hash.clone(),
            normaliser_version: NORMALISER_VERSION,
            antiphon_version: manifest.antiphon_version.clone(),
            seed: manifest.seed,
            sampling: Sampling { sessions: plan.most_sessions(), repeats: manifest.sampling.repeats },
            scoring: manifest.scoring.clone(),
            limits: manifest.limits.clone(),
            until: manifest.until.clone(),
            users: users::summary(manifest, plan.most_users()),
            targets: manifest.targets.clone(),
            completeness,
            groups,
            scales: scales.reliability(&manifest.targets, crate::cell::population(manifest)),
            error_bars: error_bars::of_targets(manifest, &cells),
            imported: manifest.imported.clone(),
            rules_version: Some(RULES_VERSION),
            refusals,
            pairs,
            gaps,
            verdicts,
            extractions: Vec::new(),
            regrown: Vec::new(),
            convergence: Vec::new(),
            converged: Vec::new(),
            cells,
        }
    }
}

fn table(table: &'static str) -> impl Fn(parquet::errors::ParquetError) -> AggregatorError {
    move |source| AggregatorError::Table { table, source }
}
