//! What the simulator remembers of its callers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Stage;

async fn lines(stage: &Stage, query: &str) -> Vec<Value> {
    let response = stage.client.get(format!("{}/_sim/ledger{query}", stage.running.base_url())).send().await;
    let text = response.unwrap().text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_call_is_written_down_once_and_tokens_never_repeat() {
    let stage = Stage::new().await;
    let mut sent = BTreeSet::new();
    for n in 0..5 {
        let answer = crate::read(stage.ask("plain", &["Hm?"], "same/key").send().await.unwrap()).await;
        sent.insert(answer["id"].as_str().unwrap().to_owned());
        assert_eq!(sent.len(), n + 1, "a token came twice");
    }
    stage.ask("nobody", &["Hm?"], "lost").send().await.unwrap();
    let entries = lines(&stage, "").await;
    let numbers: Vec<u64> = entries.iter().map(|entry| entry["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let written: BTreeSet<String> =
        entries.iter().filter_map(|entry| Some(entry["token"].as_str()?.to_owned())).collect();
    assert_eq!(written, sent);
    assert_eq!((&entries[5]["status"], &entries[5]["voice"]), (&json!(404), &Value::Null));
    assert_eq!(entries[0]["key"], "same/key");
    assert!(entries[0]["output_tokens"].as_u64().unwrap() > 10);
    assert_eq!(lines(&stage, "?since=4").await.len(), 2);
    assert_eq!(stage.running.ledger().len(), 6);
}

#[tokio::test]
async fn a_long_ledger_comes_whole() {
    let stage = Stage::new().await;
    for n in 0..1005 {
        stage.ask("empty", &["Hm?"], &n.to_string()).send().await.unwrap();
    }
    let entries = lines(&stage, "").await;
    let keys: BTreeSet<&str> = entries.iter().map(|entry| entry["key"].as_str().unwrap()).collect();
    assert_eq!((entries.len(), keys.len()), (1005, 1005));
}

#[tokio::test]
async fn a_reset_forgets() {
    let stage = Stage::new().await;
    stage.text("plain", &["Hm?"], "k").await;
    assert_eq!(stage.post("/_sim/reset", &json!({})).send().await.unwrap().status(), 204);
    assert!(stage.running.ledger().is_empty());
    assert_eq!(stage.running.stats().calls, 0);
    stage.text("plain", &["Hm?"], "k").await;
    assert_eq!(stage.running.ledger()[0].n, 2);
}
