//! Parts in the store: what one process has made of a block, for another to join.
//!
//! The name of a part is a hash of all that it was made from, so that one that is there is as good as one that would be made now, and
//! parts of two versions, or of a run before and after more was asked, never meet.

use std::sync::Arc;

use antiphon_core::keys;
use antiphon_core::plan::Plan;
use antiphon_stats::text::NORMALISER_VERSION;
use antiphon_store::StoreError;

use crate::AggregatorError;
use crate::block::{Block, Inputs, OpenRun};
use crate::memory::Memory;
use crate::part::Part;
use crate::rules::RULES_VERSION;
use crate::run::make;

/// Changes whenever a part is written or made in another way, so that none of another version is taken for one of this.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " 6");

const PART: &str = "part.mpk.zst";
const SAMPLES: &str = "samples.parquet";

/// The parts of a run that are stored.
pub(crate) struct StoredParts {
    run: Arc<OpenRun>,
    /// A hash of what all blocks of the run are made from.
    common: blake3::Hash,
}

impl StoredParts {
    pub(crate) fn of(run: Arc<OpenRun>) -> Self {
        let json = serde_json::to_vec(&(&run.manifest, &run.rounds));
        let common = blake3::hash(&json.expect("what was read from JSON can be written"));
        Self { run, common }
    }

    /// Whether the block's part is there, as its results stand now.
    pub(crate) async fn has(&self, block: Block) -> Result<bool, AggregatorError> {
        let inputs = self.run.inputs(block, false).await?;
        Ok(self.run.store.exists(&self.key(block, &inputs, PART)).await?)
    }

    /// The block's part, if it is there.
    pub(crate) async fn get(&self, block: Block, inputs: &Inputs) -> Result<Option<Part>, AggregatorError> {
        let store = &self.run.store;
        let found: Option<Part> = match store.get_packed(&self.key(block, inputs, PART)).await {
            // It can be made again.
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::warn!(%error, "a part is not used");
                None
            }
            found => found?,
        };
        let samples = store.get(&self.key(block, inputs, SAMPLES)).await?;
        Ok(found.zip(samples).map(|(part, samples)| Part { samples, ..part }))
    }

    /// Makes and stores the block's part, unless it is there. The table goes first: a part that is seen is whole.
    pub(crate) async fn ensure(&self, memory: &Memory, block: Block) -> Result<(), AggregatorError> {
        let store = &self.run.store;
        let inputs = self.run.inputs(block, false).await?;
        let key = self.key(block, &inputs, PART);
        if store.exists(&key).await? {
            return Ok(());
        }
        let samples = self.key(block, &inputs, SAMPLES);
        let part = make(&self.run, memory, block, inputs).await?;
        // A run that was removed meanwhile must not begin to exist again.
        if store.get_manifest(&self.run.manifest.run).await?.is_none() {
            return Err(AggregatorError::NoRun { run: self.run.manifest.run.clone() });
        }
        store.put(&samples, part.samples.clone()).await?;
        store.put_packed(&key, &part).await?;
        Ok(())
    }

    fn key(&self, block: Block, inputs: &Inputs, file: &str) -> String {
        let (target, id) = (&self.run.target(block).id, Plan::block_id(block.block));
        let mut hash = blake3::Hasher::new();
        hash.update(VERSION.as_bytes())
            .update(&RULES_VERSION.to_le_bytes())
            .update(&NORMALISER_VERSION.to_le_bytes());
        hash.update(self.common.as_bytes());
        let dead = self.run.dead.get(&(target.clone(), id.clone()));
        for job in dead.into_iter().flatten() {
            hash.update(b"dead ").update(job.id().as_str().as_bytes());
        }
        for job in &inputs.jobs {
            hash.update(b"done ").update(job.as_str().as_bytes());
        }
        for key in &inputs.vectors {
            hash.update(b"vectors ").update(key.as_bytes());
        }
        let hash = hash.finalize().to_hex();
        keys::part(&self.run.manifest.run, target, &id, &hash[..32], file)
    }
}
