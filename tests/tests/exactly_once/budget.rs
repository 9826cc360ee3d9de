//! Money is a limit like any other.

use antiphon_simulator::LedgerEntry;
use antiphon_tests::{Asked, Stage, audit};
use serde_json::Value;

use crate::{at_once, ended_with, summary};

/// What the simulator billed, at the prices of the stage.
fn spent(ledger: &[LedgerEntry]) -> f64 {
    let dollars = |entry: &LedgerEntry| f64::from(entry.input_tokens + entry.output_tokens) / 1_000_000.0;
    ledger.iter().map(dollars).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_stops_at_its_budget_and_a_raised_one_finishes_it() {
    let unlimited = Asked::new(10, 10, 1);
    let price = {
        let stage = Stage::new(&unlimited).await;
        ended_with(&stage.run("data", &[]).await, 0);
        spent(&stage.simulator.ledger())
    };
    let stage = Stage::new(&unlimited).await;
    let mut stored = 0;
    for share in [0.5, 0.8] {
        let budget = price * share;
        stage.ask(&Asked { budget: Some(budget), ..unlimited.clone() });
        let ended = stage.run("data", &["--yes", "--json"]).await;
        ended_with(&ended, 3);
        let said: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(said["over_budget"], true);
        let total = summary(&stage).completeness.total;
        assert!(total.is_balanced() && total.cancelled > 0, "{total:?}");
        assert!(total.answered > stored, "{share} of the price bought nothing more");
        stored = total.answered;
        let spent = spent(&stage.simulator.ledger());
        assert!(spent <= budget, "{spent} dollars were spent of {budget}");
    }
    stage.ask(&Asked { budget: Some(price * 10.0), ..unlimited.clone() });
    ended_with(&stage.run("data", &[]).await, 0);
    assert_eq!(audit(&unlimited.keys(), &stage.stored("data").await, &stage.simulator.ledger()), 0);
    // The suite's text is another one, and so is its hash. Everything else is the same.
    let without_hash = |text: &str| {
        let mut summary: Value = serde_json::from_str(text).unwrap();
        summary["suite_hash"].take();
        summary
    };
    assert_eq!(without_hash(&stage.summary("data")), without_hash(&at_once(&unlimited).await));
}
