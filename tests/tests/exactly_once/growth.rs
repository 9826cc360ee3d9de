//! A run grows and never pays twice: more sessions, a first look, the same command again, two people at once.

use antiphon_tests::{Asked, Stage, audit, same_summary};

use crate::{at_once, ended_with};

/// The run is complete, no call was made in vain, and its summary is that of a run in one go.
async fn check_whole(stage: &Stage, asked: &Asked) {
    let ledger = stage.simulator.ledger();
    assert_eq!(audit(&asked.keys(), &stage.stored("data").await, &ledger), 0);
    assert_eq!(ledger.len(), asked.keys().len());
    same_summary(&stage.summary("data"), &at_once(asked).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_sessions_pay_for_the_new_cells_only() {
    let asked = Asked::new(4, 6, 2);
    let stage = Stage::new(&asked).await;
    for sessions in [2, 3, 6] {
        ended_with(&stage.run("data", &["--sessions", &sessions.to_string()]).await, 0);
        let so_far = Asked { sessions, ..asked.clone() }.keys().len();
        assert_eq!(stage.simulator.ledger().len(), so_far);
    }
    check_whole(&stage, &asked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_looks_come_to_the_same_as_everything_at_once() {
    let asked = Asked::new(5, 4, 1);
    let stage = Stage::new(&asked).await;
    let mut calls = 0;
    let looks: [&[&str]; 4] = [
        &["--only", "identity", "--users", "2", "--sessions", "1"],
        &["--limit", "1", "--users", "3"],
        &["--only", "alto", "--sessions", "2"],
        &[],
    ];
    for look in looks {
        ended_with(&stage.run("data", look).await, 0);
        let more = stage.simulator.ledger().len();
        assert!(more > calls, "{look:?} asked nothing");
        calls = more;
    }
    check_whole(&stage, &asked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complete_run_makes_no_call() {
    let asked = Asked::new(4, 4, 1);
    let stage = Stage::new(&asked).await;
    for _ in 0..2 {
        ended_with(&stage.run("data", &[]).await, 0);
        check_whole(&stage, &asked).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_process_on_a_run_goes_away() {
    let asked = Asked::new(10, 8, 1);
    let stage = Stage::new(&asked).await;
    let first = stage.start_run("data", &[]);
    stage.simulator.until_calls(20).await;
    let second = stage.run("data", &[]).await;
    ended_with(&second, 2);
    assert!(second.err.contains("held") && second.err.contains("process"), "{}", second.err);
    ended_with(&first.output().await, 0);
    check_whole(&stage, &asked).await;
}
