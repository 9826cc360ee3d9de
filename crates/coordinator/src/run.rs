//! The role: publishes what is planned and not stored, a window at a time, until nothing is missing.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antiphon_core::plan::Plan;
use antiphon_core::{Event, Job, JobTally, PoolId, RunId, keys};
use antiphon_queue::{DeadLetter, DeadLetters, EventStream, Queue};
use antiphon_store::Store;
use tokio_util::sync::CancellationToken;

use crate::budget::{Budget, cost};
use crate::{CoordinatorError, Opened};

/// What the coordinator works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where jobs go and hints come from.
    pub queue: Queue,
    /// The truth.
    pub store: Store,
    /// What others may watch.
    pub progress: Arc<Progress>,
}

/// How the coordinator works.
#[derive(Debug, Clone)]
pub struct Config {
    /// How many jobs of the run may be in the queue at once.
    pub window: usize,
    /// How long without a hint before the store itself is asked: hints may be lost.
    pub doubt: Duration,
}

impl Config {
    /// [`Config::doubt`] where nobody is in a hurry.
    pub const DOUBT: Duration = Duration::from_secs(10);
}

/// What is known while the run goes on.
#[derive(Debug, Default)]
pub struct Progress {
    /// Jobs of the plan.
    pub jobs: AtomicU64,
    /// Jobs with results, earlier ones included.
    pub stored: AtomicU64,
    /// Samples that were left to ask when the work began.
    pub to_ask: AtomicU64,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Jobs of the plan.
    pub jobs: u64,
    /// Jobs with results, earlier ones included.
    pub stored: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Jobs that were left out, and will be asked by the next start.
    pub left: u64,
    /// If the budget ended the run: dollars that the next job may cost, which do not fit any more.
    pub over_budget: Option<f64>,
    /// Whether it was asked to stop.
    pub interrupted: bool,
    /// Pools that take no more calls.
    pub stopped_pools: Vec<StoppedPool>,
    /// Results that were stored by another delivery first, so that their cost was in vain.
    pub duplicates: u64,
    /// Dollars spent, where it was counted.
    pub dollars: f64,
}

/// A pool that takes no more calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedPool {
    /// Which.
    pub pool: PoolId,
    /// Why, and what to do.
    pub reason: String,
    /// Whether the configuration is at fault.
    pub misconfigured: bool,
}

/// Works on a run until every job has its result, or nothing more can be done.
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
    let events = parts.queue.subscribe_events().await?;
    let dead_letters = parts.queue.dead_letters().await?;
    let mut state = State::open(parts, opened, config).await?;
    state.top_up(parts).await?;
    state.work(parts, events, dead_letters, stop).await?;
    Ok(state.close())
}

/// What happened next.
enum Next {
    Event(Event),
    Dead(DeadLetter),
    Doubt,
    Stop,
}

struct State<'a> {
    run: RunId,
    plan: Plan<'a>,
    window: usize,
    doubt: Duration,
    todo: VecDeque<Job>,
    queued: HashSet<Job>,
    budget: Budget,
    stopped: BTreeMap<PoolId, StoppedPool>,
    report: Report,
}

impl<'a> State<'a> {
    async fn open(parts: &Parts, opened: &'a Opened, config: &Config) -> Result<Self, CoordinatorError> {
        let run = opened.manifest.run.clone();
        let plan = Plan::new(&opened.manifest, &opened.rounds);
        let stored: HashSet<_> = parts.store.result_keys(&run).await?.into_iter().collect();
        let dead: HashSet<Job> =
            parts.store.dead_jobs(&run).await?.into_iter().map(|dead| dead.job).collect();
        let mut report = Report::default();
        let mut todo = VecDeque::new();
        for job in opened.rounds.iter().flat_map(|round| plan.jobs(round)) {
            report.jobs += 1;
            if stored.contains(&(job.target.clone(), job.block.clone(), job.id())) {
                report.stored += 1;
            } else if dead.contains(&job) {
                report.dead += 1;
            } else {
                todo.push_back(job);
            }
        }
        parts.progress.jobs.store(report.jobs, Ordering::Relaxed);
        parts.progress.stored.store(report.stored, Ordering::Relaxed);
        parts.progress.to_ask.store(todo.iter().map(|job| plan.job_samples(job)).sum(), Ordering::Relaxed);
        let budget = Budget::open(&parts.store, &opened.manifest).await?;
        Ok(Self {
            run,
            plan,
            window: config.window.max(1),
            doubt: config.doubt,
            todo,
            queued: HashSet::new(),
            budget,
            stopped: BTreeMap::new(),
            report,
        })
    }

    async fn work(
        &mut self,
        parts: &Parts,
        mut events: EventStream,
        mut dead_letters: DeadLetters,
        stop: &CancellationToken,
    ) -> Result<(), CoordinatorError> {
        while !self.queued.is_empty() {
            // Dropping any of these futures loses nothing: hints and dead letters wait for the next call.
            let next = tokio::select! {
                () = stop.cancelled() => Next::Stop,
                event = events.next() => Next::Event(event),
                dead = dead_letters.next() => Next::Dead(dead?),
                () = tokio::time::sleep(self.doubt) => Next::Doubt,
            };
            match next {
                Next::Event(event) => self.on_event(parts, event),
                Next::Dead(dead) => self.on_dead(parts, dead).await?,
                Next::Doubt => self.ask_the_store(parts).await?,
                Next::Stop => {
                    self.report.interrupted = true;
                    return Ok(());
                }
            }
            self.top_up(parts).await?;
        }
        Ok(())
    }

    fn on_event(&mut self, parts: &Parts, event: Event) {
        match event {
            Event::JobDone { job, tally } if job.run == self.run => self.done(parts, &job, &tally),
            Event::JobDone { .. } | Event::RunCancelled { .. } => {}
            Event::PoolStopped { pool, reason, misconfigured } => {
                // Its jobs come back to the queue and wait there for the next start.
                self.queued.retain(|job| job.pool != pool);
                self.stopped.insert(pool.clone(), StoppedPool { pool, reason, misconfigured });
            }
        }
    }

    /// Records why a job will not be done before the queue forgets it.
    async fn on_dead(&mut self, parts: &Parts, dead: DeadLetter) -> Result<(), CoordinatorError> {
        let job = dead.job().clone();
        tracing::error!(job = %job.id(), target = %job.target, reason = dead.reason(), "job given up");
        parts.store.put_dead(&job, dead.reason()).await?;
        dead.ack().await?;
        if self.queued.remove(&job) {
            self.report.dead += 1;
        }
        self.budget.forfeit(&job);
        Ok(())
    }

    fn done(&mut self, parts: &Parts, job: &Job, tally: &JobTally) {
        self.report.duplicates += u64::from(tally.duplicate);
        self.budget.settle(job, tally);
        if self.queued.remove(job) {
            self.report.stored += 1;
            parts.progress.stored.store(self.report.stored, Ordering::Relaxed);
        }
    }

    /// Looks for results whose hints were lost.
    async fn ask_the_store(&mut self, parts: &Parts) -> Result<(), CoordinatorError> {
        let queued: Vec<Job> = self.queued.iter().cloned().collect();
        for job in queued {
            if parts.store.has_result(&job).await? {
                let object = parts.store.get_result(&keys::result(&job)).await?;
                let dollars = cost(self.plan.manifest(), &object);
                self.done(parts, &job, &JobTally { dollars, ..JobTally::default() });
            }
        }
        Ok(())
    }

    async fn top_up(&mut self, parts: &Parts) -> Result<(), CoordinatorError> {
        while self.queued.len() < self.window {
            let Some(job) = self.todo.pop_front() else { break };
            if self.stopped.contains_key(&job.pool) {
                continue;
            }
            if let Err(worst) = self.budget.reserve(&self.plan, &job) {
                self.todo.push_front(job);
                // Jobs in flight may cost less than was reserved; only when none is left does no other job fit.
                self.report.over_budget = self.queued.is_empty().then_some(worst);
                break;
            }
            parts.queue.publish_job(&job).await?;
            self.queued.insert(job);
        }
        Ok(())
    }

    fn close(mut self) -> Report {
        self.report.left = self.report.jobs - self.report.stored - self.report.dead;
        self.report.stopped_pools = self.stopped.into_values().collect();
        self.report.dollars = self.budget.spent();
        self.report
    }
}
