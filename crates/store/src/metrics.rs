//! Operations on the store, for Prometheus: how many, how they ended, and how long they took. docs/metrics.md has the list.

use std::time::Instant;

use prometheus::{
    HistogramVec, IntCounterVec, Registry, register_histogram_vec_with_registry,
    register_int_counter_vec_with_registry,
};

use crate::StoreError;

/// Upper bounds in seconds: a folder answers in the first, a bucket far away in the last.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    operations: IntCounterVec,
    seconds: HistogramVec,
}

impl Metrics {
    /// # Errors
    /// If the registry has such metrics already.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            operations: register_int_counter_vec_with_registry!(
                "antiphon_store_operations_total",
                "Operations on the store.",
                &["operation", "outcome"],
                registry
            )?,
            seconds: register_histogram_vec_with_registry!(
                "antiphon_store_operation_seconds",
                "How long operations on the store took.",
                &["operation"],
                SECONDS.to_vec(),
                registry
            )?,
        })
    }

    /// An operation that is dropped on its way counts as nothing.
    pub(crate) async fn watch<T>(
        &self,
        name: &'static str,
        operation: impl Future<Output = Result<T, StoreError>>,
        outcome: impl FnOnce(&T) -> &'static str,
    ) -> Result<T, StoreError> {
        let begin = Instant::now();
        let ended = operation.await;
        self.seconds.with_label_values(&[name]).observe(begin.elapsed().as_secs_f64());
        let outcome = ended.as_ref().map_or("error", outcome);
        self.operations.with_label_values(&[name, outcome]).inc();
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[tokio::test]
    async fn operations_are_counted_by_how_they_ended() {
        let registry = Registry::new();
        let store = Store::memory().watched_by(&registry).unwrap();
        for _ in 0..2 {
            store.put_once("a/b", "x".into()).await.unwrap();
        }
        store.get("a/b").await.unwrap();
        // A key that is none never reaches the store.
        store.get("/").await.unwrap_err();
        store.put_file("c", std::path::Path::new("/nowhere")).await.unwrap_err();
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let counted: Vec<&str> = text.lines().filter(|line| line.contains("operations_total{")).collect();
        assert_eq!(
            counted,
            [
                "antiphon_store_operations_total{operation=\"get\",outcome=\"ok\"} 1",
                "antiphon_store_operations_total{operation=\"put_file\",outcome=\"error\"} 1",
                "antiphon_store_operations_total{operation=\"put_once\",outcome=\"created\"} 1",
                "antiphon_store_operations_total{operation=\"put_once\",outcome=\"exists\"} 1",
            ]
        );
        assert!(text.contains("antiphon_store_operation_seconds_count{operation=\"put_once\"} 2"), "{text}");
    }
}
