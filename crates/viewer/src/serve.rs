//! The role: looks into the store from time to time, and shows what it found as metrics and pages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_store::{Store, StoreError};
use parking_lot::RwLock;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, IntCounterVec, Opts, Registry};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::catalogue::{Catalogue, Reader};
use crate::results::results;

/// How long a look may take beyond the time between two.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the viewer works with. Clones show the same.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The truth.
    pub store: Store,
    /// What was found at the last look that succeeded.
    pub(crate) found: Arc<RwLock<Catalogue>>,
    metrics: Metrics,
}

/// How the looks go, and what was found.
#[derive(Debug, Clone)]
struct Metrics {
    reads: IntCounterVec,
    last: Gauge,
    seconds: Gauge,
    unreadable: Gauge,
    results: Arc<RwLock<Vec<MetricFamily>>>,
}

impl Parts {
    /// A viewer of a store, whose metrics the registry shows.
    ///
    /// # Errors
    /// If the registry has those of a viewer already.
    pub fn new(store: Store, registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Metrics {
            reads: IntCounterVec::new(
                Opts::new("antiphon_viewer_reads_total", "Looks into the store."),
                &["outcome"],
            )?,
            last: Gauge::new(
                "antiphon_viewer_last_read_timestamp_seconds",
                "When the last look that succeeded ended.",
            )?,
            seconds: Gauge::new("antiphon_viewer_read_seconds", "How long it took.")?,
            unreadable: Gauge::new(
                "antiphon_viewer_unreadable_runs",
                "Runs of which something could not be read.",
            )?,
            results: Arc::default(),
        };
        for outcome in ["ok", "error"] {
            metrics.reads.with_label_values(&[outcome]);
        }
        registry.register(Box::new(metrics.clone()))?;
        Ok(Self { store, found: Arc::default(), metrics })
    }

    /// Whether a look has succeeded.
    #[must_use]
    pub fn has_looked(&self) -> bool {
        self.metrics.last.get() > 0.0
    }

    /// Whether one has so lately that what is shown may be taken for what there is.
    #[must_use]
    pub fn is_fresh(&self, refresh: Duration) -> bool {
        self.has_looked() && now() - self.metrics.last.get() < (refresh * 3 + PATIENCE).as_secs_f64()
    }
}

/// Looks at once, and then again and again until it is stopped. A store that does not answer is asked again.
pub async fn serve(parts: &Parts, refresh: Duration, stop: &CancellationToken) {
    let mut reader = Reader::default();
    loop {
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = timeout(refresh + PATIENCE, look(parts, &mut reader)) => looked,
        };
        let failed = match looked {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(chain(&error)),
            Err(_) => Some(format!("no answer within {} s", (refresh + PATIENCE).as_secs())),
        };
        if let Some(error) = failed {
            tracing::warn!(error, "could not look into the store, will look again");
            parts.metrics.reads.with_label_values(&["error"]).inc();
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(refresh) => {}
        }
    }
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

async fn look(parts: &Parts, reader: &mut Reader) -> Result<(), StoreError> {
    let (begin, metrics) = (Instant::now(), &parts.metrics);
    let found = reader.look(&parts.store).await?;
    *metrics.results.write() = results(&found).expect("names of ours are good names");
    metrics.reads.with_label_values(&["ok"]).inc();
    metrics.seconds.set(begin.elapsed().as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "runs are far below 2^53")]
    metrics.unreadable.set(found.unreadable.len() as f64);
    metrics.last.set(now());
    *parts.found.write() = found;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a time to be looked at; nothing is decided by it")]
fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
}

impl Collector for Metrics {
    fn desc(&self) -> Vec<&Desc> {
        let Self { reads, last, seconds, unreadable, .. } = self;
        let all: [&dyn Collector; 4] = [reads, last, seconds, unreadable];
        all.into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Self { reads, last, seconds, unreadable, results } = self;
        let all: [&dyn Collector; 4] = [reads, last, seconds, unreadable];
        let mut families: Vec<MetricFamily> = all.into_iter().flat_map(Collector::collect).collect();
        families.extend(results.read().iter().cloned());
        families
    }
}
