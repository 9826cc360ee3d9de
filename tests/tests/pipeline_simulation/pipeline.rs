//! The pipeline in this process: the same roles as the program's, on a queue that can be told to fail.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use antiphon_coordinator::{Opened, Wanted, open_run};
use antiphon_core::suite::Suite;
use antiphon_core::{
    Assets, Card, CatalogueTarget, Limits, Manifest, Outcome, PoolId, Price, ProbeId, Provider, Seed, Seen,
    TargetCatalogue, TargetId, resolve,
};
use antiphon_limits::{Pool, PoolSettings};
use antiphon_providers::{Client, Endpoint, EndpointSettings, HttpSettings};
use antiphon_queue::Queue;
use antiphon_simulator::{Running, Simulator, SimulatorConfig, Voices};
use antiphon_store::Store;
use antiphon_tests::{Asked, VOICES};
use antiphon_worker::{Metrics, PoolParts, RetryPolicy};
use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Sessions of a job: few, so that a small run has many jobs.
pub(crate) const SESSIONS_PER_JOB: u32 = 3;
/// Calls of each pool at a time.
pub(crate) const SLOTS: u32 = 4;
/// Jobs in the queue at once.
pub(crate) const WINDOW: usize = 5;

/// A simulator that asks nobody to wait for long.
pub(crate) async fn simulator() -> Running {
    let quick = VOICES.replace("latency_ms: [1, 3]", "latency_ms: [0, 1]");
    let voices = Voices::from_yaml(&quick, Path::new(".")).unwrap();
    let config = SimulatorConfig {
        retry_after: Duration::from_millis(1),
        trickle: Duration::from_millis(3),
        ..SimulatorConfig::new(voices)
    };
    Simulator::start(config, ([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// The suite resolved, in small jobs. Both targets speak the dialect in which a wait can be shorter than a second.
fn manifest(asked: &Asked) -> (String, Manifest) {
    let text = asked.yaml();
    let target = |name: &str| CatalogueTarget {
        provider: Provider::Openai,
        provider_name: "simulator".to_owned(),
        dialect: None,
        model: name.to_owned(),
        card: Card::default(),
        price: Some(Price { input: 1.0, output: 10.0 }),
        pool: name.parse().unwrap(),
    };
    let catalogue = TargetCatalogue {
        targets: asked.targets.iter().map(|name| ((*name).to_owned(), target(name))).collect(),
        pools: asked.targets.iter().map(|name| (name.parse().unwrap(), Limits::default())).collect(),
    };
    let suite = Suite::parse(&text).unwrap();
    let resolved =
        resolve(&text, &suite, &catalogue, &Assets::default(), Some("held".parse().unwrap())).unwrap();
    let manifest = Manifest { sessions_per_job: SESSIONS_PER_JOB, probes_per_block: 2, ..resolved.manifest };
    (text, manifest)
}

/// Writes what is missing of the run's plan. The suite stays the same, however many sessions are wanted.
pub(crate) async fn open(store: &Store, asked: &Asked, sessions: u32) -> Opened {
    let (text, manifest) = manifest(&Asked { sessions: crate::SESSIONS, ..asked.clone() });
    let wanted = Wanted { sessions: Some(sessions), ..Wanted::default() };
    open_run(store, &text, manifest, &wanted).await.unwrap()
}

pub(crate) type Coordinator =
    JoinSet<Result<antiphon_coordinator::Report, antiphon_coordinator::CoordinatorError>>;
pub(crate) type Worker = JoinSet<Result<(), antiphon_worker::WorkerError>>;

/// The aggregator's numbers, for the coordinator.
#[derive(Debug)]
struct Ruler(Store);

impl antiphon_coordinator::Gauge for Ruler {
    fn widest<'a>(
        &'a self,
        opened: &'a Opened,
        target: &'a TargetId,
        probes: &'a [ProbeId],
    ) -> BoxFuture<'a, Result<Vec<(ProbeId, Seen)>, antiphon_coordinator::GaugeError>> {
        let run = (&opened.manifest, &opened.rounds[..]);
        antiphon_aggregator::widest(&self.0, run, target, probes).map_err(Into::into).boxed()
    }

    fn refuses(&self, _: &str, _: &Outcome, _: &str) -> bool {
        false
    }
}

/// A coordinator at work. Dropping it kills it.
pub(crate) fn coordinate(
    queue: &Queue,
    store: &Store,
    opened: Opened,
    stop: CancellationToken,
) -> Coordinator {
    let parts = antiphon_coordinator::Parts {
        queue: queue.clone(),
        store: store.clone(),
        progress: Arc::default(),
        gauge: Arc::new(Ruler(store.clone())),
    };
    let config = antiphon_coordinator::Config {
        doubt: Duration::from_millis(50),
        ..antiphon_coordinator::Config::one_process(WINDOW)
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { antiphon_coordinator::run(&parts, &opened, &config, &stop).await });
    tasks
}

/// A worker at work. Dropping it kills it.
pub(crate) fn work(
    queue: &Queue,
    store: &Store,
    asked: &Asked,
    base_url: &str,
    stop: CancellationToken,
) -> Worker {
    let retry = RetryPolicy {
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    let client = Client::new(&HttpSettings::default()).unwrap();
    let parts = antiphon_worker::Parts::new(
        queue.clone(),
        store.clone(),
        client,
        retry,
        Arc::new(Metrics::default()),
    );
    let pools = asked.targets.iter().map(|name| pool(name, base_url)).collect();
    let config = antiphon_worker::Config {
        sessions_per_job: SESSIONS_PER_JOB,
        grace: Duration::from_secs(60),
        park: None,
        hold: antiphon_worker::Config::HOLD,
        linger: Duration::ZERO,
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(antiphon_worker::run(Arc::new(parts), pools, config, stop));
    tasks
}

fn pool(name: &str, base_url: &str) -> PoolParts {
    let settings = EndpointSettings {
        provider: Provider::Openai,
        base_url: format!("{base_url}/v1"),
        key: None,
        headers: BTreeMap::new(),
        send_sample_key: true,
        allow_insecure: false,
        allow_link_local: false,
    };
    let id: PoolId = name.parse().unwrap();
    let limits = Pool::new(&Limits::default(), PoolSettings { jitter: Seed(1) });
    PoolParts::new(id, limits, SLOTS, BTreeMap::from([(name.to_owned(), Endpoint::new(&settings).unwrap())]))
}
