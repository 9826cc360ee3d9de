//! Everything in one process: the same roles as a fleet's, on an in-memory queue.

use std::sync::Arc;
use std::time::Duration;

use antiphon_coordinator::{
    Config as CoordinatorConfig, Opened, Parts as CoordinatorParts, Progress, Report,
};
use antiphon_core::plan::Plan;
use antiphon_core::{Manifest, PoolId};
use antiphon_queue::Queue;
use antiphon_store::Store;
use antiphon_worker::{Config as WorkerConfig, Metrics, Parts as WorkerParts, RetryPolicy};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::pools::Singing;
use super::ruler::Ruler;
use crate::config::Config;
use crate::output::Output;
use crate::progress::Watch;

/// How a run in one process ended.
#[derive(Debug)]
pub(crate) struct Sung {
    pub(crate) report: Report,
    pub(crate) retries: u64,
    pub(crate) samples: u64,
}

/// Works on an opened run with coordinator and worker side by side.
pub(crate) async fn sing(
    store: &Store,
    config: &Config,
    opened: &Opened,
    grace: Duration,
    output: Output,
    stop: &CancellationToken,
) -> anyhow::Result<Sung> {
    let manifest = &opened.manifest;
    let queue = Queue::memory();
    let metrics = Arc::new(Metrics::default());
    let progress = Arc::new(Progress::default());
    // A run of which nothing is left needs no keys.
    let pools = if is_done(store, opened).await? { Vec::new() } else { pools(manifest, config)? };
    let watched = pools.iter().map(|pool| (pool.id.clone(), pool.limits.clone())).collect();
    let watch = Watch::new(Arc::clone(&metrics), Arc::clone(&progress), watched, output);
    let slots: u32 = pools.iter().map(|pool| pool.slots).sum();
    let gauge = Arc::new(Ruler { store: store.clone() });
    let coordinator = CoordinatorParts { queue: queue.clone(), store: store.clone(), progress, gauge };
    let client = config.client()?;
    let worker = WorkerParts::new(queue, store.clone(), client, RetryPolicy::default(), Arc::clone(&metrics));
    let window = CoordinatorConfig::one_process(window(slots, manifest.sessions_per_job));
    let work = WorkerConfig {
        sessions_per_job: manifest.sessions_per_job,
        grace,
        park: None,
        hold: WorkerConfig::HOLD,
        linger: Duration::ZERO,
    };
    let parts = pools.into_iter().map(Singing::into_parts).collect();

    // The worker has its own token: it goes on until the coordinator has seen the last job, or both are asked to stop.
    let worker_stop = stop.child_token();
    let mut worker_task = JoinSet::new();
    worker_task.spawn(antiphon_worker::run(Arc::new(worker), parts, work, worker_stop.clone()));
    let coordinate = antiphon_coordinator::run(&coordinator, opened, &window, stop);
    tokio::pin!(coordinate);
    let show = watch.show();
    tokio::pin!(show);
    let report = tokio::select! {
        report = &mut coordinate => report,
        // A worker that ends by itself has failed: without it the coordinator would wait for ever.
        Some(ended) = worker_task.join_next() => {
            ended??;
            coordinate.await
        }
        () = &mut show => unreachable!("progress is shown until it is dropped"),
    };
    worker_stop.cancel();
    // Open jobs may end within the grace period; their results count.
    while let Some(ended) = tokio::select! {
        ended = worker_task.join_next() => ended,
        () = &mut show => unreachable!("progress is shown until it is dropped"),
    } {
        ended??;
    }
    let reading = metrics.read();
    let mut report = report?;
    // An interrupted coordinator has not seen the jobs that ended within the grace period.
    report.stored = store.result_keys(&manifest.run).await?.len() as u64;
    report.duplicates = store.duplicates(&manifest.run).await?.len() as u64;
    report.left = report.jobs.saturating_sub(report.stored + report.dead);
    Ok(Sung { report, retries: reading.retries.values().sum(), samples: reading.samples })
}

/// Enough jobs to keep all slots filled while results are stored, and few enough to mix what is asked.
fn window(slots: u32, sessions_per_job: u32) -> usize {
    (2 * slots.div_ceil(sessions_per_job.max(1)) + 8) as usize
}

async fn is_done(store: &Store, opened: &Opened) -> anyhow::Result<bool> {
    let run = &opened.manifest.run;
    let plan = Plan::new(&opened.manifest, &opened.rounds);
    let jobs: usize = opened.rounds.iter().map(|round| plan.jobs(round).len()).sum();
    let ended = store.result_keys(run).await?.len() + store.dead_jobs(run).await?.len();
    Ok(ended >= jobs
        && !antiphon_coordinator::goes_on(store, &Ruler { store: store.clone() }, opened).await?)
}

fn pools(manifest: &Manifest, config: &Config) -> anyhow::Result<Vec<Singing>> {
    let pool = |id: PoolId| {
        let limits = config.limits(&id).lowered_by(&manifest.limits);
        let targets = manifest.targets.iter().filter(|target| target.pool == id);
        let aliases = targets.map(|target| &target.alias);
        Singing::alone(id.clone(), &limits, aliases, config, manifest.seed)
    };
    manifest.pools().into_iter().map(pool).collect()
}
