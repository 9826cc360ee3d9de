//! What a service says about itself over HTTP: whether it lives, whether it can work, and its metrics.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// A main loop that has not moved for so long hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The signs of life of a service: its main loop writes them, whoever asks reads them.
#[derive(Debug)]
pub(crate) struct Signs(Mutex<Vital>);

#[derive(Debug)]
struct Vital {
    moved: Instant,
    /// What it is doing, or what keeps it from working; `None` until it has looked.
    seen: Option<Result<String, Vec<String>>>,
}

impl Signs {
    /// Those of a service that begins.
    pub(crate) fn begin(now: Instant) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Vital { moved: now, seen: None })))
    }

    /// The main loop moves.
    pub(crate) fn moves(&self, now: Instant) {
        self.lock().moved = now;
    }

    /// What it is doing, or what keeps it from working. Says whether it is ready now and was not, or the other way round, or misses
    /// something else.
    pub(crate) fn saw(&self, seen: Result<String, Vec<String>>) -> bool {
        let mut vital = self.lock();
        let changed = match (&vital.seen, &seen) {
            (Some(Ok(_)), Ok(_)) => false,
            (Some(Err(before)), Err(now)) => before != now,
            _ => true,
        };
        vital.seen = Some(seen);
        changed
    }

    fn health(&self, now: Instant) -> (StatusCode, String) {
        let idle = now.saturating_duration_since(self.lock().moved);
        if idle < HANGS {
            return (StatusCode::OK, "alive\n".to_owned());
        }
        (StatusCode::SERVICE_UNAVAILABLE, format!("the main loop has not moved for {} s\n", idle.as_secs()))
    }

    fn readiness(&self) -> (StatusCode, String) {
        match &self.lock().seen {
            Some(Ok(doing)) => (StatusCode::OK, format!("ready\n{doing}\n")),
            Some(Err(missing)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", missing.join("\n"))),
            None => (StatusCode::SERVICE_UNAVAILABLE, "it has only begun\n".to_owned()),
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.lock().seen, Some(Ok(_)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vital> {
        self.0.lock().expect("no holder panics")
    }
}

/// Takes the address, so that a taken one is said at once.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("--listen {address}: can't listen there"))
}

/// Answers until it is stopped. `pages` are served besides.
pub(crate) async fn serve(
    listener: TcpListener,
    signs: Arc<Signs>,
    metrics: Metrics,
    pages: Router,
    stop: CancellationToken,
) {
    let routes = Router::new()
        .route("/healthz", get(async |State(signs): State<Arc<Signs>>| signs.health(Instant::now())))
        .route("/readyz", get(async |State(signs): State<Arc<Signs>>| signs.readiness()))
        .with_state(signs)
        .route("/metrics", get(async move || metrics.page()))
        .merge(pages);
    let served = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "nothing is served any more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_lives_as_long_as_its_loop_moves() {
        let begun = Instant::now();
        let signs = Signs::begin(begun);
        assert_eq!(signs.health(begun + HANGS / 2).0, StatusCode::OK);
        let (code, says) = signs.health(begun + HANGS);
        assert_eq!(
            (code, says.as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "the main loop has not moved for 60 s\n")
        );
        signs.moves(begun + HANGS);
        assert_eq!(signs.health(begun + HANGS).0, StatusCode::OK);
    }

    #[test]
    fn a_service_is_ready_when_nothing_is_missing() {
        let signs = Signs::begin(Instant::now());
        assert_eq!(signs.readiness().0, StatusCode::SERVICE_UNAVAILABLE, "it has not looked yet");
        let missing = || Err(vec!["broker: gone".to_owned()]);
        assert!(signs.saw(missing()));
        assert_eq!(signs.readiness(), (StatusCode::SERVICE_UNAVAILABLE, "broker: gone\n".to_owned()));
        assert!(!signs.saw(missing()), "nothing has changed");
        assert!(signs.saw(Ok("leading".to_owned())));
        assert!(!signs.saw(Ok("standing by".to_owned())), "it is as ready as before");
        assert_eq!(signs.readiness(), (StatusCode::OK, "ready\nstanding by\n".to_owned()));
        assert!(signs.saw(missing()));
    }
}
