//! What a service shows to Prometheus, besides what its role shows: who it is, and whether it is well. docs/metrics.md has the list.

use std::sync::Arc;

use antiphon_queue::Queue;
use antiphon_store::Store;
use axum::http::header;
use axum::response::IntoResponse;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder, IntGauge, Registry, TEXT_FORMAT, TextEncoder, register_int_gauge_vec_with_registry,
    register_int_gauge_with_registry,
};

use crate::health::Signs;

/// The metrics of a service. Clones show the same.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    signs: Arc<Signs>,
    ready: IntGauge,
    broker: Option<(IntGauge, Queue)>,
}

impl Metrics {
    /// Those of a service in that role, which may need a broker.
    pub(crate) fn new(
        role: &str,
        signs: Arc<Signs>,
        queue: Option<Queue>,
    ) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self()))?;
        register_int_gauge_vec_with_registry!(
            "antiphon_build_info",
            "1, for the version and role of the program.",
            &["version", "role"],
            registry
        )?
        .with_label_values(&[env!("CARGO_PKG_VERSION"), role])
        .set(1);
        let ready =
            register_int_gauge_with_registry!("antiphon_ready", "1 while the service can work.", registry)?;
        let broker = match queue {
            None => None,
            Some(queue) => {
                let help = "1 while the broker is there.";
                Some((register_int_gauge_with_registry!("antiphon_broker_connected", help, registry)?, queue))
            }
        };
        Ok(Self { registry, signs, ready, broker })
    }

    /// The store, whose operations are counted from now on.
    pub(crate) fn watch(&self, store: Store) -> Result<Store, prometheus::Error> {
        store.watched_by(&self.registry)
    }

    /// What a scrape gets.
    pub(crate) fn page(&self) -> axum::response::Response {
        self.ready.set(self.signs.is_ready().into());
        if let Some((connected, queue)) = &self.broker {
            connected.set(queue.is_connected().into());
        }
        let mut text = Vec::new();
        match TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            Ok(()) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "metrics could not be written");
                axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
