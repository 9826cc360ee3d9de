//! The role: one loop per pool, which fills its slots job by job.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon_core::{Event, PoolId};
use antiphon_limits::Pool;
use antiphon_providers::{Client, Endpoint, TokenRatio};
use antiphon_queue::{Delivery, JobConsumer, Queue};
use antiphon_store::Store;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::WorkerError;
use crate::call::PoolStopped;
use crate::counters::Counters;
use crate::job::{self, Ended};
use crate::retry::RetryPolicy;
use crate::runs::Runs;

/// What a worker works with.
#[derive(Debug)]
pub struct Parts {
    /// Where jobs come from and hints go.
    pub queue: Queue,
    /// The truth.
    pub store: Store,
    /// The client all calls share.
    pub client: Client,
    /// How failures are retried.
    pub retry: RetryPolicy,
    /// What others may watch.
    pub counters: Arc<Counters>,
    pub(crate) runs: Runs,
}

impl Parts {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        queue: Queue,
        store: Store,
        client: Client,
        retry: RetryPolicy,
        counters: Arc<Counters>,
    ) -> Self {
        Self { queue, store, client, retry, counters, runs: Runs::default() }
    }
}

/// One pool that the worker sings in.
#[derive(Debug)]
pub struct PoolParts {
    pub(crate) id: PoolId,
    pub(crate) limits: Pool,
    pub(crate) slots: u32,
    pub(crate) targets: BTreeMap<String, Place>,
}

/// Where a target is reached.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: Endpoint,
    pub(crate) ratio: Mutex<TokenRatio>,
    pub(crate) answered: AtomicBool,
}

impl PoolParts {
    /// A pool with its limits, at most `slots` sessions at a time, and the endpoints of its targets by alias.
    #[must_use]
    pub fn new(id: PoolId, limits: Pool, slots: u32, targets: BTreeMap<String, Endpoint>) -> Self {
        let place = |endpoint| Place { endpoint, ratio: Mutex::default(), answered: AtomicBool::new(false) };
        let targets = targets.into_iter().map(|(alias, endpoint)| (alias, place(endpoint))).collect();
        Self { id, limits, slots, targets }
    }
}

/// How a worker works.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// About how many sessions a job has.
    pub sessions_per_job: u32,
    /// How long open jobs may take after a stop.
    pub grace: Duration,
}

/// Works on jobs of all its pools until it is stopped, then lets open jobs end within the grace period. Jobs that do not end are
/// delivered again, to whoever works then.
///
/// # Errors
/// If store or queue fail: then nothing can be recorded, and going on would only spend.
pub async fn run(
    parts: Arc<Parts>,
    pools: Vec<PoolParts>,
    config: Config,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let mut loops = JoinSet::new();
    // An error of one loop stops the others; the caller's own token stays as it is.
    let stop = stop.child_token();
    for pool in pools {
        let looping = PoolLoop::open(Arc::clone(&parts), Arc::new(pool), config).await?;
        loops.spawn(looping.run(stop.clone()));
    }
    let mut first_error = None;
    while let Some(ended) = loops.join_next().await {
        let ended = ended.unwrap_or_else(|error| Err(panicked(&PoolId::new("all").expect("letters"), error)));
        if let Err(error) = ended {
            stop.cancel();
            first_error.get_or_insert(error);
        }
    }
    first_error.map_or(Ok(()), Err)
}

struct PoolLoop {
    parts: Arc<Parts>,
    pool: Arc<PoolParts>,
    consumer: JobConsumer,
    slots: Arc<Semaphore>,
    /// Most jobs at a time: enough to fill all slots, and one that begins while another ends.
    most_open: usize,
    open: JoinSet<Result<Ended, WorkerError>>,
    grace: Duration,
    /// Whether the pool takes no more calls.
    ended: bool,
}

/// What happened next.
enum Next {
    Job(Delivery),
    Ended(Result<Ended, WorkerError>),
    Stop,
}

impl PoolLoop {
    async fn open(parts: Arc<Parts>, pool: Arc<PoolParts>, config: Config) -> Result<Self, WorkerError> {
        let most_open = pool.slots.div_ceil(config.sessions_per_job.max(1)) + 1;
        let prefetch = u16::try_from(most_open).unwrap_or(u16::MAX);
        Ok(Self {
            consumer: parts.queue.consume_jobs(&pool.id, prefetch).await?,
            slots: Arc::new(Semaphore::new(pool.slots as usize)),
            most_open: usize::from(prefetch),
            open: JoinSet::new(),
            grace: config.grace,
            ended: false,
            parts,
            pool,
        })
    }

    async fn run(mut self, stop: CancellationToken) -> Result<(), WorkerError> {
        while !self.ended {
            match self.next(&stop).await? {
                Next::Job(delivery) => {
                    let (parts, pool) = (Arc::clone(&self.parts), Arc::clone(&self.pool));
                    self.open.spawn(job::work(parts, pool, Arc::clone(&self.slots), delivery));
                }
                Next::Ended(ended) => self.on_ended(ended?).await?,
                Next::Stop => break,
            }
        }
        self.drain().await
    }

    /// Waits for whatever comes first. Dropping the other futures loses nothing: a delivery that is not handed out stays in
    /// the queue, and a job that ended stays in the set.
    async fn next(&mut self, stop: &CancellationToken) -> Result<Next, WorkerError> {
        Ok(tokio::select! {
            biased;
            () = stop.cancelled() => Next::Stop,
            Some(ended) = self.open.join_next() => Next::Ended(ended.unwrap_or_else(|error| Err(panicked(&self.pool.id, error)))),
            delivery = self.consumer.next(), if self.open.len() < self.most_open => Next::Job(delivery?),
        })
    }

    async fn on_ended(&mut self, ended: Ended) -> Result<(), WorkerError> {
        if let Ended::Stopped(PoolStopped { reason, misconfigured }) = ended
            && !self.ended
        {
            self.ended = true;
            self.pool.limits.stop(&reason);
            let event = Event::PoolStopped { pool: self.pool.id.clone(), reason, misconfigured };
            self.parts.queue.publish_event(&event).await?;
        }
        Ok(())
    }

    /// Lets open jobs end. Those that are still open after the grace period are dropped and so handed back.
    async fn drain(mut self) -> Result<(), WorkerError> {
        let until = tokio::time::Instant::now() + self.grace;
        loop {
            match tokio::time::timeout_at(until, self.open.join_next()).await {
                Ok(None) => return Ok(()),
                Ok(Some(ended)) => {
                    let ended = ended.unwrap_or_else(|error| Err(panicked(&self.pool.id, error)))?;
                    self.on_ended(ended).await?;
                }
                Err(_) => {
                    tracing::warn!(pool = %self.pool.id, jobs = self.open.len(), "grace period over, jobs handed back");
                    self.open.shutdown().await;
                    return Ok(());
                }
            }
        }
    }
}

fn panicked(pool: &PoolId, error: JoinError) -> WorkerError {
    WorkerError::Panicked { pool: pool.clone(), message: error.to_string() }
}
