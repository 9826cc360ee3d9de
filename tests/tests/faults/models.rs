//! Providers that are busy, slow, broken or strange.

use antiphon_tests::Fleet;
use serde_json::json;

use crate::case::{Case, Chance, ends_well};

pub(crate) const CASES: &[Case] = &[
    Case { name: "models_429_with_retry_after", happens: |chance| Box::pin(storm(chance, "rate_limit", 40)) },
    Case {
        name: "models_429_without_retry_after",
        happens: |chance| Box::pin(storm(chance, "bare_rate_limit", 20)),
    },
    Case { name: "models_overloaded", happens: |chance| Box::pin(storm(chance, "overloaded", 12)) },
    Case { name: "models_500", happens: |chance| Box::pin(storm(chance, "server_error", 40)) },
    Case { name: "models_hang", happens: |chance| Box::pin(storm(chance, "hang", 20)) },
    Case { name: "models_reset", happens: |chance| Box::pin(storm(chance, "reset", 40)) },
    Case { name: "models_trickle", happens: |chance| Box::pin(storm(chance, "trickle", 40)) },
    Case { name: "models_half_a_body", happens: |chance| Box::pin(storm(chance, "truncated", 40)) },
    Case { name: "models_200_with_an_error", happens: |chance| Box::pin(storm(chance, "error_body", 40)) },
    Case { name: "models_200_with_garbage", happens: |chance| Box::pin(storm(chance, "garbage", 40)) },
];

/// How long a fault lasts.
pub(crate) enum End {
    /// For so many calls.
    Next(u64),
    /// This share of calls, until another share is ordered.
    Rate(f64),
}

/// Orders a fault of the simulator.
pub(crate) fn order(fleet: &Fleet, kind: &str, end: End) {
    let order = match end {
        End::Next(calls) => json!({"kind": kind, "next": calls}),
        End::Rate(rate) => json!({"kind": kind, "rate": rate}),
    };
    fleet.stage.simulator.order_fault(serde_json::from_value(order).unwrap()).unwrap();
}

/// From some call on the next ones fail, in the middle of the run or at its very beginning.
async fn storm(mut chance: Chance, kind: &'static str, calls: u64) {
    let fleet = Fleet::start(chance.kind().await).await;
    if chance.index(2) == 0 {
        fleet.submit().await;
        fleet.stage.simulator.until_calls(chance.number(1..=600)).await;
        order(&fleet, kind, End::Next(calls));
    } else {
        order(&fleet, kind, End::Next(calls));
        fleet.submit().await;
    }
    fleet.wait_done().await;
    let struck = fleet.stage.simulator.ledger().iter().filter(|entry| entry.fault.is_some()).count();
    assert_eq!(struck as u64, calls, "the storm is over");
    ends_well(fleet).await;
}
