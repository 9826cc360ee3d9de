//! What others may watch while a worker works: its instruments, and all of them added up. docs/metrics.md has the list.

mod pools;

use std::collections::BTreeMap;
use std::time::Duration;

use antiphon_core::{FailureKind, OutcomeClass, PoolId, Sample, Target};
use prometheus::{
    CounterVec, HistogramVec, IntCounterVec, IntGaugeVec, Registry, register_counter_vec_with_registry,
    register_histogram_vec_with_registry, register_int_counter_vec_with_registry,
    register_int_gauge_vec_with_registry,
};

pub(crate) use pools::{PoolGauges, Watched};

use crate::open_jobs::{Done, Settlement};

/// Upper bounds in seconds, of calls and jobs.
const SECONDS: [f64; 11] = [0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 120.0, 300.0, 600.0];
/// The same of waiting in a queue.
const WAITS: [f64; 9] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];
/// Failures that a call can have.
const KINDS: [FailureKind; 7] = [
    FailureKind::RateLimited,
    FailureKind::Overloaded,
    FailureKind::Server,
    FailureKind::Timeout,
    FailureKind::Connection,
    FailureKind::InvalidResponse,
    FailureKind::RejectedRequest,
];
/// Of what the configuration calls a model: never what a reply says of itself, which may be anything.
const OF_MODEL: [&str; 3] = ["pool", "provider", "model"];

/// The instruments of one worker. Cheap to add to, and read as a whole.
#[derive(Debug)]
pub struct Metrics {
    received: IntCounterVec,
    settled: IntCounterVec,
    queue_wait: HistogramVec,
    job_seconds: HistogramVec,
    calls: IntCounterVec,
    call_seconds: HistogramVec,
    in_flight: IntGaugeVec,
    samples: IntCounterVec,
    failed: IntCounterVec,
    retries: IntCounterVec,
    tokens: IntCounterVec,
    dollars: CounterVec,
    hushes: IntCounterVec,
}

/// All counts at one moment, over all pools and models.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Samples with an outcome, failures included.
    pub samples: u64,
    /// Of these, failed ones by kind.
    pub failed: BTreeMap<String, u64>,
    /// Failed calls that were made again, by kind.
    pub retries: BTreeMap<String, u64>,
    /// Calls under way.
    pub in_flight: u64,
    /// Tokens billed.
    pub input_tokens: u64,
    /// Tokens billed.
    pub output_tokens: u64,
    /// Dollars, where there is a price.
    pub dollars: f64,
    /// Jobs done, duplicates included.
    pub jobs: u64,
    /// Of these, jobs that somebody else had stored first, so that their cost was in vain.
    pub duplicates: u64,
    /// 429s of calls of this worker.
    pub hushes_own: u64,
    /// 429s that other workers told of.
    pub hushes_heard: u64,
}

impl Default for Metrics {
    /// Instruments that only this process reads.
    fn default() -> Self {
        Self::new(&Registry::new()).expect("an empty registry takes them")
    }
}

impl Metrics {
    /// Instruments that the registry shows.
    ///
    /// # Errors
    /// If it has those of a worker already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help, labels: &[&str]| {
            register_int_counter_vec_with_registry!(name, help, labels, registry)
        };
        let of_pool = |label| [OF_MODEL[0], label];
        let of_model = |label| [OF_MODEL[0], OF_MODEL[1], OF_MODEL[2], label];
        let histograms = |name: &str, help, labels: &[&str], bounds: &[f64]| {
            register_histogram_vec_with_registry!(name, help, labels, bounds.to_vec(), registry)
        };
        Ok(Self {
            received: counters(
                "antiphon_worker_jobs_received_total",
                "Jobs that were delivered.",
                &["pool"],
            )?,
            settled: counters(
                "antiphon_worker_jobs_settled_total",
                "Jobs that the worker is done with.",
                &of_pool("outcome"),
            )?,
            queue_wait: histograms(
                "antiphon_worker_job_queue_wait_seconds",
                "From when a job could have been delivered until it was.",
                &["pool"],
                &WAITS,
            )?,
            job_seconds: histograms(
                "antiphon_worker_job_seconds",
                "From the delivery of a job until it was settled.",
                &["pool"],
                &SECONDS,
            )?,
            calls: counters("antiphon_worker_calls_total", "Calls that ended.", &of_model("outcome"))?,
            call_seconds: histograms(
                "antiphon_worker_call_seconds",
                "How long calls took, without waiting for limits.",
                &OF_MODEL,
                &SECONDS,
            )?,
            in_flight: register_int_gauge_vec_with_registry!(
                "antiphon_worker_calls_in_flight",
                "Calls under way.",
                &["pool"],
                registry
            )?,
            samples: counters(
                "antiphon_worker_samples_total",
                "Samples with an outcome.",
                &of_model("outcome"),
            )?,
            failed: counters(
                "antiphon_worker_samples_failed_total",
                "Samples that failed.",
                &of_model("kind"),
            )?,
            retries: counters(
                "antiphon_worker_retries_total",
                "Failed calls that were made again.",
                &of_model("kind"),
            )?,
            tokens: counters("antiphon_worker_tokens_total", "Tokens billed.", &of_model("type"))?,
            dollars: register_counter_vec_with_registry!(
                "antiphon_worker_cost_dollars_total",
                "What the tokens cost, where the target has a price.",
                &OF_MODEL,
                registry
            )?,
            hushes: counters("antiphon_worker_hushes_total", "Separate 429s.", &of_pool("origin"))?,
        })
    }

    /// The counts now.
    #[must_use]
    pub fn read(&self) -> Reading {
        let settled = by(&self.settled, "outcome");
        let of = |counts: &BTreeMap<String, u64>, name: &str| counts.get(name).copied().unwrap_or(0);
        let tokens = by(&self.tokens, "type");
        let hushes = by(&self.hushes, "origin");
        let duplicates = of(&settled, Settlement::Ack(Done::Duplicate).name());
        Reading {
            samples: by(&self.samples, "outcome").values().sum(),
            failed: by(&self.failed, "kind"),
            retries: by(&self.retries, "kind"),
            in_flight: sum(&self.in_flight, |metric| metric.get_gauge().get_value()),
            input_tokens: of(&tokens, "input"),
            output_tokens: of(&tokens, "output"),
            dollars: families(&self.dollars).iter().map(|metric| metric.get_counter().get_value()).sum(),
            jobs: of(&settled, Settlement::Ack(Done::Stored).name()) + duplicates,
            duplicates,
            hushes_own: of(&hushes, "own"),
            hushes_heard: of(&hushes, "choir"),
        }
    }

    /// A pool's series begin at zero, so that the first event of each is seen to be one.
    pub(crate) fn begin(&self, pool: &PoolId) {
        let pool = pool.as_str();
        self.received.with_label_values(&[pool]);
        for outcome in Settlement::NAMES {
            self.settled.with_label_values(&[pool, outcome]);
        }
        self.in_flight.with_label_values(&[pool]);
        for origin in ["own", "choir"] {
            self.hushes.with_label_values(&[pool, origin]);
        }
    }

    /// The same for a target that is about to be asked: what fails at once is then seen to have begun at zero.
    pub(crate) fn meet(&self, target: &Target) {
        let [pool, provider, model] = labels(target);
        for kind in KINDS {
            self.failed.with_label_values(&[pool, provider, model, kind.name()]);
            self.calls.with_label_values(&[pool, provider, model, kind.name()]);
            self.retries.with_label_values(&[pool, provider, model, kind.name()]);
        }
        self.calls.with_label_values(&[pool, provider, model, "answered"]);
        for outcome in ["answered", "refused", "failed"] {
            self.samples.with_label_values(&[pool, provider, model, outcome]);
        }
    }

    /// A job was delivered, after so long if that is known.
    pub(crate) fn received(&self, pool: &PoolId, waited: Option<Duration>) {
        self.received.with_label_values(&[pool.as_str()]).inc();
        if let Some(waited) = waited {
            self.queue_wait.with_label_values(&[pool.as_str()]).observe(waited.as_secs_f64());
        }
    }

    /// The worker is done with a job, so long after its delivery.
    pub(crate) fn settled(&self, pool: &PoolId, how: &Settlement, after: Duration) {
        self.settled.with_label_values(&[pool.as_str(), how.name()]).inc();
        self.job_seconds.with_label_values(&[pool.as_str()]).observe(after.as_secs_f64());
    }

    pub(crate) fn sample(&self, sample: &Sample, target: &Target) {
        let [pool, provider, model] = labels(target);
        let class = sample.outcome.class();
        self.samples.with_label_values(&[pool, provider, model, class_name(class)]).inc();
        if let OutcomeClass::Failed(kind) = class {
            self.failed.with_label_values(&[pool, provider, model, kind.name()]).inc();
        }
        let Some(usage) = sample.billing.usage else { return };
        for (of_type, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
            self.tokens.with_label_values(&[pool, provider, model, of_type]).inc_by(tokens);
        }
        if let Some(price) = target.price {
            let dollars = price.dollars(usage.input_tokens, usage.output_tokens);
            self.dollars.with_label_values(&[pool, provider, model]).inc_by(dollars);
        }
    }

    /// A call ended: `answered`, `stopped`, or the kind of failure.
    pub(crate) fn call(&self, target: &Target, outcome: &str, took: Duration) {
        let [pool, provider, model] = labels(target);
        self.calls.with_label_values(&[pool, provider, model, outcome]).inc();
        self.call_seconds.with_label_values(&[pool, provider, model]).observe(took.as_secs_f64());
    }

    pub(crate) fn retry(&self, target: &Target, kind: FailureKind) {
        let [pool, provider, model] = labels(target);
        self.retries.with_label_values(&[pool, provider, model, kind.name()]).inc();
    }

    pub(crate) fn hush_own(&self, pool: &PoolId) {
        self.hushes.with_label_values(&[pool.as_str(), "own"]).inc();
    }

    pub(crate) fn hush_heard(&self, pool: &PoolId) {
        self.hushes.with_label_values(&[pool.as_str(), "choir"]).inc();
    }

    /// Counts a call as under way for as long as the guard lives, also if its future is dropped.
    pub(crate) fn flight(&self, pool: &PoolId) -> Flight {
        let gauge = self.in_flight.with_label_values(&[pool.as_str()]);
        gauge.inc();
        Flight(gauge)
    }
}

pub(crate) struct Flight(prometheus::IntGauge);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn labels(target: &Target) -> [&str; 3] {
    [target.pool.as_str(), target.provider.name(), &target.model]
}

fn class_name(class: OutcomeClass) -> &'static str {
    match class {
        OutcomeClass::Answered => "answered",
        OutcomeClass::Refused => "refused",
        OutcomeClass::Truncated => "truncated",
        OutcomeClass::Filtered => "filtered",
        OutcomeClass::Empty => "empty",
        OutcomeClass::Failed(_) => "failed",
        OutcomeClass::Unsupported => "unsupported",
        OutcomeClass::Unreached => "unreached",
        OutcomeClass::Ended => "ended",
    }
}

fn families(of: &impl prometheus::core::Collector) -> Vec<prometheus::proto::Metric> {
    of.collect().iter().flat_map(|family| family.get_metric().to_vec()).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole and far below 2^53"
)]
fn sum(of: &impl prometheus::core::Collector, value: impl Fn(&prometheus::proto::Metric) -> f64) -> u64 {
    families(of).iter().map(value).sum::<f64>() as u64
}

/// Counts by the value of a label; what was never counted is not among them.
fn by(of: &IntCounterVec, label: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for metric in families(of) {
        let name =
            metric.get_label().iter().find(|pair| pair.name() == label).map(|pair| pair.value().to_owned());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are whole and far below 2^53"
        )]
        let count = metric.get_counter().get_value() as u64;
        if count > 0 {
            *counts.entry(name.unwrap_or_default()).or_default() += count;
        }
    }
    counts
}
