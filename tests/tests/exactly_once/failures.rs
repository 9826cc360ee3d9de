//! Calls that fail: for a while, or for good.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use antiphon_core::keys;
use antiphon_core::{FailureKind, JobId, Outcome, ResultObject};
use antiphon_simulator::{SimulatorConfig, Voices};
use antiphon_tests::{Asked, Stage, Stored, VOICES, audit, same_summary, tokens};
use serde_json::{Value, json};

use crate::{at_once, end_order, ended_with, order, summary};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_faults_of_every_kind_cost_retries_and_nothing_else() {
    let asked = Asked::new(4, 4, 1);
    let voices = Voices::from_yaml(VOICES, Path::new(".")).unwrap();
    let trickle = Duration::from_millis(100);
    let stage = Stage::with(&asked, SimulatorConfig { trickle, ..SimulatorConfig::new(voices) }).await;
    stage.configure("[http]\ntimeout = \"1s\"\n");
    let kinds = [
        "rate_limit",
        "overloaded",
        "server_error",
        "reset",
        "hang",
        "trickle",
        "truncated",
        "error_body",
        "garbage",
    ];
    for kind in kinds {
        order(&stage, json!({"kind": kind, "next": 3, "first_attempt_only": true}));
    }
    let ended = stage.run("data", &["--json"]).await;
    ended_with(&ended, 0);
    let ledger = stage.simulator.ledger();
    assert_eq!(ledger.iter().filter(|entry| entry.fault.is_some()).count(), 3 * kinds.len());
    let stored = stage.stored("data").await;
    audit(&asked.keys(), &stored, &ledger);
    assert!(stored.iter().all(|one| one.sample.outcome == Outcome::Answered));
    let said: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(said["retried_calls"], json!(ledger.len() - stored.len()));
    assert_eq!(said["operations"]["calls"], json!(ledger.len()));
    same_summary(&stage.summary("data"), &at_once(&asked).await);
}

/// A stage on which many samples of both targets have failed, and the suite's samples that stand all the same.
async fn failed_stage(asked: &Asked) -> (Stage, Vec<Stored>) {
    let stage = Stage::new(asked).await;
    stage.configure_at(
        &stage.simulator.base_url(),
        "[pools.high]\nconcurrency = 64\n[pools.low]\nconcurrency = 64\n",
    );
    order(&stage, json!({"kind": "server_error", "voice": "alto", "rate": 0.8}));
    order(&stage, json!({"kind": "garbage", "voice": "bass", "rate": 0.8}));
    ended_with(&stage.run("data", &[]).await, 3);
    end_order(&stage, "server_error", Some("alto"));
    end_order(&stage, "garbage", Some("bass"));
    let stored = stage.stored("data").await;
    (stage, stored)
}

fn standing(stored: Vec<Stored>) -> Vec<Stored> {
    stored.into_iter().filter(|one| !one.sample.outcome.wants_retry()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lasting_failures_are_recorded_and_a_retry_asks_them_and_only_them() {
    let asked = Asked::new(3, 4, 2);
    let (stage, before) = failed_stage(&asked).await;
    let keys: BTreeSet<String> = before.iter().map(Stored::key).collect();
    assert_eq!(keys, asked.keys(), "a failed sample is recorded too");
    assert_eq!(before.len(), keys.len());
    let total = summary(&stage).completeness.total;
    assert!(total.is_balanced() && !total.is_complete(), "{total:?}");
    let failed: Vec<_> = total.failed.keys().copied().collect();
    assert_eq!(failed, [FailureKind::Server, FailureKind::InvalidResponse], "{total:?}");
    assert!(total.unreached > 0 && total.answered > 0, "{total:?}");

    let calls = stage.simulator.stats().calls;
    ended_with(&stage.retry("data").await, 0);
    let after = stage.stored("data").await;
    let stands: BTreeSet<String> = standing(before.clone()).iter().map(Stored::key).collect();
    for entry in &stage.simulator.ledger()[usize::try_from(calls).unwrap()..] {
        let (_, key) = entry.key.split_once('/').unwrap();
        assert!(!stands.contains(key), "{key} stood, and was asked again");
    }
    assert_eq!(audit(&asked.keys(), &standing(after.clone()), &stage.simulator.ledger()), 0);
    check_history(&before, &after);
    same_summary(&stage.summary("data"), &at_once(&asked).await);

    let calls = stage.simulator.stats().calls;
    ended_with(&stage.retry("data").await, 0);
    assert_eq!(stage.simulator.stats().calls, calls, "nothing was left to ask again");
}

/// A second turn that was asked again went on from the first turn's answer that stood.
fn check_history(before: &[Stored], after: &[Stored]) {
    let mut looked = 0;
    for again in after.iter().filter(|one| one.job.as_str().starts_with("r001") && one.sample.turn == 1) {
        let first = before.iter().find(|one| {
            let (a, b) = (&one.sample, &again.sample);
            let same_session = one.target == again.target
                && (&a.probe, &a.user, a.session) == (&b.probe, &b.user, b.session);
            same_session && a.turn == 0 && a.repeat == 0
        });
        let first = first.expect("every session has a first turn");
        if first.sample.outcome != Outcome::Answered {
            continue;
        }
        let request: Value = serde_json::from_str(again.sample.request.as_ref().unwrap()).unwrap();
        let said: Vec<_> =
            request["messages"].as_array().unwrap().iter().filter(|one| one["role"] == "assistant").collect();
        assert_eq!(said.len(), 1, "{request}");
        assert_eq!(said[0]["content"], json!(first.sample.text));
        looked += 1;
    }
    assert!(looked > 0, "no second turn failed after a first one that stood");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_is_killed_goes_on_and_asks_nothing_twice() {
    let asked = Asked::new(3, 4, 1);
    let (stage, _) = failed_stage(&asked).await;
    order(&stage, json!({"kind": "hang", "rate": 1.0}));
    let retry = stage.start("data", &["retry", "held"]);
    stage.simulator.until_calls(stage.simulator.stats().calls + 4).await;
    retry.kill().await;
    end_order(&stage, "hang", None);
    ended_with(&stage.retry("data").await, 0);
    // A call that was on its way when its caller died may have been answered to nobody.
    audit(&asked.keys(), &standing(stage.stored("data").await), &stage.simulator.ledger());
    same_summary(&stage.summary("data"), &at_once(&asked).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_outcome_that_is_no_failure_stands() {
    let asked = Asked::new(3, 4, 1);
    let stage = Stage::new(&asked).await;
    ended_with(&stage.run("data", &[]).await, 0);
    let (summary, run) = (stage.summary("data"), "held".parse().unwrap());
    let store = stage.open("data").await;
    for (target, block, job) in store.result_keys(&run).await.unwrap() {
        let mut object: ResultObject =
            store.get_result(&keys::result_of(&run, &target, &block, &job)).await.unwrap();
        object.job = JobId::new("r001-000000").unwrap();
        object.samples.iter_mut().for_each(|sample| sample.text = "Something else.".to_owned());
        let bytes = antiphon_store::encode_result("a later answer", &object).unwrap();
        store.put_once(&keys::result_of(&run, &target, &block, &object.job), bytes).await.unwrap();
    }
    assert_eq!(stage.stored("data").await.len(), 2 * tokens(&stage.simulator.ledger()).len());
    ended_with(&stage.start("data", &["report", "held"]).output().await, 0);
    same_summary(&stage.summary("data"), &summary);
}

/// An answer without a text ends a conversation. That is what the model did: it is final, and nothing is asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_the_model_ended_is_complete_and_not_asked_again() {
    let asked = Asked::new(10, 3, 1);
    let text = VOICES.replace("\n    answers:", "\n    empty_rate: 0.2\n    answers:");
    assert_ne!(text, VOICES);
    let voices = Voices::from_yaml(&text, Path::new(".")).unwrap();
    let stage = Stage::with(&asked, SimulatorConfig::new(voices)).await;
    ended_with(&stage.run("data", &[]).await, 0);
    let total = summary(&stage).completeness.total;
    assert!(total.ended > 0 && total.ended == total.unreached, "{total:?}");
    assert_eq!(stage.stored("data").await.len(), asked.keys().len());
    let calls = stage.simulator.ledger().len();
    ended_with(&stage.retry("data").await, 0);
    assert_eq!(stage.simulator.ledger().len(), calls, "there was nothing to ask again");
}
