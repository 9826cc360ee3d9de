//! What a coordinator knows while it works, for whoever watches.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

use antiphon_core::RunId;

use crate::clock::now_ms;
use crate::{End, Report};

/// What is known while the work goes on. Sums over all runs that were taken up.
#[derive(Debug)]
pub struct Progress {
    /// Jobs of their plans.
    pub jobs: AtomicU64,
    /// Jobs with results, earlier ones included.
    pub stored: AtomicU64,
    /// Jobs that were given up since.
    pub dead: AtomicU64,
    /// Jobs that were put into the queue, again ones included.
    pub published: AtomicU64,
    /// Samples that were left to ask when the work began, and that rounds have added since.
    pub to_ask: AtomicU64,
    /// Samples of all plans.
    pub planned: AtomicU64,
    /// Rounds that were added while the work went on.
    pub rounds: AtomicU64,
    /// Runs that are worked on at this moment.
    pub runs: AtomicU64,
    /// 1 while this coordinator leads, else 0.
    pub leads: AtomicU64,
    /// Jobs that were heard or found to be stored.
    pub(crate) done: AtomicU64,
    /// Jobs that were heard to be done once more than needed.
    pub(crate) duplicates: AtomicU64,
    /// When a job last ended or a run was taken up, in milliseconds since 1970.
    pub(crate) moved_ms: AtomicU64,
    ended: Mutex<BTreeMap<&'static str, u64>>,
    at_work: Mutex<BTreeMap<RunId, AtWork>>,
}

/// A run that is worked on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AtWork {
    pub(crate) suite: String,
    pub(crate) planned: u64,
    pub(crate) stored: u64,
    pub(crate) dead: u64,
    /// Published, and not ended as far as is known.
    pub(crate) open: u64,
    pub(crate) dollars: f64,
    pub(crate) budget: Option<f64>,
    /// When work on it began here, in milliseconds since 1970.
    pub(crate) begun_ms: u64,
    /// When a job of it last ended; at first, when work began.
    pub(crate) moved_ms: u64,
}

impl Default for Progress {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self {
            jobs: zero(),
            stored: zero(),
            dead: zero(),
            published: zero(),
            to_ask: zero(),
            planned: zero(),
            rounds: zero(),
            runs: zero(),
            leads: zero(),
            done: zero(),
            duplicates: zero(),
            moved_ms: now_ms().into(),
            ended: Mutex::default(),
            at_work: Mutex::default(),
        }
    }
}

impl Progress {
    /// Takes back what was counted of a run's rounds so far: the books of the next round count them with their own.
    pub(crate) fn forget(&self, report: &Report, samples: u64) {
        self.jobs.fetch_sub(report.jobs, Relaxed);
        self.stored.fetch_sub(report.stored, Relaxed);
        self.planned.fetch_sub(samples, Relaxed);
    }

    /// Shows a run as being worked on until the guard is dropped, which is also when its work is.
    pub(crate) fn takes_up(&self, run: &RunId, suite: &str) -> TakenUp<'_> {
        let now = now_ms();
        let blank = AtWork {
            suite: suite.to_owned(),
            planned: 0,
            stored: 0,
            dead: 0,
            open: 0,
            dollars: 0.0,
            budget: None,
            begun_ms: now,
            moved_ms: now,
        };
        self.runs().insert(run.clone(), blank);
        self.runs.fetch_add(1, Relaxed);
        self.moved_ms.store(now, Relaxed);
        TakenUp { progress: self, run: run.clone() }
    }

    pub(crate) fn of_run(&self, run: &RunId, change: impl FnOnce(&mut AtWork)) {
        if let Some(run) = self.runs().get_mut(run) {
            change(run);
        }
    }

    /// A job of the run has ended.
    pub(crate) fn moves(&self, run: &RunId) {
        let now = now_ms();
        self.moved_ms.store(now, Relaxed);
        self.of_run(run, |run| run.moved_ms = now);
    }

    /// Work on a run has ended.
    pub(crate) fn ended(&self, end: End) {
        *self.ended.lock().expect("no holder panics").entry(end.name()).or_default() += 1;
    }

    /// How often work ended, by how.
    pub(crate) fn ends(&self) -> BTreeMap<&'static str, u64> {
        self.ended.lock().expect("no holder panics").clone()
    }

    pub(crate) fn at_work(&self) -> Vec<AtWork> {
        self.runs().values().cloned().collect()
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<RunId, AtWork>> {
        self.at_work.lock().expect("no holder panics")
    }
}

/// A run is shown as long as it lives.
pub(crate) struct TakenUp<'a> {
    progress: &'a Progress,
    run: RunId,
}

impl Drop for TakenUp<'_> {
    fn drop(&mut self) {
        self.progress.runs().remove(&self.run);
        self.progress.runs.fetch_sub(1, Relaxed);
    }
}
