//! One job: its sessions side by side, then store → hint → ack, in that order.

use std::sync::Arc;
use std::time::Duration;

use antiphon_core::{Event, Job, JobTally, OBJECT_FORMAT, ResultObject, Sample, keys};
use antiphon_queue::Delivery;
use antiphon_store::Put;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::Semaphore;

use crate::WorkerError;
use crate::call::{Line, PoolStopped};
use crate::run::{Parts, PoolParts};
use crate::runs::Run;
use crate::session::{NoSession, ask_session};

/// When a job whose pool has stopped may be delivered again.
const LATER: Duration = Duration::from_secs(60);

/// How a job ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Its result is stored, or was stored before.
    Stored,
    /// It can never be done and went to the dead letters.
    Rejected,
    /// Its pool takes no more calls; it is handed back.
    Stopped(PoolStopped),
}

/// Works on one delivery to its end. Dropping the future hands the job back.
pub(crate) async fn work(
    parts: Arc<Parts>,
    pool: Arc<PoolParts>,
    slots: Arc<Semaphore>,
    delivery: Delivery,
) -> Result<Ended, WorkerError> {
    let job = delivery.job().clone();
    let run = parts.runs.of(&parts.store, &job).await?;
    if parts.store.has_result(&job).await? {
        // Whoever stored it may have died before its hint went out, so the hint tells what it cost.
        let stored = parts.store.get_result(&keys::result(&job)).await?;
        let tally = tally(&run, &job, &stored.samples);
        return finish(&parts, delivery, &job, tally).await;
    }
    let samples = match sessions(&parts, &pool, &slots, &run, &job).await {
        Ok(samples) => samples,
        Err(NoSession::Stopped(stopped)) => {
            delivery.retry(LATER).await?;
            return Ok(Ended::Stopped(stopped));
        }
        Err(NoSession::Template(reason)) => {
            delivery.reject(&reason).await?;
            return Ok(Ended::Rejected);
        }
    };
    let mut tally = tally(&run, &job, &samples);
    let object = ResultObject {
        format: OBJECT_FORMAT,
        run: job.run.clone(),
        target: job.target.clone(),
        block: job.block.clone(),
        job: job.id(),
        samples,
    };
    tally.duplicate = parts.store.put_result(&job, object).await? == Put::Exists;
    parts.counters.job();
    finish(&parts, delivery, &job, tally).await
}

/// The result is durable: now, and only now, others are told and the queue forgets the job.
async fn finish(parts: &Parts, delivery: Delivery, job: &Job, tally: JobTally) -> Result<Ended, WorkerError> {
    parts.queue.publish_event(&Event::JobDone { job: job.clone(), tally }).await?;
    delivery.ack().await?;
    Ok(Ended::Stored)
}

/// All samples of the job in the order of the plan.
async fn sessions(
    parts: &Parts,
    pool: &PoolParts,
    slots: &Semaphore,
    run: &Run,
    job: &Job,
) -> Result<Vec<Sample>, NoSession> {
    let planned = run.plan().sessions(job);
    if planned.is_empty() {
        return Err(NoSession::Template(format!("round {} of the run has no such job", job.round)));
    }
    let target = run.manifest.target(&job.target).expect("a planned job has a target of the manifest");
    let Some(place) = pool.targets.get(&target.alias) else {
        return Err(NoSession::Stopped(PoolStopped {
            reason: format!("this worker's configuration has no target {}; add it there", target.alias),
            misconfigured: true,
        }));
    };
    let line = Line {
        target,
        client: &parts.client,
        endpoint: &place.endpoint,
        pool: &pool.limits,
        ratio: &place.ratio,
        answered: &place.answered,
        counters: &parts.counters,
        policy: &parts.retry,
        seed: run.manifest.seed,
    };
    let (line, repeats) = (&line, run.manifest.sampling.repeats);
    let mut open: FuturesUnordered<_> = planned
        .iter()
        .enumerate()
        .map(|(place, planned)| async move {
            // Waiting is first come, first served, so jobs fill the slots one after the other.
            let _slot = slots.acquire().await.expect("slots are never closed");
            (place, ask_session(line, &run.prompter, &job.run, repeats, planned).await)
        })
        .collect();
    let mut results: Vec<Vec<Sample>> = vec![Vec::new(); planned.len()];
    while let Some((place, samples)) = open.next().await {
        results[place] = samples?;
    }
    Ok(results.into_iter().flatten().collect())
}

fn tally(run: &Run, job: &Job, samples: &[Sample]) -> JobTally {
    let price = run.manifest.target(&job.target).and_then(|target| target.price);
    let mut tally = JobTally::default();
    for sample in samples {
        *tally.samples.entry(sample.outcome.class()).or_default() += 1;
        if let (Some(usage), Some(price)) = (sample.billing.usage, price) {
            tally.dollars += price.dollars(usage.input_tokens, usage.output_tokens);
        }
    }
    tally
}
