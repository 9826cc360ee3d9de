//! The runs at hand: manifest, rounds, and whether somebody has cancelled them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::{Job, Limits, Manifest, Round, RunId, Submission, keys};
use antiphon_store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::WorkerError;

/// How old the knowledge may be that a run is not cancelled, and not another one that was submitted under the name of one that was
/// removed.
pub const FRESH: Duration = Duration::from_secs(5);
/// A run of which no job came for so long is forgotten: a worker may live for months.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// One run as a worker needs it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) manifest: Manifest,
    pub(crate) rounds: Vec<Round>,
    pub(crate) prompter: Prompter,
    /// Somebody cancelled it. Shared by all that was ever read of the run.
    pub(crate) cancelled: Arc<CancellationToken>,
}

impl Run {
    pub(crate) fn plan(&self) -> Plan<'_> {
        Plan::new(&self.manifest, &self.rounds)
    }
}

/// Why a job's run cannot be worked on.
#[derive(Debug)]
pub(crate) enum NoRun {
    /// Nobody can, and why.
    Never(String),
    /// This worker cannot, and why; another version may.
    NotHere(String),
    /// The store failed.
    Failed(WorkerError),
}

impl From<StoreError> for NoRun {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NewerFormat { ref source, .. } => Self::NotHere(format!("{error}: {source}")),
            StoreError::Corrupt { .. } | StoreError::Absent { .. } => Self::Never(error.to_string()),
            error => Self::Failed(error.into()),
        }
    }
}

/// Runs read so far. A run met again with a later round is completed.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<HashMap<RunId, Met>>);

#[derive(Debug, Clone)]
struct Met {
    run: Arc<Run>,
    /// The newest submission, where a fleet works on the run.
    newest: Option<Submission>,
    last: Instant,
    /// When it was not cancelled, and the newest submission was that.
    asked: Instant,
}

impl Met {
    /// The limits of the suite as they were submitted last.
    fn limits(&self) -> Limits {
        self.newest.as_ref().map_or(&self.run.manifest.limits, |newest| &newest.limits).clone()
    }
}

impl Runs {
    /// The run of a job, with at least the job's round where there is one, and the limits of its suite as they are now.
    pub(crate) async fn of(&self, store: &Store, job: &Job) -> Result<(Arc<Run>, Limits), NoRun> {
        // Held while reading, so that all jobs that begin together read once.
        let mut runs = self.0.lock().await;
        let now = Instant::now();
        let mut known = runs.get(&job.run).cloned();
        let is_fresh = known.as_ref().is_some_and(|met| now < met.asked + FRESH);
        let mut asked = known.as_ref().map_or(now, |met| met.asked);
        let mut newest = known.as_ref().and_then(|met| met.newest.clone());
        if !is_fresh {
            if is_another(store, &job.run, newest.as_ref()).await? {
                (known, newest) = (None, None);
            }
            let number = newest.as_ref().map_or(0, |newest| newest.number);
            newest = store.submission_after(&job.run, number).await?.or(newest);
            asked = now;
        }
        let run = match known {
            Some(met) if met.run.rounds.iter().any(|round| round.number == job.round) => met.run,
            met => Arc::new(read(store, job, met.map(|met| met.run).as_deref()).await?),
        };
        if !is_fresh && !run.cancelled.is_cancelled() && store.get_cancelled(&job.run).await?.is_some() {
            run.cancelled.cancel();
        }
        let met = Met { run: Arc::clone(&run), newest, last: now, asked };
        let limits = met.limits();
        runs.insert(job.run.clone(), met);
        Ok((run, limits))
    }

    /// Looks every few seconds whether a run with open jobs was cancelled, until it is dropped, and forgets runs.
    pub(crate) async fn watch(&self, store: &Store) {
        let mut tick = interval(FRESH);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            for run in self.in_work().await {
                match store.get_cancelled(&run.manifest.run).await {
                    Ok(None) => {}
                    Ok(Some(_)) => run.cancelled.cancel(),
                    // Work on the run goes on meanwhile; whatever ails the store will show there.
                    Err(error) => {
                        tracing::warn!(run = %run.manifest.run, %error, "cannot see whether the run is cancelled")
                    }
                }
            }
        }
    }

    async fn in_work(&self) -> Vec<Arc<Run>> {
        let mut runs = self.0.lock().await;
        let now = Instant::now();
        // A job that is open holds the run, or what was read of it before its last round.
        let in_work =
            |met: &Met| Arc::strong_count(&met.run) > 1 || Arc::strong_count(&met.run.cancelled) > 1;
        runs.retain(|_, met| in_work(met) || met.last + FORGOTTEN > now);
        let open = runs.values().filter(|met| in_work(met) && !met.run.cancelled.is_cancelled());
        open.map(|met| Arc::clone(&met.run)).collect()
    }
}

/// Whether a run of that name was removed, and perhaps submitted anew, since this was its newest submission.
async fn is_another(store: &Store, run: &RunId, newest: Option<&Submission>) -> Result<bool, StoreError> {
    let Some(newest) = newest else { return Ok(false) };
    Ok(store.submission(run, newest.number).await?.as_ref() != Some(newest))
}

/// Reads what is not known of a run yet. Rounds have no gaps, so no listing is needed.
async fn read(store: &Store, job: &Job, known: Option<&Run>) -> Result<Run, NoRun> {
    let run = &job.run;
    let (manifest, mut rounds, cancelled) = match known {
        Some(known) => (known.manifest.clone(), known.rounds.clone(), Arc::clone(&known.cancelled)),
        None => {
            let no_run = "its run is not in this store; do coordinator and worker use the same one?";
            let manifest = store.get_manifest(run).await?;
            let manifest = manifest.ok_or_else(|| NoRun::Never(no_run.to_owned()))?;
            (manifest, Vec::new(), Arc::default())
        }
    };
    for number in u32::try_from(rounds.len()).unwrap_or(u32::MAX)..=job.round {
        let Some(round) = store.get_json(&keys::round(run, number)).await? else {
            return Err(NoRun::Never(format!("round {number} of its run is not in this store")));
        };
        rounds.push(round);
    }
    let prompter = Prompter::new(manifest.seed);
    Ok(Run { manifest, rounds, prompter, cancelled })
}
