//! One block of one target: from its stored samples to its part of the summary.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use antiphon_core::certificate::Certificate;
use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::summary::Operations;
use antiphon_core::{BlockId, Clustering, Job, JobId, Manifest, ProbeKind, Round, Target, TargetId, keys};
use antiphon_store::Store;
use parquet::errors::ParquetError;
use tokio::sync::oneshot;

use crate::AggregatorError;
use crate::between::{self, Excerpt};
use crate::cell::{CellInput, summarise};
use crate::drift::Drift;
use crate::groups::GroupShare;
use crate::label::{Label, label_of};
use crate::part::Part;
use crate::read_block::{BlockSample, Cells, Places, read_block};
use crate::scales::Scales;
use crate::table::Table;
use crate::tables;
use crate::tally::Tally;
use crate::vectors;

/// A run as the aggregator works on it.
#[derive(Debug)]
pub(crate) struct OpenRun {
    pub(crate) store: Store,
    pub(crate) manifest: Manifest,
    pub(crate) rounds: Vec<Round>,
    pub(crate) dead: BTreeMap<(TargetId, BlockId), Vec<Job>>,
    pub(crate) prompter: Prompter,
    pub(crate) places: Places,
    /// How often the interval of the agreement between users may miss, where that is not 0.05.
    pub(crate) miss: Option<f64>,
}

/// A block of a target, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    pub(crate) target: usize,
    pub(crate) block: usize,
}

/// The stored objects that a block is summed up from.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    /// Jobs that are done.
    pub(crate) jobs: Vec<JobId>,
    /// Keys of the vectors of its answers; none where the suite does not compare by them.
    pub(crate) vectors: Vec<String>,
}

/// A probe's place in the manifest, and the turn.
type CellPlace = (usize, u32);

impl OpenRun {
    pub(crate) fn plan(&self) -> Plan<'_> {
        Plan::new(&self.manifest, &self.rounds)
    }

    /// All blocks of all targets, in the order of the manifest.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        let (targets, blocks) = (self.manifest.targets.len(), self.plan().blocks());
        (0..targets).flat_map(move |target| (0..blocks).map(move |block| Block { target, block }))
    }

    pub(crate) fn target(&self, block: Block) -> &Target {
        &self.manifest.targets[block.target]
    }

    /// The cells of a block, in the order of the manifest, with the samples that are planned for each.
    pub(crate) fn cells(&self, block: Block) -> Vec<(CellPlace, u64)> {
        let (plan, target) = (self.plan(), &self.target(block).id);
        plan.block_probes(block.block)
            .flat_map(|(place, probe)| {
                let turns = u32::try_from(probe.turns()).expect("few turns");
                (0..turns).map(move |turn| ((place, turn), plan.planned_in_turn(target, place, turn)))
            })
            .collect()
    }

    /// What is stored of a block.
    pub(crate) async fn inputs(&self, block: Block, asks_each: bool) -> Result<Inputs, AggregatorError> {
        let target = self.target(block);
        let jobs = self.store.block_results(&self.plan(), target, block.block, asks_each).await?;
        let vectors = match &self.manifest.scoring.clusters {
            Some(Clustering::Embedding { .. }) => {
                let id = Plan::block_id(block.block);
                self.store.vector_keys(&self.manifest.run, &target.id, &id).await?
            }
            _ => Vec::new(),
        };
        Ok(Inputs { jobs, vectors })
    }

    /// How many of the objects that the run was summed up from are no longer stored.
    pub(crate) async fn lost(&self) -> Result<u64, AggregatorError> {
        let run = &self.manifest.run;
        let summed: Option<Operations> = self.store.get_json(&keys::summary(run, "operations.json")).await?;
        let objects = summed.map_or(0, |operations| operations.objects);
        if self.store.result_keys(run).await?.len() as u64 >= objects {
            return Ok(0);
        }
        // A listing may come late.
        let mut found = 0;
        for block in self.blocks() {
            let jobs = self.store.block_results(&self.plan(), self.target(block), block.block, true).await?;
            found += jobs.len() as u64;
        }
        Ok(objects.saturating_sub(found))
    }

    /// Sums a block up from what is stored of it. Reads all of it at once, or cell by cell where that is too much to hold; what comes of
    /// it is the same. Threads that serve others are not held up.
    pub(crate) async fn part(
        self: &Arc<Self>,
        block: Block,
        inputs: Inputs,
        cell_by_cell: bool,
    ) -> Result<Part, AggregatorError> {
        let id = Plan::block_id(block.block);
        let (run, target) = (&self.manifest.run, self.target(block));
        let Inputs { jobs, vectors } = inputs;
        let vectors = vectors::of_block(&self.store, &self.manifest, &vectors).await?;
        let mut work = Work::new(Arc::clone(self), block, jobs.len(), vectors).map_err(table)?;
        let all: Vec<CellPlace> = self.cells(block).into_iter().map(|(place, _)| place).collect();
        let reads: Vec<&[CellPlace]> = match cell_by_cell {
            true => all.chunks(1).collect(),
            false => vec![&all],
        };
        for (turn, read) in reads.into_iter().enumerate() {
            let wanted = |probe: usize, turn: u32| read.contains(&(probe, turn));
            let seen = |sample: &antiphon_core::Sample| {
                if turn == 0 {
                    work.tally.count(target, sample);
                }
            };
            let place = (&target.id, &id);
            let cells = read_block(&self.store, run, place, jobs.clone(), &self.places, wanted, seen).await?;
            let read = read.to_vec();
            work = off_the_loop(move || work.add(&read, cells)).await.map_err(table)?;
        }
        off_the_loop(move || work.close()).await.map_err(table)
    }
}

/// A part in the making.
struct Work {
    run: Arc<OpenRun>,
    block: Block,
    dead: HashSet<(usize, usize, u32)>,
    cells: Vec<antiphon_core::summary::Cell>,
    scales: Scales,
    drift: Drift,
    tally: Tally,
    samples: Table,
    excerpts: Vec<Excerpt>,
    shares: Vec<Vec<GroupShare>>,
    vectors: HashMap<String, Vec<f32>>,
}

impl Work {
    fn new(
        run: Arc<OpenRun>,
        block: Block,
        objects: usize,
        vectors: HashMap<String, Vec<f32>>,
    ) -> Result<Self, ParquetError> {
        let mut dead = HashSet::new();
        let key = (run.target(block).id.clone(), Plan::block_id(block.block));
        let plan = run.plan();
        for planned in run.dead.get(&key).into_iter().flatten().flat_map(|job| plan.sessions(job)) {
            let place = (run.places.probes[&planned.probe.id], run.places.users[&planned.user.id]);
            dead.insert((place.0, place.1, planned.session));
        }
        Ok(Self {
            run: Arc::clone(&run),
            block,
            dead,
            cells: Vec::new(),
            scales: Scales::default(),
            drift: Drift::default(),
            tally: Tally::of(objects),
            samples: Table::new(tables::SAMPLES)?,
            excerpts: Vec::new(),
            shares: Vec::new(),
            vectors,
        })
    }

    fn add(mut self, places: &[CellPlace], mut cells: Cells) -> Result<Self, ParquetError> {
        let run = Arc::clone(&self.run);
        for place in places {
            self.cell(&run, *place, cells.remove(place).unwrap_or_default())?;
        }
        Ok(self)
    }

    fn cell(
        &mut self,
        run: &OpenRun,
        (place, turn): CellPlace,
        samples: Vec<BlockSample>,
    ) -> Result<(), ParquetError> {
        let (manifest, prompter) = (&run.manifest, &run.prompter);
        let (target, probe) = (run.target(self.block), &manifest.probes[place]);
        let certificate = self.certificate(run, place, turn, &samples);
        if certificate.planned == 0 {
            return Ok(());
        }
        let mut names = Vec::with_capacity(samples.len());
        for row in &samples {
            let user = &manifest.users.users[row.user];
            let label = label_of(manifest, prompter, probe, user, &row.sample);
            if let (ProbeKind::Scale { from, to }, Some(Label::Number(number))) = (&probe.kind, &label) {
                self.scales.add((self.block.target, place, row.user as u64), (*from, *to), *number);
            }
            let name = label.map(|label| label.name(manifest, probe));
            self.samples.push(tables::sample_row(manifest, &target.id, probe, row, name.clone()))?;
            names.push(name);
        }
        let input = CellInput {
            manifest,
            prompter,
            target,
            probe,
            place,
            turn,
            samples,
            certificate,
            vectors: &self.vectors,
            miss: run.miss,
        };
        let (cell, shares) = summarise(&input);
        if probe.chain().is_none() {
            self.drift.add(&input, &cell, &names);
        }
        self.cells.push(cell);
        self.shares.push(shares);
        // Later steps of a chain ask each target something else.
        if manifest.targets.len() > 1 && probe.chain().is_none() {
            self.excerpts.extend(between::of_cell(&input, &names));
        }
        Ok(())
    }

    fn certificate(&self, run: &OpenRun, place: usize, turn: u32, samples: &[BlockSample]) -> Certificate {
        let target = &run.target(self.block).id;
        let planned = run.plan().planned_in_turn(target, place, turn);
        let mut certificate = Certificate { planned, ..Certificate::default() };
        let mut recorded = HashSet::new();
        for row in samples {
            certificate.record(row.sample.outcome.class());
            recorded.insert((row.user, row.sample.session));
        }
        let missing = planned.saturating_sub(certificate.recorded());
        let is_lost = |(of, user, session): &&(usize, usize, u32)| {
            *of == place && !recorded.contains(&(*user, *session))
        };
        let dead = self.dead.iter().filter(is_lost).count() as u64;
        certificate.dead = (dead * u64::from(run.manifest.sampling.repeats)).min(missing);
        certificate.cancelled = missing - certificate.dead;
        certificate
    }

    fn close(self) -> Result<Part, ParquetError> {
        let Self { cells, shares, scales, drift, tally, samples, excerpts, .. } = self;
        Ok(Part { cells, shares, scales, drift, tally, excerpts, samples: samples.close()? })
    }
}

fn table(source: ParquetError) -> AggregatorError {
    AggregatorError::Table { table: "samples", source }
}

/// Runs what takes a processor for a while on a thread of its own: the runtime's are few, and for disks.
pub(crate) async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (end, ended) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        // Dropped when the work is over, also by a panic.
        let _end = end;
        work()
    });
    let _ = ended.await;
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
