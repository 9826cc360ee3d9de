//! Runs share the fleet, and so do the pools of a run.

use std::time::Duration;

use antiphon_coordinator::{Config, End};

use crate::stage::{Asked, Stage, WINDOW, run_id};
use crate::worker::{Habits, Ledger};

#[tokio::test(start_paused = true)]
async fn a_small_urgent_run_overtakes_a_large_one() {
    const WORKERS: u64 = 3;
    let stage = Stage::new();
    let ledger = Ledger::default();
    let window = 8;
    let _coordinator = stage.coordinator_with(Config::fleet(window));
    let _workers = stage.workers("p", WORKERS, Habits::default(), &ledger);
    stage.submit(&Asked::new("large", &["p"], 5_000)).await;
    stage.stored("large", 100).await;
    let before = ledger.done().len();
    stage.submit(&Asked::new("urgent", &["p"], 5)).await;
    assert_eq!(stage.ended("urgent").await.end, End::Complete);
    let since = &ledger.done()[before..];
    let last = since.iter().rposition(|done| done.run == run_id("urgent")).unwrap();
    let overtook = since[..last].iter().filter(|done| done.run == run_id("large")).count();
    // What was queued before it, and what other workers do meanwhile.
    assert!(
        overtook <= window + 2 * usize::try_from(WORKERS).unwrap(),
        "{overtook} jobs of the large run came before"
    );
    assert!(stage.status("large").await.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_slow_pool_holds_back_no_other() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let _coordinator = stage.coordinator();
    let _slow =
        stage.workers("p", 1, Habits { takes: Duration::from_secs(500), ..Habits::default() }, &ledger);
    let _quick = stage.workers("q", 1, Habits::default(), &ledger);
    stage.submit(&Asked::new("r", &["p", "q"], 100)).await;
    stage.stored("r", 100).await;
    let slow = ledger.done().iter().filter(|done| done.pool == "p").count();
    assert!(slow <= 1, "{slow} jobs of the slow pool were done before the quick one was through");
}

#[tokio::test(start_paused = true)]
async fn no_pool_ever_holds_more_than_a_window_of_a_run() {
    let stage = Stage::new();
    let _coordinator = stage.coordinator();
    stage.submit(&Asked::new("a", &["p", "q"], 50)).await;
    stage.submit(&Asked::new("b", &["p"], 50)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let depth = async |pool: &str| stage.queue.depth(&pool.parse().unwrap()).await.unwrap();
    assert_eq!((depth("p").await, depth("q").await), (2 * WINDOW as u64, WINDOW as u64));
}
