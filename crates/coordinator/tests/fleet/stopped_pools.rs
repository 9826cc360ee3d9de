//! Pools that take no more calls: one bad worker ends nothing, and nothing waits for ever.

use std::time::Duration;

use antiphon_coordinator::{Config, End, Wanted, open_run, run};
use antiphon_core::Event;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::stage::{Asked, Stage, WINDOW};
use crate::worker::{Habits, Ledger};

/// A worker that says so again and again.
fn stopped_worker(stage: &Stage, pool: &str, begins: Duration) -> JoinSet<()> {
    let (queue, pool) = (stage.queue.clone(), pool.parse().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        tokio::time::sleep(begins).await;
        let event = Event::PoolStopped { pool, reason: "wrong key".to_owned(), misconfigured: true };
        loop {
            queue.publish_event(&event).await.unwrap();
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
    });
    tasks
}

const SLOW: Habits = Habits { takes: Duration::from_secs(50), tokens: 1, seed: 1 };

#[tokio::test(start_paused = true)]
async fn one_bad_worker_among_many_ends_no_run() {
    let stage = Stage::new();
    let _coordinator = stage.coordinator();
    let _bad = stopped_worker(&stage, "p", Duration::ZERO);
    let _good = stage.workers("p", 1, SLOW, &Ledger::default());
    stage.submit(&Asked::new("r", &["p"], 40)).await;
    let ended = stage.ended("r").await;
    assert_eq!(ended.end, End::Complete, "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_works_for_another_run_works() {
    let stage = Stage::new();
    let _coordinator = stage.coordinator();
    let _bad = stopped_worker(&stage, "p", Duration::from_secs(10));
    let _good = stage.workers("p", 1, SLOW, &Ledger::default());
    // The first one's jobs stand before the second one's, for longer than patience lasts.
    stage.submit(&Asked::new("first", &["p"], 40)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    stage.submit(&Asked::new("second", &["p"], 2)).await;
    assert_eq!(stage.ended("second").await.end, End::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_without_a_pool_that_has_stopped_and_says_why() {
    let stage = Stage::new();
    let _coordinator = stage.coordinator();
    let _good = stage.workers("q", 1, Habits::default(), &Ledger::default());
    // The first hints are lost.
    stage.memory.lose_events(3);
    let _bad = stopped_worker(&stage, "p", Duration::from_secs(1));
    stage.submit(&Asked::new("r", &["p", "q"], 30)).await;
    let ended = stage.ended("r").await;
    assert_eq!(ended.end, End::PoolStopped);
    let report = ended.report;
    assert_eq!((report.stored, report.left, report.dead), (30, 30, 0), "{report:?}");
    assert_eq!(
        (report.stopped_pools[0].pool.as_str(), report.stopped_pools[0].reason.as_str()),
        ("p", "wrong key")
    );
    assert_eq!(report.stopped_pools.len(), 1);

    // Mended, and submitted again, it goes on.
    drop(_bad);
    let _mended = stage.workers("p", 1, Habits::default(), &Ledger::default());
    let again = stage.submit(&Asked::new("r", &["p", "q"], 30)).await;
    assert!(again.opened.resumed && !again.running && again.submission.number == 2);
    assert_eq!(stage.ended("r").await.end, End::Complete);
}

#[tokio::test(start_paused = true)]
async fn in_one_process_the_only_worker_is_believed_at_once() {
    let stage = Stage::new();
    let loaded = Asked::new("r", &["p"], 30).loaded();
    let opened = open_run(&stage.store, &loaded.text, loaded.manifest, &Wanted::default()).await.unwrap();
    let _worker = stage.workers("p", 1, Habits::default(), &Ledger::default());
    let (parts, config, stop) = (stage.parts(), Config::one_process(WINDOW), CancellationToken::new());
    let (report, ()) = tokio::join!(run(&parts, &opened, &config, &stop), async {
        stage.stored("r", 3).await;
        let pool = "p".parse().unwrap();
        let event = Event::PoolStopped { pool, reason: "quota".to_owned(), misconfigured: false };
        stage.queue.publish_event(&event).await.unwrap();
    });
    let report = report.unwrap();
    assert_eq!(report.end(), End::PoolStopped);
    assert!(report.stored <= 4 && report.left >= 26, "{report:?}");
}
