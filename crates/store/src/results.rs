//! Results: one write-once object per job.

use std::collections::BTreeSet;

use antiphon_core::plan::Plan;
use antiphon_core::{BlockId, Job, JobId, ResultObject, RunId, TargetId, keys};

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

    /// The same for a whole plan, on servers too whose listings come late: if they lack a few of the plan's jobs, each is asked for.
    pub async fn planned_results(
        &self,
        plan: &Plan<'_>,
    ) -> Result<Vec<(TargetId, BlockId, JobId)>, StoreError> {
        let run = &plan.manifest().run;
        let mut found = self.result_keys(run).await?;
        let planned = plan.sizes().jobs();
        if !(1..=LATE).contains(&planned.saturating_sub(found.len() as u64)) {
            return Ok(found);
        }
        let listed: BTreeSet<_> = found.iter().map(|(target, block, job)| (target, block, job)).collect();
        let mut late = Vec::new();
        for job in plan.rounds().iter().flat_map(|round| plan.jobs(round)) {
            let place = (job.target.clone(), job.block.clone(), job.id());
            if !listed.contains(&(&place.0, &place.1, &place.2)) && self.has_result(&job).await? {
                late.push(place);
            }
        }
        found.extend(late);
        found.sort_by_cached_key(|(target, block, job)| keys::result_of(run, target, block, job));
        Ok(found)
    }
}

fn key_of(object: &ResultObject) -> String {
    format!("{}{}.mpk.zst", keys::block(&object.run, &object.target, &object.block), object.job)
}
