//! Runs that go on until intervals are narrow: the same rounds whoever leads, within the budget, and no farther than they may.

use std::time::Duration;

use antiphon_coordinator::{Config, End, run};
use antiphon_core::{Round, RoundKind};
use tokio_util::sync::CancellationToken;

use crate::stage::{Asked, Stage, WINDOW, run_id};
use crate::worker::{Habits, Ledger};

/// Half-widths at looks of 4, 6, 9, 14, 21, .. sessions are one over these, so the fifth is narrow enough.
const NARROW: f64 = 1.0 / 20.0;

fn asked(most: u32) -> Asked {
    Asked { until: Some((NARROW, most)), ..Asked::new("r", &["p", "q"], 4) }
}

async fn rounds(stage: &Stage) -> Vec<Round> {
    stage.store.rounds(&run_id("r")).await.unwrap()
}

fn sessions(round: &Round) -> Vec<u32> {
    match &round.kind {
        RoundKind::Base(selection) => vec![selection.sessions],
        RoundKind::Adaptive(growths) => growths.iter().map(|growth| growth.to.sessions).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_until_it_is_narrow_and_says_why_at_each_round() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let _workers = ["p", "q"].map(|pool| stage.workers(pool, 2, Habits::default(), &ledger));
    let _leader = stage.coordinator();
    stage.submit(&asked(100)).await;
    let ended = stage.ended("r").await;
    assert_eq!(ended.end, End::Complete);
    let rounds = rounds(&stage).await;
    let grown: Vec<Vec<u32>> = rounds.iter().map(sessions).collect();
    assert_eq!(grown, [vec![4], vec![6, 6], vec![9, 9], vec![14, 14], vec![21, 21]]);
    let RoundKind::Adaptive(last) = &rounds[4].kind else { panic!("{:?}", rounds[4]) };
    assert_eq!((last[0].look, last[0].seen.as_ref().unwrap().half_width()), (4, Some(1.0 / 14.0)));
    assert_eq!(ended.report.jobs, 42, "each job of all rounds counts once");
    assert_eq!(ledger.done().len(), 42);
    let all = Stage::new();
    let ledger = Ledger::default();
    let _workers = ["p", "q"].map(|pool| all.workers(pool, 2, Habits::default(), &ledger));
    let _leader = all.coordinator();
    all.submit(&asked(10)).await;
    all.ended("r").await;
    assert_eq!(ledger.done().len(), 20, "never more than may be asked");
}

#[tokio::test(start_paused = true)]
async fn leaders_that_die_or_lead_at_once_write_the_same_rounds() {
    let undisturbed = {
        let stage = Stage::new();
        let _workers = ["p", "q"].map(|pool| stage.workers(pool, 2, Habits::default(), &Ledger::default()));
        let _leader = stage.coordinator();
        stage.submit(&asked(100)).await;
        stage.ended("r").await;
        rounds(&stage).await
    };
    for seed in 0..20 {
        let stage = Stage::new();
        let ledger = Ledger::default();
        let habits = Habits { seed, ..Habits::default() };
        let _workers = ["p", "q"].map(|pool| stage.workers(pool, 2, habits, &ledger));
        let mut leader = stage.coordinator();
        let _standing_by = stage.coordinator();
        let submitted = stage.submit(&asked(100)).await;
        // Another one works on the run beside those who lead, as after a partition.
        let parts = stage.parts();
        let config = Config::fleet(WINDOW);
        let never = CancellationToken::new();
        let beside = run(&parts, &submitted.opened, &config, &never);
        // Whether it ends by itself or is killed makes no difference.
        let _ended = tokio::time::timeout(Duration::from_secs(3 + 2 * seed), beside).await;
        for wait in 1..5 {
            tokio::time::sleep(Duration::from_millis(900 * (seed + wait))).await;
            leader = stage.coordinator();
        }
        let ended = stage.ended("r").await;
        drop(leader);
        assert_eq!(rounds(&stage).await, undisturbed, "seed {seed}");
        assert_eq!((ended.report.stored, ended.report.jobs), (42, 42), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_ends_it_between_rounds_and_more_money_goes_on() {
    let stage = Stage::new();
    let ledger = Ledger::default();
    let _workers = ["p", "q"].map(|pool| stage.workers(pool, 1, Habits::default(), &ledger));
    let _leader = stage.coordinator();
    stage.submit(&Asked { budget: Some(6.0), ..asked(100) }).await;
    let ended = stage.ended("r").await;
    assert_eq!(ended.end, End::OverBudget);
    let before = rounds(&stage).await;
    assert!(before.len() < 5 && ledger.dollars() <= 6.0, "{} rounds, ${}", before.len(), ledger.dollars());
    stage.submit(&Asked { budget: Some(1_000.0), ..asked(100) }).await;
    assert_eq!(stage.ended("r").await.end, End::Complete);
    let after = rounds(&stage).await;
    assert_eq!((&after[..before.len()], after.len()), (&before[..], 5));
}
