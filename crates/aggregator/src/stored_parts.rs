//! Parts in the store: what one process has made of a block, for another to join.
//!
//! The name of a part is a hash of all that it was made from, so that one that is there is as good as one that would be made now, and
//! parts of two versions, or of a run before and after more was asked, never meet.

use std::sync::Arc;

use antiphon_core::plan::Plan;
use antiphon_core::{JobId, keys};

use crate::AggregatorError;
use crate::block::{Block, OpenRun};
use crate::part::Part;

const PART: &str = "part.mpk.zst";
const SAMPLES: &str = "samples.parquet";

impl OpenRun {
    /// Whether the block's part is there, as its stored results stand.
    pub(crate) async fn has_part(&self, block: Block, jobs: &[JobId]) -> Result<bool, AggregatorError> {
        Ok(self.store.exists(&self.key(block, jobs, PART)).await?)
    }

    /// The block's part, if it is there.
    pub(crate) async fn get_part(
        &self,
        block: Block,
        jobs: &[JobId],
    ) -> Result<Option<Part>, AggregatorError> {
        let found: Option<Part> = self.store.get_packed(&self.key(block, jobs, PART)).await?;
        let samples = self.store.get(&self.key(block, jobs, SAMPLES)).await?;
        Ok(found.zip(samples).map(|(part, samples)| Part { samples, ..part }))
    }

    /// Stores the block's part. The table goes first: a part that is seen is whole.
    pub(crate) async fn put_part(
        &self,
        block: Block,
        jobs: &[JobId],
        part: &Part,
    ) -> Result<(), AggregatorError> {
        self.store.put(&self.key(block, jobs, SAMPLES), part.samples.clone()).await?;
        self.store.put_packed(&self.key(block, jobs, PART), part).await?;
        Ok(())
    }

    fn key(&self, block: Block, jobs: &[JobId], file: &str) -> String {
        let (target, id) = (&self.target(block).id, Plan::block_id(block.block));
        let mut inputs = blake3::Hasher::new();
        inputs.update(env!("CARGO_PKG_VERSION").as_bytes());
        inputs.update(&self.inputs);
        let dead = self.dead.get(&(target.clone(), id.clone()));
        for job in dead.into_iter().flatten() {
            inputs.update(b"dead ").update(job.id().as_str().as_bytes());
        }
        for job in jobs {
            inputs.update(b"done ").update(job.as_str().as_bytes());
        }
        let inputs = inputs.finalize().to_hex();
        keys::part(&self.manifest.run, target, &id, &inputs[..32], file)
    }
}

/// A hash of what all blocks of a run are made from.
pub(crate) fn inputs(manifest: &antiphon_core::Manifest, rounds: &[antiphon_core::Round]) -> Arc<[u8]> {
    let json = serde_json::to_vec(&(manifest, rounds)).expect("what was read from JSON can be written");
    Arc::from(blake3::hash(&json).as_bytes().as_slice())
}
