//! Gauges of pools, read when somebody looks: limits, choir, jobs in work.

use std::sync::{Arc, Mutex};

use antiphon_core::{Limits, PoolId};
use antiphon_limits::{Pool, Share, Standing};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, IntCounterVec, Opts, opts};

use crate::health::{Health, PoolHealth};

/// A pool as it is looked at.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) id: PoolId,
    pub(crate) limits: Pool,
    /// All that its workers may use together, where others sing too.
    pub(crate) told: Option<Limits>,
}

/// The gauges of all pools of a worker.
pub(crate) struct PoolGauges {
    health: Arc<Health>,
    pools: Vec<Watched>,
    open: GaugeVec,
    allowed: GaugeVec,
    started: IntCounterVec,
    waiting: GaugeVec,
    rate: GaugeVec,
    hush: GaugeVec,
    voices: GaugeVec,
    share: GaugeVec,
    parked: GaugeVec,
    progress: Gauge,
    /// Who looks looks alone: two at once would see each other's half-made values.
    looking: Mutex<()>,
}

impl PoolGauges {
    pub(crate) fn new(health: Arc<Health>, pools: Vec<Watched>) -> Result<Self, prometheus::Error> {
        let gauges = |name: &str, help: &str| GaugeVec::new(opts!(name, help), &["pool"]);
        Ok(Self {
            health,
            pools,
            open: gauges("antiphon_worker_jobs_open", "Jobs in work.")?,
            allowed: gauges(
                "antiphon_worker_limiter_allowed_calls_per_second",
                "Calls that this worker may start at present.",
            )?,
            started: IntCounterVec::new(
                Opts::new("antiphon_worker_limiter_started_calls_total", "Permits that were used."),
                &["pool"],
            )?,
            waiting: gauges("antiphon_worker_limiter_waiting_calls", "Calls that wait for a permit.")?,
            rate: gauges("antiphon_worker_limiter_rate_ratio", "What 429s have left of every rate.")?,
            hush: gauges(
                "antiphon_worker_limiter_hush_seconds",
                "How long nothing will start, after a 429.",
            )?,
            voices: gauges("antiphon_worker_choir_voices", "Workers that share the pool's limits.")?,
            share: gauges("antiphon_worker_choir_share_ratio", "This worker's part of the pool's limits.")?,
            parked: gauges("antiphon_worker_pool_parked", "1 while the pool takes no calls.")?,
            progress: Gauge::new(
                "antiphon_worker_last_progress_timestamp_seconds",
                "When a job was last stored; at first, when the worker began.",
            )?,
            looking: Mutex::default(),
        })
    }

    fn all(&self) -> [&dyn Collector; 10] {
        let Self { open, allowed, started, waiting, rate, hush, voices, share, parked, progress, .. } = self;
        [open, allowed, started, waiting, rate, hush, voices, share, parked, progress]
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    fn look(&self) {
        let health = self.health.read();
        self.progress.set(health.progress_ms as f64 / 1e3);
        // What is not known at present has no value.
        for gauges in [&self.allowed, &self.voices, &self.share] {
            gauges.reset();
        }
        let none = PoolHealth::default();
        for pool in &self.pools {
            self.look_at(pool, health.pools.get(&pool.id).unwrap_or(&none));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of calls and jobs are far below 2^53")]
    fn look_at(&self, pool: &Watched, health: &PoolHealth) {
        let id = &[pool.id.as_str()];
        let reading = pool.limits.reading();
        self.open.with_label_values(id).set(health.open_jobs as f64);
        if let Some(allowed) = reading.allowed_per_minute {
            self.allowed.with_label_values(id).set(allowed / 60.0);
        }
        let started = self.started.with_label_values(id);
        started.inc_by(reading.started.saturating_sub(started.get()));
        self.waiting.with_label_values(id).set(reading.waiting as f64);
        self.rate.with_label_values(id).set(reading.factor);
        self.hush.with_label_values(id).set(reading.pause.unwrap_or_default().as_secs_f64());
        self.parked.with_label_values(id).set(f64::from(u8::from(health.parked.is_some())));
        let Some(share) = health.share.as_ref().filter(|share| share.standing == Standing::Singing) else {
            return;
        };
        self.voices.with_label_values(id).set(share.voices.into());
        if let Some(part) = pool.told.as_ref().and_then(|told| part(share, told)) {
            self.share.with_label_values(id).set(part);
        }
    }
}

/// Of the first limit that there is; all are shared alike.
fn part(share: &Share, told: &Limits) -> Option<f64> {
    let both = [
        (share.limits.requests_per_minute, told.requests_per_minute),
        (share.limits.input_tokens_per_minute, told.input_tokens_per_minute),
        (share.limits.output_tokens_per_minute, told.output_tokens_per_minute),
    ];
    let (mine, all) = both.into_iter().find_map(|(mine, all)| Some((mine?, all.filter(|all| *all > 0)?)))?;
    Some(f64::from(mine) / f64::from(all))
}

impl Collector for PoolGauges {
    fn desc(&self) -> Vec<&Desc> {
        self.all().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _alone = self.looking.lock().expect("no holder panics");
        self.look();
        self.all().into_iter().flat_map(Collector::collect).collect()
    }
}
