//! What is seen of a run while others work on it: hints as they come, and the store from time to time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use antiphon_coordinator::{Counts, Ended, Look, RunStatus, status};
use antiphon_core::{Event, JobTally, OutcomeClass, RunId};
use antiphon_queue::{EventStream, Queue};
use antiphon_store::Store;
use serde::Serialize;

use crate::money::{counted, dollars};
use crate::output::Output;
use crate::progress::{Meter, pace};

/// How often it is looked whether the run has ended.
const TICK: Duration = Duration::from_secs(1);
/// How often the store is asked how the run stands: that is a listing of all that is stored.
const LOOK: Duration = Duration::from_secs(10);
/// How long the broker may take; without its hints, progress is seen at every look.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Following<'a> {
    store: &'a Store,
    run: RunId,
    output: Output,
    hints: Option<EventStream>,
    /// How the run stood at the last look.
    seen: RunStatus,
    begun: Instant,
    /// Samples that were stored when watching began.
    earlier: u64,
    /// Samples of the hints since the last look.
    since: u64,
    heard: Heard,
}

/// What hints have said since watching began.
#[derive(Debug, Default)]
struct Heard {
    dollars: f64,
    failed: BTreeMap<String, u64>,
}

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    run: &'a RunId,
    at_ms: i64,
    jobs: Counts,
    samples: Counts,
    ended: Option<&'a Ended>,
}

impl<'a> Following<'a> {
    pub(super) async fn begin(
        store: &'a Store,
        queue: Option<&Queue>,
        run: &RunId,
        output: Output,
    ) -> anyhow::Result<Self> {
        let hints = match queue {
            None => None,
            Some(queue) => match tokio::time::timeout(PATIENCE, queue.subscribe_events()).await {
                Ok(hints) => Some(hints?),
                Err(_) => {
                    output.warning("the broker does not answer; progress is what the store shows");
                    None
                }
            },
        };
        let seen = status(store, run, Look::default()).await?;
        let earlier = seen.samples.stored;
        let (begun, heard) = (Instant::now(), Heard::default());
        Ok(Self { store, run: run.clone(), output, hints, seen, begun, earlier, since: 0, heard })
    }

    pub(super) fn was_never_submitted(&self) -> bool {
        self.seen.submissions.is_empty()
    }

    /// Shows progress until the newest submission has ended.
    pub(super) async fn follow(mut self) -> anyhow::Result<(RunStatus, Ended)> {
        let mut meter = Meter::new(self.output);
        let mut tick = tokio::time::interval(TICK);
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                event = next(&mut self.hints) => self.on_event(event),
                _ = look.tick() => self.look().await?,
                _ = tick.tick() => {
                    if self.has_ended().await? {
                        self.look().await?;
                        if let Some(ended) = self.seen.ended().cloned() {
                            drop(meter);
                            self.line(Some(&ended));
                            return Ok((self.seen, ended));
                        }
                    }
                }
            }
            meter.show(self.done(), self.seen.samples.planned, || self.words());
        }
    }

    /// One small read: how often it is done must not depend on the size of the run.
    async fn has_ended(&self) -> anyhow::Result<bool> {
        let Some(newest) = self.seen.submissions.last() else { return Ok(false) };
        let number = newest.submission.number;
        Ok(self.store.submission_ended::<Ended>(&self.run, number).await?.is_some())
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        self.seen = status(self.store, &self.run, Look::default()).await?;
        self.since = 0;
        if self.seen.ended().is_none() {
            self.line(None);
        }
        Ok(())
    }

    fn on_event(&mut self, event: Event) {
        if let Event::JobDone { job, tally } = event
            && job.run == self.run
        {
            self.heard.add(&tally);
            if !tally.duplicate {
                self.since += tally.samples.values().sum::<u64>();
            }
        }
    }

    fn done(&self) -> u64 {
        (self.seen.samples.stored + self.since).min(self.seen.samples.planned)
    }

    fn words(&self) -> String {
        let now = self.done().saturating_sub(self.earlier);
        let mut parts = pace(self.done(), self.seen.samples.planned, now, self.begun);
        if self.seen.rounds > 1 {
            parts.push(format!("round {}", self.seen.rounds));
        }
        parts.extend(self.heard.words());
        if self.seen.jobs.dead > 0 {
            parts.push(format!("{} given up", counted(self.seen.jobs.dead, "job", "jobs")));
        }
        parts.join(" · ")
    }

    fn line(&self, ended: Option<&Ended>) {
        if self.output.json {
            let RunStatus { jobs, samples, .. } = self.seen;
            let at_ms = jiff::Timestamp::now().as_millisecond();
            let line = Line { run: &self.run, at_ms, jobs, samples, ended };
            self.output.line(serde_json::to_string(&line).expect("it has string keys"));
        }
    }
}

impl Heard {
    fn add(&mut self, tally: &JobTally) {
        self.dollars += tally.dollars;
        for (class, samples) in &tally.samples {
            if let OutcomeClass::Failed(kind) = class {
                *self.failed.entry(kind.to_string()).or_default() += samples;
            }
        }
    }

    fn words(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.dollars > 0.0 {
            parts.push(format!("{} since", dollars(self.dollars)));
        }
        if !self.failed.is_empty() {
            let kinds: Vec<String> =
                self.failed.iter().map(|(kind, number)| format!("{kind} {number}")).collect();
            parts.push(format!("failed: {}", kinds.join(", ")));
        }
        parts
    }
}

/// The next hint; never, where there are none.
async fn next(hints: &mut Option<EventStream>) -> Event {
    match hints {
        Some(hints) => hints.next().await,
        None => std::future::pending().await,
    }
}
