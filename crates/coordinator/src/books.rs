//! What is known of a run while it is worked on: what is still to be published, what should be in the queue, what became of it.
//! Synchronous, and told the time.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use antiphon_core::plan::{JobPlace, Plan};
use antiphon_core::{Duplicate, Job, JobTally, PoolId, Round, Seed};
use tokio::time::Instant;

use crate::budget::Budget;
use crate::{Config, Report, StoppedPool};

/// A worker that says that a pool takes no more calls repeats it three times meanwhile. One that is silent is gone, or was mended.
const FORGOTTEN: Duration = Duration::from_secs(70);

/// The books of one run.
#[derive(Debug)]
pub(crate) struct Books<'a> {
    plan: Plan<'a>,
    window: usize,
    patience: Duration,
    lanes: BTreeMap<PoolId, Lane>,
    /// What became of jobs that another coordinator had published, before their turn came here.
    early: HashMap<Job, Fate>,
    /// Jobs of which it is known what became of them, so that nothing is paid twice for being heard twice.
    known: HashSet<JobPlace>,
    budget: Budget,
    report: Report,
    /// Samples of the jobs that were left when the books were opened.
    to_ask: u64,
}

/// The part of a run that goes through one pool.
#[derive(Debug)]
struct Lane {
    todo: VecDeque<Job>,
    /// Published, and neither stored nor dead as far as is known.
    queued: HashSet<Job>,
    /// When a job of it was last heard of, or jobs were published after none was there.
    heard: Instant,
    trouble: Option<Trouble>,
}

/// A worker said that the pool takes no more calls.
#[derive(Debug)]
struct Trouble {
    since: Instant,
    /// When it was said last.
    said: Instant,
    stopped: StoppedPool,
    /// Whether it has lasted for so long that the run goes on without the pool.
    lasting: bool,
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Stored,
    Dead,
}

/// What the store says of a run when work on it begins.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    pub(crate) stored: HashSet<JobPlace>,
    pub(crate) dead: HashSet<JobPlace>,
    /// Work that was in vain.
    pub(crate) duplicates: Vec<Duplicate>,
}

impl Lane {
    fn new(now: Instant) -> Self {
        Self { todo: VecDeque::new(), queued: HashSet::new(), heard: now, trouble: None }
    }

    fn is_stopped(&self) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| trouble.lasting)
    }

    /// The pool works, so what was said of it is out of date. What was decided stays decided.
    fn works(&mut self) {
        if !self.is_stopped() {
            self.trouble = None;
        }
    }
}

impl<'a> Books<'a> {
    /// The books of a plan of which `standing` is done. Its jobs are published in the plan's order, or mixed anew by `order`.
    pub(crate) fn open(
        plan: Plan<'a>,
        rounds: &[Round],
        standing: Standing,
        mut budget: Budget,
        (config, order): (&Config, Option<Seed>),
        now: Instant,
    ) -> Self {
        let sizes = plan.sizes();
        let mut report = Report { duplicates: standing.duplicates.len() as u64, ..Report::default() };
        let mut lanes: BTreeMap<PoolId, Lane> = BTreeMap::new();
        let mut to_ask = 0;
        for job in rounds.iter().flat_map(|round| plan.jobs(round)) {
            report.jobs += 1;
            let place = plan.job_place(&job).expect("a job of the plan has a place in it");
            if standing.stored.contains(&place) {
                report.stored += 1;
            } else if standing.dead.contains(&place) {
                report.dead += 1;
                budget.lose(&plan, &job);
            } else {
                to_ask += sizes.of(place).unwrap_or_default();
                let lane = lanes.entry(job.pool.clone()).or_insert_with(|| Lane::new(now));
                lane.todo.push_back(job);
            }
        }
        if let Some(seed) = order {
            lanes.values_mut().for_each(|lane| Plan::mix(lane.todo.make_contiguous(), seed));
        }
        let known = standing.stored.into_iter().chain(standing.dead).collect();
        Self {
            known,
            plan,
            window: config.window.max(1),
            patience: config.stopped_patience,
            lanes,
            early: HashMap::new(),
            budget,
            report,
            to_ask,
        }
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Plan<'a> {
        &self.plan
    }

    /// The report as it stands.
    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    /// Samples that were left when the books were opened.
    pub(crate) fn to_ask(&self) -> u64 {
        self.to_ask
    }

    /// Jobs that are published and have not ended, as far as is known.
    pub(crate) fn open_jobs(&self) -> u64 {
        self.lanes.values().map(|lane| lane.queued.len() as u64).sum()
    }

    /// Dollars spent, as far as is known.
    pub(crate) fn spent(&self) -> f64 {
        self.budget.spent()
    }

    /// The jobs to publish now: so many that the window of each pool is full, and the budget has room for them.
    pub(crate) fn next_batch(&mut self, now: Instant) -> Vec<Job> {
        let mut batch = Vec::new();
        let mut refused: Option<f64> = None;
        for lane in self.lanes.values_mut().filter(|lane| !lane.is_stopped()) {
            if lane.queued.is_empty() {
                lane.heard = now;
            }
            while lane.queued.len() < self.window {
                let Some(job) = lane.todo.pop_front() else { break };
                if let Some(fate) = self.early.remove(&job) {
                    self.report.count(fate);
                    continue;
                }
                if let Err(worst) = self.budget.reserve(&self.plan, &job) {
                    lane.todo.push_front(job);
                    refused = Some(refused.map_or(worst, |least| least.min(worst)));
                    break;
                }
                lane.queued.insert(job.clone());
                batch.push(job);
            }
        }
        // Jobs in flight may cost less than was reserved; only when none is left does no other job fit.
        self.report.over_budget = refused.filter(|_| self.is_over());
        batch
    }

    /// Whether nothing is in the queue that could still be done. True of a run with jobs to publish, so ask after publishing.
    pub(crate) fn is_over(&self) -> bool {
        self.report.cancelled || self.lanes.values().all(|lane| lane.is_stopped() || lane.queued.is_empty())
    }

    /// A job has its result. Heard twice, it counts once.
    pub(crate) fn done(&mut self, job: &Job, tally: &JobTally, now: Instant) {
        let Some(place) = self.plan.job_place(job) else { return };
        let Some(lane) = self.lanes.get_mut(&job.pool) else { return };
        lane.works();
        lane.heard = now;
        if tally.duplicate {
            // This cost comes on top of that of the result that was stored, whose own hint tells it, or else the store when in doubt.
            self.report.duplicates += 1;
            self.budget.spend(tally.dollars);
        } else if self.known.insert(place) {
            if lane.queued.remove(job) {
                self.report.count(Fate::Stored);
                self.budget.settle(job, tally.dollars);
            } else {
                self.early.insert(job.clone(), Fate::Stored);
                self.budget.spend(tally.dollars);
            }
        }
    }

    /// A job was given up. Its cost will never be known, so it counts as its worst case.
    pub(crate) fn died(&mut self, job: &Job) {
        let Some(place) = self.plan.job_place(job) else { return };
        let Some(lane) = self.lanes.get_mut(&job.pool) else { return };
        if self.known.insert(place) {
            if lane.queued.remove(job) {
                self.report.count(Fate::Dead);
                self.budget.forfeit(job);
            } else {
                self.early.insert(job.clone(), Fate::Dead);
                self.budget.lose(&self.plan, job);
            }
        }
    }

    /// Somebody says that a pool takes no more calls. Believed when it has lasted.
    pub(crate) fn pool_stopped(&mut self, stopped: StoppedPool, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(&stopped.pool) {
            let trouble = Trouble { since: now, said: now, stopped, lasting: false };
            lane.trouble.get_or_insert(trouble).said = now;
        }
    }

    /// A model of the pool answered, be it to another run.
    pub(crate) fn pool_works(&mut self, pool: &PoolId) {
        if let Some(lane) = self.lanes.get_mut(pool) {
            lane.works();
        }
    }

    /// Decides which pools are stopped for this run by now.
    pub(crate) fn judge_pools(&mut self, now: Instant) {
        for lane in self.lanes.values_mut() {
            lane.trouble.take_if(|trouble| !trouble.lasting && now.duration_since(trouble.said) >= FORGOTTEN);
            if let Some(trouble) = &mut lane.trouble {
                trouble.lasting |= now.duration_since(trouble.since) >= self.patience;
            }
        }
    }

    /// The run is cancelled.
    pub(crate) fn cancel(&mut self) {
        self.report.cancelled = true;
    }

    /// Somebody asked to stop.
    pub(crate) fn interrupt(&mut self) {
        self.report.interrupted = true;
    }

    /// The jobs that should be in the queues of pools from which nothing was heard for at least so long, pool by pool.
    pub(crate) fn silent(&self, least: Duration, now: Instant) -> Vec<(PoolId, Vec<Job>)> {
        let silent = |lane: &&Lane| {
            !lane.queued.is_empty() && !lane.is_stopped() && now.duration_since(lane.heard) >= least
        };
        let lanes = self.lanes.iter().filter(|(_, lane)| silent(lane));
        lanes.map(|(pool, lane)| (pool.clone(), lane.queued.iter().cloned().collect())).collect()
    }

    /// The jobs of a pool were published again.
    pub(crate) fn published_again(&mut self, pool: &PoolId, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(pool) {
            lane.heard = now;
        }
    }

    /// How it ended.
    pub(crate) fn close(mut self) -> Report {
        for job in self.lanes.values().flat_map(|lane| &lane.todo) {
            if let Some(fate) = self.early.remove(job) {
                self.report.count(fate);
            }
        }
        self.report.left = self.report.jobs - self.report.stored - self.report.dead;
        let troubles = self.lanes.into_values().filter_map(|lane| lane.trouble);
        let lasting = troubles.filter(|trouble| trouble.lasting);
        self.report.stopped_pools = lasting.map(|trouble| trouble.stopped).collect();
        self.report.dollars = self.budget.spent();
        self.report
    }
}

impl Report {
    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Stored => self.stored += 1,
            Fate::Dead => self.dead += 1,
        }
    }
}

#[cfg(test)]
mod tests;
