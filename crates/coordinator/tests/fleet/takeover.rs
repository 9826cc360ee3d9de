//! Whoever leads, and however often that changes: every planned job is stored, and counted once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use antiphon_coordinator::{Config, End, Progress, run};
use antiphon_core::{Event, Limits};
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::stage::{Asked, Coordinator, Stage, WINDOW, run_id};
use crate::worker::{Habits, Ledger, Workers};

const JOBS: u32 = 30;
const POOLS: &[&str] = &["p", "q"];

#[derive(Debug, Clone)]
enum Op {
    /// Time passes.
    Wait(u16),
    /// Another coordinator stands by.
    Join,
    /// The coordinator that has been there for the longest time, which is the one that leads, dies.
    KillLeader,
    /// All workers die, and others come.
    KillWorkers,
    LoseHints(u32),
    DeliverTwice(u32),
    LoseAcks(u32),
    /// Somebody submits the run once more.
    Submit,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1..20_000u16).prop_map(Op::Wait),
        1 => Just(Op::Join),
        3 => Just(Op::KillLeader),
        // A job that is lost ten times is given up, so workers die seldom.
        1 => Just(Op::KillWorkers),
        1 => (1..10u32).prop_map(Op::LoseHints),
        1 => (1..5u32).prop_map(Op::DeliverTwice),
        1 => (1..3u32).prop_map(Op::LoseAcks),
        1 => Just(Op::Submit),
    ]
}

fn workers(stage: &Stage, seed: u64, ledger: &Ledger) -> Vec<Workers> {
    let habits = Habits { seed, ..Habits::default() };
    POOLS.iter().map(|pool| stage.workers(pool, 2, habits, ledger)).collect()
}

async fn play(ops: &[Op]) {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let asked = Asked::new("r", POOLS, JOBS);
    let mut standing_by: Vec<Coordinator> = vec![stage.coordinator()];
    let mut at_work = workers(&stage, 0, &ledger);
    stage.submit(&asked).await;
    for (op, seed) in ops.iter().zip(1..) {
        match op {
            Op::Wait(ms) => tokio::time::sleep(Duration::from_millis((*ms).into())).await,
            Op::Join => standing_by.push(stage.coordinator()),
            Op::KillLeader if standing_by.is_empty() => {}
            Op::KillLeader => drop(standing_by.remove(0)),
            Op::KillWorkers => {
                at_work.clear();
                at_work = workers(&stage, seed, &ledger);
            }
            Op::LoseHints(hints) => stage.memory.lose_events(*hints),
            Op::DeliverTwice(jobs) => stage.memory.deliver_twice(*jobs),
            Op::LoseAcks(acks) => stage.memory.lose_acks(*acks),
            Op::Submit => drop(stage.submit(&asked).await),
        }
    }
    standing_by.push(stage.coordinator());
    let ended = stage.ended("r").await;
    let planned = u64::from(JOBS) * POOLS.len() as u64;
    assert_eq!(ended.end, End::Complete, "{ended:?}");
    assert_eq!((ended.report.jobs, ended.report.stored), (planned, planned), "{ended:?}");
    assert_eq!((ended.report.dead, ended.report.left), (0, 0), "{ended:?}");
    let stored = stage.store.result_keys(&run_id("r")).await.unwrap();
    assert_eq!(stored.len() as u64, planned);
    drop(at_work);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_planned_job_ends_up_stored_and_counted_once(ops in prop::collection::vec(op(), 0..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(play(&ops));
    }
}

#[tokio::test(start_paused = true)]
async fn one_leads_and_the_next_one_follows() {
    let stage = Stage::new();
    let first = stage.coordinator();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let second = stage.coordinator();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let leads = |who: &Coordinator| who.progress.leads.load(Ordering::Relaxed);
    assert_eq!((leads(&first), leads(&second)), (1, 0));
    drop(first);
    tokio::time::sleep(Config::fleet(WINDOW).ttl).await;
    assert_eq!(leads(&second), 1);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_hears_nothing_stands_by_and_lets_go() {
    let stage = Stage::new();
    let config = Config { ask: Duration::from_secs(100_000), ..Config::fleet(WINDOW) };
    let deaf = stage.coordinator_with(config);
    stage.submit(&Asked::new("r", &["p"], 10)).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let at_work =
        |progress: &Progress| (progress.leads.load(Ordering::Relaxed), progress.runs.load(Ordering::Relaxed));
    assert_eq!(at_work(&deaf.progress), (1, 1));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(at_work(&deaf.progress), (0, 0));
    let _others = stage.coordinator();
    let _workers = stage.workers("p", 1, Habits::default(), &Ledger::default());
    assert_eq!(stage.ended("r").await.end, End::Complete, "what it had published is found in the store");
}

#[tokio::test(start_paused = true)]
async fn two_leaders_do_no_harm() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let opened = stage.submit(&Asked::new("r", &["p"], 200)).await.opened;
    let one = stage.coordinator();
    let _workers = stage.workers("p", 3, Habits::default(), &ledger);
    // Knows nothing of the other.
    let (parts, config) = (stage.parts(), Config::fleet(WINDOW));
    let other = run(&parts, &opened, &config, &CancellationToken::new()).await.unwrap();
    let ended = stage.ended("r").await;
    for report in [&other, &ended.report] {
        assert_eq!((report.end(), report.jobs, report.stored), (End::Complete, 200, 200), "{report:?}");
    }
    let published = [&one.progress, &parts.progress].map(|of| of.published.load(Ordering::Relaxed));
    assert!(
        published.iter().sum::<u64>() <= 260,
        "each leaves to the other what that one has published: {published:?}"
    );
    let twice = ledger.done().len() - 200;
    // Each of them keeps meeting jobs that the other has in the queue: about window × ln(jobs / window) times, of which few are done at once.
    assert!(twice <= 60, "{twice} jobs were done twice");
}

#[tokio::test(start_paused = true)]
async fn a_new_leader_publishes_only_what_is_missing() {
    let stage = Stage::new();
    let first = stage.coordinator();
    let _workers = stage.workers("p", 2, Habits::default(), &Ledger::default());
    stage.submit(&Asked::new("r", &["p"], 60)).await;
    stage.stored("r", 30).await;
    drop(first);
    // What was queued is done by then.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let missing = stage.status("r").await.jobs.left;
    assert!(missing > 20);
    let second = stage.coordinator();
    assert_eq!(stage.ended("r").await.end, End::Complete);
    assert_eq!(second.progress.published.load(Ordering::Relaxed), missing);
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_when_all_hints_are_lost() {
    let stage = Stage::new();
    stage.memory.lose_events(u32::MAX);
    let _coordinator = stage.coordinator();
    let _workers = stage.workers("p", 2, Habits::default(), &Ledger::default());
    stage.submit(&Asked::new("r", &["p"], 40)).await;
    let ended = stage.ended("r").await;
    assert_eq!((ended.end, ended.report.stored), (End::Complete, 40));
    assert!(ended.report.dollars > 0.0, "the store told what it cost");
}

#[tokio::test(start_paused = true)]
async fn a_submission_whose_call_is_lost_is_found() {
    let stage = Stage::new();
    let _coordinator = stage.coordinator();
    let _workers = stage.workers("p", 2, Habits::default(), &Ledger::default());
    tokio::time::sleep(Duration::from_secs(10)).await;
    // What `submit` does, but for the call.
    let asked = Asked::new("r", &["p"], 5).loaded();
    antiphon_coordinator::open_run(&stage.store, &asked.text, asked.manifest, &Default::default())
        .await
        .unwrap();
    stage.store.submit(&run_id("r"), 0, None, &Limits::default()).await.unwrap();
    assert_eq!(stage.ended("r").await.end, End::Complete);
}

/// Also those of runs that nobody works on; but a run that was removed does not begin to exist again.
#[tokio::test(start_paused = true)]
async fn the_dead_of_all_runs_in_the_store_are_buried() {
    let stage = Stage::new();
    let _coordinator = stage.coordinator();
    let asked = Asked::new("left-alone", &["p"], 3).loaded();
    let opened =
        antiphon_coordinator::open_run(&stage.store, &asked.text, asked.manifest, &Default::default())
            .await
            .unwrap();
    let plan = antiphon_core::plan::Plan::new(&opened.manifest, &opened.rounds);
    let mut job = plan.jobs(&opened.rounds[0]).remove(0);
    job.pool = "elsewhere".parse().unwrap();
    let mut taken = stage.queue.consume_jobs(&job.pool, 1).await.unwrap();
    for run in ["left-alone", "removed"] {
        job.run = run_id(run);
        stage.queue.publish_job(&job).await.unwrap();
        taken.next().await.unwrap().reject("no such suite").await.unwrap();
    }
    stage.queue.publish_event(&Event::RunCancelled { run: run_id("nobody-knows") }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let dead = stage.store.dead_jobs(&run_id("left-alone")).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].reason, "no such suite");
    assert!(stage.store.list("runs/removed/").await.unwrap().is_empty());
}
