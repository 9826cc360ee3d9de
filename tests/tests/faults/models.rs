//! Providers that are busy, slow, broken or strange.

use antiphon_simulator::LedgerEntry;
use antiphon_tests::{Fleet, FleetKind};
use serde_json::json;

use crate::case::{Case, Chance, IMPATIENCE, ends_well};

pub(crate) const CASES: &[Case] = &[
    Case { name: "models_429_with_retry_after", happens: |chance| Box::pin(storm(chance, "rate_limit", 80)) },
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
    Case { name: "models_200_with_an_error", happens: |chance| Box::pin(storm(chance, "error_body", FEW)) },
    Case { name: "models_200_with_garbage", happens: |chance| Box::pin(storm(chance, "garbage", FEW)) },
];

/// Calls of a pool that may be in flight.
const CONCURRENCY: usize = 8;

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

/// Calls of a storm of answers that cannot be read: five of them in a row are final for a sample, and on a busy machine one sample may
/// meet many of the storm's.
const FEW: u64 = 20;

/// From some call on the next ones fail, in the middle of the run or at its very beginning.
async fn storm(mut chance: Chance, kind: &'static str, calls: u64) {
    let fleet = Fleet::start(FleetKind { patience: IMPATIENCE, ..chance.kind().await }).await;
    if chance.index(2) == 0 {
        fleet.submit().await;
        fleet.stage.simulator.until_calls(chance.number(1..=600)).await;
        order(&fleet, kind, End::Next(calls));
    } else {
        order(&fleet, kind, End::Next(calls));
        fleet.submit().await;
    }
    fleet.wait_done().await;
    let ledger = fleet.stage.simulator.ledger();
    let struck: Vec<_> = ledger.iter().filter(|entry| entry.fault.is_some()).collect();
    assert_eq!(struck.len() as u64, calls, "the storm is over");
    if kind == "rate_limit" {
        ["alto", "bass"].into_iter().for_each(|voice| is_hushed(voice, &struck));
    }
    ends_well(fleet).await;
}

/// Whoever is told to wait a second does, in the whole pool: rejected calls come in waves a second apart, none larger than what the
/// pool may have in flight. (Twice as large, for workers that are told at different times.)
fn is_hushed(voice: &str, struck: &[&LedgerEntry]) {
    let times: Vec<u64> =
        struck.iter().filter(|entry| entry.voice.as_deref() == Some(voice)).map(|entry| entry.time).collect();
    let waves = times.len().div_ceil(2 * CONCURRENCY).max(1) as u64;
    let took = times.iter().max().unwrap_or(&0) - times.iter().min().unwrap_or(&0);
    assert!(took >= (waves - 1) * 900, "{} calls of {voice} were rejected within {took} ms", times.len());
}
