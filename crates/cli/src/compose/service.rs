//! The services of a fleet: one role in a process, until it is stopped.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use antiphon_coordinator::{Config as CoordinatorConfig, Parts as CoordinatorParts, Progress};
use antiphon_core::{PoolId, SESSIONS_PER_JOB};
use antiphon_queue::Queue;
use antiphon_store::Store;
use antiphon_worker::{Config as WorkerConfig, Health, Metrics, Parts as WorkerParts, RetryPolicy};
use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use super::pools::Singing;
use super::ruler::Ruler;
use crate::config::Config;
use crate::health::Signs;
use crate::money::counted;

/// How often a service shows that its main loop moves.
const TICK: Duration = Duration::from_secs(1);
/// How often it looks whether store and broker are there, while they are.
const LOOK: Duration = Duration::from_secs(10);

/// Where a service works.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) signs: Arc<Signs>,
    pub(crate) registry: Registry,
}

/// The pools that a worker sings in, and why not in the others.
pub(crate) struct Choice {
    singing: Vec<Singing>,
    pub(crate) left_out: Vec<(PoolId, anyhow::Error)>,
}

impl Choice {
    /// The pools with the sessions at a time of each.
    pub(crate) fn pools(&self) -> impl Iterator<Item = (&PoolId, u32)> {
        self.singing.iter().map(|pool| (&pool.id, pool.slots))
    }
}

/// Of the configuration's pools, those that `wanted` names (all, if it names none) and whose keys are there. A pool is sung in with all
/// of its targets or not at all: its jobs may be about any of them.
pub(crate) fn choose(config: &Config, wanted: &[PoolId], most_sessions: Option<u32>) -> Choice {
    let mut choice = Choice { singing: Vec::new(), left_out: Vec::new() };
    for id in config.catalogue.pools.keys() {
        let targets = config.catalogue.targets.iter().filter(|(_, target)| &target.pool == id);
        let aliases: Vec<&String> = targets.map(|(alias, _)| alias).collect();
        if aliases.is_empty() || !(wanted.is_empty() || wanted.contains(id)) {
            continue;
        }
        match Singing::in_choir(id.clone(), most_sessions, aliases.into_iter(), config) {
            Ok(pool) => choice.singing.push(pool),
            Err(error) => choice.left_out.push((id.clone(), error)),
        }
    }
    choice
}

/// Works until it is stopped, then lets open jobs end within the grace period.
pub(crate) async fn work(
    place: &Place,
    config: &Config,
    choice: Choice,
    grace: Duration,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let Place { queue, store, .. } = place.clone();
    let metrics = Arc::new(Metrics::new(&place.registry)?);
    let parts = WorkerParts::new(queue, store, config.client()?, RetryPolicy::default(), metrics);
    let health = Arc::clone(&parts.health);
    let pools: Vec<_> = choice.singing.into_iter().map(Singing::into_parts).collect();
    parts.show_pools(&pools, &place.registry)?;
    let park = Some(WorkerConfig::PARK);
    let work = WorkerConfig {
        sessions_per_job: SESSIONS_PER_JOB,
        grace,
        park,
        hold: WorkerConfig::HOLD,
        linger: WorkerConfig::LINGER,
    };
    let role = antiphon_worker::run(Arc::new(parts), pools, work, stop.clone());
    let role = watched(place, role, || worker_state(&health));
    tokio::pin!(role);
    tokio::select! {
        ended = &mut role => ended?,
        () = nothing_to_finish(place, &health, stop) => tracing::warn!("ends without its broker; no job was open"),
    }
    Ok(())
}

/// Waits for a stop, and then until no job is open that a lost broker would have to take back.
async fn nothing_to_finish(place: &Place, health: &Health, stop: &CancellationToken) {
    stop.cancelled().await;
    while place.queue.is_connected() || health.read().open_jobs() > 0 {
        tokio::time::sleep(TICK).await;
    }
}

/// Leads or stands by until it is stopped.
pub(crate) async fn coordinate(place: &Place, window: usize, stop: &CancellationToken) -> anyhow::Result<()> {
    let Place { queue, store, .. } = place.clone();
    let progress = Arc::new(Progress::default());
    progress.show(&place.registry)?;
    let gauge = Arc::new(Ruler { store: store.clone() });
    let parts = CoordinatorParts { queue, store, progress: Arc::clone(&progress), gauge };
    let config = CoordinatorConfig::fleet(window);
    let role = antiphon_coordinator::serve(&parts, &config, stop);
    let state = || {
        let runs = progress.runs.load(Relaxed);
        Ok(match progress.leads.load(Relaxed) {
            0 => "standing by".to_owned(),
            _ => format!("leading, {}", counted(runs, "run", "runs")),
        })
    };
    watched(place, role, state).await?;
    Ok(())
}

/// Sums up what others want to have summed up until it is stopped.
pub(crate) async fn aggregate(
    place: &Place,
    settings: antiphon_aggregator::Settings,
    grace: Duration,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let parts = antiphon_aggregator::Parts { store: place.store.clone(), settings };
    let metrics = antiphon_aggregator::Metrics::new(&place.registry)?;
    let role = antiphon_aggregator::serve(&parts, &place.queue, &metrics, grace, stop);
    watched(place, role, || Ok("summing up".to_owned())).await?;
    Ok(())
}

/// What a worker says of itself, or why it cannot work.
fn worker_state(health: &Health) -> Result<String, String> {
    let reading = health.read();
    let parked = reading.pools.iter().filter_map(|(pool, health)| Some((pool, health.parked.as_ref()?)));
    let parked: Vec<String> = parked.map(|(pool, why)| format!("pool {pool} is parked: {why}")).collect();
    let jobs = format!("{} open", counted(reading.open_jobs() as u64, "job", "jobs"));
    match reading.is_ready() {
        true => Ok([vec![jobs], parked].concat().join("\n")),
        false => Err("not all pools take jobs yet".to_owned()),
    }
}

/// Runs a role to its end, and meanwhile keeps the signs of its life: whatever keeps this loop from moving keeps the role from it too.
async fn watched<T>(
    place: &Place,
    role: impl Future<Output = T>,
    state: impl Fn() -> Result<String, String>,
) -> T {
    tokio::pin!(role);
    let looking = look_again_and_again(place, &state);
    tokio::pin!(looking);
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            ended = &mut role => return ended,
            () = &mut looking => unreachable!("it looks until it is dropped"),
            _ = tick.tick() => place.signs.moves(Instant::now()),
        }
    }
}

async fn look_again_and_again(place: &Place, state: &impl Fn() -> Result<String, String>) {
    loop {
        let seen = match what_is_missing(place).await {
            missing if !missing.is_empty() => Err(missing),
            _ => state().map_err(|why| vec![why]),
        };
        let (words, wait) = match &seen {
            Ok(_) => ("ready".to_owned(), LOOK),
            Err(missing) => (missing.join("; "), TICK),
        };
        if place.signs.saw(seen) {
            tracing::info!(state = words, "readiness has changed");
        }
        tokio::time::sleep(wait).await;
    }
}

async fn what_is_missing(place: &Place) -> Vec<String> {
    let mut missing = Vec::new();
    if !place.queue.is_connected() {
        missing.push("the broker is out of reach".to_owned());
    }
    // Any read shows whether the store answers.
    match tokio::time::timeout(LOOK, place.store.exists("suites/readiness.yaml")).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => missing.push(format!("the store does not answer: {error}")),
        Err(_) => missing.push("the store does not answer in time".to_owned()),
    }
    missing
}
