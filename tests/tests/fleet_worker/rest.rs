//! Pools that are stopped, and jobs that a worker cannot do.

use std::time::Duration;

use antiphon_core::Limits;
use antiphon_simulator::FaultKind;
use tokio::time::Instant;

use crate::stage::{Stage, config};

#[tokio::test(start_paused = true)]
async fn a_stopped_pool_rests_says_so_and_is_tried_again() {
    let mut stage = Stage::new(4).await;
    let jobs = stage.publish().await;
    stage.fault(FaultKind::Quota, 1_000);
    let begin = Instant::now();
    let worker = stage.worker(&["alto", "bass"], &Limits::default(), config());
    let (reason, misconfigured) = stage.until_stopped().await;
    assert!(!misconfigured, "{reason}");
    for reminder in 1..=5 {
        assert_eq!(stage.until_stopped().await.0, reason, "reminder {reminder}");
    }
    let parked = worker.health.read();
    assert_eq!(
        (parked.pools[&crate::stage::pool()].parked.as_deref(), parked.open_jobs()),
        (Some(&*reason), 0)
    );
    assert!(stage.simulator.stats().calls <= 12, "{:?}", stage.simulator.stats());
    stage.simulator.reset();
    while worker.health.read().pools[&crate::stage::pool()].parked.is_some() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(begin.elapsed() >= Duration::from_secs(300), "tried again after {:?}", begin.elapsed());
    stage.until_done(jobs.len()).await;
    assert_eq!(worker.health.read().pools[&crate::stage::pool()].parked, None);
    worker.end().await.unwrap();
    assert_eq!(stage.stored().await, jobs.len());
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_not_to_be_parked_ends() {
    let mut stage = Stage::new(4).await;
    stage.publish().await;
    stage.fault(FaultKind::Quota, 1);
    let mut worker = stage.worker(
        &["alto", "bass"],
        &Limits::default(),
        antiphon_worker::Config { park: None, ..config() },
    );
    stage.until_stopped().await;
    worker.task.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_rests_can_be_stopped() {
    let mut stage = Stage::new(4).await;
    stage.publish().await;
    stage.fault(FaultKind::Quota, 1);
    let worker = stage.worker(&["alto", "bass"], &Limits::default(), config());
    stage.until_stopped().await;
    stage.until_stopped().await;
    let begin = Instant::now();
    worker.end().await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_target_that_one_worker_lacks_are_done_by_another() {
    let mut stage = Stage::new(4).await;
    let jobs = stage.publish().await;
    let lacking = stage.worker(&["alto"], &Limits::default(), config());
    let knowing = stage.worker(&["alto", "bass"], &Limits::default(), config());
    stage.until_done(jobs.len()).await;
    assert!(lacking.metrics.read().jobs > 0 && knowing.metrics.read().jobs > 0);
    lacking.end().await.unwrap();
    knowing.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_target_that_nobody_knows_is_spoken_of_and_its_jobs_are_given_up() {
    let mut stage = Stage::new(4).await;
    let jobs = stage.publish().await;
    let begin = Instant::now();
    let worker = stage.worker(&["alto"], &Limits::default(), config());
    let mut dead_letters = stage.queue.dead_letters().await.unwrap();
    let (reason, misconfigured) = stage.until_stopped().await;
    assert!(misconfigured && reason.contains("bass"), "{reason}");
    assert!(begin.elapsed() >= Duration::from_secs(40), "it was said after {:?}", begin.elapsed());
    for _ in jobs.iter().filter(|job| job.target.as_str() == "bass") {
        let letter = dead_letters.next().await.unwrap();
        assert_eq!((letter.job().target.as_str(), letter.reason()), ("bass", &*reason));
        letter.ack().await.unwrap();
    }
    assert_eq!(stage.stored().await, jobs.len() / 2, "its other target goes on");
    worker.end().await.unwrap();
}
