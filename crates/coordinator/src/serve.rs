//! The role for a fleet: stands by until it leads, and then works on every run that was submitted and has not ended.
//!
//! Who leads is whoever hears the calls, which the queue gives to one of all who stand by. That is no lock, and none is needed: all that
//! a leader does is write-once in the store, or a job that is harmless when it is published twice. Two leaders at once publish at
//! most one window each of every run and pool, and of a run with a budget in the same order; workers drop what is stored already, and what is done at the same time twice is
//! counted and paid as a duplicate. Nothing else may depend on being alone.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use antiphon_core::{Call, OBJECT_FORMAT, RunId, Seed, Submission};
use antiphon_queue::{CallStream, Queue, QueueError};
use antiphon_store::Store;
use futures::future;
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::now_ms;
use crate::leader::Leader;
use crate::open_run::stored_manifest;
use crate::work::{Counted, News, work_to_the_end};
use crate::{Config, CoordinatorError, Ended, Opened, Parts, Report};

/// Runs whose submissions are looked at a time.
const LOOKS: usize = 16;

/// Stands by, and leads while it is its turn, until it is stopped. Workers go on with what is queued; the next leader finds the rest in
/// the store.
///
/// # Errors
/// If the queue cannot be reached at the beginning. Later it is tried again and again, as is the store.
pub async fn serve(parts: &Parts, config: &Config, stop: &CancellationToken) -> Result<(), CoordinatorError> {
    let mut calls = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        calls = parts.queue.stand_by() => calls?,
    };
    let mut asking = JoinSet::new();
    asking.spawn(ask(parts.queue.clone(), config.clone()));
    loop {
        let turn = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            turn = turn(parts, config, &mut calls) => turn,
        };
        if let Err(error) = turn {
            tracing::warn!(error = &error as &dyn std::error::Error, "leading failed, standing by again");
            // Another one may be luckier, so the calls are left to it for a moment.
            drop(calls);
            calls = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                calls = stand_by_again(&parts.queue, config) => calls,
            };
        }
    }
}

/// Asks who leads again and again: leader and stand-bys alike, so that whoever leads hears it.
async fn ask(queue: Queue, config: Config) {
    let mut tick = tokio::time::interval(config.ask);
    loop {
        tick.tick().await;
        if let Err(error) = queue.call(&Call::WhoLeads).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "could not ask who leads");
        }
    }
}

async fn stand_by_again(queue: &Queue, config: &Config) -> CallStream {
    loop {
        tokio::time::sleep(config.ask).await;
        match queue.stand_by().await {
            Ok(calls) => return calls,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not stand by, will try again"
                );
            }
        }
    }
}

/// Waits for a call and then leads until none is heard any more.
async fn turn(parts: &Parts, config: &Config, calls: &mut CallStream) -> Result<(), CoordinatorError> {
    // What the first call is about stands in the store.
    calls.next().await?;
    tracing::info!("leading");
    let _counted = Counted::new(&parts.progress.leads);
    let leader = Leader::open(&parts.queue, &parts.store).await?;
    let order = Seed(RandomState::new().hash_one("order"));
    let reign = Reign { parts, config, order, leader, looks: JoinSet::new(), again: BTreeSet::new() };
    reign.lead(calls).await?;
    tracing::warn!("no call was heard for too long, standing by");
    Ok(())
}

/// What happened next.
enum Next {
    Call(Result<Call, QueueError>),
    Ended(Result<Worked, CoordinatorError>),
    Look,
    Found(Result<Vec<RunId>, CoordinatorError>),
    Silence,
}

/// How work on a run ended; `None` if there was nothing to do.
type Worked = (RunId, Result<Option<Report>, CoordinatorError>);

/// One coordinator's time as leader. Dropping it ends it.
struct Reign<'a> {
    parts: &'a Parts,
    config: &'a Config,
    /// How this leader mixes jobs.
    order: Seed,
    leader: Leader<Option<Report>>,
    looks: JoinSet<Result<Vec<RunId>, CoordinatorError>>,
    /// Runs that were submitted anew while they were worked on.
    again: BTreeSet<RunId>,
}

impl Reign<'_> {
    async fn lead(mut self, calls: &mut CallStream) -> Result<(), CoordinatorError> {
        let mut heard = Instant::now();
        let mut look = tokio::time::interval(self.config.look);
        loop {
            // Dropping any of these futures loses nothing: each waits for the next call.
            let next = tokio::select! {
                call = calls.next() => Next::Call(call),
                ended = self.leader.next() => Next::Ended(ended),
                Some(found) = self.looks.join_next() => Next::Found(found.unwrap_or_else(|error| {
                    Err(CoordinatorError::Panicked { message: error.to_string() })
                })),
                _ = look.tick() => Next::Look,
                () = tokio::time::sleep_until(heard + self.config.ttl) => Next::Silence,
            };
            match next {
                Next::Call(call) => {
                    heard = Instant::now();
                    if let Call::Submitted { run } = call? {
                        self.take_up(run);
                    }
                }
                Next::Ended(ended) => self.on_ended(ended?),
                Next::Look if self.looks.is_empty() => {
                    self.looks.spawn(open_runs(self.parts.store.clone()));
                }
                Next::Look => {}
                Next::Found(Ok(runs)) => runs.into_iter().for_each(|run| self.take_up(run)),
                Next::Found(Err(error)) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not look for runs, will look again"
                    );
                }
                Next::Silence => return Ok(()),
            }
        }
    }

    /// Takes a run up. One that is worked on already is looked at again when that has ended: it may have been submitted anew.
    fn take_up(&mut self, run: RunId) {
        if self.leader.works_on(&run) {
            self.again.insert(run);
            return;
        }
        let (parts, config, order) = (self.parts.clone(), self.config.clone(), self.order);
        let of = run.clone();
        self.leader
            .take_up(run, |news| async move { work_on_submitted(&parts, &of, (&config, order), news).await });
    }

    fn on_ended(&mut self, (run, worked): Worked) {
        let again = self.again.remove(&run);
        match worked {
            Ok(Some(report)) => {
                tracing::info!(%run, end = ?report.end(), jobs = report.jobs, stored = report.stored, "run ended")
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%run, error = &error as &dyn std::error::Error, "work on a run failed, will be taken up again");
                // At the next look, so that what always fails is not tried all the time.
                return;
            }
        }
        if again {
            self.take_up(run);
        }
    }
}

/// Works on what was submitted of a run, and writes down how it ended.
async fn work_on_submitted(
    parts: &Parts,
    run: &RunId,
    (config, order): (&Config, Seed),
    news: mpsc::Receiver<News>,
) -> Result<Option<Report>, CoordinatorError> {
    let store = &parts.store;
    // Read before the rounds: a round is written before its submission, so what is read here covers what it asks.
    let submissions = store.open_submissions(run).await?;
    let Some(newest) = submissions.last() else { return Ok(None) };
    let manifest = newest.amend(stored_manifest(store, run).await?);
    // Money holds only if those who lead one after the other publish the same jobs: in orders of their own each would fill the queue
    // with a window of others, all of which are asked.
    let order = manifest.budget_dollars.is_none().then_some(order);
    let opened = Opened { manifest, rounds: store.rounds(run).await?, resumed: true };
    // Stopping means to drop all work, so this is never cancelled.
    let report = work_to_the_end(parts, opened, (config, order), news, &CancellationToken::new()).await?;
    parts.progress.ended(report.end());
    let ended = Ended { format: OBJECT_FORMAT, at_ms: now_ms(), end: report.end(), report };
    for Submission { number, .. } in submissions {
        store.put_submission_ended(run, number, &ended).await?;
    }
    Ok(Some(ended.report))
}

/// The runs that were submitted and have not ended.
async fn open_runs(store: Store) -> Result<Vec<RunId>, CoordinatorError> {
    let names = store.folders("runs/").await?;
    let runs = names.into_iter().filter_map(|name| name.parse::<RunId>().ok());
    let open = stream::iter(runs).map(|run| if_open(&store, run)).buffer_unordered(LOOKS);
    Ok(open.filter_map(future::ready).collect().await)
}

/// A run whose submissions cannot be read holds up no other.
async fn if_open(store: &Store, run: RunId) -> Option<RunId> {
    match store.open_submissions(&run).await {
        Ok(submissions) => (!submissions.is_empty()).then_some(run),
        Err(error) => {
            tracing::error!(%run, error = &error as &dyn std::error::Error, "cannot see whether a run is to be worked on");
            None
        }
    }
}
