//! Progress of a run: a bar on a terminal, plain lines elsewhere.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use antiphon_coordinator::Progress;
use antiphon_core::PoolId;
use antiphon_limits::Pool;
use antiphon_worker::Counters;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::money::{count, dollars};
use crate::output::Output;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(200);
/// How often a plain line is written.
const LINE: Duration = Duration::from_secs(10);

/// Watches a run.
pub(crate) struct Watch {
    counters: Arc<Counters>,
    jobs: Arc<Progress>,
    pools: Vec<(PoolId, Pool)>,
    output: Output,
    /// Samples of the whole plan.
    planned: u64,
    begun: Instant,
}

impl Watch {
    pub(crate) fn new(
        counters: Arc<Counters>,
        jobs: Arc<Progress>,
        pools: Vec<(PoolId, Pool)>,
        planned: u64,
        output: Output,
    ) -> Self {
        Self { counters, jobs, pools, output, planned, begun: Instant::now() }
    }

    /// Shows progress until it is dropped.
    pub(crate) async fn show(&self) {
        if self.output.is_quiet() {
            return std::future::pending().await;
        }
        if self.output.is_lively() { self.bar().await } else { self.lines().await }
    }

    async fn bar(&self) {
        let bar = ProgressBar::with_draw_target(Some(self.planned), ProgressDrawTarget::stderr());
        let style =
            ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}").expect("a constant template");
        bar.set_style(style);
        let _clear = ClearOnDrop(&bar);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tick.tick().await;
            bar.set_position(self.done());
            bar.set_message(self.line());
        }
    }

    async fn lines(&self) {
        let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + LINE, LINE);
        loop {
            tick.tick().await;
            self.output.note(format!("{:>3}% {}", 100 * self.done() / self.planned.max(1), self.line()));
        }
    }

    /// Samples that are stored, or in jobs that are open.
    fn done(&self) -> u64 {
        let earlier = self.planned.saturating_sub(self.jobs.to_ask.load(Relaxed));
        (earlier + self.counters.read().samples).min(self.planned)
    }

    fn line(&self) -> String {
        let reading = self.counters.read();
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let rate = reading.samples as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        let mut parts =
            vec![format!("{}/{} samples", count(self.done()), count(self.planned)), format!("{rate:.1}/s")];
        let left = self.planned.saturating_sub(self.done());
        if rate > 0.0 && left > 0 {
            #[expect(clippy::cast_precision_loss, reason = "shown in minutes")]
            let minutes = left as f64 / rate / 60.0;
            parts.push(format!("about {} left", crate::money::minutes(minutes)));
        }
        if reading.dollars > 0.0 {
            parts.push(format!("{} now", dollars(reading.dollars)));
        }
        let kinds = |counts: &std::collections::BTreeMap<antiphon_core::FailureKind, u64>| {
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

struct ClearOnDrop<'a>(&'a ProgressBar);

impl Drop for ClearOnDrop<'_> {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
