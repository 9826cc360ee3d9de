//! What users ask of a fleet, and what it tells them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use antiphon_coordinator::{Config, Counts, End, Look, Wanted, requeue, status, submit};

use crate::stage::{Asked, Stage, WINDOW, run_id};
use crate::worker::{Habits, Ledger};

const A_DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(start_paused = true)]
async fn a_running_run_says_so_and_an_extension_is_done_after_it() {
    let stage = Stage::new();
    // Nothing but the calls tells of a submission.
    let _coordinator = stage.coordinator_with(Config { look: A_DAY, ..Config::fleet(WINDOW) });
    let _workers = stage.workers("p", 2, Habits::default(), &Ledger::default());
    let asked = Asked::new("r", &["p"], 20);
    let first = stage.submit(&asked).await;
    assert!(!first.running && !first.opened.resumed);
    stage.stored("r", 5).await;
    let more = Wanted { sessions: Some(30), ..Wanted::default() };
    let second = submit(&stage.store, &stage.queue, &asked.loaded(), &more).await.unwrap();
    assert!(second.running && second.opened.resumed && second.submission.number == 2);
    let ended = stage.ended("r").await;
    assert_eq!((ended.end, ended.report.stored), (End::Complete, 30));
    let status = stage.status("r").await;
    let ends: Vec<u64> = status.submissions.iter().map(|it| it.ended.as_ref().unwrap().report.jobs).collect();
    assert_eq!(ends, [20, 30]);
}

#[tokio::test(start_paused = true)]
async fn the_dead_are_told_of_and_tried_again_when_requeued() {
    let stage = Stage::new();
    // The store is not asked in time.
    let coordinator = stage.coordinator_with(Config { doubt: A_DAY, ..Config::fleet(WINDOW) });
    stage.submit(&Asked::new("r", &["p"], 3)).await;
    let mut rejecting = stage.queue.consume_jobs(&"p".parse().unwrap(), 1).await.unwrap();
    let rejected = rejecting.next().await.unwrap();
    let job = rejected.job().clone();
    rejected.reject("bad template").await.unwrap();
    drop(rejecting);
    let _workers = stage.workers("p", 1, Habits::default(), &Ledger::default());
    let ended = stage.ended("r").await;
    assert_eq!((ended.end, ended.report.stored, ended.report.dead), (End::Incomplete, 2, 1));
    let status_now = stage.status("r").await;
    let counts = Counts { planned: 3, stored: 2, dead: 1, ..Counts::default() };
    assert_eq!((status_now.jobs, status_now.samples), (counts, counts));

    // What is dead stays dead when the run is submitted again.
    let published = || coordinator.progress.published.load(Ordering::Relaxed);
    let before = published();
    stage.submit(&Asked::new("r", &["p"], 3)).await;
    assert_eq!((stage.ended("r").await.end, published()), (End::Incomplete, before));

    let nothing = requeue(&stage.store, &stage.queue, &run_id("r"), &[]).await.unwrap();
    assert!(nothing.submitted.is_none());
    let again = requeue(&stage.store, &stage.queue, &run_id("r"), std::slice::from_ref(&job)).await.unwrap();
    assert_eq!(again.requeued, [job]);
    assert_eq!(again.submitted.unwrap().submission.number, 3);
    assert_eq!(stage.ended("r").await.end, End::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_status_counts_what_is_there() {
    let stage = Stage::new();
    let asked = Asked::new("r", &["p"], 10);
    stage.submit(&asked).await;
    let fresh = stage.status("r").await;
    assert_eq!(fresh.jobs, Counts { planned: 10, left: 10, ..Counts::default() });
    assert!(fresh.is_open() && fresh.dollars.is_none() && fresh.ended().is_none());
    let ledger = Ledger::default();
    let coordinator = stage.coordinator();
    let workers = stage.workers("p", 1, Habits::default(), &ledger);
    stage.stored("r", 4).await;
    drop((coordinator, workers));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let half = status(&stage.store, &run_id("r"), Look { dollars: true }).await.unwrap();
    assert_eq!(half.jobs, Counts { planned: 10, stored: 4, left: 6, ..Counts::default() });
    assert!((half.dollars.unwrap() - ledger.dollars()).abs() < 1e-9);
}
