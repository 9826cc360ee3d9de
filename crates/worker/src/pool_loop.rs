//! One pool: takes jobs, fills its slots job by job, rests while the pool is stopped, and drains in the end.

use std::sync::Arc;
use std::time::Duration;

use antiphon_core::Event;
use antiphon_queue::{Delivery, JobConsumer, QueueError};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::WorkerError;
use crate::call::PoolStopped;
use crate::job::{self, Desk, Ended, Shift};
use crate::parts::Config;

/// How often a pool that rests says so: hints may be lost, and whoever begins to listen must hear of it.
const REMIND: Duration = Duration::from_secs(20);
/// How long handing jobs back may take.
const HAND_BACK: Duration = Duration::from_secs(5);

/// The loop of one pool.
pub(crate) struct PoolLoop {
    desk: Arc<Desk>,
    config: Config,
    /// Most jobs at a time: enough to fill all slots, and one that begins while another ends.
    most_open: u16,
    open: JoinSet<Result<Ended, WorkerError>>,
}

/// What happened next.
enum Next {
    Job(Delivery),
    Malformed(QueueError),
    Ended(Ended),
    Stop,
}

impl PoolLoop {
    pub(crate) fn new(desk: Arc<Desk>, config: Config) -> Self {
        let most_open = desk.pool.slots.div_ceil(config.sessions_per_job.max(1)) + 1;
        let most_open = u16::try_from(most_open).unwrap_or(u16::MAX);
        Self { desk, config, most_open, open: JoinSet::new() }
    }

    /// Takes jobs until it is stopped; a pool that is stopped for a while rests in between.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> Result<(), WorkerError> {
        loop {
            let Some(stopped) = self.take_jobs(&stop).await? else { return Ok(()) };
            let Some(park) = self.config.park else { return Ok(()) };
            if stop.run_until_cancelled(self.rest(&stopped, park)).await.transpose()?.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes jobs until it is stopped or the pool is; then no job is open. Gives why the pool stopped.
    async fn take_jobs(&mut self, stop: &CancellationToken) -> Result<Option<PoolStopped>, WorkerError> {
        let shift = Shift::default();
        let mut consumer = self.desk.parts.queue.consume_jobs(&self.desk.pool.id, self.most_open).await?;
        self.tell(true);
        let stopped = loop {
            match self.next(&mut consumer, stop).await? {
                Next::Job(delivery) => self.begin(delivery, &shift),
                // It is out of the queue, and its run will miss it and ask again.
                Next::Malformed(error) => tracing::error!(%error, "dropped a message"),
                Next::Ended(ended) => {
                    if let Some(stopped) = self.on_ended(ended).await? {
                        break Some(stopped);
                    }
                }
                Next::Stop => break None,
            }
            self.tell(true);
        };
        if let Some(stopped) = &stopped {
            shift.halt.cancel();
            if self.config.park.is_none() {
                self.desk.pool.limits.stop(&stopped.reason);
            }
            self.say(stopped).await?;
        }
        // The consumer lives on meanwhile, since its deliveries are settled through it.
        self.drain(&shift).await?;
        self.tell(false);
        Ok(stopped)
    }

    /// Waits for whatever comes first. Dropping the other futures loses nothing: a delivery that is not handed out stays in
    /// the queue, and a job that ended stays in the set.
    async fn next(
        &mut self,
        consumer: &mut JobConsumer,
        stop: &CancellationToken,
    ) -> Result<Next, WorkerError> {
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(Next::Stop),
            Some(ended) = self.open.join_next() => Ok(Next::Ended(self.ended(ended)?)),
            delivery = consumer.next(), if self.open.len() < self.most_open.into() => match delivery {
                Ok(delivery) => Ok(Next::Job(delivery)),
                Err(error @ QueueError::Malformed { .. }) => Ok(Next::Malformed(error)),
                Err(error) => Err(error.into()),
            }
        }
    }

    fn begin(&mut self, delivery: Delivery, shift: &Shift) {
        if let Some(job) = self.desk.open.add(delivery) {
            self.open.spawn(job::work(Arc::clone(&self.desk), shift.clone(), job));
        }
    }

    fn ended(&self, ended: Result<Result<Ended, WorkerError>, JoinError>) -> Result<Ended, WorkerError> {
        ended.unwrap_or_else(|error| {
            Err(WorkerError::Panicked { pool: self.desk.pool.id.clone(), message: error.to_string() })
        })
    }

    async fn on_ended(&mut self, ended: Ended) -> Result<Option<PoolStopped>, WorkerError> {
        match ended {
            Ended::Settled => Ok(None),
            Ended::Stopped(stopped) => Ok(Some(stopped)),
            Ended::NotForUs(reason) => {
                // The pool goes on. Whoever hears this and sees no job done believes it.
                self.say(&PoolStopped { reason, misconfigured: true }).await?;
                Ok(None)
            }
        }
    }

    async fn say(&self, stopped: &PoolStopped) -> Result<(), WorkerError> {
        let PoolStopped { reason, misconfigured } = stopped.clone();
        let event = Event::PoolStopped { pool: self.desk.pool.id.clone(), reason, misconfigured };
        Ok(self.desk.parts.queue.publish_event(&event).await?)
    }

    /// Waits until the pool is to be tried again.
    async fn rest(&self, stopped: &PoolStopped, park: Duration) -> Result<(), WorkerError> {
        let reason = &stopped.reason;
        tracing::warn!(pool = %self.desk.pool.id, reason, "pool parked");
        self.desk.parts.health.pool(&self.desk.pool.id, |pool| pool.parked = Some(reason.clone()));
        let (remind, until) = (REMIND.min(park / 4), Instant::now() + park);
        loop {
            let next = Instant::now() + remind;
            if next >= until {
                tokio::time::sleep_until(until).await;
                break;
            }
            tokio::time::sleep_until(next).await;
            self.say(stopped).await?;
        }
        self.desk.parts.health.pool(&self.desk.pool.id, |pool| pool.parked = None);
        Ok(())
    }

    /// Lets open jobs end. Those that have made no call, and those still open after the grace period, are handed back.
    async fn drain(&mut self, shift: &Shift) -> Result<(), WorkerError> {
        shift.closing.cancel();
        let until = Instant::now() + self.config.grace;
        while let Ok(Some(ended)) = timeout_at(until, self.open.join_next()).await {
            // A pool that stops meanwhile stops the same jobs that are open anyway.
            if let Ended::Stopped(stopped) = self.ended(ended)? {
                shift.halt.cancel();
                self.say(&stopped).await?;
            }
        }
        if !self.open.is_empty() {
            tracing::warn!(pool = %self.desk.pool.id, jobs = self.open.len(), "grace period over, jobs handed back");
            shift.leave.cancel();
            let left = timeout(HAND_BACK, async {
                while let Some(ended) = self.open.join_next().await {
                    self.ended(ended)?;
                }
                Ok(())
            });
            match left.await {
                Ok(left) => return left,
                // The broker does not answer; it will find out by itself.
                Err(_) => self.open.shutdown().await,
            }
        }
        Ok(())
    }

    fn tell(&self, taking: bool) {
        let open_jobs = self.desk.open.len();
        self.desk.parts.health.pool(&self.desk.pool.id, |pool| {
            (pool.taking, pool.open_jobs) = (taking, open_jobs);
        });
    }
}
