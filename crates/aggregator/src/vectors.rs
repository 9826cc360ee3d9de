//! Vectors of answers: which are stored, and which are still to be had.

use std::collections::{BTreeSet, HashMap};

use antiphon_core::certificate::Certificate;
use antiphon_core::plan::Plan;
use antiphon_core::{BlockId, Clustering, Manifest, RunId, TargetId, Vectors, text_hash};
use antiphon_store::{Store, StoreError};

use crate::AggregatorError;
use crate::block::{Block, Inputs, OpenRun};
use crate::cell::{CellInput, clusters, meaning};
use crate::read_block::read_block;

/// The vectors stored under `keys` that are from the source that the suite names, by the hash of the text.
pub(crate) async fn of_block(
    store: &Store,
    manifest: &Manifest,
    keys: &[String],
) -> Result<HashMap<String, Vec<f32>>, StoreError> {
    let Some(Clustering::Embedding { vectors, .. }) = &manifest.scoring.clusters else {
        return Ok(HashMap::new());
    };
    let mut found = HashMap::new();
    for key in keys {
        let object = store.get_vectors(key).await?;
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
    run: OpenRun,
    asks_each: bool,
    source: Vectors,
}

impl ToEmbed {
    /// Looks at a run; `None` if its suite does not compare by embeddings.
    ///
    /// # Errors
    /// If the run is not there, or cannot be read.
    pub async fn open(store: &Store, run: &RunId) -> Result<Option<Self>, AggregatorError> {
        let run = OpenRun::open(store, run).await?;
        let Some(Clustering::Embedding { vectors, .. }) = run.manifest.scoring.clusters.clone() else {
            return Ok(None);
        };
        Ok(Some(Self { asks_each: run.lacks_a_few().await?, run, source: vectors }))
    }

    /// Where the vectors are to come from.
    #[must_use]
    pub fn source(&self) -> &Vectors {
        &self.source
    }

    /// The run's manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.run.manifest
    }

    /// The blocks of the run, in the order of targets.
    pub fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        self.run.blocks()
    }

    /// A block as it is called in the store.
    #[must_use]
    pub fn names(&self, block: Block) -> (&TargetId, BlockId) {
        (&self.run.target(block).id, Plan::block_id(block.block))
    }

    /// The different texts of a block that have no vector yet: answers, and sentences of recall probes.
    ///
    /// # Errors
    /// If an object cannot be read.
    pub async fn texts(&self, block: Block) -> Result<BTreeSet<String>, AggregatorError> {
        let OpenRun { store, manifest, prompter, places, .. } = &self.run;
        let target = self.run.target(block);
        let id = Plan::block_id(block.block);
        let Inputs { jobs, vectors } = self.run.inputs(block, self.asks_each).await?;
        let known = of_block(store, manifest, &vectors).await?;
        let all = |_: usize, _: u32| true;
        let cells = read_block(store, &manifest.run, (&target.id, &id), jobs, places, all, |_| ()).await?;
        let mut texts = BTreeSet::new();
        for ((probe, turn), samples) in cells {
            let input = CellInput {
                manifest,
                prompter,
                target,
                probe: &manifest.probes[probe],
                place: probe,
                turn,
                samples,
                certificate: Certificate::default(),
                vectors: &known,
                miss: None,
            };
            texts.extend(clusters::embedded_texts(&input));
            texts.extend(meaning::texts(&input));
        }
        texts.retain(|text| !known.contains_key(&text_hash(text)));
        Ok(texts)
    }
}
