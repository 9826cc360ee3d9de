//! What is asked once, and what was in vain.

use std::collections::BTreeMap;

use antiphon_core::{Cancelled, Event, Job, Limits, OBJECT_FORMAT, ResultObject, keys};
use antiphon_simulator::FaultKind;
use antiphon_tests::{Asked, VOICES, answers};
use antiphon_worker::FRESH;

use crate::stage::{Stage, config};

const BOTH: [&str; 2] = ["alto", "bass"];

#[tokio::test(start_paused = true)]
async fn a_job_that_is_delivered_twice_to_one_worker_is_asked_once() {
    let mut stage = Stage::new(4).await;
    stage.memory.deliver_twice(4);
    let jobs = stage.publish().await;
    let worker = stage.worker(&BOTH, &Limits::default(), config());
    stage.until_done(jobs.len()).await;
    let counts = answers(&stage.simulator.ledger());
    assert!(counts.values().all(|count| *count == 1), "asked more than once: {counts:?}");
    worker.end().await.unwrap();
    assert_eq!(stage.queue.depth(&crate::stage::pool()).await.unwrap(), 0);
}

/// Another worker stores the job while this one asks it.
#[tokio::test(start_paused = true)]
async fn work_in_vain_is_recorded_with_its_cost() {
    let mut stage = Stage::new(2).await;
    let job = stage.jobs().remove(0);
    stage.fault(FaultKind::Trickle, 4);
    stage.queue.publish_job(&job).await.unwrap();
    let worker = stage.worker(&BOTH, &Limits::default(), config());
    stage.simulator.until_calls(4).await;
    let theirs = ResultObject {
        format: OBJECT_FORMAT,
        run: job.run.clone(),
        target: job.target.clone(),
        block: job.block.clone(),
        job: job.id(),
        samples: Vec::new(),
    };
    stage.store.put_result(&job, theirs.clone()).await.unwrap();
    let Event::JobDone { tally, .. } = stage.hear().await else { panic!("another hint") };
    worker.end().await.unwrap();
    let duplicates = stage.store.duplicates(&job.run).await.unwrap();
    let [duplicate] = &duplicates[..] else { panic!("{duplicates:?}") };
    assert_eq!((&duplicate.job, duplicate.samples), (&job, 4));
    assert!(tally.duplicate && duplicate.dollars > 0.0 && duplicate.dollars == tally.dollars, "{tally:?}");
    assert_eq!(stage.store.get_result(&keys::result(&job)).await.unwrap(), theirs, "the first stands");
}

fn cancelled() -> Cancelled {
    Cancelled { format: OBJECT_FORMAT, at_ms: 0, reason: None }
}

#[tokio::test(start_paused = true)]
async fn deliveries_of_a_cancelled_run_are_acked_and_nothing_is_asked() {
    let stage = Stage::new(4).await;
    stage.store.put_cancelled(&stage.opened.manifest.run, &cancelled()).await.unwrap();
    stage.publish().await;
    let worker = stage.worker(&BOTH, &Limits::default(), config());
    while stage.queue.depth(&crate::stage::pool()).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    worker.end().await.unwrap();
    assert_eq!(stage.queue.depth(&crate::stage::pool()).await.unwrap(), 0);
    assert_eq!(stage.simulator.stats().calls, 0);
}

#[tokio::test(start_paused = true)]
async fn open_jobs_of_a_run_that_is_cancelled_make_no_more_calls() {
    let stage = Stage::new(4).await;
    stage.publish().await;
    // One call in ten seconds, so that the mark is seen between two calls.
    let limits = Limits { requests_per_minute: Some(6), burst: Some(1), ..Limits::default() };
    let worker = stage.worker(&BOTH, &limits, config());
    stage.simulator.until_calls(1).await;
    stage.store.put_cancelled(&stage.opened.manifest.run, &cancelled()).await.unwrap();
    while stage.queue.depth(&crate::stage::pool()).await.unwrap() > 0 || worker.health.read().open_jobs() > 0
    {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    worker.end().await.unwrap();
    assert!(stage.simulator.stats().calls <= 2, "{} calls", stage.simulator.stats().calls);
    assert_eq!(stage.stored().await, 0);
}

/// A provider that has begun to answer has used tokens, whatever becomes of the answer.
#[tokio::test(start_paused = true)]
async fn tokens_of_an_answer_that_is_lost_stay_spent() {
    let mut spent = Vec::new();
    for fault in [FaultKind::ServerError, FaultKind::Truncated, FaultKind::Garbage] {
        let mut stage = Stage::new(2).await;
        stage.fault(fault, 1);
        stage.queue.publish_job(&stage.jobs()[0]).await.unwrap();
        let limits = Limits { output_tokens_per_minute: Some(1_000_000), ..Limits::default() };
        let worker = stage.worker(&BOTH, &limits, config());
        stage.until_done(1).await;
        let samples = worker.metrics.read();
        assert_eq!(samples.retries.len(), 1, "{samples:?}");
        spent.push(worker.pool.reading().tokens.output_tokens - samples.output_tokens);
        worker.end().await.unwrap();
    }
    assert_eq!(spent, [0, 60, 60], "the most that was asked for");
}

/// A provider counts calls until they end, and bills them.
#[tokio::test(start_paused = true)]
async fn calls_under_way_end_when_their_run_is_cancelled() {
    // Longer than it takes to see the mark.
    let slow = VOICES.replace("latency_ms: [1, 3]", "latency_ms: [20000, 30000]");
    let stage = Stage::with(2, &slow, Limits::default()).await;
    let job = stage.jobs().remove(0);
    stage.queue.publish_job(&job).await.unwrap();
    // The fourth call has no place, and is never made.
    let worker = stage.worker(&BOTH, &Limits { concurrency: Some(3), ..Limits::default() }, config());
    stage.simulator.until_calls(3).await;
    stage.store.put_cancelled(&job.run, &cancelled()).await.unwrap();
    while worker.health.read().open_jobs() > 0 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    worker.end().await.unwrap();
    let duplicates = stage.store.duplicates(&job.run).await.unwrap();
    assert_eq!(duplicates.iter().map(|duplicate| duplicate.samples).collect::<Vec<_>>(), [3]);
    assert_eq!(stage.simulator.stats().calls, 3);
}

/// Whoever removes a run and submits another one under its name gets the answers of the new one.
#[tokio::test(start_paused = true)]
async fn a_run_that_was_removed_is_forgotten() {
    let mut stage = Stage::new(2).await;
    let run = stage.opened.manifest.run.clone();
    stage.submit().await;
    let before = stage.publish().await;
    let worker = stage.worker(&BOTH, &Limits::default(), config());
    stage.until_done(before.len()).await;
    stage.store.purge(&run).await.unwrap();
    tokio::time::sleep(FRESH).await;
    stage.reopen(&Asked { probes: 3, ..Asked::new(2, 2, 1) }).await;
    stage.submit().await;
    let after = stage.publish().await;
    assert!(after.len() > before.len());
    while stage.stored().await < after.len() {
        stage.hear().await;
    }
    worker.end().await.unwrap();
    assert!(stage.store.dead_jobs(&run).await.unwrap().is_empty());
}

/// The ack is lost, so the job comes again, and its result is there.
#[tokio::test(start_paused = true)]
async fn a_result_that_is_there_is_not_asked_for_again() {
    let mut stage = Stage::new(4).await;
    let jobs = stage.publish().await;
    stage.memory.lose_acks(3);
    stage.fault(FaultKind::ServerError, 2);
    let worker = stage.worker(&BOTH, &Limits::default(), config());
    let mut hints: BTreeMap<Job, u32> = BTreeMap::new();
    while hints.len() < jobs.len() || hints.values().sum::<u32>() < u32::try_from(jobs.len()).unwrap() + 3 {
        if let Event::JobDone { job, .. } = stage.events.next().await {
            *hints.entry(job).or_default() += 1;
        }
    }
    worker.end().await.unwrap();
    assert!(answers(&stage.simulator.ledger()).values().all(|count| *count == 1));
}
