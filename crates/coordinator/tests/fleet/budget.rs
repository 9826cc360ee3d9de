//! Money: never more than the budget, but for what was in flight when somebody died.

use std::time::Duration;

use antiphon_coordinator::End;
use proptest::prelude::*;

use crate::stage::{Asked, Stage};
use crate::worker::{Habits, Ledger};

const WORKERS: u64 = 5;
const OTHERS: usize = 2;

/// A fleet at random prices. Coordinators and workers die at these times, in milliseconds after the last one.
async fn play(seed: u64, budget: f64, deaths: &[(bool, u16)]) {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let habits = |seed| Habits { seed, ..Habits::default() };
    let mut coordinator = stage.coordinator();
    let mut workers = stage.workers("p", WORKERS, habits(seed), &ledger);
    stage.submit(&Asked { budget: Some(budget), ..Asked::new("r", &["p", "q"], 60) }).await;
    let _others = stage.workers("q", OTHERS as u64, habits(seed + 7), &ledger);
    for (number, (is_coordinator, after)) in (1..).zip(deaths) {
        tokio::time::sleep(Duration::from_millis((*after).into())).await;
        if *is_coordinator {
            drop(coordinator);
            coordinator = stage.coordinator();
        } else {
            drop(workers);
            workers = stage.workers("p", WORKERS, habits(seed + 100 * number), &ledger);
        }
    }
    let ended = stage.ended("r").await;
    let report = &ended.report;
    let spent = ledger.dollars();
    // A new leader publishes copies of what its predecessor has in the queues, and a worker's death brings jobs back: some may be done
    // twice at the same time, by as many workers as there are. A job costs a dollar at most.
    let takeovers = deaths.iter().filter(|(is_coordinator, _)| *is_coordinator).count();
    let twice = u32::try_from(deaths.len() * (usize::try_from(WORKERS).unwrap() + OTHERS)).unwrap();
    assert!(spent <= budget + f64::from(twice), "{spent} of {budget} were spent");
    if takeovers == 0 {
        assert!((report.dollars - spent).abs() < 1e-6, "{} are known of {spent}", report.dollars);
    }
    assert_eq!(report.jobs, report.stored + report.dead + report.left, "{report:?}");
    match ended.end {
        End::Complete => assert_eq!(report.stored, 120),
        End::OverBudget => {
            let next = report.over_budget.unwrap();
            assert!(report.dollars + next > budget, "the next job would have had room: {report:?}");
        }
        _ => panic!("{ended:?}"),
    }
    drop((coordinator, workers));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_budget_is_overspent_by_no_more_than_what_was_in_flight(
        seed in 0..1_000u64,
        budget in 1.0..80.0f64,
        deaths in prop::collection::vec((any::<bool>(), 100..9_000u16), 0..6),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(seed, budget, &deaths));
    }
}

/// While nobody works, each of many leaders reserves for what all of them have published.
#[tokio::test(start_paused = true)]
async fn leaders_that_follow_one_another_publish_the_same_jobs() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    stage.submit(&Asked { budget: Some(5.0), ..Asked::new("r", &["p"], 200) }).await;
    for _ in 0..6 {
        let _coordinator = stage.coordinator();
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    let queued = stage.queue.depth(&"p".parse().unwrap()).await.unwrap();
    assert!(queued >= 18, "each of them has published: {queued}");
    let _coordinator = stage.coordinator();
    let _worker = stage.workers("p", 1, Habits::default(), &ledger);
    let ended = stage.ended("r").await;
    assert_eq!(ended.end, End::OverBudget);
    // What was queued is done by then.
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(ledger.dollars() <= 5.0, "{} were spent", ledger.dollars());
    assert!((ended.report.dollars - ledger.dollars()).abs() < 1e-6);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_in_vain_is_paid_too() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let _coordinator = stage.coordinator();
    // More workers than jobs in the queue, so that a copy is done beside its original.
    let _workers = stage.workers("p", 10, Habits::default(), &ledger);
    stage.memory.deliver_twice(30);
    stage.submit(&Asked { budget: Some(1_000.0), ..Asked::new("r", &["p"], 100) }).await;
    let report = stage.ended("r").await.report;
    assert!(report.stored == 100 && report.duplicates > 5, "{report:?}");
    assert!((report.dollars - ledger.dollars()).abs() < 1e-6, "{} of {}", report.dollars, ledger.dollars());
}

#[tokio::test(start_paused = true)]
async fn a_new_leader_counts_what_was_spent_before_it() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let coordinator = stage.coordinator();
    let workers = stage.workers("p", 10, Habits::default(), &ledger);
    stage.memory.deliver_twice(10);
    stage.submit(&Asked { budget: Some(20.0), ..Asked::new("r", &["p"], 200) }).await;
    stage.stored("r", 20).await;
    // Nothing is in flight when the next one comes.
    drop(coordinator);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(ledger.dollars() > 5.0 && stage.status("r").await.duplicates > 3);
    let _next = stage.coordinator();
    let ended = stage.ended("r").await;
    assert_eq!(ended.end, End::OverBudget);
    assert!(ledger.dollars() <= 20.0, "{}", ledger.dollars());
    assert!((ended.report.dollars - ledger.dollars()).abs() < 1e-6);
    assert!(ended.report.left > 100 && ended.report.over_budget.is_some());
    drop(workers);

    // More money, and it goes on.
    let _workers = stage.workers("p", 2, Habits { seed: 9, ..Habits::default() }, &ledger);
    stage.submit(&Asked { budget: Some(40.0), ..Asked::new("r", &["p"], 200) }).await;
    assert_eq!(stage.ended("r").await.end, End::OverBudget);
    assert!(ledger.dollars() > 20.0 && ledger.dollars() <= 40.0);
}
