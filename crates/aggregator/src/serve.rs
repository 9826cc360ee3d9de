//! The service: takes blocks that somebody wants to have summed up, and stores what they come to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_core::plan::Plan;
use antiphon_core::{AGGREGATE, Job, PoolId};
use antiphon_queue::{Delivery, Queue, QueueError};
use antiphon_store::StoreError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::AggregatorError;
use crate::block::{Block, OpenRun};
use crate::memory::Memory;
use crate::metrics::{Left, Metrics};
use crate::run::Parts;
use crate::stored_parts::StoredParts;

/// How long a job waits where the store does not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// Sums up blocks until it is stopped, then lets open ones end within `grace`; those that do not are delivered to others.
///
/// # Errors
/// If the queue refuses what it needs. A block that cannot be summed up is handed to the dead letters.
pub async fn serve(
    parts: &Parts,
    queue: &Queue,
    metrics: &Metrics,
    grace: Duration,
    stop: &CancellationToken,
) -> Result<(), AggregatorError> {
    let pool = PoolId::new(AGGREGATE).expect("it is an id");
    let threads = u16::try_from(parts.settings.threads.get()).unwrap_or(u16::MAX);
    let mut consumer = tokio::select! {
        consumer = queue.consume_jobs(&pool, threads) => consumer?,
        () = stop.cancelled() => return Ok(()),
    };
    let memory = Arc::new(Memory::new(parts.settings.memory_mib));
    let mut open: JoinSet<Result<(), QueueError>> = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = open.join_next() => settled(ended)?,
            delivery = consumer.next() => match delivery {
                Ok(delivery) => {
                    let (parts, memory, metrics) = (parts.clone(), Arc::clone(&memory), metrics.clone());
                    let span = delivery.span();
                    let work = async move {
                        let (begin, _open) = (Instant::now(), metrics.receive());
                        let left = take(&parts, &memory, delivery).await?;
                        metrics.left(left, begin.elapsed());
                        Ok(())
                    };
                    open.spawn(work.instrument(span));
                }
                // It is out of the queue; whoever asked does it.
                Err(error @ QueueError::Malformed { .. }) => tracing::error!(%error, "dropped a message"),
                Err(error) => return Err(error.into()),
            },
        }
    }
    let ending = async {
        while let Some(ended) = open.join_next().await {
            settled(ended)?;
        }
        Ok(())
    };
    // The consumer is there until the last of its deliveries is settled.
    tokio::time::timeout(grace, ending).await.unwrap_or(Ok(()))
}

fn settled(ended: Result<Result<(), QueueError>, tokio::task::JoinError>) -> Result<(), AggregatorError> {
    match ended {
        // Another gets it.
        Ok(Err(QueueError::HandedBack { .. })) | Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.into()),
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}

async fn take(parts: &Parts, memory: &Memory, delivery: Delivery) -> Result<Left, QueueError> {
    let job = delivery.job().clone();
    let left = match sum_up(parts, memory, &job).await {
        Ok(()) => {
            tracing::info!(run = %job.run, target = %job.target, block = %job.block, "block summed up");
            delivery.ack().await?;
            Left::Stored
        }
        // Its run was removed.
        Err(AggregatorError::NoRun { .. }) => {
            delivery.ack().await?;
            Left::Gone
        }
        // It may pass.
        Err(AggregatorError::Store(error @ (StoreError::Io { .. } | StoreError::Full { .. }))) => {
            tracing::warn!(run = %job.run, target = %job.target, block = %job.block, %error, "tries again");
            delivery.retry(AGAIN).await?;
            Left::HandedBack
        }
        Err(error) => {
            delivery.reject(&error.to_string()).await?;
            Left::Dead
        }
    };
    Ok(left)
}

/// Makes the part of the job's block, unless it is there.
async fn sum_up(parts: &Parts, memory: &Memory, job: &Job) -> Result<(), AggregatorError> {
    let open = Arc::new(OpenRun::open(&parts.store, &job.run).await?);
    let target = open.manifest.targets.iter().position(|target| target.id == job.target);
    let block = (0..open.plan().blocks()).find(|block| Plan::block_id(*block) == job.block);
    let Some((target, block)) = target.zip(block) else {
        return Err(AggregatorError::NoBlock { run: job.run.clone(), block: job.block.clone() });
    };
    StoredParts::of(open).ensure(memory, Block { target, block }).await
}
