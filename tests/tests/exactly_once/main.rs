//! Exactly once, whatever models, networks, budgets and people do: the real program against a simulator whose ledger knows
//! every call.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod budget;
mod failures;
mod growth;
mod limits;
mod stops;

use antiphon_core::summary::Summary;
use antiphon_tests::{Asked, Ended, Stage};
use serde_json::{Value, json};

/// Orders a fault of the simulator.
fn order(stage: &Stage, order: Value) {
    stage.simulator.order_fault(serde_json::from_value(order).unwrap()).unwrap();
}

/// Ends the orders of a rate.
fn end_order(stage: &Stage, kind: &str, voice: Option<&str>) {
    order(stage, json!({"kind": kind, "voice": voice, "rate": 0.0}));
}

fn ended_with(ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
}

fn summary(stage: &Stage) -> Summary {
    serde_json::from_str(&stage.summary("data")).unwrap()
}

/// The summary of the same run in one go, with nothing in its way.
async fn at_once(asked: &Asked) -> String {
    let stage = Stage::new(asked).await;
    ended_with(&stage.run("data", &[]).await, 0);
    stage.summary("data")
}
