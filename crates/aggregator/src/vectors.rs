//! Vectors of answers: which are stored, and which are still to be had.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use antiphon_core::certificate::Certificate;
use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::{BlockId, Clustering, JobId, Manifest, Round, RunId, TargetId, Vectors, text_hash};
use antiphon_store::{Store, StoreError};

use crate::AggregatorError;
use crate::cell::{CellInput, clusters};
use crate::read_block::{Places, read_block};

/// The vectors that are stored of a block, from the source that the suite names, by the hash of the text. Empty where the suite does not
/// compare by them.
pub(crate) async fn of_block(
    store: &Store,
    manifest: &Manifest,
    target: &TargetId,
    block: &BlockId,
) -> Result<HashMap<String, Vec<f32>>, StoreError> {
    let Some(Clustering::Embedding { vectors, .. }) = &manifest.scoring.clusters else {
        return Ok(HashMap::new());
    };
    let mut found = HashMap::new();
    for object in store.vectors(&manifest.run, target, block).await? {
        if object.source == *vectors {
            for (text, vector) in object.vectors {
                found.entry(text).or_insert(vector);
            }
        }
    }
    Ok(found)
}

/// The answers of a run whose vectors its suite asks for, block by block.
#[derive(Debug)]
pub struct ToEmbed {
    store: Store,
    manifest: Manifest,
    rounds: Vec<Round>,
    source: Vectors,
    jobs: BTreeMap<(TargetId, String), Vec<JobId>>,
}

impl ToEmbed {
    /// Looks at a run; `None` if its suite does not compare by embeddings.
    ///
    /// # Errors
    /// If the run is not there, or cannot be read.
    pub async fn open(store: &Store, run: &RunId) -> Result<Option<Self>, AggregatorError> {
        let no_run = || AggregatorError::NoRun { run: run.clone() };
        let manifest = store.get_manifest(run).await?.ok_or_else(no_run)?;
        let Some(Clustering::Embedding { vectors, .. }) = manifest.scoring.clusters.clone() else {
            return Ok(None);
        };
        let rounds = store.rounds(run).await?;
        let mut jobs: BTreeMap<(TargetId, String), Vec<JobId>> = BTreeMap::new();
        for (target, block, job) in store.planned_results(&Plan::new(&manifest, &rounds)).await? {
            jobs.entry((target, block.to_string())).or_default().push(job);
        }
        Ok(Some(Self { store: store.clone(), manifest, rounds, source: vectors, jobs }))
    }

    /// Where the vectors are to come from.
    #[must_use]
    pub fn source(&self) -> &Vectors {
        &self.source
    }

    /// The run's manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The blocks of the run, in the order of targets.
    #[must_use]
    pub fn blocks(&self) -> Vec<(TargetId, BlockId)> {
        let blocks = Plan::new(&self.manifest, &self.rounds).blocks();
        let of = |target: &antiphon_core::Target| {
            let target = target.id.clone();
            (0..blocks).map(move |block| (target.clone(), Plan::block_id(block)))
        };
        self.manifest.targets.iter().flat_map(of).collect()
    }

    /// The different texts of a block that have no vector yet.
    ///
    /// # Errors
    /// If an object cannot be read.
    pub async fn texts(
        &self,
        target: &TargetId,
        block: &BlockId,
    ) -> Result<BTreeSet<String>, AggregatorError> {
        let known = of_block(&self.store, &self.manifest, target, block).await?;
        let jobs = self.jobs.get(&(target.clone(), block.to_string())).cloned().unwrap_or_default();
        let places = Places::of(&self.manifest);
        let run = &self.manifest.run;
        let cells = read_block(&self.store, run, (target, block), jobs, &places, |_| ()).await?;
        let prompter = Prompter::new(self.manifest.seed);
        let target =
            self.manifest.target(target).ok_or_else(|| AggregatorError::NoRun { run: run.clone() })?;
        let mut texts = BTreeSet::new();
        for ((probe, turn), samples) in cells {
            let input = CellInput {
                manifest: &self.manifest,
                prompter: &prompter,
                target,
                probe: &self.manifest.probes[probe],
                turn,
                samples,
                certificate: Certificate::default(),
                vectors: &known,
            };
            texts.extend(clusters::embedded_texts(&input));
        }
        texts.retain(|text| !known.contains_key(&text_hash(text)));
        Ok(texts)
    }
}
