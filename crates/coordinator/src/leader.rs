//! Works on any number of runs at once: hears all hints and dead letters, and tells each run its own.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use antiphon_core::{Event, Job, PoolId, RunId};
use antiphon_queue::{DeadLetter, DeadLetters, EventStream, Queue, QueueError};
use antiphon_store::Store;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};

use crate::work::News;
use crate::{CoordinatorError, StoppedPool};

/// News that wait for a run. More are dropped, as hints may be: a run that is busy must not hold up the others.
const INBOX: usize = 4_096;
/// Buried jobs that wait to be told of.
const BURIED: usize = 64;

/// Runs at work. Dropping it ends all work at once; what is known of it stands in the store.
#[derive(Debug)]
pub(crate) struct Leader<T> {
    events: EventStream,
    buried: mpsc::Receiver<Job>,
    inboxes: BTreeMap<RunId, mpsc::Sender<News>>,
    /// Pools that were said to be stopped, and that were not heard to work since.
    troubled: BTreeSet<PoolId>,
    tasks: JoinSet<Result<T, CoordinatorError>>,
    run_of: BTreeMap<Id, RunId>,
    undertaker: JoinSet<CoordinatorError>,
}

/// What happened next.
enum Next<T> {
    Event(Event),
    Buried(Job),
    Ended(Result<(Id, Result<T, CoordinatorError>), JoinError>),
    Undertaker(CoordinatorError),
}

impl<T: Send + 'static> Leader<T> {
    /// Begins to listen. What is published from now on is heard.
    pub(crate) async fn open(queue: &Queue, store: &Store) -> Result<Self, CoordinatorError> {
        let events = queue.subscribe_events().await?;
        let (told, buried) = mpsc::channel(BURIED);
        let mut undertaker = JoinSet::new();
        undertaker.spawn(bury(queue.dead_letters().await?, store.clone(), told));
        Ok(Self {
            events,
            buried,
            inboxes: BTreeMap::new(),
            troubled: BTreeSet::new(),
            tasks: JoinSet::new(),
            run_of: BTreeMap::new(),
            undertaker,
        })
    }

    /// Whether the run is being worked on.
    pub(crate) fn works_on(&self, run: &RunId) -> bool {
        self.inboxes.contains_key(run)
    }

    /// Begins work on a run.
    pub(crate) fn take_up<F>(&mut self, run: RunId, work: impl FnOnce(mpsc::Receiver<News>) -> F)
    where
        F: Future<Output = Result<T, CoordinatorError>> + Send + 'static,
    {
        let (inbox, news) = mpsc::channel(INBOX);
        let task = self.tasks.spawn(work(news));
        self.run_of.insert(task.id(), run.clone());
        self.inboxes.insert(run, inbox);
    }

    /// Waits until work on a run has ended. May be dropped at any time without losing anything.
    ///
    /// # Errors
    /// If hints or dead letters can't be heard any more.
    pub(crate) async fn next(&mut self) -> Result<(RunId, Result<T, CoordinatorError>), CoordinatorError> {
        loop {
            // Dropping any of these futures loses nothing: each waits for the next call.
            let next = tokio::select! {
                event = self.events.next() => Next::Event(event),
                Some(job) = self.buried.recv() => Next::Buried(job),
                Some(ended) = self.tasks.join_next_with_id() => Next::Ended(ended),
                Some(ended) = self.undertaker.join_next() => Next::Undertaker(ended.unwrap_or_else(panicked)),
            };
            match next {
                Next::Event(event) => self.on_event(event),
                Next::Buried(job) => self.tell(&job.run.clone(), News::Died(job)),
                Next::Undertaker(error) => return Err(error),
                Next::Ended(ended) => {
                    let (id, ended) = ended.unwrap_or_else(|error| (error.id(), Err(panicked(error))));
                    let run = self.run_of.remove(&id).expect("every task has its run");
                    self.inboxes.remove(&run);
                    return Ok((run, ended));
                }
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::JobDone { job, tally } => {
                self.works(&job.pool);
                self.tell(&job.run.clone(), News::Done(job, tally));
            }
            Event::PoolWorks { pool } => self.works(&pool),
            Event::RunCancelled { run } => self.tell(&run, News::Cancelled),
            Event::PoolStopped { pool, reason, misconfigured } => {
                self.troubled.insert(pool.clone());
                self.tell_all(&News::PoolStopped(StoppedPool { pool, reason, misconfigured }));
            }
        }
    }

    fn works(&mut self, pool: &PoolId) {
        if self.troubled.remove(pool) {
            self.tell_all(&News::PoolWorks(pool.clone()));
        }
    }

    fn tell(&self, run: &RunId, news: News) {
        if let Some(inbox) = self.inboxes.get(run) {
            // A full inbox, or one whose run has just ended, is as good as a lost hint.
            let _ = inbox.try_send(news);
        }
    }

    fn tell_all(&self, news: &News) {
        for run in self.inboxes.keys() {
            self.tell(run, news.clone());
        }
    }
}

/// Records why jobs will not be done before the queue forgets them, whatever run they belong to. Ends when it can't.
async fn bury(mut letters: DeadLetters, store: Store, told: mpsc::Sender<Job>) -> CoordinatorError {
    loop {
        let dead = match letters.next().await {
            Ok(dead) => dead,
            // It is out of the queue. Its run will miss it.
            Err(error @ QueueError::Malformed { .. }) => {
                tracing::error!(error = &error as &dyn std::error::Error, "dropped a dead letter");
                continue;
            }
            Err(error) => return error.into(),
        };
        match record(dead, &store).await {
            // Nobody listens any more only while the leader is being dropped.
            Ok(Some(job)) => drop(told.send(job).await),
            Ok(None) => {}
            Err(error) => return error,
        }
    }
}

/// Writes down that a job will not be done; `None` for one that only sums up, since nothing is lost with it: whoever asked does it.
async fn record(dead: DeadLetter, store: &Store) -> Result<Option<Job>, CoordinatorError> {
    let job = dead.job().clone();
    tracing::error!(run = %job.run, job = %job.id(), target = %job.target, reason = dead.reason(), "job given up");
    let asks = !job.sums_up();
    // A run that was removed must not begin to exist again.
    if asks && store.get_manifest(&job.run).await?.is_some() {
        store.put_dead(&job, dead.reason()).await?;
    }
    dead.ack().await?;
    Ok(asks.then_some(job))
}

fn panicked(error: JoinError) -> CoordinatorError {
    CoordinatorError::Panicked { message: error.to_string() }
}
