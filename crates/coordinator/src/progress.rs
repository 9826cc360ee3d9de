//! What a coordinator knows while it works, for whoever watches.

use std::sync::atomic::AtomicU64;

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
    /// Samples that were left to ask when the work began.
    pub to_ask: AtomicU64,
    /// Runs that are worked on at this moment.
    pub runs: AtomicU64,
    /// 1 while this coordinator leads, else 0.
    pub leads: AtomicU64,
}
