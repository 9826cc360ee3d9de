//! How a worker leaves: nothing is lost, and leaving is no loss.

use std::time::Duration;

use antiphon_core::Limits;
use antiphon_queue::DELIVERY_LIMIT;
use antiphon_simulator::FaultKind;
use antiphon_worker::Config;
use tokio::time::Instant;

use crate::stage::{Stage, config, pool};

const BOTH: [&str; 2] = ["alto", "bass"];

#[tokio::test(start_paused = true)]
async fn open_jobs_end_within_the_grace_period() {
    let stage = Stage::new(4).await;
    stage.publish().await;
    let worker = stage.worker(
        &BOTH,
        &Limits { requests_per_minute: Some(60), burst: Some(1), ..Limits::default() },
        config(),
    );
    stage.simulator.until_calls(2).await;
    let begin = Instant::now();
    worker.end().await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(stage.stored().await, 1, "the job that had begun");
    assert_eq!(stage.simulator.stats().calls, 4);
}

/// More often than a job may be lost.
#[tokio::test(start_paused = true)]
async fn a_worker_that_leaves_hands_its_jobs_back_without_loss() {
    let mut stage = Stage::new(4).await;
    let jobs = stage.publish().await;
    let hurried = Config { grace: Duration::from_secs(1), ..config() };
    for _ in 0..=DELIVERY_LIMIT {
        stage.simulator.reset();
        stage.fault(FaultKind::Hang, 1_000);
        let worker = stage.worker(&BOTH, &Limits::default(), hurried.clone());
        stage.simulator.until_calls(4).await;
        worker.end().await.unwrap();
        assert_eq!(stage.queue.depth(&pool()).await.unwrap(), jobs.len() as u64, "they can be had at once");
    }
    stage.simulator.reset();
    let worker = stage.worker(&BOTH, &Limits::default(), config());
    stage.until_done(jobs.len()).await;
    worker.end().await.unwrap();
    assert_eq!(stage.stored().await, jobs.len());
}

/// Two jobs would hold their deliveries for twice as long, and lose more when their worker dies.
#[tokio::test(start_paused = true)]
async fn under_a_low_limit_jobs_begin_one_after_the_other() {
    let mut stage = Stage::new(8).await;
    let jobs = stage.publish().await;
    let limits = Limits { requests_per_minute: Some(60), burst: Some(1), ..Limits::default() };
    let worker = stage.worker(&BOTH, &limits, config());
    stage.until_done(jobs.len()).await;
    worker.end().await.unwrap();
    let ledger = stage.simulator.ledger();
    let first: Vec<&str> = ledger.iter().take(4).filter_map(|entry| entry.voice.as_deref()).collect();
    assert!(first.iter().all(|voice| *voice == first[0]), "{first:?}");
}

/// Who waits behind a slow job goes elsewhere, and that is no loss either.
#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_begin_for_minutes_is_handed_back() {
    let stage = Stage::new(4).await;
    let jobs = stage.publish().await;
    let worker = stage.worker(&BOTH, &Limits { concurrency: Some(0), ..Limits::default() }, config());
    while worker.health.read().open_jobs() < 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    for minute in 0..60 * u64::from(DELIVERY_LIMIT) {
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(worker.health.read().open_jobs() <= 2, "after {minute} minutes");
    }
    worker.end().await.unwrap();
    assert_eq!(stage.simulator.stats().calls, 0);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(stage.queue.depth(&pool()).await.unwrap(), jobs.len() as u64, "none is dead");
}
