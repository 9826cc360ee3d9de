//! How roles are put together: in one process on an in-memory queue, or as the services of a fleet on RabbitMQ and S3. This is the
//! only place that knows.

mod backends;
mod embedder;
mod one_process;
mod pools;
mod ruler;
mod service;

use antiphon_aggregator::Settings;
use antiphon_core::RunId;
use antiphon_core::summary::{Operations, Summary};
use antiphon_queue::Queue;
use antiphon_store::Store;
use tokio_util::sync::CancellationToken;

pub(crate) use backends::{broker, create_store, open_store};
pub(crate) use embedder::Embedder;
pub(crate) use one_process::{Sung, sing};
pub(crate) use service::{Choice, Place, aggregate, choose, coordinate, work};

/// Sums a run up, with the help of the fleet behind a queue if there is one, and writes its report; gives the report's key.
pub(crate) async fn sum_up(
    store: &Store,
    run: &RunId,
    settings: Settings,
    help: Option<&Queue>,
    stop: &CancellationToken,
) -> anyhow::Result<(Summary, Operations, String)> {
    let parts = antiphon_aggregator::Parts { store: store.clone(), settings };
    let (summary, operations) = match help {
        None => antiphon_aggregator::run(&parts, run, stop).await?,
        Some(queue) => antiphon_aggregator::run_with_help(&parts, queue, run, stop).await?,
    };
    let report = antiphon_viewer::write_report(store, run).await?;
    Ok((summary, operations, report))
}
