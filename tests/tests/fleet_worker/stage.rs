//! One run of two targets in one pool, and workers to be started on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use antiphon_coordinator::{Opened, Wanted, open_run};
use antiphon_core::plan::Plan;
use antiphon_core::suite::Suite;
use antiphon_core::{
    Assets, Card, CatalogueTarget, Event, Job, Limits, Manifest, PoolId, Price, Provider, Seed,
    TargetCatalogue, resolve,
};
use antiphon_limits::{ChoirSettings, Pool, PoolSettings};
use antiphon_providers::{Client, Endpoint, EndpointSettings, HttpSettings};
use antiphon_queue::{EventStream, MemoryQueue, Queue};
use antiphon_simulator::{FaultKind, FaultOrder, Running, Simulator, SimulatorConfig, Voices};
use antiphon_store::Store;
use antiphon_tests::{Asked, VOICES};
use antiphon_worker::{Config, Health, Metrics, PoolParts, RetryPolicy, WorkerError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Sessions of a job.
const SESSIONS_PER_JOB: u32 = 4;

/// Sessions that a worker has open at most: those of two jobs.
const SLOTS: u32 = 8;

/// A run, and where it is worked on.
pub(crate) struct Stage {
    pub(crate) simulator: Running,
    pub(crate) memory: MemoryQueue,
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) opened: Opened,
    pub(crate) events: EventStream,
    /// Jobs that were said to be done.
    done: BTreeSet<Job>,
}

/// A worker at work. Dropping it kills it.
pub(crate) struct Worker {
    pub(crate) stop: CancellationToken,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Arc<Health>,
    pub(crate) pool: Pool,
    pub(crate) task: JoinSet<Result<(), WorkerError>>,
}

impl Worker {
    /// Asks it to stop, and gives how it ended.
    pub(crate) async fn end(mut self) -> Result<(), WorkerError> {
        self.stop.cancel();
        self.task.join_next().await.unwrap().unwrap()
    }
}

pub(crate) fn pool() -> PoolId {
    "p".parse().unwrap()
}

/// What a worker of a fleet is told, with a grace period of a minute.
pub(crate) fn config() -> Config {
    Config {
        sessions_per_job: SESSIONS_PER_JOB,
        grace: Duration::from_secs(60),
        park: Some(Duration::from_secs(300)),
        hold: antiphon_worker::Config::HOLD,
        linger: antiphon_worker::Config::LINGER,
    }
}

impl Stage {
    /// A stage for so many sessions of each of two users: four jobs of four sessions for each two sessions and both targets.
    pub(crate) async fn new(sessions: u32) -> Self {
        Self::with(sessions, VOICES, Limits::default()).await
    }

    pub(crate) async fn with(sessions: u32, voices: &str, limits: Limits) -> Self {
        Self::asking(&Asked { probes: 1, ..Asked::new(2, sessions, 1) }, voices, limits).await
    }

    pub(crate) async fn asking(asked: &Asked, voices: &str, limits: Limits) -> Self {
        let voices = Voices::from_yaml(voices, Path::new(".")).unwrap();
        let simulator =
            Simulator::start(SimulatorConfig::new(voices), ([127, 0, 0, 1], 0).into()).await.unwrap();
        let memory = MemoryQueue::default();
        let queue = Queue::Memory(memory.clone());
        let store = Store::memory();
        let (text, manifest) = manifest(asked);
        let manifest = Manifest { limits, ..manifest };
        let opened = open_run(&store, &text, manifest, &Wanted::default()).await.unwrap();
        let events = queue.subscribe_events().await.unwrap();
        Self { simulator, memory, queue, store, opened, events, done: BTreeSet::new() }
    }

    /// Another run of the same name.
    pub(crate) async fn reopen(&mut self, asked: &Asked) {
        let (text, manifest) = manifest(asked);
        self.opened = open_run(&self.store, &text, manifest, &Wanted::default()).await.unwrap();
        self.done.clear();
    }

    /// Records that the fleet is asked to work on the run as it is opened.
    pub(crate) async fn submit(&self) {
        let Manifest { run, budget_dollars, limits, .. } = &self.opened.manifest;
        self.store.submit(run, rand::random::<u32>().into(), *budget_dollars, limits).await.unwrap();
    }

    pub(crate) fn jobs(&self) -> Vec<Job> {
        let plan = Plan::new(&self.opened.manifest, &self.opened.rounds);
        self.opened.rounds.iter().flat_map(|round| plan.jobs(round)).collect()
    }

    /// Publishes all jobs.
    pub(crate) async fn publish(&self) -> Vec<Job> {
        let jobs = self.jobs();
        self.queue.publish_jobs(&jobs).await.unwrap();
        jobs
    }

    /// A worker that knows these targets and has the limits for itself.
    pub(crate) fn worker(&self, targets: &[&str], limits: &Limits, config: Config) -> Worker {
        let limits = Pool::new(limits, PoolSettings { jitter: Seed(1) });
        self.start(PoolParts::new(pool(), limits, SLOTS, self.endpoints(targets)), config)
    }

    /// A worker that knows both targets and shares these limits with the others.
    pub(crate) fn singer(&self, limits: &Limits, settings: ChoirSettings) -> Worker {
        let endpoints = self.endpoints(&["alto", "bass"]);
        self.start(PoolParts::in_choir(pool(), limits.clone(), settings, SLOTS, endpoints), config())
    }

    fn start(&self, parts_of_pool: PoolParts, config: Config) -> Worker {
        let pool = parts_of_pool.limits().clone();
        let retry = RetryPolicy { first_wait: Duration::from_millis(1), ..RetryPolicy::default() };
        let metrics = Arc::new(Metrics::default());
        let parts = antiphon_worker::Parts::new(
            self.queue.clone(),
            self.store.clone(),
            Client::new(&HttpSettings::default()).unwrap(),
            retry,
            Arc::clone(&metrics),
        );
        let health = Arc::clone(&parts.health);
        let (stop, mut task) = (CancellationToken::new(), JoinSet::new());
        task.spawn(antiphon_worker::run(Arc::new(parts), vec![parts_of_pool], config, stop.clone()));
        Worker { stop, metrics, health, pool, task }
    }

    fn endpoints(&self, targets: &[&str]) -> BTreeMap<String, Endpoint> {
        targets.iter().map(|name| ((*name).to_owned(), self.endpoint())).collect()
    }

    fn endpoint(&self) -> Endpoint {
        let settings = EndpointSettings {
            provider: Provider::Openai,
            base_url: format!("{}/v1", self.simulator.base_url()),
            key: None,
            headers: BTreeMap::new(),
            send_sample_key: true,
            allow_insecure: false,
            allow_link_local: false,
        };
        Endpoint::new(&settings).unwrap()
    }

    pub(crate) fn fault(&self, kind: FaultKind, calls: u64) {
        let order =
            FaultOrder { voice: None, kind, rate: None, next: Some(calls), first_attempt_only: false };
        self.simulator.order_fault(order).unwrap();
    }

    /// Waits until so many different jobs were said to be done since the stage was made.
    pub(crate) async fn until_done(&mut self, jobs: usize) {
        while self.done.len() < jobs {
            self.hear().await;
        }
    }

    /// Waits until so many jobs are stored, whoever says so or does not.
    pub(crate) async fn until_stored(&self, jobs: usize) {
        while self.stored().await < jobs {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until somebody says that a pool stopped: its reason, and whether the configuration is at fault.
    pub(crate) async fn until_stopped(&mut self) -> (String, bool) {
        loop {
            if let Event::PoolStopped { reason, misconfigured, .. } = self.hear().await {
                return (reason, misconfigured);
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> Event {
        let event = self.events.next().await;
        if let Event::JobDone { job, .. } = &event {
            self.done.insert(job.clone());
        }
        event
    }

    pub(crate) async fn stored(&self) -> usize {
        self.store.result_keys(&self.opened.manifest.run).await.unwrap().len()
    }
}

fn manifest(asked: &Asked) -> (String, Manifest) {
    let text = asked.yaml();
    let target = |name: &str| CatalogueTarget {
        provider: Provider::Openai,
        provider_name: "openai".to_owned(),
        dialect: None,
        model: name.to_owned(),
        card: Card::default(),
        price: Some(Price { input: 1.0, output: 10.0 }),
        pool: pool(),
    };
    let catalogue = TargetCatalogue {
        targets: asked.targets.iter().map(|name| ((*name).to_owned(), target(name))).collect(),
        pools: BTreeMap::from([(pool(), Limits::default())]),
    };
    let suite = Suite::parse(&text).unwrap();
    let resolved =
        resolve(&text, &suite, &catalogue, &Assets::default(), Some("held".parse().unwrap())).unwrap();
    (text, Manifest { sessions_per_job: SESSIONS_PER_JOB, ..resolved.manifest })
}
