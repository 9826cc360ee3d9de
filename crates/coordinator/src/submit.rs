//! Asks the fleet to work on a run: the record in the store is what counts, the call only makes it quick.

use antiphon_core::{Call, Job, Manifest, RunId, Submission};
use antiphon_queue::Queue;
use antiphon_store::Store;

use crate::clock::now_ms;
use crate::open_run::{present_manifest, refuse_cancelled, refuse_imported};
use crate::{CoordinatorError, Loaded, Opened, Wanted, open_run};

/// A run that the fleet was asked to work on.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The run.
    pub opened: Opened,
    /// The record of it.
    pub submission: Submission,
    /// Whether the fleet was working on it already: what is new then begins when the rest is done.
    pub running: bool,
}

/// Opens a run and asks the fleet to work on it. A run that ended before goes on where it was.
///
/// # Errors
/// Those of [`open_run`], and [`CoordinatorError::CallLost`] if the store has it but the queue could not be told.
pub async fn submit(
    store: &Store,
    queue: &Queue,
    loaded: &Loaded,
    wanted: &Wanted,
) -> Result<Submitted, CoordinatorError> {
    let opened = open_run(store, &loaded.text, loaded.manifest.clone(), wanted).await?;
    submit_opened(store, queue, opened).await
}

/// Asks the fleet to work on a run that is open: after [`crate::open_retry`], say.
///
/// # Errors
/// If the run is cancelled, and if store or queue fail.
pub async fn submit_opened(
    store: &Store,
    queue: &Queue,
    opened: Opened,
) -> Result<Submitted, CoordinatorError> {
    let run = &opened.manifest.run;
    refuse_imported(&opened.manifest)?;
    refuse_cancelled(store, run).await?;
    let running = !store.open_submissions(run).await?.is_empty();
    let Manifest { budget_dollars, limits, .. } = &opened.manifest;
    let submission = store.submit(run, now_ms(), *budget_dollars, limits).await?;
    queue
        .call(&Call::Submitted { run: run.clone() })
        .await
        .map_err(|source| CoordinatorError::CallLost { run: run.clone(), source })?;
    Ok(Submitted { opened, submission, running })
}

/// Jobs that were tried again.
#[derive(Debug, Clone)]
pub struct Requeue {
    /// Those that were dead, and are tried again.
    pub requeued: Vec<Job>,
    /// The submission that does it; `None` if none of them was dead.
    pub submitted: Option<Submitted>,
}

/// Marks dead jobs of a run as to be tried again, and submits it. Jobs that are not dead are passed over.
///
/// # Errors
/// If there is no such run, it is cancelled, or store or queue fail.
pub async fn requeue(
    store: &Store,
    queue: &Queue,
    run: &RunId,
    jobs: &[Job],
) -> Result<Requeue, CoordinatorError> {
    let manifest = present_manifest(store, run).await?;
    refuse_cancelled(store, run).await?;
    let mut requeued = Vec::new();
    for job in jobs {
        if store.requeue(job).await? {
            requeued.push(job.clone());
        }
    }
    if requeued.is_empty() {
        return Ok(Requeue { requeued, submitted: None });
    }
    let opened = Opened { manifest, rounds: store.rounds(run).await?, resumed: true };
    let submitted = submit_opened(store, queue, opened).await?;
    Ok(Requeue { requeued, submitted: Some(submitted) })
}
