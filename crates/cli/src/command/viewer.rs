//! `antiphon viewer`: the service that shows what the store holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::open_store;
use crate::args::{Arguments, ViewerArguments};
use crate::compose;
use crate::config;
use crate::exit::Exit;
use crate::health::{self, Signs};
use crate::metrics::Metrics;
use crate::output::Output;
use crate::signals::Signals;

/// How often it shows that its main loop moves.
const TICK: Duration = Duration::from_millis(200);

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &ViewerArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let signals = Signals::listen()?;
    let (stop, gone) = (CancellationToken::new(), CancellationToken::new());
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let signs = Signs::begin(Instant::now());
    let metrics = Metrics::new("viewer", Arc::clone(&signs), None)?;
    let store = metrics.watch(compose::open_store(&address, &config).await?)?;
    let parts = antiphon_viewer::Parts::new(store, &metrics.registry)?;
    let listener = health::bind(wanted.listen).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        store = address,
        address = %listener.local_addr()?,
        "viewer begins; serving reports at /, and /metrics, /healthz and /readyz"
    );
    let pages = antiphon_viewer::pages(parts.clone());
    let mut serving = JoinSet::new();
    serving.spawn(health::serve(listener, Arc::clone(&signs), metrics, pages, gone.clone()));
    let role = async {
        let serve = antiphon_viewer::serve(&parts, wanted.refresh, &stop);
        tokio::pin!(serve);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                () = &mut serve => return,
                _ = tick.tick() => {
                    signs.moves(Instant::now());
                    let seen = match (parts.has_looked(), parts.is_fresh(wanted.refresh)) {
                        (_, true) => Ok("showing"),
                        (true, false) => Err("the store could not be read for a while"),
                        (false, false) => Err("the store was not read yet"),
                    };
                    signs.saw(seen.map(str::to_owned).map_err(|why| vec![why.to_owned()]));
                }
            }
        }
    };
    let ended = signals.guard(role, &stop, *output, "stopping").await;
    gone.cancel();
    serving.shutdown().await;
    if let Err(exit) = ended {
        return Ok(exit);
    }
    tracing::info!("ended");
    Ok(Exit::Complete)
}
