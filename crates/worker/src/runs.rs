//! Manifests and rounds of the runs at hand, read once.

use std::collections::HashMap;
use std::sync::Arc;

use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::{Job, Manifest, Round, RunId};
use antiphon_store::Store;
use tokio::sync::Mutex;

use crate::WorkerError;

/// One run as a worker needs it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) manifest: Manifest,
    pub(crate) rounds: Vec<Round>,
    pub(crate) prompter: Prompter,
}

impl Run {
    pub(crate) fn plan(&self) -> Plan<'_> {
        Plan::new(&self.manifest, &self.rounds)
    }
}

/// Runs read so far. A worker meets few runs; a run met again with a later round is read again.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<HashMap<RunId, Arc<Run>>>);

impl Runs {
    /// The run of a job, with at least the job's round.
    pub(crate) async fn of(&self, store: &Store, job: &Job) -> Result<Arc<Run>, WorkerError> {
        // Held while reading, so that all jobs that begin together read once.
        let mut runs = self.0.lock().await;
        if let Some(run) = runs.get(&job.run)
            && run.rounds.iter().any(|round| round.number == job.round)
        {
            return Ok(Arc::clone(run));
        }
        let manifest = store.get_manifest(&job.run).await?;
        let manifest = manifest.ok_or_else(|| WorkerError::NoRun { run: job.run.clone() })?;
        let rounds = store.rounds(&job.run).await?;
        let prompter = Prompter::new(manifest.seed);
        let run = Arc::new(Run { manifest, rounds, prompter });
        runs.insert(job.run.clone(), Arc::clone(&run));
        Ok(run)
    }
}
