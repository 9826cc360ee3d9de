//! One pool: takes jobs, fills its slots job by job, rests while the pool is stopped, and drains in the end.

use std::sync::Arc;
use std::time::Duration;

use antiphon_core::{Event, PoolId};
use antiphon_limits::Standing;
use antiphon_queue::{Delivery, JobConsumer, QueueError};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::WorkerError;
use crate::call::PoolStopped;
use crate::job::{self, Desk, Ended, Shift};
use crate::parts::Config;

/// How often a pool that rests says so: hints may be lost, and whoever begins to listen must hear of it.
pub(crate) const REMIND: Duration = Duration::from_secs(20);
/// How often a worker without a share looks whether there is anything to sing.
const LOOK: Duration = Duration::from_secs(1);
/// How long handing jobs back may take.
const HAND_BACK: Duration = Duration::from_secs(5);

/// The loop of one pool.
pub(crate) struct PoolLoop {
    desk: Arc<Desk>,
    /// Whether this worker has a share of the limits.
    standing: watch::Receiver<Standing>,
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
    Rests,
    Stop,
}

/// Why no more jobs are taken.
enum Over {
    Stop,
    PoolStopped(PoolStopped),
    /// There is nothing to sing, or nothing of the limits is left for this worker.
    Rests,
}

impl PoolLoop {
    pub(crate) fn new(desk: Arc<Desk>, standing: watch::Receiver<Standing>, config: Config) -> Self {
        let most_open = desk.pool.slots.div_ceil(config.sessions_per_job.max(1)) + 1;
        let most_open = u16::try_from(most_open).unwrap_or(u16::MAX);
        Self { desk, standing, config, most_open, open: JoinSet::new() }
    }

    /// Takes jobs until it is stopped; a pool that is stopped for a while rests in between.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> Result<(), WorkerError> {
        loop {
            let waited = stop.run_until_cancelled(self.wait_to_sing()).await;
            let over = match waited.transpose()? {
                None => true,
                Some(()) => match (self.take_jobs(&stop).await?, self.config.park) {
                    (Over::Stop, _) | (Over::PoolStopped(_), None) => true,
                    (Over::Rests, _) => false,
                    (Over::PoolStopped(stopped), Some(park)) => {
                        let rested = stop.run_until_cancelled(self.rest(&stopped, park)).await;
                        rested.transpose()?.is_none()
                    }
                },
            };
            if over {
                return Ok(());
            }
        }
    }

    /// Waits until there is something to sing and a share to sing it with; that is at once where the limits are this worker's alone.
    /// Whoever took jobs without a share would keep them from those that have one.
    async fn wait_to_sing(&mut self) -> Result<(), WorkerError> {
        self.tell(true);
        while *self.standing.borrow_and_update() != Standing::Singing {
            match self.desk.parts.queue.depth(&self.desk.pool.id).await {
                Ok(0) | Err(QueueError::Unreachable { .. }) => {}
                // Who may not look has to sing to find out.
                Ok(_) | Err(QueueError::Hidden { .. }) => self.desk.song.want(),
                Err(error) => return Err(error.into()),
            }
            if let Ok(Err(_)) = timeout(LOOK, self.standing.changed()).await {
                // The voice is gone, and has said why: everything ends.
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }

    /// Takes jobs until it is stopped, or the pool is, or this worker is to rest; then no job is open.
    async fn take_jobs(&mut self, stop: &CancellationToken) -> Result<Over, WorkerError> {
        let shift = Shift::default();
        let mut consumer = self.desk.parts.queue.consume_jobs(&self.desk.pool.id, self.most_open).await?;
        let over = loop {
            match self.next(&mut consumer, stop).await? {
                Next::Job(delivery) => self.begin(delivery, &shift),
                // It is out of the queue, and its run will miss it and ask again.
                Next::Malformed(error) => tracing::error!(%error, "dropped a message"),
                Next::Ended(ended) => {
                    if let Some(stopped) = self.on_ended(ended).await? {
                        break Over::PoolStopped(stopped);
                    }
                }
                Next::Rests => break Over::Rests,
                Next::Stop => break Over::Stop,
            }
            self.tell(true);
        };
        if let Over::PoolStopped(stopped) = &over {
            shift.halt.cancel();
            if self.config.park.is_none() {
                self.desk.pool.limits.stop(&stopped.reason);
            }
            self.say(stopped).await?;
        }
        // The consumer lives on meanwhile, since its deliveries are settled through it.
        self.drain(&shift).await?;
        self.tell(false);
        Ok(over)
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
            Some(ended) = self.open.join_next() => Ok(Next::Ended(flat(ended, &self.desk.pool.id)?)),
            Ok(_) = self.standing.wait_for(|standing| *standing == Standing::Resting) => Ok(Next::Rests),
            delivery = consumer.next(), if self.open.len() < self.most_open.into() => match delivery {
                Ok(delivery) => Ok(Next::Job(delivery)),
                Err(error @ QueueError::Malformed { .. }) => Ok(Next::Malformed(error)),
                Err(error) => Err(error.into()),
            }
        }
    }

    fn begin(&mut self, delivery: Delivery, shift: &Shift) {
        let (waited, span) = (delivery.waited(), delivery.span());
        if let Some(job) = self.desk.open.add(delivery) {
            self.desk.parts.metrics.received(&self.desk.pool.id, waited);
            self.open.spawn(job::work(Arc::clone(&self.desk), shift.clone(), job).instrument(span));
        }
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
        // Behind the jobs that were done before.
        self.desk.herald.tell(event).await
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
            if let Ended::Stopped(stopped) = flat(ended, &self.desk.pool.id)? {
                shift.halt.cancel();
                self.say(&stopped).await?;
            }
        }
        if !self.open.is_empty() {
            tracing::warn!(pool = %self.desk.pool.id, jobs = self.open.len(), "grace period over, jobs handed back");
            shift.leave.cancel();
            let left = timeout(HAND_BACK, async {
                while let Some(ended) = self.open.join_next().await {
                    flat(ended, &self.desk.pool.id)?;
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

fn flat(ended: Result<Result<Ended, WorkerError>, JoinError>, pool: &PoolId) -> Result<Ended, WorkerError> {
    ended
        .unwrap_or_else(|error| Err(WorkerError::Panicked { pool: pool.clone(), message: error.to_string() }))
}
