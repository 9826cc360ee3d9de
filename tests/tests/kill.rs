//! The real program is killed at any moment and started again until it ends: nothing is lost, nothing is counted twice, nothing
//! but the open jobs is paid again, and the summary is that of a run that nobody disturbed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use antiphon_core::{Manifest, Round};
use antiphon_tests::{Asked, Ended, Program, Stage, answers, audit, object_names, same_summary};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Jobs of each pool that may be open at once: `concurrency / job size + 2` of the design, with 8 calls and 50 sessions.
const OPEN_JOBS: usize = 2;

/// When to kill.
#[derive(Debug)]
enum Moment {
    /// When the ledger holds so many calls.
    Calls(u64),
    /// So many microseconds after the start, which is before the first call.
    Micros(u64),
    /// When this file is there.
    File(PathBuf),
}

impl Moment {
    /// Waits for the moment. May be dropped at any time.
    async fn comes(&self, stage: &Stage) {
        match self {
            Self::Calls(calls) => stage.simulator.until_calls(*calls).await,
            Self::Micros(micros) => tokio::time::sleep(std::time::Duration::from_micros(*micros)).await,
            Self::File(path) => {
                while !path.exists() {
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

/// Kills a program at a moment; false if it ended before.
async fn kill_at(stage: &Stage, moment: &Moment, mut program: Program) -> bool {
    tokio::select! {
        biased;
        () = program.ended() => false,
        () = moment.comes(stage) => {
            program.kill().await;
            true
        }
    }
}

/// The keys of the samples of every job, by the name of its object.
async fn samples_by_job(stage: &Stage, store: &str) -> BTreeMap<String, BTreeSet<String>> {
    let store = stage.open(store).await;
    let run = "held".parse().unwrap();
    let manifest: Manifest = store.get_manifest(&run).await.unwrap().unwrap();
    let rounds: Vec<Round> = store.rounds(&run).await.unwrap();
    antiphon_tests::samples_by_job(&manifest, &rounds)
}

/// The summary of the same run in a store of its own, undisturbed.
async fn undisturbed(asked: &Asked) -> String {
    let stage = Stage::new(asked).await;
    let ended = stage.run("alone", &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    stage.summary("alone")
}

/// Besides the files that the design names, a store holds nothing that anybody sees.
fn check_names(stage: &Stage, store: &str) {
    let known = |name: &str| {
        let rest = name.strip_prefix("runs/held/").unwrap_or(name);
        matches!(rest, "manifest.json" | "rounds/000.json" | "report/index.html")
            || rest.starts_with("samples/") && rest.ends_with(".mpk.zst")
            || rest.starts_with("summary/") && (rest.ends_with(".json") || rest.ends_with(".parquet"))
            || name.starts_with("suites/") && name.ends_with(".yaml")
            || rest == ".lock"
            || name.starts_with(".tmp/")
    };
    let names = object_names(&stage.store(store));
    let odd: Vec<_> = names.iter().filter(|name| !known(name)).collect();
    assert!(odd.is_empty(), "a killed program left {odd:?}");
}

fn complete(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_asks() {
    let asked = Asked::new(10, 10, 1);
    let planned = asked.keys();
    let expected = undisturbed(&asked).await;
    let mut kills = 0;
    for seed in 0..5 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let stage = Stage::new(&asked).await;
        // For every kill, the objects that were there.
        let mut survivors: Vec<BTreeSet<String>> = Vec::new();
        for _ in 0..7 {
            let calls = stage.simulator.stats().calls;
            let moment = match random.random_range(0..8) {
                0 => Moment::Micros(random.random_range(0..30_000)),
                _ => Moment::Calls(calls + random.random_range(1..planned.len() as u64 / 4)),
            };
            if !kill_at(&stage, &moment, stage.start_run("data", &[])).await {
                break;
            }
            survivors.push(object_names(&stage.object("data", "samples")).into_iter().collect());
        }
        kills += survivors.len();
        complete(&stage.run("data", &[]).await);

        let ledger = stage.simulator.ledger();
        let repeated = audit(&planned, &stage.stored("data").await, &ledger);
        check_repeated(&stage, repeated, &survivors).await;
        check_names(&stage, "data");
        same_summary(&stage.summary("data"), &expected);
    }
    assert!(kills >= 25, "only {kills} kills came in time");
}

/// A sample is asked once, and once more for every kill at which its job had no object; and at each kill few jobs were open.
async fn check_repeated(stage: &Stage, repeated: usize, survivors: &[BTreeSet<String>]) {
    let jobs = samples_by_job(stage, "data").await;
    let answers = answers(&stage.simulator.ledger());
    let mut belonging = 0;
    for (job, keys) in &jobs {
        let without = survivors.iter().filter(|there| !there.contains(job)).count();
        for key in keys {
            let again = answers[key] - 1;
            assert!(
                again <= without,
                "{key} was asked {again} times more, with {without} kills before {job}"
            );
            belonging += again;
        }
    }
    let largest = jobs.values().map(BTreeSet::len).max().unwrap();
    let most = survivors.len() * 2 * OPEN_JOBS * largest;
    assert_eq!(repeated, belonging);
    assert!(repeated <= most, "{repeated} calls were repeated, where open jobs account for {most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_sums_up() {
    let asked = Asked::new(6, 10, 1);
    let stage = Stage::new(&asked).await;
    let expected = undisturbed(&asked).await;
    complete(&stage.run("data", &["--collect-only"]).await);
    let calls = stage.simulator.stats().calls;
    let files = [
        "summary/samples.parquet",
        "summary/probes.parquet",
        "summary/operations.json",
        "summary/summary.json",
        "report/index.html",
    ];
    let mut kills = 0;
    for file in files {
        let moment = Moment::File(stage.object("data", file));
        kills += usize::from(kill_at(&stage, &moment, stage.start_run("data", &[])).await);
        // Whatever is there of the derived files is whole.
        let summary = stage.object("data", "summary/summary.json");
        if summary.exists() {
            same_summary(&stage.summary("data"), &expected);
        }
    }
    assert!(kills >= 3, "only {kills} kills came in time");
    let ended = stage.run("data", &[]).await;
    complete(&ended);
    same_summary(&stage.summary("data"), &expected);
    assert!(stage.object("data", "report/index.html").exists());
    assert_eq!(stage.simulator.stats().calls, calls, "summing up again makes no call");
    check_names(&stage, "data");
}

/// What is asked on depends on results alone: whoever is killed between two rounds, or while one is decided, comes to the same ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_asks_on() {
    let asked = Asked { until: Some("{half_width: 0.1, max_users: 60}"), ..Asked::new(8, 2, 1) };
    let alone = Stage::new(&asked).await;
    complete(&alone.run("data", &[]).await);
    let expected = rounds(&alone);
    assert!(expected.len() >= 4, "only {} rounds", expected.len());
    let stored = alone.stored("data").await;
    let planned: BTreeSet<String> = stored.iter().map(antiphon_tests::Stored::key).collect();
    assert!(planned.len() > asked.keys().len(), "nothing was asked on");

    let mut kills = 0;
    for seed in 0..2 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let stage = Stage::new(&asked).await;
        // At the beginning of every round, and once before its end.
        for round in 1..expected.len() {
            let file = stage.object("data", &format!("rounds/{round:03}.json"));
            kills += usize::from(kill_at(&stage, &Moment::File(file), stage.start_run("data", &[])).await);
            let moment = Moment::Calls(stage.simulator.stats().calls + random.random_range(1..40));
            kills += usize::from(kill_at(&stage, &moment, stage.start_run("data", &[])).await);
        }
        complete(&stage.run("data", &[]).await);
        audit(&planned, &stage.stored("data").await, &stage.simulator.ledger());
        assert_eq!(rounds(&stage), expected, "seed {seed}");
        same_summary(&stage.summary("data"), &alone.summary("data"));
    }
    assert!(kills >= 8, "only {kills} kills came in time");
}

/// Name of each round and what it says.
fn rounds(stage: &Stage) -> BTreeMap<String, String> {
    let folder = stage.object("data", "rounds");
    let read = |name: String| {
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        (name, text)
    };
    object_names(&folder).into_iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_stop() {
    let asked = Asked::new(10, 10, 1);
    let planned = asked.keys();
    let expected = undisturbed(&asked).await;
    for signal in ["INT", "TERM"] {
        let stage = Stage::new(&asked).await;
        for part in [4, 2] {
            let program = stage.start_run("data", &["--grace", "10s"]);
            stage.simulator.until_calls(planned.len() as u64 / part).await;
            program.signal(signal).await;
            let ended = program.output().await;
            assert_eq!(ended.code, Some(130), "{ended:?}");
            assert!(ended.err.contains("Go on later with `antiphon run suite.yaml"), "{}", ended.err);
        }
        complete(&stage.run("data", &[]).await);
        let repeated = audit(&planned, &stage.stored("data").await, &stage.simulator.ledger());
        assert_eq!(repeated, 0, "open jobs ended within the grace period");
        same_summary(&stage.summary("data"), &expected);
    }
}

/// Also one that never had its broker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_without_its_broker_stops_when_asked() {
    let stage = Stage::new(&Asked::new(1, 1, 1)).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for service in ["coordinator", "worker"] {
        let mut command = Program::command();
        command.current_dir(stage.folder()).args([service, "--store", "data", "--listen", "127.0.0.1:0"]);
        command.env("ANTIPHON_BROKER", format!("amqp://u:p@{nobody}/%2f"));
        let mut program = Program::start(&mut command);
        program.until_it_says("out of reach").await;
        program.signal("TERM").await;
        let ended = program.output().await;
        assert_eq!(ended.code, Some(0), "{service}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_at_once() {
    let asked = Asked::new(10, 10, 1);
    let stage = Stage::new(&asked).await;
    let order = r#"{"kind": "hang", "rate": 1.0}"#;
    let program = stage.start_run("data", &["--grace", "1h"]);
    stage.simulator.until_calls(40).await;
    stage.simulator.order_fault(serde_json::from_str(order).unwrap()).unwrap();
    let calls = stage.simulator.stats().calls;
    // From here on every call hangs, so that nothing but the second signal can end the program soon.
    stage.simulator.until_calls(calls + 16).await;
    program.signal("INT").await;
    program.signal("TERM").await;
    let ended = program.output().await;
    assert_eq!(ended.code, Some(130), "{ended:?}");
    stage.simulator.order_fault(serde_json::from_str(&order.replace("1.0", "0.0")).unwrap()).unwrap();
    complete(&stage.run("data", &[]).await);
    audit(&asked.keys(), &stage.stored("data").await, &stage.simulator.ledger());
}
