//! Progress of a run: a bar on a terminal, plain lines elsewhere.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use antiphon_coordinator::Progress;
use antiphon_core::PoolId;
use antiphon_limits::Pool;
use antiphon_worker::Metrics;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::money::{count, counted, dollars};
use crate::output::Output;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(200);
/// How often a plain line is written.
const LINE: Duration = Duration::from_secs(10);

/// What shows how far a run is. Dropping it clears the bar.
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    output: Output,
    told: Instant,
}

impl Meter {
    pub(crate) fn new(output: Output) -> Self {
        let bar = output.is_lively().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style =
                ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}").expect("a constant template");
            bar.set_style(style);
            bar
        });
        Self { bar, output, told: Instant::now() }
    }

    /// Shows so many samples of so many, and a line about them. Where there is no bar, not every call is shown.
    pub(crate) fn show(&mut self, done: u64, planned: u64, line: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_length(planned);
            bar.set_position(done);
            bar.set_message(line());
        } else if !self.output.is_quiet() && self.told.elapsed() >= LINE {
            self.told = Instant::now();
            self.output.note(format!("{:>3}% {}", 100 * done / planned.max(1), line()));
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Samples of so many, how fast they come, and when they will all be there.
pub(crate) fn pace(done: u64, planned: u64, now: u64, begun: Instant) -> Vec<String> {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let rate = now as f64 / begun.elapsed().as_secs_f64().max(0.001);
    let mut parts = vec![format!("{}/{} samples", count(done), count(planned)), format!("{rate:.1}/s")];
    let left = planned.saturating_sub(done);
    if rate > 0.0 && left > 0 {
        #[expect(clippy::cast_precision_loss, reason = "shown in minutes")]
        let minutes = left as f64 / rate / 60.0;
        parts.push(format!("about {} left", crate::money::minutes(minutes)));
    }
    parts
}

/// Watches a run in this process.
pub(crate) struct Watch {
    metrics: Arc<Metrics>,
    jobs: Arc<Progress>,
    pools: Vec<(PoolId, Pool)>,
    output: Output,
    begun: Instant,
}

impl Watch {
    pub(crate) fn new(
        metrics: Arc<Metrics>,
        jobs: Arc<Progress>,
        pools: Vec<(PoolId, Pool)>,
        output: Output,
    ) -> Self {
        Self { metrics, jobs, pools, output, begun: Instant::now() }
    }

    /// Shows progress until it is dropped.
    pub(crate) async fn show(&self) {
        let mut meter = Meter::new(self.output);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tick.tick().await;
            meter.show(self.done(), self.planned(), || self.line());
        }
    }

    /// Samples of the plan so far: rounds may add to it.
    fn planned(&self) -> u64 {
        self.jobs.planned.load(Relaxed)
    }

    /// Samples that are stored, or in jobs that are open.
    fn done(&self) -> u64 {
        let earlier = self.planned().saturating_sub(self.jobs.to_ask.load(Relaxed));
        (earlier + self.metrics.read().samples).min(self.planned())
    }

    fn line(&self) -> String {
        let reading = self.metrics.read();
        let mut parts = pace(self.done(), self.planned(), reading.samples, self.begun);
        let rounds = self.jobs.rounds.load(Relaxed);
        if rounds > 0 {
            parts.push(format!("{} asked on", counted(rounds, "time", "times")));
        }
        if reading.dollars > 0.0 {
            parts.push(format!("{} now", dollars(reading.dollars)));
        }
        let kinds = |counts: &std::collections::BTreeMap<String, u64>| {
            counts.iter().map(|(kind, number)| format!("{kind} {number}")).collect::<Vec<_>>().join(", ")
        };
        if !reading.failed.is_empty() {
            parts.push(format!("failed: {}", kinds(&reading.failed)));
        }
        if !reading.retries.is_empty() {
            parts.push(format!("asked again: {}", kinds(&reading.retries)));
        }
        for (pool, limits) in &self.pools {
            if let Some(pause) = limits.reading().pause.filter(|pause| *pause > Duration::from_secs(2)) {
                parts.push(format!("{pool} pauses {} s", pause.as_secs()));
            }
        }
        parts.join(" · ")
    }
}
