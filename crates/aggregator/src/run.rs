//! The role: reads a run block by block and writes its summary.

use std::collections::{BTreeMap, HashMap, HashSet};

use antiphon_core::certificate::Certificate;
use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::summary::{Cell, Completeness, Operations, Summary};
use antiphon_core::{
    JobId, Manifest, OBJECT_FORMAT, ProbeKind, Round, RunId, Sampling, Target, TargetId, keys,
};
use antiphon_stats::text::NORMALISER_VERSION;
use antiphon_store::Store;
use tokio_util::sync::CancellationToken;

use crate::AggregatorError;
use crate::cell::{CellInput, summarise};
use crate::drift::Drift;
use crate::label::{Label, label_of};
use crate::read_block::{BlockSample, Places, read_block};
use crate::scales::Scales;
use crate::tables::{self, Table};
use crate::tally::Tally;
use crate::{users, vectors};

/// What the aggregator works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The truth.
    pub store: Store,
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
    let store = &parts.store;
    let no_run = || AggregatorError::NoRun { run: run.clone() };
    let manifest = store.get_manifest(run).await?.ok_or_else(no_run)?;
    let rounds = store.rounds(run).await?;
    let mut work = Work::open(store, &manifest, &rounds).await?;
    for target in &manifest.targets {
        for block in 0..work.plan.blocks() {
            if stop.is_cancelled() {
                return Err(AggregatorError::Stopped { run: run.clone() });
            }
            work.block(store, target, block).await?;
        }
    }
    work.finish(store).await
}

struct Work<'a> {
    manifest: &'a Manifest,
    plan: Plan<'a>,
    prompter: Prompter,
    places: Places,
    jobs: BTreeMap<(TargetId, String), Vec<JobId>>,
    dead: HashSet<(TargetId, usize, usize, u32)>,
    cells: Vec<Cell>,
    scales: Scales,
    drift: BTreeMap<TargetId, Drift>,
    samples: Table,
    tally: Tally,
}

impl<'a> Work<'a> {
    async fn open(
        store: &Store,
        manifest: &'a Manifest,
        rounds: &'a [Round],
    ) -> Result<Self, AggregatorError> {
        let mut jobs: BTreeMap<(TargetId, String), Vec<JobId>> = BTreeMap::new();
        let mut objects = 0;
        let plan = Plan::new(manifest, rounds);
        for (target, block, job) in store.planned_results(&plan).await? {
            objects += 1;
            jobs.entry((target, block.to_string())).or_default().push(job);
        }
        let places = Places::of(manifest);
        let mut dead = HashSet::new();
        for job in store.dead_jobs(&manifest.run).await? {
            for planned in plan.sessions(&job.job) {
                let place = (places.probes[&planned.probe.id], places.users[&planned.user.id]);
                dead.insert((job.job.target.clone(), place.0, place.1, planned.session));
            }
        }
        Ok(Self {
            manifest,
            plan,
            prompter: Prompter::new(manifest.seed),
            places,
            jobs,
            dead,
            cells: Vec::new(),
            scales: Scales::default(),
            drift: BTreeMap::new(),
            samples: tables::samples().map_err(|source| table("samples", source))?,
            tally: Tally::new(&manifest.targets, rounds.len(), objects),
        })
    }

    async fn block(&mut self, store: &Store, target: &Target, block: usize) -> Result<(), AggregatorError> {
        let id = Plan::block_id(block);
        let jobs = self.jobs.remove(&(target.id.clone(), id.to_string())).unwrap_or_default();
        let tally = &mut self.tally;
        let run = &self.manifest.run;
        let mut cells = read_block(store, run, (&target.id, &id), jobs, &self.places, |sample| {
            tally.count(target, sample)
        })
        .await?;
        let vectors = vectors::of_block(store, self.manifest, &target.id, &id).await?;
        let probes: Vec<usize> = self.plan.block_probes(block).map(|(place, _)| place).collect();
        for probe in probes {
            for turn in 0..u32::try_from(self.manifest.probes[probe].turns()).expect("few turns") {
                let samples = cells.remove(&(probe, turn)).unwrap_or_default();
                self.cell(target, probe, turn, samples, &vectors)?;
            }
        }
        Ok(())
    }

    fn cell(
        &mut self,
        target: &Target,
        place: usize,
        turn: u32,
        samples: Vec<BlockSample>,
        vectors: &HashMap<String, Vec<f32>>,
    ) -> Result<(), AggregatorError> {
        let probe = &self.manifest.probes[place];
        let certificate = self.certificate(target, place, &samples);
        if certificate.planned == 0 {
            return Ok(());
        }
        let target_place = self.manifest.targets.iter().position(|other| other.id == target.id).unwrap_or(0);
        let mut names = Vec::with_capacity(samples.len());
        for row in &samples {
            let user = &self.manifest.users.users[row.user];
            let label = label_of(self.manifest, &self.prompter, probe, user, &row.sample);
            if let (ProbeKind::Scale { from, to }, Some(Label::Number(number))) = (&probe.kind, &label) {
                self.scales.add((target_place, &target.id), place, (*from, *to), *number);
            }
            let name = label.map(|label| label.name(self.manifest, probe));
            self.samples
                .push(tables::sample_row(self.manifest, &target.id, probe, row, name.clone()))
                .map_err(|source| table("samples", source))?;
            names.push(name);
        }
        let input = CellInput {
            manifest: self.manifest,
            prompter: &self.prompter,
            target,
            probe,
            turn,
            samples,
            certificate,
            vectors,
        };
        let cell = summarise(&input);
        self.drift.entry(target.id.clone()).or_default().add(&input, &cell, &names);
        self.cells.push(cell);
        Ok(())
    }

    fn certificate(&self, target: &Target, place: usize, samples: &[BlockSample]) -> Certificate {
        let probe = &self.manifest.probes[place];
        let planned = self.plan.planned_samples(&target.id, place) / probe.turns() as u64;
        let mut certificate = Certificate { planned, ..Certificate::default() };
        let mut recorded = HashSet::new();
        for row in samples {
            certificate.record(row.sample.outcome.class());
            recorded.insert((row.user, row.sample.session));
        }
        let missing = planned.saturating_sub(certificate.recorded());
        let dead = self
            .dead
            .iter()
            .filter(|(of, probe, user, session)| {
                *of == target.id && *probe == place && !recorded.contains(&(*user, *session))
            })
            .count() as u64;
        certificate.dead = (dead * u64::from(self.manifest.sampling.repeats)).min(missing);
        certificate.cancelled = missing - certificate.dead;
        certificate
    }

    async fn finish(self, store: &Store) -> Result<(Summary, Operations), AggregatorError> {
        let manifest = self.manifest;
        let run = &manifest.run;
        let mut completeness =
            Completeness { complete: false, total: Certificate::default(), targets: BTreeMap::new() };
        for cell in &self.cells {
            completeness.total.add(&cell.certificate);
            completeness.targets.entry(cell.target.clone()).or_default().add(&cell.certificate);
        }
        completeness.complete = completeness.total.is_complete();
        let summary = Summary {
            format: OBJECT_FORMAT,
            run: run.clone(),
            suite: manifest.suite.clone(),
            description: manifest.description.clone(),
            suite_hash: manifest.suite_hash.clone(),
            identity: manifest.identity.clone(),
            analysis_hash: manifest.analysis_hash.clone(),
            normaliser_version: NORMALISER_VERSION,
            antiphon_version: manifest.antiphon_version.clone(),
            seed: manifest.seed,
            sampling: Sampling { sessions: self.plan.most_sessions(), repeats: manifest.sampling.repeats },
            scoring: manifest.scoring.clone(),
            limits: manifest.limits.clone(),
            users: users::summary(manifest),
            targets: manifest.targets.clone(),
            completeness,
            scales: self.scales.reliability(),
            cells: self.cells,
        };
        let mut operations = self.tally.close();
        operations.time_effect =
            self.drift.iter().map(|(target, drift)| (target.clone(), drift.estimate())).collect();
        let samples = self.samples.close().map_err(|source| table("samples", source))?;
        let probes =
            tables::probes(run.as_str(), &summary.cells).map_err(|source| table("probes", source))?;
        store.put(&keys::summary(run, "samples.parquet"), samples).await?;
        store.put(&keys::summary(run, "probes.parquet"), probes).await?;
        store.put_json(&keys::summary(run, "operations.json"), &operations).await?;
        store.put_json(&keys::summary(run, "summary.json"), &summary).await?;
        Ok((summary, operations))
    }
}

fn table(table: &'static str, source: parquet::errors::ParquetError) -> AggregatorError {
    AggregatorError::Table { table, source }
}
