//! Cancels a run, for good.

use antiphon_core::{Cancelled, Event, OBJECT_FORMAT, RunId};
use antiphon_queue::Queue;
use antiphon_store::{Put, Store};

use crate::CoordinatorError;
use crate::clock::now_ms;
use crate::open_run::stored_manifest;

/// Marks a run as cancelled and tells everybody: nothing more of it is published, workers drop what is queued, and what is not
/// stored counts as cancelled. Calls that are under way end. Final: the run can't be gone on with. Says whether it was new.
///
/// # Errors
/// If there is no such run, or store or queue fail. A hint that could not be sent is an error although the mark stands; whoever works
/// on the run finds the mark by itself soon.
pub async fn cancel(
    store: &Store,
    queue: &Queue,
    run: &RunId,
    reason: Option<String>,
) -> Result<bool, CoordinatorError> {
    stored_manifest(store, run).await?;
    let mark = Cancelled { format: OBJECT_FORMAT, at_ms: now_ms(), reason };
    let put = store.put_cancelled(run, &mark).await?;
    // Also if somebody was first: their hint may have been lost.
    queue.publish_event(&Event::RunCancelled { run: run.clone() }).await?;
    Ok(put == Put::Created)
}
