//! A cancelled run: nothing more is published, and it is final.

use std::sync::atomic::Ordering;
use std::time::Duration;

use antiphon_coordinator::{
    Config, CoordinatorError, End, Wanted, cancel, open_retry, open_run, requeue, run, submit,
};
use tokio_util::sync::CancellationToken;

use crate::stage::{Asked, Stage, WINDOW, run_id};
use crate::worker::{Habits, Ledger};

async fn cancelled_half_way(hint: bool) -> Stage {
    let stage = Stage::new();
    let ledger = Ledger::default();
    // Where the hint is to do it, the store is not asked in time.
    let doubt = if hint { Duration::from_secs(10_000) } else { Config::DOUBT };
    let coordinator = stage.coordinator_with(Config { doubt, ..Config::fleet(WINDOW) });
    let workers = stage.workers("p", 2, Habits::default(), &ledger);
    stage.submit(&Asked::new("r", &["p"], 500)).await;
    stage.submit(&Asked::new("other", &["p"], 100)).await;
    stage.stored("r", 20).await;
    if !hint {
        stage.memory.lose_events(1);
    }
    assert!(cancel(&stage.store, &stage.queue, &run_id("r"), Some("too dear".to_owned())).await.unwrap());
    let asked = tokio::time::Instant::now();
    let ended = stage.ended("r").await;
    let most = if hint { Duration::from_secs(2) } else { 2 * Config::DOUBT };
    assert!(asked.elapsed() <= most, "it took {:?}", asked.elapsed());
    assert_eq!(ended.end, End::Cancelled, "{ended:?}");
    let report = &ended.report;
    assert_eq!((report.jobs, report.jobs - report.stored), (500, report.left), "{report:?}");
    let published = coordinator.progress.published.load(Ordering::Relaxed);
    stage.ended("other").await;
    let more = coordinator.progress.published.load(Ordering::Relaxed) - published;
    assert!(more <= 100, "{more}");
    // Who was at it may have ended it; nobody began another one.
    let status = stage.status("r").await;
    assert!(status.jobs.stored <= report.stored + 2 + WINDOW as u64, "{status:?}");
    assert_eq!(status.jobs.cancelled, 500 - status.jobs.stored);
    assert_eq!((status.jobs.left, status.cancelled.unwrap().reason.as_deref()), (0, Some("too dear")));
    drop(workers);
    stage
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_ends_at_once() {
    cancelled_half_way(true).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_ends_soon_when_the_hint_is_lost() {
    cancelled_half_way(false).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_final() {
    let stage = cancelled_half_way(true).await;
    let asked = Asked::new("r", &["p"], 500);
    let (store, queue) = (&stage.store, &stage.queue);
    assert!(!cancel(store, queue, &run_id("r"), None).await.unwrap(), "the first mark stands");
    let loaded = asked.loaded();
    let refused = |error: CoordinatorError| {
        assert_eq!(
            error.to_string(),
            "run r is cancelled (too dear); that is final, so name another run with `--run NAME`"
        );
    };
    refused(submit(store, queue, &loaded, &Wanted::default()).await.unwrap_err());
    refused(open_run(store, &loaded.text, loaded.manifest.clone(), &Wanted::default()).await.unwrap_err());
    refused(open_retry(store, &run_id("r")).await.unwrap_err());
    refused(requeue(store, queue, &run_id("r"), &[]).await.unwrap_err());
    let unknown = cancel(store, queue, &run_id("s"), None).await.unwrap_err();
    assert!(matches!(unknown, CoordinatorError::NoRun { .. }), "{unknown}");
}

#[tokio::test(start_paused = true)]
async fn a_run_in_one_process_hears_of_it_too() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let _workers = stage.workers("p", 1, Habits::default(), &ledger);
    let loaded = Asked::new("r", &["p"], 100).loaded();
    let opened = open_run(&stage.store, &loaded.text, loaded.manifest, &Wanted::default()).await.unwrap();
    let (parts, config, stop) = (stage.parts(), Config::one_process(WINDOW), CancellationToken::new());
    let (report, ()) = tokio::join!(run(&parts, &opened, &config, &stop), async {
        stage.stored("r", 10).await;
        cancel(&stage.store, &stage.queue, &run_id("r"), None).await.unwrap();
    });
    let report = report.unwrap();
    assert!(report.end() == End::Cancelled && report.stored < 15, "{report:?}");
}
