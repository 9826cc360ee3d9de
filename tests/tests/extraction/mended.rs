//! A chain whose step fails stands still, and a retry takes it up.

use antiphon_core::ChainEnd;
use antiphon_tests::{Stage, audit};
use serde_json::json;

use crate::scene::{Chains, WORDS, document, keys, stage, summary, words};

const VOICE: &str = "latency_ms: [1, 3], knows: [{file: document.txt, verbatim: 1, words: 30}]";

fn fail(stage: &Stage, rate: f64) {
    let order = json!({"kind": "server_error", "voice": "alto", "rate": rate});
    stage.simulator.order_fault(serde_json::from_value(order).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_takes_a_failed_chain_up_where_it_stood() {
    let grow = "{chunk_words: 20, window_words: 40, max_steps: 12}";
    let chains = Chains { targets: &["alto"], cuts: vec![50], users: 4, sessions: 1, grow, more: "" };
    let stage = stage(&chains, VOICE, "").await;
    let run = stage.start_run("data", &[]);
    stage.simulator.until_calls(10).await;
    fail(&stage, 1.0);
    let ended = run.output().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let failed = summary(&stage, "data").extractions.remove(0);
    assert_eq!(failed.end, ChainEnd::Failed);
    assert!((1..12).contains(&failed.steps.len()), "{} steps", failed.steps.len());
    assert!(ended.out.contains("1 of them incomplete"), "{ended:?}");

    fail(&stage, 0.0);
    let ended = stage.retry("data").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mended = summary(&stage, "data").extractions.remove(0);
    assert_eq!((mended.end, mended.steps.len()), (ChainEnd::Steps, 12));
    assert_eq!(mended.steps[..failed.steps.len()], failed.steps, "what was grown stays");
    let grown = words(&mended.text());
    assert_eq!(grown, words(&document(WORDS))[50..50 + grown.len()]);
    let stored: Vec<_> =
        stage.stored("data").await.into_iter().filter(|one| !one.sample.outcome.wants_retry()).collect();
    assert_eq!(audit(&keys(&stage, "data").await, &stored, &stage.simulator.ledger()), 0);
}
