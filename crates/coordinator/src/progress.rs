//! What a coordinator knows while it works, for whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Report;

/// What is known while the work goes on. Sums over all runs that were taken up.
#[derive(Debug, Default)]
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
}

impl Progress {
    /// Takes back what was counted of a run's rounds so far: the books of the next round count them with their own.
    pub(crate) fn forget(&self, report: &Report, samples: u64) {
        self.jobs.fetch_sub(report.jobs, Ordering::Relaxed);
        self.stored.fetch_sub(report.stored, Ordering::Relaxed);
        self.planned.fetch_sub(samples, Ordering::Relaxed);
    }
}
