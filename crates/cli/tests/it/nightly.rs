//! `antiphon nightly`: who is told what over which way, and what a first night leaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use antiphon_core::{Comparison, RunVerdict};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::desk::{Desk, Done, KEY};
use crate::nights::{MOSTLY, SUITE, configure, usual, voice};

/// Part of the webhook's address, which nobody may see.
const SECRET: &str = "canary-hook-51c7";

/// A webhook that answers each post with this status, and what was posted. It listens until the process ends.
fn hook(status: &'static str) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/hooks/{SECRET}?token={SECRET}", listener.local_addr().unwrap());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while stream.read_line(&mut head).unwrap() > 2 {
                let line = head.lines().last().unwrap().to_lowercase();
                if let Some(bytes) = line.strip_prefix("content-length: ") {
                    length = bytes.trim().parse().unwrap();
                }
            }
            assert!(head.starts_with(&format!("POST /hooks/{SECRET}?token={SECRET} HTTP/1.1\r\n")), "{head}");
            assert!(head.to_lowercase().contains("content-type: application/json\r\n"), "{head}");
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if send.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    (address, receive)
}

/// An address at which nobody listens.
fn nobody() -> String {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}/hooks/{SECRET}")
}

fn nightly(desk: &Desk, date: &str, more: &[&str]) -> Done {
    let line = [&["nightly", "suite.yaml", "--date", date], more].concat();
    let done: Done = desk.command().args(line).output().unwrap().into();
    assert!(!format!("{}{}", done.out, done.err).contains(SECRET), "{}{}", done.out, done.err);
    done
}

/// A desk whose first night is the baseline.
fn begun() -> Desk {
    let desk = Desk::new();
    desk.write("suite.yaml", SUITE);
    configure(&desk, &usual());
    let first = nightly(&desk, "2026-11-01", &["--first-is-baseline"]);
    assert_eq!(first.code, 0, "{}", first.err);
    desk
}

#[test]
fn a_webhook_gets_the_verdict_and_what_goes_wrong_with_it_is_no_success() {
    let mut desk = begun();
    let (address, posted) = hook("204 No Content");
    let calm = nightly(&desk, "2026-11-02", &["--webhook", &address]);
    assert_eq!(calm.code, 0, "{}", calm.err);
    let told = posted.recv().unwrap();
    let report = "antiphon-data/runs/nightly-2026-11-02/report/comparison.html";
    for (field, value) in [
        ("verdict", "PASS"),
        ("suite", "nightly"),
        ("run", "nightly-2026-11-02"),
        ("base", "nightly-2026-11-01"),
        ("report", report),
    ] {
        assert_eq!(told[field], value, "{told}");
    }
    assert_eq!(told["complete"], true);
    assert!(desk.path(report).exists() && told["reasons"][0].is_string(), "{told}");

    // Asked again, nothing is left to ask; only somebody is told once more, and it goes wrong in every way.
    let (broken, posted) = hook("500 Internal Server Error");
    let (elsewhere, led_on) = hook("302 Found");
    for (address, says) in [
        (broken.as_str(), "nobody was told: the webhook did not take it: it answered 500"),
        (elsewhere.as_str(), "nobody was told: the webhook did not take it: it answered 302"),
        (&nobody(), "nobody was told: the webhook did not take it: error sending request"),
        (&format!("{SECRET} is no address"), "nobody was told: the webhook did not take it: builder error"),
    ] {
        let done = nightly(&desk, "2026-11-02", &["--webhook", address]);
        assert_eq!(done.code, 1, "a notification that fails is no success: {}", done.err);
        assert!(done.err.contains(says) && done.out.starts_with("PASS  "), "{}{}", done.out, done.err);
    }
    assert_eq!(
        (&posted.recv().unwrap()["verdict"], &led_on.recv().unwrap()["verdict"]),
        (&"PASS".into(), &"PASS".into())
    );

    // A BLOCK stays one, whoever could be told. From the environment the address is as secret.
    configure(&desk, &voice(7, 0.7, MOSTLY, MOSTLY));
    desk.set("ANTIPHON_WEBHOOK", &nobody());
    let wave = nightly(&desk, "2026-11-03", &[]);
    assert_eq!(wave.code, 4, "{}", wave.err);
    assert!(wave.err.contains("nobody was told"), "{}", wave.err);
    assert!(!desk.run("nightly --help").out.contains(SECRET));
}

/// What is told, and the files: of a night that becomes the baseline, of the baseline asked again, and of one that there is no baseline for.
#[test]
fn a_night_without_another_to_compare_with_is_told_and_written() {
    let desk = Desk::new();
    desk.write("suite.yaml", SUITE);
    configure(&desk, &usual());
    let (address, posted) = hook("200 OK");
    let files = ["--markdown", "n.md", "--junit", "n.xml", "--html", "n.html", "--webhook", &address];
    let night = |more: &[&str], code: i32| -> (Done, Value) {
        for name in ["n.md", "n.xml", "n.html"] {
            let _absent = std::fs::remove_file(desk.path(name));
        }
        let done = nightly(&desk, "2026-11-01", &[&files, more].concat());
        assert_eq!(done.code, code, "{}{}", done.out, done.err);
        let told = posted.recv().unwrap();
        assert_eq!((&told["run"], &told["base"]), (&"nightly-2026-11-01".into(), &Value::Null), "{told}");
        assert_eq!(told["report"], "antiphon-data/runs/nightly-2026-11-01/report/index.html");
        assert!(desk.path(told["report"].as_str().unwrap()).exists());
        (done, told)
    };
    let read = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();

    // Half a night is no baseline, and why it is half is told.
    desk.edit("suite.yaml", "policy:", "budget: {dollars: 0.07}\npolicy:");
    let (half, told) = night(&["--first-is-baseline"], 3);
    assert_eq!((&told["verdict"], &told["complete"]), (&"INCONCLUSIVE".into(), &false.into()));
    assert!(told["reasons"].to_string().contains("of the budget of $0.0700 are spent"), "{told}");
    assert!(half.out.contains("this run is not complete, so it does not become one"), "{}", half.out);
    assert!(read("n.xml").contains("<error type=\"INCONCLUSIVE\""), "{}", read("n.xml"));
    assert_eq!(desk.run("baseline show nightly").code, 2);

    desk.edit("suite.yaml", "budget: {dollars: 0.07}\n", "");
    let (none, told) = night(&[], 5);
    assert_eq!((&told["verdict"], &told["complete"]), (&"INCONCLUSIVE".into(), &true.into()));
    assert!(
        none.out.starts_with("INCONCLUSIVE  run nightly-2026-11-01\n  the suite nightly has no baseline"),
        "{}",
        none.out
    );
    assert!(read("n.md").starts_with("### ❔ INCONCLUSIVE: nightly\n"), "{}", read("n.md"));

    let (first, told) = night(&["--first-is-baseline", "--json"], 0);
    assert_eq!(told["verdict"], "BASELINE");
    let printed: Value = serde_json::from_str(&first.out).unwrap();
    assert_eq!((&printed["verdict"], &printed["complete"]), (&"BASELINE".into(), &true.into()));
    assert!(
        read("n.xml").contains("<testcase classname=\"nightly\" name=\"baseline\" time=\"0\">"),
        "{}",
        read("n.xml")
    );
    assert!(!read("n.xml").contains("<failure") && !read("n.xml").contains("<error"), "{}", read("n.xml"));
    assert!(read("n.html").contains("<h1>BASELINE: "), "{}", read("n.html"));

    let (again, told) = night(&[], 0);
    assert_eq!(told["verdict"], "BASELINE");
    assert!(again.out.contains("it is the baseline of nightly itself"), "{}", again.out);
}

/// Whatever stage fails, the same are told, and the exit code stays the error's.
#[test]
fn a_night_that_could_not_be_asked_is_told() {
    let mut desk = begun();
    let configuration = std::fs::read_to_string(desk.path("antiphon.toml")).unwrap();
    let (address, posted) = hook("204 No Content");
    let failed = |desk: &Desk, more: &[&str], code: i32, why: &str| -> Value {
        let done = nightly(desk, "2026-11-02", &[&["--webhook", &address], more].concat());
        // Where nobody is told it waits in vain, and must not for ever.
        let told = posted.recv_timeout(Duration::from_secs(20)).expect("somebody is told");
        assert_eq!(done.code, code, "{}{}", done.out, done.err);
        assert_eq!((&told["verdict"], &told["complete"]), (&"ERROR".into(), &false.into()), "{told}");
        assert_eq!((&told["report"], &told["base"]), (&Value::Null, &Value::Null), "{told}");
        let reasons: Vec<_> =
            told["reasons"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
        assert!(reasons[0].contains(why), "{why}: {told}");
        assert!(reasons.iter().all(|reason| done.err.contains(reason)), "{told}\n{}", done.err);
        told
    };
    let night = |told: &Value| {
        assert_eq!((&told["suite"], &told["run"]), (&"nightly".into(), &"nightly-2026-11-02".into()));
    };

    desk.set("SIM_KEY", "canary-wrong-2f");
    night(&failed(&desk, &[], 2, "pool sim was stopped"));
    desk.unset("SIM_KEY");
    night(&failed(&desk, &[], 2, "SIM_KEY is not set"));
    desk.set("SIM_KEY", KEY);
    desk.write("no-folder", "");
    night(&failed(&desk, &["--store", "no-folder/store"], 1, "no-folder/store"));
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    desk.write("antiphon.toml", format!("{configuration}[broker]\nurl = \"amqp://127.0.0.1:{port}\"\n"));
    night(&failed(&desk, &[], 2, &format!("127.0.0.1:{port}")));

    // Neither is there anything to judge where no model is reached, or the budget has no room for a job.
    let server = configuration.split('"').find(|part| part.starts_with("http://")).unwrap();
    desk.write("antiphon.toml", configuration.replace(server, &format!("http://127.0.0.1:{port}/v1")));
    night(&failed(&desk, &[], 3, "pool sim was stopped: no connection"));
    desk.write("antiphon.toml", &configuration);
    desk.edit("suite.yaml", "policy:", "budget: {dollars: 0.0001}\npolicy:");
    night(&failed(&desk, &[], 3, "of the budget of $0.0001 are spent"));
    desk.edit("suite.yaml", "budget: {dollars: 0.0001}\n", "");

    // Before the suite is read its name is not known.
    let unnamed =
        |told: &Value| assert_eq!((&told["suite"], &told["run"]), (&"suite.yaml".into(), &Value::Null));
    desk.write("antiphon.toml", "[targets");
    unnamed(&failed(&desk, &[], 2, "antiphon.toml"));
    desk.write("antiphon.toml", &configuration);
    desk.write("suite.yaml", SUITE.replace("probes:", "prober:"));
    unnamed(&failed(&desk, &[], 2, "suite.yaml"));

    // A file for which there is no folder is found before anybody is asked.
    desk.write("suite.yaml", SUITE);
    unnamed(&failed(&desk, &["--junit", "no/where.xml"], 2, "there is no folder no; make it first"));
    assert!(!desk.path("antiphon-data/runs/nightly-2026-11-02/results").exists());
    desk.write("suite.yaml", SUITE.replace("probes:", "prober:"));

    // A command is told the same; one that fails changes nothing.
    let told = "echo \"<$ANTIPHON_VERDICT $ANTIPHON_SUITE $ANTIPHON_RUN $ANTIPHON_REPORT>\"; false";
    let done = nightly(&desk, "2026-11-02", &["--notify", told]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(
        done.err.contains("<ERROR suite.yaml  >") && done.err.contains("nobody was told"),
        "{}",
        done.err
    );
}

/// Whoever waits at a terminal need not wait for a command that hangs.
#[test]
fn a_command_that_hangs_can_be_interrupted() {
    let done = nightly(&begun(), "2026-11-01", &["--notify", "kill -INT $PPID; sleep 100"]);
    assert_eq!(done.code, 1, "{}", done.err);
    let says = "nobody was told: the command of --notify failed: it was interrupted";
    assert!(done.err.contains(says) && done.out.starts_with("BASELINE  "), "{}{}", done.out, done.err);
}

/// A scheduler that ends a night tells nobody; whoever presses Ctrl-C knows. Either way the same command goes on.
#[tokio::test]
async fn a_night_that_is_terminated_is_told_and_one_that_is_interrupted_is_not() {
    let desk = Desk::new();
    desk.write("suite.yaml", SUITE);
    configure(&desk, &usual());
    let configuration = std::fs::read_to_string(desk.path("antiphon.toml")).unwrap();
    let server = configuration.split('"').find(|part| part.starts_with("http://")).unwrap();
    // A model that takes calls and never answers.
    let model = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let silent = format!("http://{}/v1", model.local_addr().unwrap());
    desk.write("antiphon.toml", configuration.replace(server, &silent));
    let (address, posted) = hook("204 No Content");
    let line = ["nightly", "suite.yaml", "--date", "2026-11-01", "--grace", "1s", "--webhook", &address];
    let end = async |signal: Signal| -> Done {
        let mut command = tokio::process::Command::from(desk.command());
        let mut child = command.args(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _open = tokio::select! {
            call = model.accept() => call.unwrap(),
            ended = child.wait() => panic!("it ended before it called the model: {ended:?}"),
        };
        let id = child.id().and_then(|id| Pid::from_raw(id.try_into().unwrap())).unwrap();
        kill_process(id, signal).unwrap();
        let done = child.wait_with_output().await.unwrap().into();
        // Calls that were not taken yet came from a program that has ended.
        while tokio::time::timeout(Duration::from_millis(200), model.accept()).await.is_ok() {}
        done
    };
    let done = end(Signal::TERM).await;
    assert_eq!(done.code, 130, "{}{}", done.out, done.err);
    let told = posted.recv_timeout(Duration::from_secs(20)).expect("somebody is told");
    assert_eq!((&told["verdict"], &told["run"]), (&"ERROR".into(), &"nightly-2026-11-01".into()));
    let why = told["reasons"][0].as_str().unwrap();
    assert!(why.contains("ended by SIGTERM") && why.contains("the same command goes on"), "{told}");

    let done = end(Signal::INT).await;
    assert_eq!(done.code, 130, "{}{}", done.out, done.err);
    assert!(posted.try_recv().is_err(), "whoever pressed it knows");

    desk.write("antiphon.toml", configuration);
    let done = nightly(&desk, "2026-11-01", &["--webhook", &address, "--first-is-baseline"]);
    assert_eq!((done.code, &posted.recv().unwrap()["verdict"]), (0, &"BASELINE".into()), "{}", done.err);
}

/// The night was asked and judged, so its verdict counts; only the exit code is the error's.
#[test]
fn a_file_that_cannot_be_written_does_not_hide_the_verdict() {
    let desk = begun();
    let (address, posted) = hook("204 No Content");
    std::fs::create_dir(desk.path("taken.xml")).unwrap();
    std::fs::create_dir(desk.path("taken.html")).unwrap();
    let files = ["--junit", "taken.xml", "--html", "taken.html", "--markdown", "n.md", "--webhook", &address];
    let done = nightly(&desk, "2026-11-02", &files);
    let told = posted.recv_timeout(Duration::from_secs(20)).expect("somebody is told");
    assert_eq!(done.code, 2, "{}{}", done.out, done.err);
    for (field, value) in [("verdict", "PASS"), ("run", "nightly-2026-11-02"), ("base", "nightly-2026-11-01")]
    {
        assert_eq!(told[field], value, "{told}");
    }
    assert_eq!(told["complete"], true);
    assert!(told["report"].as_str().is_some_and(|report| desk.path(report).exists()), "{told}");
    let reasons = told["reasons"].as_array().unwrap();
    assert!(reasons.len() > 1, "{told}");
    assert!(reasons.last().unwrap().as_str().unwrap().contains("can't write taken.xml"), "{told}");
    assert!(
        done.out.starts_with("PASS  ") && done.err.contains("error: can't write taken.xml"),
        "{}",
        done.err
    );
    assert!(done.err.contains("can't write taken.html"), "every file is told: {}", done.err);
    assert!(desk.path("n.md").exists(), "the other file is written all the same");
}

/// A model that says the same for ever is the simplest case, and must not be undecided for the lack of any spread.
#[test]
fn the_same_answers_again_pass() {
    let desk = Desk::new();
    desk.write("suite.yaml", SUITE);
    configure(&desk, &usual().replace("vary_by_run: true", "vary_by_run: false"));
    assert_eq!(nightly(&desk, "2026-11-01", &["--first-is-baseline"]).code, 0);
    let again = nightly(&desk, "2026-11-02", &["--json"]);
    let comparison: Comparison = serde_json::from_str(&again.out).unwrap();
    assert_eq!((again.code, comparison.verdict), (0, RunVerdict::Pass), "{:?}", comparison.reasons);
    let moved =
        |change: &&antiphon_core::Change| change.difference.value.is_some_and(|value| value.abs() > 1e-9);
    assert!(!comparison.groups.iter().any(|change| moved(&change)), "{:#?}", comparison.groups);
}
