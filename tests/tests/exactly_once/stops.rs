//! What is nobody's answer stops the pool and records nothing; once it is mended, the same command does everything.

use std::path::Path;

use antiphon_simulator::{SimulatorConfig, Voices};
use antiphon_tests::{Asked, Stage, VOICES, audit, object_names, same_summary};
use serde_json::json;

use crate::{at_once, end_order, ended_with, order, summary};

/// Nothing was recorded, and everything is accounted for.
fn nothing_recorded(stage: &Stage, asked: &Asked) {
    let stored = object_names(&stage.object("data", "samples"));
    assert!(stored.is_empty(), "{stored:?}");
    let total = summary(stage).completeness.total;
    assert!(total.is_balanced(), "{total:?}");
    assert_eq!(total.cancelled, asked.keys().len() as u64);
}

async fn mended(stage: &Stage, asked: &Asked) {
    ended_with(&stage.run("data", &[]).await, 0);
    audit(&asked.keys(), &stage.stored("data").await, &stage.simulator.ledger());
    same_summary(&stage.summary("data"), &at_once(asked).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key() {
    let asked = Asked::new(2, 3, 1);
    let voices = Voices::from_yaml(VOICES, Path::new(".")).unwrap();
    let config = SimulatorConfig { api_key: Some("right".to_owned()), ..SimulatorConfig::new(voices) };
    let stage = Stage::with(&asked, config).await;
    let ended = stage.run("data", &[]).await;
    ended_with(&ended, 2);
    assert!(ended.err.contains("401"), "{}", ended.err);
    nothing_recorded(&stage, &asked);
    assert!(stage.simulator.ledger().iter().all(|entry| entry.status == 401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_model() {
    let asked = Asked { targets: vec!["bass"], ..Asked::new(2, 3, 1) };
    let stage = Stage::new(&asked).await;
    let url = stage.simulator.base_url();
    let provider =
        format!("[providers.low]\napi = \"openai\"\nbase_url = \"{url}/v1\"\nsend_sample_key = true\n");
    let target = |model| format!("{provider}[targets.bass]\nprovider = \"low\"\nmodel = \"{model}\"\n");
    stage.write("antiphon.toml", &target("tenor"));
    let ended = stage.run("data", &[]).await;
    ended_with(&ended, 2);
    assert!(ended.err.contains("404"), "{}", ended.err);
    nothing_recorded(&stage, &asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_quota() {
    let asked = Asked::new(2, 3, 1);
    let stage = Stage::new(&asked).await;
    order(&stage, json!({"kind": "quota", "rate": 1.0}));
    let ended = stage.run("data", &[]).await;
    ended_with(&ended, 3);
    assert!(ended.err.contains("was stopped"), "{}", ended.err);
    nothing_recorded(&stage, &asked);
    end_order(&stage, "quota", None);
    mended(&stage, &asked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_of_one_provider_leaves_the_other_alone() {
    let asked = Asked::new(2, 3, 1);
    let stage = Stage::new(&asked).await;
    order(&stage, json!({"kind": "quota", "voice": "alto", "rate": 1.0}));
    ended_with(&stage.run("data", &[]).await, 3);
    let completeness = summary(&stage).completeness;
    assert!(completeness.targets[&"bass".parse().unwrap()].is_complete(), "{completeness:?}");
    let alto = &completeness.targets[&"alto".parse().unwrap()];
    assert_eq!(alto.cancelled, alto.planned);
    end_order(&stage, "quota", Some("alto"));
    mended(&stage, &asked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_host() {
    let asked = Asked::new(2, 3, 1);
    let stage = Stage::new(&asked).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    stage.configure_at(&format!("http://{nobody}"), "");
    let ended = stage.run("data", &[]).await;
    ended_with(&ended, 3);
    assert!(ended.err.contains("check `base_url`"), "{}", ended.err);
    nothing_recorded(&stage, &asked);
    stage.configure("");
    mended(&stage, &asked).await;
}
