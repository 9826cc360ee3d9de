//! Work on one run: publishes what is planned and not stored, a window at a time, until nothing is missing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use antiphon_core::plan::Plan;
use antiphon_core::{Job, JobTally, PoolId, RunId, Seed, keys};
use antiphon_store::Store;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::adaptive;
use crate::books::{Books, Standing};
use crate::budget::{Budget, cost, spent_so_far};
use crate::extraction::{self, Chains};
use crate::{Config, CoordinatorError, Gauge, Opened, Parts, Report, StoppedPool};

/// Keys of results that are held at a time while they are sorted into the books.
const LISTED: usize = 50_000;

/// What a run hears while it is worked on. Every piece of it may be lost: the store tells the same when asked.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Done(Job, JobTally),
    Died(Job),
    Cancelled,
    PoolStopped(StoppedPool),
    /// A pool that was said to be stopped works, be it for another run.
    PoolWorks(PoolId),
}

/// What happened next.
enum Next {
    News(News),
    Doubt,
    Stop,
}

/// Works on a run round by round: when every job of its rounds has ended, probes that are not narrow enough are asked on in another, and so are
/// chains that go on.
pub(crate) async fn work_to_the_end(
    parts: &Parts,
    mut opened: Opened,
    (config, order): (&Config, Option<Seed>),
    mut inbox: mpsc::Receiver<News>,
    stop: &CancellationToken,
) -> Result<Report, CoordinatorError> {
    let _taken_up = parts.progress.takes_up(&opened.manifest.run, &opened.manifest.suite);
    let grows = opened.manifest.probes.iter().any(|probe| probe.chain().is_some());
    let mut chains = Chains::default();
    loop {
        let report = work(parts, &opened, (config, order), &mut inbox, stop).await?;
        if report.cancelled
            || report.interrupted
            || report.left > 0
            || (opened.manifest.until.is_none() && !grows)
        {
            return Ok(report);
        }
        // Dropping this at a stop loses nothing: the next start measures again.
        let next = async {
            match grows {
                true => extraction::next_round(&parts.store, &*parts.gauge, &opened, &mut chains).await,
                false => adaptive::next_round(&parts.store, &*parts.gauge, &opened).await,
            }
        };
        let next = tokio::select! {
            () = stop.cancelled() => return Ok(Report { interrupted: true, ..report }),
            next = next => next?,
        };
        let Some(rounds) = next else { return Ok(report) };
        // The next look at the books counts these again.
        parts.progress.forget(&report, Plan::new(&opened.manifest, &opened.rounds).samples());
        opened.rounds = rounds;
        parts.progress.rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether a run of which every job has ended would be asked on: a probe that is not narrow enough, or a chain that has not ended.
///
/// # Errors
/// If the gauge or the store fails.
pub async fn goes_on(store: &Store, gauge: &dyn Gauge, opened: &Opened) -> Result<bool, CoordinatorError> {
    Ok(adaptive::goes_on(gauge, opened).await? || extraction::goes_on(store, opened).await?)
}

/// Works on a run until every job has its result, or nothing more can be done. Dropping the future at any time loses nothing but what
/// is known of jobs in the queue. Jobs are published in the plan's order, or mixed anew by `order`.
async fn work(
    parts: &Parts,
    opened: &Opened,
    (config, order): (&Config, Option<Seed>),
    inbox: &mut mpsc::Receiver<News>,
    stop: &CancellationToken,
) -> Result<Report, CoordinatorError> {
    let mut work = Work::open(parts, opened, (config, order)).await?;
    let mut doubt = tokio::time::interval_at(Instant::now() + config.doubt, config.doubt);
    doubt.set_missed_tick_behavior(MissedTickBehavior::Delay);
    work.top_up().await?;
    while !work.books.is_over() {
        // Dropping any of these futures loses nothing: news wait for the next call.
        let next = tokio::select! {
            () = stop.cancelled() => Next::Stop,
            Some(news) = inbox.recv() => Next::News(news),
            _ = doubt.tick() => Next::Doubt,
        };
        match next {
            Next::News(news) => work.on_news(news).await,
            Next::Doubt => work.doubt().await,
            Next::Stop => {
                work.books.interrupt();
                break;
            }
        }
        work.books.judge_pools(Instant::now());
        work.top_up().await?;
        work.tell();
    }
    Ok(work.books.close())
}

struct Work<'a> {
    parts: &'a Parts,
    config: &'a Config,
    run: &'a RunId,
    books: Books<'a>,
}

impl<'a> Work<'a> {
    async fn open(
        parts: &'a Parts,
        opened: &'a Opened,
        (config, order): (&'a Config, Option<Seed>),
    ) -> Result<Self, CoordinatorError> {
        let manifest = &opened.manifest;
        let plan = Plan::new(manifest, &opened.rounds);
        let standing = standing(&parts.store, &plan).await?;
        let spent = match manifest.budget_dollars {
            Some(_) => spent_so_far(&parts.store, manifest).await?,
            None => 0.0,
        };
        let budget = Budget::new(manifest, spent);
        let books = Books::open(plan, &opened.rounds, standing, budget, (config, order), Instant::now());
        let mut work = Self { parts, config, run: &manifest.run, books };
        let progress = &parts.progress;
        progress.jobs.fetch_add(work.books.report().jobs, Ordering::Relaxed);
        progress.stored.fetch_add(work.books.report().stored, Ordering::Relaxed);
        progress.to_ask.fetch_add(work.books.to_ask(), Ordering::Relaxed);
        progress.planned.fetch_add(work.books.plan().samples(), Ordering::Relaxed);
        work.look_for_mark().await?;
        work.tell();
        Ok(work)
    }

    async fn on_news(&mut self, news: News) {
        match news {
            News::Done(job, tally) => self.done(&job, &tally),
            News::Died(job) => self.died(&job),
            News::PoolStopped(stopped) => self.books.pool_stopped(stopped, Instant::now()),
            News::PoolWorks(pool) => self.books.pool_works(&pool),
            // The hint is believed when the mark is there.
            News::Cancelled => {
                let looked = self.look_for_mark().await;
                self.later(looked);
            }
        }
    }

    fn done(&mut self, job: &Job, tally: &JobTally) {
        let (stored, duplicates) = (self.books.report().stored, self.books.report().duplicates);
        self.books.done(job, tally, Instant::now());
        let progress = &self.parts.progress;
        let more = self.books.report().stored - stored;
        progress.stored.fetch_add(more, Ordering::Relaxed);
        progress.done.fetch_add(more, Ordering::Relaxed);
        progress.duplicates.fetch_add(self.books.report().duplicates - duplicates, Ordering::Relaxed);
        progress.moves(self.run);
    }

    fn died(&mut self, job: &Job) {
        let before = self.books.report().dead;
        self.books.died(job);
        self.parts.progress.dead.fetch_add(self.books.report().dead - before, Ordering::Relaxed);
        self.parts.progress.moves(self.run);
    }

    /// Whoever watches sees how the run stands.
    fn tell(&self) {
        let (report, books) = (self.books.report(), &self.books);
        self.parts.progress.of_run(self.run, |run| {
            (run.planned, run.stored, run.dead) = (report.jobs, report.stored, report.dead);
            (run.open, run.dollars) = (books.open_jobs(), books.spent());
            run.budget = books.plan().manifest().budget_dollars;
        });
    }

    async fn top_up(&mut self) -> Result<(), CoordinatorError> {
        if self.books.report().cancelled {
            return Ok(());
        }
        let batch = self.books.next_batch(Instant::now());
        if !batch.is_empty() {
            self.publish(&batch).await?;
        }
        Ok(())
    }

    async fn publish(&self, jobs: &[Job]) -> Result<(), CoordinatorError> {
        self.parts.queue.publish_jobs(jobs).await?;
        self.parts.progress.published.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Asks the store, and the queue, what no hint has told.
    async fn doubt(&mut self) {
        let looked = self.look_for_mark().await;
        self.later(looked);
        let looked = self.look_for_ends().await;
        self.later(looked);
        let published = self.publish_lost().await;
        self.later(published);
    }

    /// What is asked in doubt is asked again anyway, so a store or queue that does not answer now is no reason to end.
    fn later(&self, looked: Result<(), CoordinatorError>) {
        if let Err(error) = looked {
            tracing::warn!(run = %self.run, error = &error as &dyn std::error::Error, "could not look, will look again");
        }
    }

    async fn look_for_mark(&mut self) -> Result<(), CoordinatorError> {
        if self.parts.store.get_cancelled(self.run).await?.is_some() {
            self.books.cancel();
        }
        Ok(())
    }

    /// Looks for results and deaths whose hints were lost.
    async fn look_for_ends(&mut self) -> Result<(), CoordinatorError> {
        let silent = self.books.silent(self.config.doubt, Instant::now());
        if silent.is_empty() {
            return Ok(());
        }
        let store = &self.parts.store;
        let dead: HashSet<Job> = store.dead_jobs(self.run).await?.into_iter().map(|dead| dead.job).collect();
        for job in silent.into_iter().flat_map(|(_, jobs)| jobs) {
            if store.has_result(&job).await? {
                let object = store.get_result(&keys::result(&job)).await?;
                let dollars = cost(self.books.plan().manifest(), &object);
                self.done(&job, &JobTally { dollars, ..JobTally::default() });
            } else if dead.contains(&job) {
                self.died(&job);
            }
        }
        Ok(())
    }

    /// Publishes jobs again that somebody must have taken out of the queue. A job that is published twice is at worst paid twice, so
    /// this waits for longer than any job can be out of sight.
    async fn publish_lost(&mut self) -> Result<(), CoordinatorError> {
        for (pool, jobs) in self.books.silent(self.config.republish_after, Instant::now()) {
            if self.parts.queue.depth(&pool).await? == 0 {
                tracing::warn!(run = %self.run, %pool, jobs = jobs.len(), "jobs vanished from the queue, published again");
                self.publish(&jobs).await?;
                self.books.published_again(&pool, Instant::now());
            }
        }
        Ok(())
    }
}

/// What of a plan is done.
pub(crate) async fn standing(store: &Store, plan: &Plan<'_>) -> Result<Standing, CoordinatorError> {
    let run = &plan.manifest().run;
    let prefix = keys::samples(run);
    let mut standing = Standing::default();
    let mut after: Option<String> = None;
    loop {
        let listed = store.list_after(&prefix, after.as_deref(), LISTED).await?;
        let parsed = listed.iter().filter_map(|key| keys::parse_result(run, key));
        standing
            .stored
            .extend(parsed.filter_map(|(target, block, job)| plan.place_of(&target, &block, &job)));
        if listed.len() < LISTED {
            break;
        }
        after = listed.into_iter().next_back();
    }
    let dead = store.dead_jobs(run).await?;
    standing.dead = dead.iter().filter_map(|dead| plan.job_place(&dead.job)).collect();
    standing.duplicates = store.duplicates(run).await?;
    Ok(standing)
}

/// Counts as one until it is dropped.
pub(crate) struct Counted<'a>(&'a AtomicU64);

impl<'a> Counted<'a> {
    pub(crate) fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
