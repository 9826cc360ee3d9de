//! Jobs that vanish from the queue come again; jobs that are only out of sight do not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use antiphon_coordinator::{Config, End};

use crate::stage::{Asked, Stage, WINDOW};
use crate::worker::{Habits, Ledger};

#[tokio::test(start_paused = true)]
async fn a_purged_queue_is_filled_again() {
    let stage = Stage::new();
    let coordinator = stage.coordinator();
    stage.submit(&Asked::new("r", &["p"], 20)).await;
    let begun = tokio::time::Instant::now();
    let mut purge = stage.queue.consume_jobs(&"p".parse().unwrap(), 1).await.unwrap();
    for _ in 0..WINDOW {
        purge.next().await.unwrap().ack().await.unwrap();
    }
    drop(purge);
    let after = Config::fleet(WINDOW).republish_after;
    tokio::time::sleep_until(begun + after - Duration::from_secs(60)).await;
    let published = || coordinator.progress.published.load(Ordering::Relaxed);
    assert_eq!(published(), WINDOW as u64, "not before any job can be back");
    let ledger = Ledger::default();
    let _workers = stage.workers("p", 1, Habits::default(), &ledger);
    assert_eq!(stage.ended("r").await.end, End::Complete);
    assert_eq!((published(), ledger.done().len()), (20 + WINDOW as u64, 20));
}

#[tokio::test(start_paused = true)]
async fn jobs_that_wait_their_time_or_for_a_worker_are_not_published_again() {
    let stage = Stage::new();
    let coordinator = stage.coordinator();
    stage.submit(&Asked::new("r", &["p", "q"], 20)).await;
    // In `p` all jobs are put off by the longest wait that there is; in `q` nobody works at all.
    let mut putting_off = stage.queue.consume_jobs(&"p".parse().unwrap(), 1).await.unwrap();
    for _ in 0..WINDOW {
        putting_off.next().await.unwrap().retry(Duration::from_secs(3600)).await.unwrap();
    }
    drop(putting_off);
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(coordinator.progress.published.load(Ordering::Relaxed), 2 * WINDOW as u64);
}
