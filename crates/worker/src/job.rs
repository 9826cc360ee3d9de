//! One job: its sessions side by side, then store → hint → ack (several hints may travel together, a moment later).

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon_core::{Duplicate, Event, Job, JobTally, OBJECT_FORMAT, ResultObject, Sample, keys};
use antiphon_store::{Put, StoreError};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::call::{Line, PATIENCE, PoolStopped, Unasked};
use crate::herald::Herald;
use crate::open_jobs::{Done, OpenJobs, Settlement};
use crate::parts::{Parts, Place, PoolParts};
use crate::runs::{NoRun, Run};
use crate::session::{NoSession, ask_session};
use crate::song::Song;
use crate::strangers::{Strangers, Verdict};
use crate::turn::Turn;
use crate::{WorkerError, clock};

/// When a job whose pool has stopped may be delivered again.
const LATER: Duration = Duration::from_secs(60);
/// How long a job that takes very long is laid aside while it is worked on.
const ASIDE: Duration = Duration::from_secs(3600);
/// When a job that this worker cannot do now may be delivered again, to another one if there is one.
const ELSEWHERE: Duration = Duration::from_secs(20);

/// What all jobs of a pool share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) parts: Arc<Parts>,
    pub(crate) pool: Arc<PoolParts>,
    pub(crate) slots: Semaphore,
    pub(crate) song: Arc<Song>,
    pub(crate) turn: Turn,
    pub(crate) open: OpenJobs,
    pub(crate) strangers: Strangers,
    /// For how long deliveries are held.
    pub(crate) hold: Duration,
    pub(crate) herald: Herald,
    /// Whether a model has answered since it was last said.
    pub(crate) works: Arc<AtomicBool>,
    /// Takes the 429s that other workers should hear of.
    pub(crate) hushes: mpsc::Sender<Option<Duration>>,
}

/// How open jobs are told to come to an end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shift {
    /// Jobs that have not made a call are handed back.
    pub(crate) closing: CancellationToken,
    /// No call begins; those under way end.
    pub(crate) halt: CancellationToken,
    /// Jobs are handed back as they are.
    pub(crate) leave: CancellationToken,
}

/// How a job ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing more is to be done about it here.
    Settled,
    /// Its pool takes no more calls; it is handed back.
    Stopped(PoolStopped),
    /// This worker cannot do it, nobody else seems to do it, and why; it is handed back.
    NotForUs(String),
}

/// Why a job has no samples.
enum NoSamples {
    Unasked(Unasked),
    /// They can never be had.
    Never(String),
    /// This worker cannot have them.
    NotHere(String),
    /// The worker is to leave.
    Left,
}

impl From<NoSession> for NoSamples {
    fn from(none: NoSession) -> Self {
        match none {
            NoSession::Unasked(unasked) => Self::Unasked(unasked),
            NoSession::Template(reason) => Self::Never(reason),
        }
    }
}

/// Works on a job that was delivered to its end. Dropping the future hands it back.
///
/// A job is stored whole or not at all: where it ends early, its answers so far are lost, and their cost is in vain.
pub(crate) async fn work(desk: Arc<Desk>, shift: Shift, job: Job) -> Result<Ended, WorkerError> {
    let (held, begin) = (desk.open.hold(job.clone()), Instant::now());
    let finishing = finish(&desk, &shift, job);
    tokio::pin!(finishing);
    let (settlement, ended) = loop {
        tokio::select! {
            finished = &mut finishing => break finished?,
            () = sleep(desk.hold) => held.lay_aside(ASIDE).await?,
        }
    };
    held.settle(&settlement).await?;
    desk.parts.metrics.settled(&desk.pool.id, &settlement, begin.elapsed());
    Ok(ended)
}

async fn finish(desk: &Desk, shift: &Shift, job: Job) -> Result<(Settlement, Ended), WorkerError> {
    let parts = &desk.parts;
    let (run, limits) = match parts.runs.of(&parts.store, &job).await {
        Ok(met) => met,
        Err(NoRun::Never(reason)) => return Ok((Settlement::Reject(reason), Ended::Settled)),
        Err(NoRun::NotHere(reason)) => return Ok(not_here(desk, &job, reason)),
        Err(NoRun::Failed(error)) => return Err(error),
    };
    if run.cancelled.is_cancelled() {
        return Ok((Settlement::Ack(Done::Cancelled), Ended::Settled));
    }
    if parts.store.has_result(&job).await? {
        let tally = stored(parts, &run, &job).await?;
        desk.herald.tell(Event::JobDone { job, tally }).await?;
        return Ok((Settlement::Ack(Done::Known), Ended::Settled));
    }
    let _sung = desk.song.begin(&run.manifest.run, &limits);
    let had = Mutex::default();
    let samples = samples(desk, shift, &run, &job, &had).await;
    if samples.is_err() {
        in_vain(desk, &job, had.into_inner().expect("no holder panics")).await;
    }
    match samples {
        Ok(samples) => {
            let done = store(desk, &run, job, samples).await?;
            Ok((Settlement::Ack(done), Ended::Settled))
        }
        Err(NoSamples::Unasked(Unasked::Stopped(stopped))) => {
            Ok((Settlement::Retry(LATER), Ended::Stopped(stopped)))
        }
        Err(NoSamples::Unasked(Unasked::Halted)) if run.cancelled.is_cancelled() => {
            Ok((Settlement::Ack(Done::Cancelled), Ended::Settled))
        }
        Err(NoSamples::Unasked(Unasked::Halted)) => Ok((Settlement::Retry(LATER), Ended::Settled)),
        Err(NoSamples::Unasked(Unasked::Late)) => Ok((Settlement::Retry(ELSEWHERE), Ended::Settled)),
        Err(NoSamples::Left) => Ok((Settlement::Retry(Duration::ZERO), Ended::Settled)),
        Err(NoSamples::Never(reason)) => Ok((Settlement::Reject(reason), Ended::Settled)),
        Err(NoSamples::NotHere(reason)) => Ok(not_here(desk, &job, reason)),
    }
}

/// Another worker may be able to do it. Nothing is handed round for ever, though.
fn not_here(desk: &Desk, job: &Job, reason: String) -> (Settlement, Ended) {
    let verdict = desk.strangers.came(job);
    if verdict == Verdict::GiveUp || desk.strangers.is_news(&reason) {
        tracing::warn!(pool = %desk.pool.id, run = %job.run, job = %job.id(), reason, ?verdict, "a job for others");
    } else {
        tracing::debug!(pool = %desk.pool.id, run = %job.run, job = %job.id(), reason, ?verdict, "a job for others");
    }
    match verdict {
        Verdict::HandBack => (Settlement::Retry(ELSEWHERE), Ended::Settled),
        Verdict::Say => (Settlement::Retry(ELSEWHERE), Ended::NotForUs(reason)),
        Verdict::GiveUp => (Settlement::Reject(reason), Ended::Settled),
    }
}

/// What a job came to that somebody has stored: they may have died before their hint went out, so ours tells what it cost.
async fn stored(parts: &Parts, run: &Run, job: &Job) -> Result<JobTally, WorkerError> {
    match parts.store.get_result(&keys::result(job)).await {
        Ok(object) => Ok(tally(run, job, &object.samples)),
        // It is stored, whatever it is; whoever sums up will say so.
        Err(error @ (StoreError::Corrupt { .. } | StoreError::NewerFormat { .. })) => {
            tracing::error!(%error, "a stored result cannot be read");
            Ok(JobTally::default())
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes the result durable; then, and only then, others are told.
async fn store(desk: &Desk, run: &Run, job: Job, samples: Vec<Sample>) -> Result<Done, WorkerError> {
    let parts = &desk.parts;
    let mut tally = tally(run, &job, &samples);
    let object = ResultObject {
        format: OBJECT_FORMAT,
        run: job.run.clone(),
        target: job.target.clone(),
        block: job.block.clone(),
        job: job.id(),
        samples,
    };
    tally.duplicate = parts.store.put_result(&job, object).await? == Put::Exists;
    parts.health.progress();
    if tally.duplicate {
        put_duplicate(parts, &job, &tally, true).await?;
    }
    let done = if tally.duplicate { Done::Duplicate } else { Done::Stored };
    desk.herald.tell(Event::JobDone { job, tally }).await?;
    Ok(done)
}

/// Records what was paid for a job that ends early. That must not keep the job from being handed back.
async fn in_vain(desk: &Desk, job: &Job, tally: JobTally) {
    if tally.samples.is_empty() {
        return;
    }
    let tally = JobTally { duplicate: true, ..tally };
    let recorded = put_duplicate(&desk.parts, job, &tally, false).await;
    // Not with others: no leader looks for this in the store, and its budget must hear of it.
    let told = desk.parts.queue.publish_event(&Event::JobDone { job: job.clone(), tally }).await;
    if let Err(error) = recorded.and(told.map_err(WorkerError::from)) {
        tracing::warn!(run = %job.run, job = %job.id(), %error, "cannot record what a job cost that was handed back");
    }
}

async fn put_duplicate(parts: &Parts, job: &Job, tally: &JobTally, whole: bool) -> Result<(), WorkerError> {
    let (samples, dollars) = (tally.samples.values().sum(), tally.dollars);
    let duplicate = Duplicate { format: OBJECT_FORMAT, job: job.clone(), samples, dollars, whole };
    parts.store.put_duplicate(&duplicate, clock::nanoseconds(clock::now())).await?;
    Ok(())
}

/// All samples of the job, unless it is told to end early. `had` is what it came to so far.
async fn samples(
    desk: &Desk,
    shift: &Shift,
    run: &Run,
    job: &Job,
    had: &Mutex<JobTally>,
) -> Result<Vec<Sample>, NoSamples> {
    let (halt, begun) = (shift.halt.child_token(), AtomicBool::new(false));
    let asking = sessions(desk, run, job, (&halt, &begun, had));
    tokio::pin!(asking);
    let mut may_close = true;
    loop {
        // Dropping what is asked loses its answers, and that is what leaving means; nothing else is lost here.
        tokio::select! {
            biased;
            () = shift.leave.cancelled() => return Err(NoSamples::Left),
            samples = &mut asking => return samples,
            () = run.cancelled.cancelled(), if !halt.is_cancelled() => halt.cancel(),
            () = shift.closing.cancelled(), if may_close => {
                if !begun.load(Relaxed) {
                    return Err(NoSamples::Left);
                }
                may_close = false;
            }
        }
    }
}

/// All samples of the job in the order of the plan.
async fn sessions(
    desk: &Desk,
    run: &Run,
    job: &Job,
    (halt, begun, had): (&CancellationToken, &AtomicBool, &Mutex<JobTally>),
) -> Result<Vec<Sample>, NoSamples> {
    let planned = run.plan().sessions(job);
    if planned.is_empty() {
        return Err(NoSamples::Never(format!("round {} of the run has no such job", job.round)));
    }
    let target = run.manifest.target(&job.target).expect("a planned job has a target of the manifest");
    desk.parts.metrics.meet(target);
    let Some(place) = desk.pool.targets.get(&target.alias) else {
        let reason = format!("this worker's configuration has no target {}; add it there", target.alias);
        return Err(NoSamples::NotHere(reason));
    };
    let Place { endpoint, ratio, answered } = place;
    let line = Line {
        target,
        client: &desk.parts.client,
        endpoint,
        pool: &desk.pool.limits,
        turn: &desk.turn,
        halt,
        begun,
        hushes: &desk.hushes,
        had,
        works: &desk.works,
        ratio,
        answered,
        metrics: &desk.parts.metrics,
        policy: &desk.parts.retry,
        seed: run.manifest.seed,
    };
    let turn = halt.run_until_cancelled(timeout(PATIENCE, desk.turn.come())).await;
    let turn = turn.ok_or(NoSamples::Unasked(Unasked::Halted))?;
    let mut turn = Some(turn.map_err(|_| NoSamples::Unasked(Unasked::Late))?);
    let (line, repeats) = (&line, run.manifest.sampling.repeats);
    let mut open: FuturesUnordered<_> = planned
        .iter()
        .enumerate()
        .map(|(place, planned)| async move {
            // Waiting is first come, first served, so jobs fill the slots one after the other.
            let _slot = desk.slots.acquire().await.expect("slots are never closed");
            (place, ask_session(line, &run.prompter, &job.run, repeats, planned).await)
        })
        .collect();
    let (mut results, mut failed) = (vec![Vec::new(); planned.len()], None);
    // The turn is the next job's once the sessions of this one stand in line.
    while let Some((place, samples)) = poll_fn(|context| {
        let polled = open.poll_next_unpin(context);
        turn = None;
        polled
    })
    .await
    {
        match samples {
            Ok(samples) => results[place] = samples,
            // Calls of other sessions are under way, and a provider counts them until they end.
            Err(none) => {
                halt.cancel();
                failed.get_or_insert(none);
            }
        }
    }
    failed.map_or_else(|| Ok(results.into_iter().flatten().collect()), |none| Err(none.into()))
}

fn tally(run: &Run, job: &Job, samples: &[Sample]) -> JobTally {
    let mut tally = JobTally::default();
    let Some(target) = run.manifest.target(&job.target) else { return tally };
    samples.iter().for_each(|sample| tally.add(sample, target));
    tally
}
