//! What all services do around their role: say who they are, show whether they are well, stop when they are told.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fleet::Fleet;
use crate::args::ServiceArguments;
use crate::compose::Place;
use crate::exit::Exit;
use crate::health::{self, Signs};
use crate::metrics::Metrics;
use crate::output::Output;
use crate::signals::Signals;

/// Runs a role until it ends or is stopped, which is a good end.
pub(crate) async fn keep<F>(
    name: &str,
    service: &ServiceArguments,
    fleet: &Fleet,
    role: impl FnOnce(Place, CancellationToken) -> F,
    output: Output,
) -> anyhow::Result<Exit>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let signals = Signals::listen()?;
    let (stop, gone) = (CancellationToken::new(), CancellationToken::new());
    let signs = Signs::begin(Instant::now());
    let metrics = Metrics::new(name, Arc::clone(&signs), Some(fleet.queue.clone()))?;
    let mut serving = JoinSet::new();
    if let Some(address) = service.listen {
        let listener = health::bind(address).await?;
        tracing::info!(address = %listener.local_addr()?, "serving /healthz, /readyz and /metrics");
        let pages = axum::Router::new();
        serving.spawn(health::serve(listener, signs.clone(), metrics.clone(), pages, gone.clone()));
    }
    let store = metrics.watch(fleet.store.clone())?;
    let place = Place { queue: fleet.queue.clone(), store, signs, registry: metrics.registry.clone() };
    let stopping = format!(
        "stopping: open work may end within {} s; another signal ends it now",
        service.grace.as_secs()
    );
    let ended = signals.guard(role(place, stop.clone()), &stop, output, &stopping).await;
    gone.cancel();
    serving.shutdown().await;
    match ended {
        Ok(ended) => ended?,
        Err(exit) => return Ok(exit),
    }
    tracing::info!("ended");
    Ok(Exit::Complete)
}
