//! How a coordinator works.

use std::time::Duration;

/// How a coordinator works.
#[derive(Debug, Clone)]
pub struct Config {
    /// How many jobs of a run a leader has in the queue of one pool at once, at least 1. So a small run never stands behind more than
    /// one window of each other run, and one more for each change of the leader since; and a slow pool never holds back another.
    pub window: usize,
    /// How long without a hint before the store itself is asked: hints may be lost.
    pub doubt: Duration,
    /// A pool counts as stopped for a run when a worker has said so and then for so long no job of the pool was done. Zero where
    /// there is one worker; among many, one that is misconfigured must not end a run.
    pub stopped_patience: Duration,
    /// When no job of a run was done in a pool for so long, and nothing waits in the pool's queue, the jobs that should be there are
    /// published again. Must be longer than any wait in a retry queue and any job, since such jobs do not show in the queue's depth.
    pub republish_after: Duration,
    /// How often a coordinator asks who leads.
    pub ask: Duration,
    /// Who has heard no call for so long leads no more. Several times [`Config::ask`].
    pub ttl: Duration,
    /// How often the leader looks for runs whose call was lost, and takes up those again that failed.
    pub look: Duration,
}

impl Config {
    /// [`Config::doubt`] where nobody is in a hurry.
    pub const DOUBT: Duration = Duration::from_secs(10);

    /// For one process: its only worker knows for sure, and its queue loses nothing.
    #[must_use]
    pub fn one_process(window: usize) -> Self {
        Self { stopped_patience: Duration::ZERO, republish_after: Duration::MAX, ..Self::fleet(window) }
    }

    /// For a fleet. The longest wait in a retry queue is an hour.
    #[must_use]
    pub fn fleet(window: usize) -> Self {
        Self {
            window,
            doubt: Self::DOUBT,
            stopped_patience: Duration::from_secs(120),
            republish_after: Duration::from_secs(90 * 60),
            ask: Duration::from_secs(3),
            ttl: Duration::from_secs(15),
            look: Duration::from_secs(60),
        }
    }
}
