//! The store in the words of core.

use antiphon_core::{Job, OBJECT_FORMAT, ResultObject, Round, RoundKind, RunId, keys};
use antiphon_store::{Put, Store, StoreError};

const ID: &str = "letters and digits are an id";

fn run() -> RunId {
    "r1".parse().expect(ID)
}

fn job(block: &str, chunk: u32) -> Job {
    Job {
        format: OBJECT_FORMAT,
        run: run(),
        pool: "p".parse().expect(ID),
        target: "opus".parse().expect(ID),
        block: block.parse().expect(ID),
        round: 0,
        chunk,
    }
}

fn result(job: &Job) -> ResultObject {
    ResultObject {
        format: OBJECT_FORMAT,
        run: job.run.clone(),
        target: job.target.clone(),
        block: job.block.clone(),
        job: job.id(),
        samples: Vec::new(),
    }
}

fn round(number: u32) -> Round {
    Round { format: OBJECT_FORMAT, number, kind: RoundKind::Retry(Vec::new()) }
}

#[tokio::test]
async fn the_first_result_of_a_job_stands() {
    let store = Store::memory();
    let job = job("b1", 0);
    assert!(!store.has_result(&job).await.unwrap());
    assert_eq!(store.put_result(&job, result(&job)).await.unwrap(), Put::Created);
    assert_eq!(store.put_result(&job, result(&job)).await.unwrap(), Put::Exists);
    assert!(store.has_result(&job).await.unwrap());
    assert_eq!(store.get_result(&keys::result(&job)).await.unwrap(), result(&job));
}

#[tokio::test]
async fn a_result_under_another_name_is_found_out() {
    let store = Store::memory();
    let (job, other) = (job("b1", 0), job("b1", 1));
    store.put_result(&job, result(&job)).await.unwrap();
    let bytes = store.get(&keys::result(&job)).await.unwrap().unwrap();
    store.put_once(&keys::result(&other), bytes).await.unwrap();
    let error = store.get_result(&keys::result(&other)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { key, .. } if *key == keys::result(&other)), "{error}");
    let absent = store.get_result("runs/r1/samples/opus/b1/r009-000000.mpk.zst").await;
    assert!(matches!(absent, Err(StoreError::Absent { .. })), "{absent:?}");
}

#[tokio::test]
#[should_panic(expected = "stored under its own job")]
async fn a_result_is_not_stored_under_another_job() {
    let _ = Store::memory().put_result(&job("b1", 0), result(&job("b2", 0))).await;
}

#[tokio::test]
async fn the_jobs_that_are_done_are_listed_in_order() {
    let store = Store::memory();
    for job in [job("b2", 0), job("b1", 1), job("b1", 0)] {
        store.put_result(&job, result(&job)).await.unwrap();
    }
    store.put_once("runs/r1/samples/opus/b1/notes.txt", "by hand".into()).await.unwrap();
    let expected = [job("b1", 0), job("b1", 1), job("b2", 0)]
        .map(|job| (job.target.clone(), job.block.clone(), job.id()));
    assert_eq!(store.result_keys(&run()).await.unwrap(), expected);
}

#[tokio::test]
async fn rounds_come_in_order_and_without_gaps() {
    let store = Store::memory();
    assert!(store.rounds(&run()).await.unwrap().is_empty());
    for number in [1, 0] {
        assert_eq!(store.put_round(&run(), &round(number)).await.unwrap(), Put::Created);
    }
    assert_eq!(store.put_round(&run(), &round(1)).await.unwrap(), Put::Exists);
    assert_eq!(store.rounds(&run()).await.unwrap(), [round(0), round(1)]);
    store.put_round(&run(), &round(3)).await.unwrap();
    let gap = store.rounds(&run()).await;
    assert!(matches!(&gap, Err(StoreError::Absent { key }) if *key == keys::round(&run(), 2)), "{gap:?}");
}

#[tokio::test]
async fn the_first_reason_of_a_dead_job_stands() {
    let store = Store::memory();
    assert_eq!(store.put_dead(&job("b1", 0), "delivery limit").await.unwrap(), Put::Created);
    assert_eq!(store.put_dead(&job("b1", 0), "another").await.unwrap(), Put::Exists);
    let dead = store.dead_jobs(&run()).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((&dead[0].job, dead[0].reason.as_str()), (&job("b1", 0), "delivery limit"));
}

#[tokio::test]
async fn a_run_is_what_has_a_manifest() {
    let store = Store::memory();
    for run in ["r2", "r1", "r1.x"] {
        store
            .put_json_once(&keys::manifest(&run.parse().unwrap()), &serde_json::json!({"format": 1}))
            .await
            .unwrap();
    }
    store.put_round(&"unborn".parse().unwrap(), &round(0)).await.unwrap();
    let runs: Vec<String> = store.runs().await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(runs, ["r1", "r1.x", "r2"]);
    assert!(store.get_manifest(&"unborn".parse().unwrap()).await.unwrap().is_none());
    let damaged = store.get_manifest(&run()).await;
    assert!(matches!(damaged, Err(StoreError::Corrupt { .. })), "{damaged:?}");
}

#[tokio::test]
async fn derived_files_are_replaced_and_suites_are_not() {
    let store = Store::memory();
    let key = keys::summary(&run(), "summary.json");
    for n in [1, 2] {
        store.put_json(&key, &n).await.unwrap();
    }
    assert_eq!(store.get_json(&key).await.unwrap(), Some(2));
    assert_eq!(store.put_suite("abc", "name: x\n").await.unwrap(), Put::Created);
    assert_eq!(store.put_suite("abc", "name: y\n").await.unwrap(), Put::Exists);
    assert_eq!(store.get(&keys::suite("abc")).await.unwrap().unwrap(), "name: x\n");
}
