//! How a worker leaves: nothing is lost, and leaving is no loss.

use std::time::Duration;

use antiphon_core::{Event, Limits};
use antiphon_queue::DELIVERY_LIMIT;
use antiphon_simulator::FaultKind;
use antiphon_tests::{Asked, VOICES};
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
async fn a_worker_that_leaves_hands_its_job_back_without_loss() {
    let mut stage = Stage::new(2).await;
    stage.queue.publish_job(&stage.jobs()[0]).await.unwrap();
    let hurried = Config { grace: Duration::from_secs(1), ..config() };
    for _ in 0..=DELIVERY_LIMIT {
        stage.simulator.reset();
        stage.fault(FaultKind::Hang, 1_000);
        let worker = stage.worker(&BOTH, &Limits::default(), hurried.clone());
        stage.simulator.until_calls(4).await;
        worker.end().await.unwrap();
        assert_eq!(stage.queue.depth(&pool()).await.unwrap(), 1, "it can be had at once");
    }
    stage.simulator.reset();
    let worker = stage.worker(&BOTH, &Limits::default(), config());
    stage.until_done(1).await;
    worker.end().await.unwrap();
}

/// What was paid for a job that is handed back half done is known.
#[tokio::test(start_paused = true)]
async fn what_a_job_cost_that_is_handed_back_is_recorded() {
    let mut stage = Stage::new(2).await;
    let job = stage.jobs().remove(0);
    stage.queue.publish_job(&job).await.unwrap();
    let limits = Limits { requests_per_minute: Some(6), burst: Some(1), ..Limits::default() };
    let worker = stage.worker(&BOTH, &limits, Config { grace: Duration::from_secs(1), ..config() });
    while worker.metrics.read().samples < 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    worker.end().await.unwrap();
    let duplicates = stage.store.duplicates(&job.run).await.unwrap();
    let [half] = &duplicates[..] else { panic!("{duplicates:?}") };
    assert_eq!((&half.job, half.samples, half.whole), (&job, 2, false));
    let Event::JobDone { tally, .. } = stage.hear().await else { panic!("another hint") };
    assert!(tally.duplicate && half.dollars > 0.0 && tally.dollars == half.dollars, "{tally:?}");
    assert_eq!(stage.queue.depth(&pool()).await.unwrap(), 1);
}

/// A broker takes away what is held for too long. Four calls at one a minute.
#[tokio::test(start_paused = true)]
async fn a_job_that_takes_long_is_given_back_meanwhile_and_asked_once() {
    let mut stage = Stage::new(2).await;
    let job = stage.jobs().remove(0);
    stage.queue.publish_job(&job).await.unwrap();
    let limits = Limits { requests_per_minute: Some(1), burst: Some(1), ..Limits::default() };
    let impatient = Config { hold: Duration::from_secs(60), grace: Duration::ZERO, ..config() };
    // It dies when the job is in nobody's hands.
    let dies = stage.worker(&BOTH, &limits, impatient.clone());
    stage.simulator.until_calls(2).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    drop(dies);
    assert_eq!(stage.queue.depth(&pool()).await.unwrap(), 0, "it is laid aside");
    stage.simulator.reset();
    let begin = Instant::now();
    let worker = stage.worker(&BOTH, &limits, impatient);
    stage.until_done(1).await;
    assert!(begin.elapsed() > Duration::from_secs(3_000), "it came again: {:?}", begin.elapsed());
    assert_eq!(stage.simulator.stats().calls, 4);
    // Its own copy comes, and is done.
    tokio::time::sleep(Duration::from_secs(3_700)).await;
    assert_eq!((stage.simulator.stats().calls, stage.queue.depth(&pool()).await.unwrap()), (4, 0));
    worker.end().await.unwrap();
    assert_eq!(stage.queue.depth(&pool()).await.unwrap(), 0);
}

/// Calls of one job that wait behind those of another would make both of them slow. Each has four sessions of two calls.
#[tokio::test(start_paused = true)]
async fn under_a_low_limit_jobs_begin_one_after_the_other() {
    let asked = Asked { probes: 1, ..Asked::new(2, 8, 2) };
    let mut stage = Stage::asking(&asked, VOICES, Limits::default()).await;
    stage.publish().await;
    let limits = Limits { requests_per_minute: Some(60), burst: Some(1), ..Limits::default() };
    let worker = stage.worker(&BOTH, &limits, config());
    stage.until_done(1).await;
    let calls = stage.simulator.stats().calls;
    assert!(calls <= 9, "{calls} calls when the first job was done");
    worker.end().await.unwrap();
}

/// Who cannot begin goes elsewhere, and that is no loss either.
#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_begin_for_minutes_is_handed_back() {
    let mut stage = Stage::new(4).await;
    let jobs = stage.publish().await;
    let stuck = stage.worker(&BOTH, &Limits { concurrency: Some(0), ..Limits::default() }, config());
    tokio::time::sleep(Duration::from_secs(3_600) * DELIVERY_LIMIT).await;
    assert!(stuck.health.read().open_jobs() > 0);
    let begin = Instant::now();
    let works = stage.worker(&BOTH, &Limits::default(), config());
    stage.until_done(jobs.len()).await;
    assert!(begin.elapsed() < Duration::from_secs(1_200), "{:?}", begin.elapsed());
    stuck.end().await.unwrap();
    works.end().await.unwrap();
}
