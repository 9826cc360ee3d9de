//! Every fault, as a client sees it.

use std::time::Duration;

use antiphon_simulator::{FaultKind, FaultOrder, SimulatorConfig};
use serde_json::json;

use crate::{Stage, read, voices};

async fn order(stage: &Stage, body: serde_json::Value) -> u16 {
    stage.post("/_sim/faults", &body).send().await.unwrap().status().as_u16()
}

async fn next(stage: &Stage, kind: &str) {
    assert_eq!(order(stage, json!({"kind": kind, "next": 1})).await, 204);
}

#[tokio::test]
async fn errors_have_the_status_of_each_api() {
    let stage = Stage::new().await;
    for (kind, anthropic, openai) in [
        ("rate_limit", 429, 429),
        ("bare_rate_limit", 429, 429),
        ("overloaded", 529, 503),
        ("server_error", 500, 500),
        ("quota", 400, 429),
    ] {
        next(&stage, kind).await;
        let response = stage.ask("plain", &["Hm?"], "k").send().await.unwrap();
        assert_eq!(response.status(), anthropic, "{kind}");
        assert_eq!(response.headers().contains_key("retry-after"), kind == "rate_limit");
        next(&stage, kind).await;
        let response = stage.chat("plain", &["Hm?"], "k").send().await.unwrap();
        assert_eq!(response.status(), openai, "{kind}");
        assert_eq!(response.headers().contains_key("retry-after-ms"), kind == "rate_limit");
        assert_eq!(stage.ask("plain", &["Hm?"], "k").send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_reset_connection_gives_no_status() {
    let stage = Stage::new().await;
    next(&stage, "reset").await;
    let error = stage.ask("plain", &["Hm?"], "k").send().await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(stage.running.ledger()[0].status, 0);
    assert_eq!(stage.running.ledger()[0].token, None);
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_it_says() {
    let stage = Stage::new().await;
    next(&stage, "truncated").await;
    let response = stage.ask("plain", &["Hm?"], "k").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
    assert_eq!(stage.running.ledger()[0].token, None);
}

#[tokio::test]
async fn a_hang_lasts_until_the_caller_leaves_or_its_time_is_over() {
    let config = SimulatorConfig { hang: Duration::from_millis(50), ..SimulatorConfig::new(voices()) };
    let stage = Stage::with(config).await;
    next(&stage, "hang").await;
    assert!(stage.ask("plain", &["Hm?"], "k").send().await.is_err());
    let patient = Stage::new().await;
    next(&patient, "hang").await;
    let request = patient.ask("plain", &["Hm?"], "k").timeout(Duration::from_millis(50));
    assert!(request.send().await.unwrap_err().is_timeout());
    patient.running.stop().await;
}

#[tokio::test]
async fn a_trickle_arrives_whole() {
    let config = SimulatorConfig { trickle: Duration::from_millis(40), ..SimulatorConfig::new(voices()) };
    let stage = Stage::with(config).await;
    next(&stage, "trickle").await;
    let slow = stage.text("plain", &["Hm?"], "k").await;
    assert_eq!(slow, stage.text("plain", &["Hm?"], "k").await);
    let entry = &stage.running.ledger()[0];
    assert!(entry.token.is_some() && entry.fault == Some(FaultKind::Trickle));
}

#[tokio::test]
async fn a_good_status_may_carry_a_bad_body() {
    let stage = Stage::new().await;
    next(&stage, "error_body").await;
    let response = stage.ask("plain", &["Hm?"], "k").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(read(response).await["type"], "error");
    next(&stage, "garbage").await;
    let response = stage.ask("plain", &["Hm?"], "k").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&response.bytes().await.unwrap()).is_err());
    assert!(stage.running.ledger().iter().all(|entry| entry.token.is_none()));
}

#[tokio::test]
async fn chance_spares_a_second_attempt_if_told_to() {
    let stage = Stage::new().await;
    let mut seen = std::collections::BTreeSet::new();
    for sample in 0..20 {
        let key = format!("r/t/p/u{sample}/s/0/0");
        seen.insert(stage.ask("flaky", &["Hm?"], &key).send().await.unwrap().status().as_u16());
        assert_eq!(stage.ask("flaky", &["Hm?"], &key).send().await.unwrap().status(), 200);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [429, 500]);
}

#[tokio::test]
async fn orders_are_checked_and_end() {
    let stage = Stage::new().await;
    assert_eq!(order(&stage, json!({"kind": "reset"})).await, 400);
    assert_eq!(order(&stage, json!({"kind": "reset", "rate": 1, "voice": "nobody"})).await, 400);
    let always = FaultOrder {
        voice: Some("plain".into()),
        kind: FaultKind::ServerError,
        rate: Some(1.0),
        next: None,
        first_attempt_only: false,
    };
    stage.running.order_fault(always).unwrap();
    assert_eq!(stage.ask("plain", &["Hm?"], "k").send().await.unwrap().status(), 500);
    assert_eq!(stage.ask("runs", &["Hm?"], "k").send().await.unwrap().status(), 200);
    assert_eq!(order(&stage, json!({"kind": "server_error", "rate": 0, "voice": "plain"})).await, 204);
    assert_eq!(stage.ask("plain", &["Hm?"], "k").send().await.unwrap().status(), 200);
}
