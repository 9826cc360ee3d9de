//! What a coordinator shows to Prometheus: its progress, read when somebody looks. docs/metrics.md has the list.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, Opts, Registry, opts};

use crate::progress::AtWork;
use crate::{End, Progress};

/// The progress as metrics.
struct Metrics {
    progress: Arc<Progress>,
    leads: Gauge,
    runs: Gauge,
    ended: IntCounterVec,
    published: IntCounter,
    done: IntCounter,
    dead: IntCounter,
    duplicates: IntCounter,
    open: Gauge,
    run_jobs: GaugeVec,
    run_begun: GaugeVec,
    run_moved: GaugeVec,
    run_dollars: GaugeVec,
    run_budget: GaugeVec,
    moved: Gauge,
    /// Who looks looks alone: two at once would see each other's half-made values.
    looking: Mutex<()>,
}

impl Progress {
    /// Shows it.
    ///
    /// # Errors
    /// If the registry has such metrics already.
    pub fn show(self: &Arc<Self>, registry: &Registry) -> Result<(), prometheus::Error> {
        registry.register(Box::new(Metrics::new(Arc::clone(self))?))
    }
}

impl Metrics {
    fn new(progress: Arc<Progress>) -> Result<Self, prometheus::Error> {
        let by_suite = |name: &str, help: &str| GaugeVec::new(opts!(name, help), &["suite"]);
        Ok(Self {
            progress,
            leads: Gauge::new("antiphon_coordinator_leads", "1 while it leads.")?,
            runs: Gauge::new("antiphon_coordinator_runs", "Runs that it works on.")?,
            ended: IntCounterVec::new(
                Opts::new("antiphon_coordinator_runs_ended_total", "Runs whose work ended."),
                &["end"],
            )?,
            published: IntCounter::new(
                "antiphon_coordinator_jobs_published_total",
                "Jobs put into queues, repeated ones included.",
            )?,
            done: IntCounter::new(
                "antiphon_coordinator_jobs_done_total",
                "Jobs that were heard or found to be stored.",
            )?,
            dead: IntCounter::new("antiphon_coordinator_jobs_dead_total", "Jobs that were given up.")?,
            duplicates: IntCounter::new(
                "antiphon_coordinator_duplicates_total",
                "Jobs that were heard to be done once more than needed.",
            )?,
            open: Gauge::new("antiphon_coordinator_jobs_open", "Jobs published and not ended.")?,
            run_jobs: GaugeVec::new(
                opts!("antiphon_coordinator_run_jobs", "Jobs of the suite's runs at work."),
                &["suite", "state"],
            )?,
            run_begun: by_suite(
                "antiphon_coordinator_run_started_timestamp_seconds",
                "When work on the oldest of the suite's runs began here.",
            )?,
            run_moved: by_suite(
                "antiphon_coordinator_run_progress_timestamp_seconds",
                "When a job of them last ended; at first, when work began.",
            )?,
            run_dollars: by_suite(
                "antiphon_coordinator_run_cost_dollars",
                "What they have cost, as far as is known.",
            )?,
            run_budget: by_suite("antiphon_coordinator_run_budget_dollars", "What they may cost.")?,
            moved: Gauge::new(
                "antiphon_coordinator_last_progress_timestamp_seconds",
                "When any job last ended or a run was taken up; at first, when the coordinator began.",
            )?,
            looking: Mutex::default(),
        })
    }

    fn all(&self) -> [&dyn Collector; 14] {
        [
            &self.leads,
            &self.runs,
            &self.ended,
            &self.published,
            &self.done,
            &self.dead,
            &self.duplicates,
            &self.open,
            &self.run_jobs,
            &self.run_begun,
            &self.run_moved,
            &self.run_dollars,
            &self.run_budget,
            &self.moved,
        ]
    }

    fn look(&self) {
        let progress = &*self.progress;
        for (gauge, value) in [(&self.leads, &progress.leads), (&self.runs, &progress.runs)] {
            gauge.set(number(value.load(Relaxed)));
        }
        let ends = progress.ends();
        for end in End::ALL {
            catch_up(
                &self.ended.with_label_values(&[end.name()]),
                ends.get(end.name()).copied().unwrap_or(0),
            );
        }
        let counts: [(&IntCounter, &AtomicU64); 4] = [
            (&self.published, &progress.published),
            (&self.done, &progress.done),
            (&self.dead, &progress.dead),
            (&self.duplicates, &progress.duplicates),
        ];
        for (counter, value) in counts {
            catch_up(counter, value.load(Relaxed));
        }
        self.moved.set(seconds(progress.moved_ms.load(Relaxed)));
        self.look_at(&progress.at_work());
    }

    /// Runs that have ended are shown no more.
    fn look_at(&self, at_work: &[AtWork]) {
        for gauges in [&self.run_jobs, &self.run_begun, &self.run_moved, &self.run_dollars, &self.run_budget]
        {
            gauges.reset();
        }
        self.open.set(number(at_work.iter().map(|run| run.open).sum()));
        let mut suites: BTreeMap<&str, Vec<&AtWork>> = BTreeMap::new();
        for run in at_work {
            suites.entry(&run.suite).or_default().push(run);
        }
        for (suite, runs) in suites {
            let sum = |of: fn(&AtWork) -> u64| number(runs.iter().map(|run| of(run)).sum());
            for (state, jobs) in [
                ("planned", sum(|run| run.planned)),
                ("stored", sum(|run| run.stored)),
                ("dead", sum(|run| run.dead)),
            ] {
                self.run_jobs.with_label_values(&[suite, state]).set(jobs);
            }
            let begun = runs.iter().map(|run| run.begun_ms).min().unwrap_or_default();
            let moved = runs.iter().map(|run| run.moved_ms).max().unwrap_or_default();
            self.run_begun.with_label_values(&[suite]).set(seconds(begun));
            self.run_moved.with_label_values(&[suite]).set(seconds(moved));
            self.run_dollars.with_label_values(&[suite]).set(runs.iter().map(|run| run.dollars).sum());
            // A run that may cost anything has no budget, and neither have all together then.
            if let Some(budget) = runs.iter().map(|run| run.budget).sum::<Option<f64>>() {
                self.run_budget.with_label_values(&[suite]).set(budget);
            }
        }
    }
}

impl Collector for Metrics {
    fn desc(&self) -> Vec<&Desc> {
        self.all().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _alone = self.looking.lock().expect("no holder panics");
        self.look();
        self.all().into_iter().flat_map(Collector::collect).collect()
    }
}

fn catch_up(counter: &IntCounter, value: u64) {
    counter.inc_by(value.saturating_sub(counter.get()));
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

fn seconds(ms: u64) -> f64 {
    number(ms) / 1e3
}
