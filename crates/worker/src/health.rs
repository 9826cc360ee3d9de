//! Whether a worker is well: for probes, metrics and operators.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use antiphon_core::PoolId;
use antiphon_limits::Share;
use tokio::time::Instant;

use crate::clock;

/// The state of a worker at work, to be read from outside.
#[derive(Debug)]
pub struct Health {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pools: BTreeMap<PoolId, PoolHealth>,
    progress: Instant,
    progress_ms: u64,
}

/// How one pool does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PoolHealth {
    /// Whether it takes jobs.
    pub taking: bool,
    /// Jobs in work.
    pub open_jobs: usize,
    /// Why it takes no calls for a while, if it does not.
    pub parked: Option<String>,
    /// Its part of the limits and how many sing, where others sing too.
    pub share: Option<Share>,
}

/// How a worker does.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthReading {
    /// By pool, those that have begun.
    pub pools: BTreeMap<PoolId, PoolHealth>,
    /// How long ago a job was last stored, or the worker began.
    pub since_progress: Duration,
    /// The same as a time, in milliseconds since 1970.
    pub progress_ms: u64,
}

impl HealthReading {
    /// Whether all pools have begun to take jobs. A pool that is parked has, since another worker would fare no better.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.pools.is_empty() && self.pools.values().all(|pool| pool.taking || pool.parked.is_some())
    }

    /// Jobs in work, of all pools.
    #[must_use]
    pub fn open_jobs(&self) -> usize {
        self.pools.values().map(|pool| pool.open_jobs).sum()
    }
}

impl Default for Health {
    fn default() -> Self {
        let progress_ms = clock::milliseconds(clock::now());
        Self { state: Mutex::new(State { pools: BTreeMap::new(), progress: Instant::now(), progress_ms }) }
    }
}

impl Health {
    /// How it does now.
    #[must_use]
    pub fn read(&self) -> HealthReading {
        let state = self.state.lock().expect("no holder panics");
        HealthReading {
            pools: state.pools.clone(),
            since_progress: state.progress.elapsed(),
            progress_ms: state.progress_ms,
        }
    }

    pub(crate) fn progress(&self) {
        let mut state = self.state.lock().expect("no holder panics");
        (state.progress, state.progress_ms) = (Instant::now(), clock::milliseconds(clock::now()));
    }

    pub(crate) fn pool(&self, pool: &PoolId, change: impl FnOnce(&mut PoolHealth)) {
        change(self.state.lock().expect("no holder panics").pools.entry(pool.clone()).or_default());
    }
}
