//! What a worker is put together from, and how it works.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon_core::{Limits, PoolId, Seed, VoiceId};
use antiphon_limits::{ChoirSettings, Pool, PoolSettings};
use antiphon_providers::{Client, Endpoint, TokenRatio};
use antiphon_queue::Queue;
use antiphon_store::Store;
use prometheus::Registry;

use crate::choir::Shared;
use crate::health::Health;
use crate::metrics::{Metrics, PoolGauges, Watched};
use crate::retry::RetryPolicy;
use crate::runs::Runs;

/// What a worker works with.
#[derive(Debug)]
pub struct Parts {
    /// Where jobs come from and hints go.
    pub queue: Queue,
    /// The truth.
    pub store: Store,
    /// The client all calls share.
    pub client: Client,
    /// How failures are retried.
    pub retry: RetryPolicy,
    /// What others may watch.
    pub metrics: Arc<Metrics>,
    /// Whether it is well.
    pub health: Arc<Health>,
    pub(crate) runs: Runs,
}

impl Parts {
    /// Shows how the pools do, beside what [`Metrics::new`] shows.
    ///
    /// # Errors
    /// If the registry has such metrics already.
    pub fn show_pools(&self, pools: &[PoolParts], registry: &Registry) -> Result<(), prometheus::Error> {
        let watched = pools.iter().map(|pool| Watched {
            id: pool.id.clone(),
            limits: pool.limits.clone(),
            told: pool.shared.as_ref().map(|shared| shared.told.clone()),
        });
        let gauges = PoolGauges::new(Arc::clone(&self.health), watched.collect())?;
        registry.register(Box::new(gauges))
    }

    /// Puts the parts together.
    #[must_use]
    pub fn new(
        queue: Queue,
        store: Store,
        client: Client,
        retry: RetryPolicy,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { queue, store, client, retry, metrics, health: Arc::default(), runs: Runs::default() }
    }
}

/// One pool that the worker sings in.
#[derive(Debug)]
pub struct PoolParts {
    pub(crate) id: PoolId,
    pub(crate) limits: Pool,
    pub(crate) slots: u32,
    pub(crate) targets: BTreeMap<String, Place>,
    /// Absent where the limits are this worker's alone.
    pub(crate) shared: Option<Shared>,
}

/// Where a target is reached.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: Endpoint,
    pub(crate) ratio: Mutex<TokenRatio>,
    pub(crate) answered: AtomicBool,
}

impl PoolParts {
    /// A pool whose limits are this worker's alone, at most `slots` sessions at a time, and the endpoints of its targets by alias.
    #[must_use]
    pub fn new(id: PoolId, limits: Pool, slots: u32, targets: BTreeMap<String, Endpoint>) -> Self {
        let place = |endpoint| Place { endpoint, ratio: Mutex::default(), answered: AtomicBool::new(false) };
        let targets = targets.into_iter().map(|(alias, endpoint)| (alias, place(endpoint))).collect();
        Self { id, limits, slots, targets, shared: None }
    }

    /// A pool whose limits all workers share that sing in it: `told` is all that they may use together, and the suites of the runs
    /// that are asked for may lower it.
    #[must_use]
    pub fn in_choir(
        id: PoolId,
        told: Limits,
        settings: ChoirSettings,
        slots: u32,
        targets: BTreeMap<String, Endpoint>,
    ) -> Self {
        let voice = draw_voice();
        let limits = Pool::shared(PoolSettings { jitter: Seed(voice.0) });
        Self { shared: Some(Shared { settings, voice, told }), ..Self::new(id, limits, slots, targets) }
    }

    /// The pool's limits, to be watched.
    #[must_use]
    pub fn limits(&self) -> &Pool {
        &self.limits
    }
}

/// The standard library's own randomness, by which hash maps differ between processes.
fn draw_voice() -> VoiceId {
    VoiceId(RandomState::new().hash_one("voice").max(1))
}

/// How a worker works.
#[derive(Debug, Clone)]
pub struct Config {
    /// About how many sessions a job has.
    pub sessions_per_job: u32,
    /// How long open jobs may take after a stop.
    pub grace: Duration,
    /// After how long a pool that was stopped is tried again; meanwhile it says so. `None` ends the pool.
    pub park: Option<Duration>,
    /// For how long the delivery of a job is held. A job that takes longer is worked on all the same.
    pub hold: Duration,
    /// How long a hint may wait for others that go in the same message.
    pub linger: Duration,
}

impl Config {
    /// [`Config::hold`] of a fleet: half of what a broker allows at least.
    pub const HOLD: Duration = Duration::from_secs(900);
    /// [`Config::linger`] of a fleet: a fraction of the time that jobs take, and of that in which a window runs empty.
    pub const LINGER: Duration = Duration::from_millis(50);
    /// [`Config::park`] of a worker that nobody watches: long enough for somebody to mend a key.
    pub const PARK: Duration = Duration::from_secs(300);
}
