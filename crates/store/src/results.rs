//! Results: one write-once object per job.

use std::collections::BTreeSet;

use antiphon_core::plan::Plan;
use antiphon_core::{BlockId, Job, JobId, ResultObject, RunId, Target, TargetId, keys};

use crate::blocking::blocking;
use crate::codec::{decode_result, encode_result};
use crate::{Put, Store, StoreError};

/// A server whose listings come late misses what was written last. Where more is missing, the run has not ended.
const LATE: u64 = 1_000;

impl Store {
    /// Stores what a job came to. [`Put::Exists`] means that another delivery of the job was first, and its answers stand.
    ///
    /// # Panics
    /// If `object` is the result of another job.
    pub async fn put_result(&self, job: &Job, object: ResultObject) -> Result<Put, StoreError> {
        let key = keys::result(job);
        assert_eq!(key_of(&object), key, "a result is stored under its own job");
        let owned = key.clone();
        let bytes = blocking(&key, move || encode_result(&owned, &object)).await?;
        self.put_once(&key, bytes).await
    }

    /// The result under a key that a listing gave.
    pub async fn get_result(&self, key: &str) -> Result<ResultObject, StoreError> {
        let Some(bytes) = self.get(key).await? else {
            return Err(StoreError::Absent { key: key.to_owned() });
        };
        let owned = key.to_owned();
        let object = blocking(key, move || decode_result(&owned, &bytes)).await?;
        let own = key_of(&object);
        if own != key {
            return Err(StoreError::corrupt(key, format!("it is the object of {own}")));
        }
        Ok(object)
    }

    /// Whether the job is done.
    pub async fn has_result(&self, job: &Job) -> Result<bool, StoreError> {
        self.exists(&keys::result(job)).await
    }

    /// The jobs of a run that are done, sorted by their keys. Other files among the results are passed over.
    pub async fn result_keys(&self, run: &RunId) -> Result<Vec<(TargetId, BlockId, JobId)>, StoreError> {
        let keys = self.list(&keys::samples(run)).await?;
        Ok(keys.iter().filter_map(|key| keys::parse_result(run, key)).collect())
    }

    /// Whether a few of the plan's jobs have no result, or a listing that comes late does not show it: then each is to be asked for.
    /// Holds the listing of one target at a time.
    pub async fn lacks_a_few_results(&self, plan: &Plan<'_>) -> Result<bool, StoreError> {
        let manifest = plan.manifest();
        let mut found = 0;
        for target in &manifest.targets {
            found += self.list(&keys::target(&manifest.run, &target.id)).await?.len() as u64;
        }
        Ok((1..=LATE).contains(&plan.sizes().jobs().saturating_sub(found)))
    }

    /// The jobs of a block that are done, sorted. With `asks_each`, those too that the listing lacks as yet.
    pub async fn block_results(
        &self,
        plan: &Plan<'_>,
        target: &Target,
        block: usize,
        asks_each: bool,
    ) -> Result<Vec<JobId>, StoreError> {
        let (run, id) = (&plan.manifest().run, Plan::block_id(block));
        let keys = self.list(&keys::block(run, &target.id, &id)).await?;
        let parsed = keys.iter().filter_map(|key| keys::parse_result(run, key));
        let mut found: BTreeSet<JobId> = parsed.map(|(_, _, job)| job).collect();
        let rounds = plan.rounds().iter().filter(|_| asks_each);
        for job in rounds.flat_map(|round| plan.block_jobs(round, target, block)) {
            if !found.contains(&job.id()) && self.has_result(&job).await? {
                found.insert(job.id());
            }
        }
        Ok(found.into_iter().collect())
    }
}

fn key_of(object: &ResultObject) -> String {
    format!("{}{}.mpk.zst", keys::block(&object.run, &object.target, &object.block), object.job)
}
