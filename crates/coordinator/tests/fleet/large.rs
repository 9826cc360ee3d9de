//! A large run: a window in the queue, however many jobs there are.

use antiphon_coordinator::{Config, End};
use antiphon_core::{Event, JobTally, keys};
use bytes::Bytes;

use crate::stage::{Asked, Stage};

const JOBS: u32 = 100_000;

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_jobs_pass_through_a_small_window() {
    let stage = Stage::new();
    let window = 32;
    let coordinator = stage.coordinator_with(Config::fleet(window));
    stage.submit(&Asked::new("r", &["p"], JOBS)).await;
    let mut jobs = stage.queue.consume_jobs(&"p".parse().unwrap(), 1).await.unwrap();
    for _ in 0..JOBS {
        let delivery = jobs.next().await.unwrap();
        assert!(stage.queue.depth(&"p".parse().unwrap()).await.unwrap() <= window as u64);
        let job = delivery.job().clone();
        // Nobody reads the results here, so they are quick to make.
        stage.store.put_once(&keys::result(&job), Bytes::new()).await.unwrap();
        stage.queue.publish_event(&Event::JobDone { job, tally: JobTally::default() }).await.unwrap();
        delivery.ack().await.unwrap();
    }
    let ended = stage.ended("r").await;
    assert_eq!((ended.end, ended.report.stored), (End::Complete, JOBS.into()));
    let published = coordinator.progress.published.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(published, u64::from(JOBS), "each once");
}
