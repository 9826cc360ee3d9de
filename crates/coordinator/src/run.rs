//! The role for one run: works on it, and on nothing else, until it is over.

use std::sync::Arc;

use antiphon_queue::Queue;
use antiphon_store::Store;
use tokio_util::sync::CancellationToken;

use crate::leader::Leader;
use crate::work::work_to_the_end;
use crate::{Config, CoordinatorError, Gauge, Opened, Progress, Report};

/// What the coordinator works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where jobs go and hints come from.
    pub queue: Queue,
    /// The truth.
    pub store: Store,
    /// What others may watch.
    pub progress: Arc<Progress>,
    /// What says whether probes are to be asked on.
    pub gauge: Arc<dyn Gauge>,
}

/// Works on a run until every job has its result and no probe is to be asked on, or nothing more can be done.
///
/// # Errors
/// If store or queue fail; the run can be started again.
pub async fn run(
    parts: &Parts,
    opened: &Opened,
    config: &Config,
    stop: &CancellationToken,
) -> Result<Report, CoordinatorError> {
    // Hints must not be missed: listening begins before anything is published.
    let mut leader = Leader::open(&parts.queue, &parts.store).await?;
    let run = opened.manifest.run.clone();
    let (parts, opened, config, stop) = (parts.clone(), opened.clone(), config.clone(), stop.clone());
    leader.take_up(
        run,
        |news| async move { work_to_the_end(&parts, opened, (&config, None), news, &stop).await },
    );
    leader.next().await?.1
}
