//! What an aggregator shows to Prometheus. docs/metrics.md has the list.

use std::time::Duration;

use prometheus::{
    Gauge, Histogram, IntCounter, IntCounterVec, IntGauge, Registry, register_gauge_with_registry,
    register_histogram_with_registry, register_int_counter_vec_with_registry,
    register_int_counter_with_registry, register_int_gauge_with_registry,
};

/// Upper bounds in seconds.
const SECONDS: [f64; 9] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// The instruments of one aggregator.
#[derive(Debug, Clone)]
pub struct Metrics {
    received: IntCounter,
    settled: IntCounterVec,
    open: IntGauge,
    seconds: Histogram,
    progress: Gauge,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Stored,
    HandedBack,
    Dead,
    /// Its run was removed.
    Gone,
}

impl Default for Metrics {
    /// Instruments that nobody reads.
    fn default() -> Self {
        Self::new(&Registry::new()).expect("an empty registry takes them")
    }
}

impl Metrics {
    /// Instruments that the registry shows.
    ///
    /// # Errors
    /// If it has those of an aggregator already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            received: register_int_counter_with_registry!(
                "antiphon_aggregator_blocks_received_total",
                "Blocks that were to be summed up.",
                registry
            )?,
            settled: register_int_counter_vec_with_registry!(
                "antiphon_aggregator_blocks_settled_total",
                "Blocks that the aggregator is done with.",
                &["outcome"],
                registry
            )?,
            open: register_int_gauge_with_registry!(
                "antiphon_aggregator_blocks_open",
                "Blocks in work.",
                registry
            )?,
            seconds: register_histogram_with_registry!(
                "antiphon_aggregator_block_seconds",
                "How long a block took.",
                SECONDS.to_vec(),
                registry
            )?,
            progress: register_gauge_with_registry!(
                "antiphon_aggregator_last_progress_timestamp_seconds",
                "When a block was last stored; at first, when the aggregator began.",
                registry
            )?,
        };
        for left in [Left::Stored, Left::HandedBack, Left::Dead, Left::Gone] {
            metrics.settled.with_label_values(&[left.name()]);
        }
        metrics.moves();
        Ok(metrics)
    }

    /// Counts a block as in work for as long as the guard lives.
    pub(crate) fn receive(&self) -> Open {
        self.received.inc();
        self.open.inc();
        Open(self.open.clone())
    }

    pub(crate) fn left(&self, left: Left, after: Duration) {
        self.settled.with_label_values(&[left.name()]).inc();
        self.seconds.observe(after.as_secs_f64());
        if left == Left::Stored {
            self.moves();
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a time to be looked at; nothing is decided by it")]
    fn moves(&self) {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        self.progress.set(since.as_secs_f64());
    }
}

/// A block in work.
pub(crate) struct Open(IntGauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Left {
    fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::HandedBack => "handed_back",
            Self::Dead => "dead",
            Self::Gone => "gone",
        }
    }
}
