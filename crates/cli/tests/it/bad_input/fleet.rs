//! Mistakes about a fleet, as far as they show without one: brokers and buckets that are not there, runs that nobody submitted.

use std::fs;

use super::{Case, case, check, configuration};
use crate::desk::Desk;

/// Nobody listens at port 1.
const NOBODY: &str = "amqp://antiphon:canary-hunter2@127.0.0.1:1/%2f";

/// Every command that speaks to a broker.
const SPEAKERS: &str = "submit suite.yaml; cancel r1; dead requeue r1; topology apply; topology check; \
                        topology delete --yes; retry r1 --submit";

/// The configuration begins with that, and every command that speaks to a broker refuses.
fn broker(name: &'static str, table: &'static str, says: &'static [&'static str]) -> Case {
    let prepare = move |desk: &mut Desk| {
        desk.edit("antiphon.toml", "[providers.sim]", &format!("[broker]\n{table}\n[providers.sim]"));
    };
    case(name, prepare, SPEAKERS, 2, says)
}

#[test]
fn brokers() {
    check(&[
        case(
            "there is none",
            |_| {},
            SPEAKERS,
            2,
            &["there is no broker: set ANTIPHON_BROKER to its address"],
        ),
        case("services without one", |_| {}, "coordinator; worker", 2, &["there is no broker"]),
        case(
            "an address that is none",
            |d| d.set("ANTIPHON_BROKER", "http://u:canary-hunter2@rabbit"),
            SPEAKERS,
            2,
            &["ANTIPHON_BROKER: it begins with neither amqp:// nor amqps://"],
        ),
        broker(
            "a password in the file",
            "url = \"amqp://u:p@rabbit\"",
            &[
                "antiphon.toml: broker.url: it holds a password; name its place by `password_env` or `password_file`",
            ],
        ),
        broker(
            "no password",
            "url = \"amqp://rabbit\"\nuser = \"u\"\npassword_env = \"RABBIT\"",
            &["antiphon.toml: broker.password_env: the environment variable RABBIT is not set"],
        ),
        broker(
            "no certificates",
            "url = \"amqps://rabbit\"\nca_file = \"none.pem\"",
            &["antiphon.toml: broker.ca_file: can't read none.pem"],
        ),
        broker(
            "a password in the management API's address",
            "url = \"amqps://rabbit\"\nmanagement_url = \"https://u:canary@rabbit:15671\"",
            &["antiphon.toml: broker.management_url: it holds a user; the API is asked as the broker's user"],
        ),
        broker(
            "half a certificate",
            "url = \"amqps://rabbit\"\nclient_cert_file = \"c.pem\"",
            &["broker: `client_cert_file` and `client_key_file` belong together"],
        ),
    ]);
}

/// Who cannot wait is told within seconds.
#[test]
fn a_broker_that_nobody_reaches() {
    check(&[case(
        "nobody listens",
        |d| d.set("ANTIPHON_BROKER", NOBODY),
        "submit suite.yaml",
        2,
        &["amqp://antiphon@127.0.0.1:1/%2f is out of reach", "refused"],
    )]);
    let mut desk = Desk::new();
    desk.set("ANTIPHON_BROKER", NOBODY);
    let done = desk.run("doctor --log trace");
    assert_eq!(done.code, 2, "{}", done.out);
    assert!(done.out.contains("FAIL  broker "), "{}", done.out);
    assert!(!done.out.contains("canary") && !done.err.contains("canary"), "{}{}", done.out, done.err);
}

#[test]
fn the_tables_of_a_fleet() {
    check(&[
        configuration(
            "a misspelt field of the broker",
            "[providers.sim]",
            "[broker]\nurll = \"x\"\n[providers.sim]",
            &["antiphon.toml: line 2: unknown field `urll`, did you mean `url`?"],
        ),
        configuration(
            "a misspelt field of S3",
            "[providers.sim]",
            "[s3]\nendpont = \"x\"\n[providers.sim]",
            &["antiphon.toml: line 2: unknown field `endpont`, did you mean `endpoint`?"],
        ),
        configuration(
            "checksums of no kind",
            "[providers.sim]",
            "[s3]\nchecksums = \"never\"\n[providers.sim]",
            &["antiphon.toml: line 2: unknown value `never`"],
        ),
        configuration(
            "no duration",
            "[providers.sim]",
            "[s3]\ntimeout = \"0s\"\n[providers.sim]",
            &["antiphon.toml: s3.timeout: \"0s\" is no duration"],
        ),
        configuration(
            "two addresses",
            "[providers.sim]",
            "[broker]\nurl = \"amqp://h\"\nurl_env = \"U\"\n[providers.sim]",
            &["broker: `url` and `url_env` exclude each other"],
        ),
    ]);
}

#[test]
fn buckets() {
    const BUCKET: &str =
        "runs --store s3://bucket; run suite.yaml --store s3://bucket; status --store s3://bucket";
    check(&[
        case(
            "no keys",
            |_| {},
            BUCKET,
            2,
            &["s3.access_key_env: the environment variable AWS_ACCESS_KEY_ID is not set"],
        ),
        case(
            "half a key",
            |d| d.set("AWS_ACCESS_KEY_ID", "id"),
            BUCKET,
            2,
            &["s3.secret_key_env: the environment variable AWS_SECRET_ACCESS_KEY is not set"],
        ),
        case(
            "a server that is no address",
            |d| {
                d.set("AWS_ACCESS_KEY_ID", "id");
                d.set("AWS_SECRET_ACCESS_KEY", "canary");
                d.set("AWS_ENDPOINT_URL", "nowhere");
            },
            BUCKET,
            2,
            &["s3://bucket", "its endpoint \"nowhere\" is no URL"],
        ),
    ]);
}

#[test]
fn runs_of_a_fleet() {
    /// A run that was asked in one process.
    fn asked(name: &'static str, lines: &'static str, says: &'static [&'static str]) -> Case {
        case(name, |desk| drop(desk.good("run suite.yaml --run r1")), lines, 2, says)
    }
    check(&[
        asked(
            "an unknown run",
            "status r2; watch r2; dead list r2; dead show r2 x; purge r2 --yes",
            &["there is no run r2 in antiphon-data; did you mean r1?"],
        ),
        asked("a run that nobody submitted", "watch r1", &["run r1 was never submitted"]),
        asked(
            "a job that is not dead",
            "dead show r1 voice.b00000.r000-000000",
            &[
                "voice.b00000.r000-000000 is no job of run r1 that was given up; `antiphon dead list r1` lists those that were",
            ],
        ),
        asked("nobody is there to ask", "purge r1", &["nothing was removed; give --yes to remove it"]),
        asked("an unknown pool", "worker --pools sin", &["there is no broker"]),
    ]);
}

/// What the coordinator would have written: somebody submitted the run.
fn submit(desk: &Desk, run: &str) {
    let folder = desk.path(&format!("antiphon-data/runs/{run}/submissions"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("001.json"),
        r#"{"format": 1, "number": 1, "at_ms": 0, "budget_dollars": null, "limits": {}}"#,
    )
    .unwrap();
}

/// A mark of so many milliseconds after 1970.
fn cancel(desk: &Desk, run: &str, at_ms: i64) {
    let mark = format!(r#"{{"format": 1, "at_ms": {at_ms}, "reason": null}}"#);
    fs::write(desk.path(&format!("antiphon-data/runs/{run}/cancelled.json")), mark).unwrap();
}

#[test]
fn a_run_that_a_fleet_works_on_is_left_to_it() {
    check(&[
        case(
            "it is submitted",
            |desk| {
                desk.good("run suite.yaml --run r1");
                submit(desk, "r1");
            },
            "run suite.yaml --run r1; retry r1",
            2,
            &["a fleet works on run r1; see `antiphon watch r1`, or stop it with `antiphon cancel r1`"],
        ),
        case(
            "it is to be removed",
            |desk| {
                desk.good("run suite.yaml --run r1");
                submit(desk, "r1");
            },
            "purge r1 --yes",
            2,
            &["a fleet works on run r1; stop it with `antiphon cancel r1` first; nothing was removed"],
        ),
        case(
            "all of it is stored",
            |desk| {
                desk.set("ANTIPHON_BROKER", NOBODY);
                desk.good("run suite.yaml --run r1");
                submit(desk, "r1");
            },
            "cancel r1",
            2,
            &["all of run r1 is stored, so there is nothing to cancel"],
        ),
        case(
            "its last calls may be under way",
            |desk| {
                desk.good("run suite.yaml --run r1");
                submit(desk, "r1");
                cancel(desk, "r1", jiff::Timestamp::now().as_millisecond());
            },
            "purge r1 --yes",
            2,
            &["run r1 is cancelled, but its last calls may be under way", "nothing was removed"],
        ),
    ]);
}

#[test]
fn a_run_is_removed_with_all_that_it_holds_and_no_other_is() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run r1");
    desk.good("run suite.yaml --run r2");
    let other = desk.listing("antiphon-data/runs/r2");
    let objects = desk.listing("antiphon-data/runs/r1").len();
    // Cancelled long ago, so that nothing of it is under way any more.
    submit(&desk, "r1");
    cancel(&desk, "r1", 0);
    let done = desk.run("purge r1 --yes");
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.starts_with(&format!("removed run r1: {} objects, ", objects + 2)), "{}", done.out);
    assert!(done.err.contains("samples"), "it says what there is before it removes it: {}", done.err);
    assert!(desk.listing("antiphon-data/runs/r1").is_empty());
    assert_eq!(desk.listing("antiphon-data/runs/r2"), other);
    assert_eq!(desk.run("purge r1 --yes").code, 2, "it is gone");
}

#[test]
fn a_job_that_was_given_up_is_listed_and_shown() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run r1");
    let folder = desk.path("antiphon-data/runs/r1/dead");
    fs::create_dir_all(&folder).unwrap();
    let dead = r#"{"format": 1, "job": {"format": 1, "run": "r1", "pool": "sim", "target": "voice", "block": "b00000",
                   "round": 0, "chunk": 0}, "reason": "its workers died"}"#;
    fs::write(folder.join("voice.b00000.r000-000000.json"), dead).unwrap();
    assert_eq!(desk.good("dead list r1"), "voice.b00000.r000-000000  its workers died\n");
    let shown = desk.good("dead show r1 voice.b00000.r000-000000");
    assert!(shown.contains("its workers died") && shown.contains("music · u"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&desk.good("dead list r1 --json")).unwrap();
    assert_eq!(json[0]["pool"], "sim");
}
