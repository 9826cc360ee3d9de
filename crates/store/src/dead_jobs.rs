//! Jobs that will not be done, and why. Nothing is taken back: a requeue is a mark beside the death, and a job may die again.

use std::collections::BTreeMap;

use antiphon_core::keys::{self, DeadRecord};
use antiphon_core::{Job, OBJECT_FORMAT, Requeued, RunId};
use serde::{Deserialize, Serialize};

use crate::{Put, Store, StoreError};

/// A job that will not be done, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJob {
    /// [`OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Which.
    pub job: Job,
    /// Why, in words.
    pub reason: String,
}

/// How often a job has died, and after which death it was requeued last; 0 is never.
#[derive(Debug, Default, Clone)]
struct Fate {
    deaths: u32,
    requeued: u32,
    /// The key of the newest death.
    newest: String,
}

impl Fate {
    fn is_dead(&self) -> bool {
        self.deaths > self.requeued
    }
}

impl Store {
    /// Records that a job will not be done. The first reason stands until the job is requeued; then it may die again.
    pub async fn put_dead(&self, job: &Job, reason: &str) -> Result<Put, StoreError> {
        let dead = DeadJob { format: OBJECT_FORMAT, job: job.clone(), reason: reason.to_owned() };
        if self.put_json_once(&keys::dead(job), &dead).await? == Put::Created {
            return Ok(Put::Created);
        }
        let fate = self.fate(job).await?;
        if fate.is_dead() {
            return Ok(Put::Exists);
        }
        self.put_json_once(&keys::dead_again(job, fate.requeued + 1), &dead).await
    }

    /// Marks a dead job as to be tried again: it is dead no more until it dies anew. Says whether it was dead.
    pub async fn requeue(&self, job: &Job) -> Result<bool, StoreError> {
        let fate = self.fate(job).await?;
        if !fate.is_dead() {
            return Ok(false);
        }
        let mark = Requeued { format: OBJECT_FORMAT, job: job.clone() };
        self.put_json_once(&keys::requeued(job, fate.deaths), &mark).await?;
        Ok(true)
    }

    /// The jobs of a run that will not be done, sorted by target, block and job, each with the reason of its newest death. Those that were
    /// requeued since are not among them.
    pub async fn dead_jobs(&self, run: &RunId) -> Result<Vec<DeadJob>, StoreError> {
        let mut dead = Vec::new();
        for fate in self.fates(run, &keys::dead_jobs(run)).await?.into_values().filter(Fate::is_dead) {
            // A record that is taken away between the two calls speaks of a job that may be done after all.
            dead.extend(self.get_json::<DeadJob>(&fate.newest).await?);
        }
        Ok(dead)
    }

    async fn fate(&self, job: &Job) -> Result<Fate, StoreError> {
        let fates = self.fates(&job.run, &keys::dead_of(job)).await?;
        Ok(fates.into_values().next().unwrap_or_default())
    }

    /// What became of the jobs whose records begin with `prefix`, by `target.block.job`.
    async fn fates(&self, run: &RunId, prefix: &str) -> Result<BTreeMap<String, Fate>, StoreError> {
        let mut fates = BTreeMap::<String, Fate>::new();
        for key in self.list(prefix).await? {
            let Some((job, record)) = keys::parse_dead(run, &key) else { continue };
            let fate = fates.entry(job.to_owned()).or_default();
            match record {
                DeadRecord::Requeued(death) => fate.requeued = fate.requeued.max(death),
                DeadRecord::Death(death) if death > fate.deaths => {
                    fate.deaths = death;
                    fate.newest = key;
                }
                DeadRecord::Death(_) => {}
            }
        }
        Ok(fates)
    }
}
