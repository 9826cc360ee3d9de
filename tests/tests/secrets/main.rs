//! Secrets stand in no log, message, object, report, health page, argument or crash, whatever happens to those who know them.
//!
//! A fleet at its loudest is given secrets that nobody else has; it works, fails, is refused and dies; then all that it left is searched
//! for them in every form. Texts that must be found show that the search would find them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod canaries;
mod parrot;
mod stand;
mod tap;

use std::collections::BTreeMap;
use std::process::Stdio;

use futures::future::join_all;
use rustix::process::Signal;

use crate::canaries::Canaries;
use crate::stand::{Process, Stand, until, url};

/// One probe, which says `prompt`, for these targets.
fn suite(targets: &[&str], prompt: &str) -> String {
    let targets: Vec<String> =
        targets.iter().map(|target| format!("  - {{alias: {target}, max_tokens: 60}}\n")).collect();
    format!(
        "version: 1\nname: planted\nseed: 5\ntargets:\n{}users:\n  draw: 4\n  system_prompts: {{terse: Be brief., kind: Be kind.}}\n\
         sampling: {{sessions: 20, repeats: 1}}\nprobes:\n  - {{id: control, prompt: 'Say {prompt}.'}}\n",
        targets.concat()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_appear_nowhere() {
    let mut stand = Stand::new().await;
    let key = stand.environment["PROVIDER_KEY"].clone();
    // Sixteen letters and digits, as every half of a canary has.
    let control = format!("{:016x}", rand::random::<u64>());
    stand.write("suite.yaml", &suite(&["alto", "bass", "answers", "fails"], &control));
    stand.write("refused.yaml", &suite(&["refuses"], "nothing"));
    let sim = stand.start("sim voices.yaml --listen 127.0.0.1:0", &[("ANTIPHON_SIM_KEY", &key)]);
    until("models listen", async || stand.said(&sim.name, "out").contains("http://")).await;
    stand.configure(stand.said(&sim.name, "out").lines().next().unwrap());
    stand.run_with("sim --help", &[("ANTIPHON_SIM_KEY", &key)]).await;

    before_the_run(&stand).await;
    let worker = a_run_with_a_killed_worker(&stand).await;
    after_the_run(&stand).await;
    crashes(&stand, worker).await;
    refused_by_broker_and_store(&mut stand).await;
    let mut coordinator = stand.start("coordinator --listen 127.0.0.1:0", &[]);
    stand.health(&coordinator).await;
    coordinator.signal(Signal::TERM);
    assert_eq!(coordinator.ended().await, Some(0), "{}", stand.last_words(&coordinator.name));
    drop(sim);

    check(&stand, &control).await;
}

async fn before_the_run(stand: &Stand) {
    stand.run("topology apply", 0).await;
    for line in ["topology check", "doctor", "check suite.yaml", "plan suite.yaml"] {
        stand.run(line, 0).await;
        stand.run(&format!("{line} --json"), 0).await;
    }
}

/// The worker that is left is given back.
async fn a_run_with_a_killed_worker(stand: &Stand) -> Process {
    let mut coordinator = stand.start("coordinator --listen 127.0.0.1:0", &[]);
    let mut killed = stand.start("worker --listen 127.0.0.1:0", &[]);
    stand.run("submit suite.yaml --run planted --json", 0).await;
    let mut watching = stand.start("watch planted", &[]);
    stand.low.until_calls(10).await;
    for service in [&coordinator, &killed] {
        look_at(stand, service, "during").await;
    }
    killed.signal(Signal::KILL);
    killed.ended().await;
    let worker = stand.start("worker --listen 127.0.0.1:0", &[]);
    stand.run("submit refused.yaml --run refused", 0).await;
    stand.run("status planted --json", 0).await;
    stand.run("status", 0).await;
    watching.ended().await;
    look_at(stand, &worker, "after").await;
    a_parked_pool(stand, &worker).await;
    coordinator.signal(Signal::QUIT);
    coordinator.ended().await;
    worker
}

/// A provider repeats the key in the error by which a pool is parked.
async fn a_parked_pool(stand: &Stand, worker: &Process) {
    let page = stand.health(worker).await + "/readyz";
    until("the pool is parked", async || {
        let said = reqwest::get(&page).await.unwrap().text().await.unwrap();
        said.contains("stubborn is parked") && said.contains(parrot::WORD)
    })
    .await;
    look_at(stand, worker, "parked").await;
    stand.run("cancel refused --reason wrong-key", 0).await;
    stand.run("dead list refused", 0).await;
}

/// Keeps what a service says of itself over HTTP.
async fn look_at(stand: &Stand, service: &Process, when: &str) {
    let address = stand.health(service).await;
    for page in ["healthz", "readyz", "metrics"] {
        let answer = reqwest::get(format!("{address}/{page}")).await.unwrap();
        let text = format!("{answer:?}\n") + &answer.text().await.unwrap();
        stand.write(&format!("said/{}.{page}-{when}", service.name), &text);
    }
}

async fn after_the_run(stand: &Stand) {
    stand.run_with("report planted", &[]).await;
    for line in [
        "export planted --format jsonl --output exported",
        "export planted --format parquet --output exported",
        "export planted --format html --output exported",
        "show planted",
        "show planted --json",
        "runs",
        "status planted",
        "dead list planted",
        "dead list planted --json",
    ] {
        stand.run(line, 0).await;
    }
    let keys = stand.store.list("runs/planted/samples/").await.unwrap();
    stand.run(&format!("decode {}", keys[0]), 0).await;
}

/// Ends that nobody wants: memory that the system refuses, and an abort.
async fn crashes(stand: &Stand, mut worker: Process) {
    let id = worker.child.id().unwrap().to_string();
    let limit =
        tokio::process::Command::new("prlimit").args(["--pid", &id, "--as=1"]).stdin(Stdio::null()).status();
    assert!(limit.await.unwrap().success());
    // Work for which it wants more memory than it has free.
    stand.write("hungry.yaml", &suite(&["alto"], &"much ".repeat(4_000_000)));
    stand.run("submit hungry.yaml --run hungry --users 1 --sessions 1", 0).await;
    let mut coordinator = stand.start("coordinator", &[]);
    until("the worker lacks memory", async || {
        let said = stand.said(&worker.name, "err");
        said.contains("memory allocation of") || said.contains("panicked")
    })
    .await;
    // It need not end by itself: printing where it was needs memory, too.
    worker.child.kill().await.unwrap();
    let mut other = stand.start("worker --listen 127.0.0.1:0", &[]);
    look_at(stand, &other, "before").await;
    other.signal(Signal::ABORT);
    other.ended().await;
    coordinator.signal(Signal::ABORT);
    coordinator.ended().await;
}

/// Wrong passwords and keys, and servers that are not there or repeat what they hear.
async fn refused_by_broker_and_store(stand: &mut Stand) {
    let wrong = ["wrong broker password", "wrong S3 key", "wrong provider key"]
        .map(|name| stand.canaries.plant(name));
    let stand = &*stand;
    let broker = stand.environment["ANTIPHON_BROKER"].clone();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mistyped = broker.replace("amqp://", "amqp:");
    let unreachable = broker.replace(&stand.broker.address().to_string(), &closed.to_string());
    let wrong_password = url(&wrong[0], stand.broker.address());
    let parrot = format!("http://{}", stand.parrot.address);
    let broken_key = format!("{}\nx", wrong[2]);
    let changes = [
        ("ANTIPHON_BROKER", wrong_password.as_str()),
        ("ANTIPHON_BROKER", &unreachable),
        ("ANTIPHON_BROKER", &mistyped),
        ("AWS_SECRET_ACCESS_KEY", &wrong[1]),
        ("AWS_ENDPOINT_URL", &parrot),
    ];
    let refused = changes.map(async |change| {
        for line in ["doctor", "submit suite.yaml --run wrong", "status"] {
            let (name, code) = stand.run_with(line, &[change]).await;
            let may_succeed = line == "status" && change.0 == "ANTIPHON_BROKER";
            assert!(
                may_succeed || code != Some(0),
                "{line} with another {}: {}",
                change.0,
                stand.last_words(&name)
            );
        }
        let mut service = stand.start("worker", &[change]);
        // Without its broker a service goes on trying.
        until("the worker has something to say", async || {
            service.child.try_wait().unwrap().is_some()
                || stand.said(&service.name, "err").contains("out of reach")
        })
        .await;
    });
    join_all(refused).await;
    stand.run_with("doctor", &[("PROVIDER_KEY", &broken_key)]).await;
    stand
        .run_with("run suite.yaml --run alone --store alone --only alto", &[("PROVIDER_KEY", &wrong[2])])
        .await;
}

/// Searches everything, and looks whether there was anything to be searched.
async fn check(stand: &Stand, control: &str) {
    let remains = stand.remains().await;
    let search = stand.canaries.search();
    let mut leaks = Vec::new();
    for (place, bytes) in &remains {
        for (name, before) in search.find(bytes) {
            leaks.push(format!("{place} holds the {name} after {before:?}"));
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));

    must_hold(
        &remains,
        control,
        &[
            "object runs/planted/manifest.json",
            "object runs/planted/report/index.html",
            "object runs/planted/samples/alto/",
            "file exported/samples.jsonl",
        ],
    );
    // What was sent back stands there, without the secrets that it held.
    must_hold(
        &remains,
        parrot::WORD,
        &[
            "object runs/planted/samples/answers/",
            "object runs/planted/samples/fails/",
            "object runs/planted/summary/samples.parquet",
            "file exported/samples.jsonl",
        ],
    );
    let text =
        |place: &str| remains.get(place).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    for exchange in ["antiphon.jobs", "antiphon.events"] {
        assert!(
            text(&format!("messages {exchange}")).contains("planted"),
            "{exchange} carried nothing of the run"
        );
    }
    assert!(!text("messages antiphon.choir").is_empty(), "nobody sang");
    for service in ["coordinator.err", "worker.err", "submit.err", "doctor.err", "topology.err", "watch.err"]
    {
        let mut logs = remains.keys().filter(|place| place.ends_with(service));
        assert!(logs.any(|place| text(place).contains("TRACE")), "{service} is not at its loudest");
    }
}

/// The search finds a text that must be in each of these places.
fn must_hold(remains: &BTreeMap<String, Vec<u8>>, text: &str, places: &[&str]) {
    let mut sought = Canaries::default();
    sought.watch("control", text);
    let search = sought.search();
    for place in places {
        let mut there = remains.iter().filter(|(name, _)| name.starts_with(place));
        assert!(there.any(|(_, bytes)| !search.find(bytes).is_empty()), "{text} is not found in {place}");
    }
}
