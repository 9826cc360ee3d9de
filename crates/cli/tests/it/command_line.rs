//! What the commands take and print.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::desk::{Desk, Done};

const COMMANDS: [&str; 35] = [
    "init",
    "demo",
    "run",
    "retry",
    "recall",
    "plan",
    "power",
    "check",
    "schema",
    "runs",
    "show",
    "report",
    "compare",
    "baseline",
    "history",
    "nightly",
    "embed",
    "import",
    "export",
    "compare-documents",
    "extracted",
    "seal",
    "decode",
    "sim",
    "purge",
    "coordinator",
    "worker",
    "submit",
    "status",
    "watch",
    "cancel",
    "dead",
    "topology",
    "doctor",
    "completions",
];

/// Commands with commands of their own.
const ACTIONS: [&str; 9] = [
    "recall new",
    "baseline set",
    "baseline show",
    "dead list",
    "dead show",
    "dead requeue",
    "topology apply",
    "topology check",
    "topology delete",
];

#[test]
fn the_help_of_every_command() {
    let desk = Desk::new();
    let mut all = desk.good("--help");
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command} is not listed");
    }
    for command in COMMANDS.into_iter().chain(ACTIONS) {
        all += &format!("\n──── {command} ────\n{}", desk.good(&format!("{command} --help")));
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn without_a_command_there_is_help_and_the_code_of_wrong_usage() {
    let done = Desk::new().run("");
    assert_eq!((done.code, done.out.as_str()), (2, ""));
    assert!(done.err.contains("Usage: antiphon [OPTIONS] <COMMAND>"), "{}", done.err);
}

/// Completions are fed to the shell itself, which only reads them; zsh and fish are checked by what must stand in them where they
/// are not installed.
#[test]
fn completions_are_what_shells_read() {
    let desk = Desk::new();
    let reads = |shell: &str, script: &str| {
        let mut child = desk.of(shell).arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{shell} cannot read its completions");
    };
    let bash = desk.good("completions bash");
    reads("bash", &bash);
    for (shell, head) in
        [("zsh", "#compdef antiphon"), ("fish", "complete -c antiphon"), ("bash", "_antiphon()")]
    {
        let script = desk.good(&format!("completions {shell}"));
        assert!(script.contains(head), "{shell}");
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
        if desk.of("sh").args(["-c", &format!("command -v {shell} >/dev/null")]).status().unwrap().success() {
            reads(shell, &script);
        }
    }
}

#[test]
fn json_is_all_that_stands_on_standard_output() {
    let desk = Desk::new();
    let json = |line: &str| -> Value {
        let out = desk.good(&format!("{line} --json"));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{line}: {error}\n{out}"))
    };
    assert_eq!(json("check suite.yaml")["manifest"]["suite"], "small");
    assert_eq!(json("plan suite.yaml --run r1")["calls"], 12);
    let run = json("run suite.yaml --run r1");
    assert_eq!(
        (&run["run"], &run["complete"], &run["samples_now"]),
        (&"r1".into(), &true.into(), &12.into())
    );
    assert_eq!(run["summary"]["completeness"]["total"]["planned"], 12);
    assert_eq!(json("plan suite.yaml --run r1")["jobs_stored"], json("plan suite.yaml --run r1")["jobs"]);
    assert_eq!(json("runs")[0]["state"], "complete");
    let shown = json("show r1 --probe music --limit 2");
    assert_eq!(shown.as_array().unwrap().len(), 2);
    assert!(shown[0]["turns"][0]["answers"][0]["text"].is_string());
    assert_eq!(json("report r1")["summary"]["run"], "r1");
    assert_eq!(json("schema")["title"], "Suite");
    assert_eq!(json("retry r1")["summary"]["completeness"]["complete"], true);
}

#[test]
fn runs_have_the_time_at_which_they_began() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run asked");
    desk.good("run suite.yaml --run handed-over --collect-only");
    let runs = || -> Value { serde_json::from_str(&desk.good("runs --json")).unwrap() };
    let seconds = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    let operations = std::fs::read(desk.path("antiphon-data/runs/asked/summary/operations.json")).unwrap();
    let operations: Value = serde_json::from_slice(&operations).unwrap();
    let asked = runs()[0].clone();
    assert_eq!(seconds(&asked["first_call_at"]), operations["first_call_ms"].as_i64().unwrap() / 1000);
    assert_eq!(asked["submitted_at"], Value::Null);
    let lines = desk.good("runs");
    assert!(lines.contains(asked["first_call_at"].as_str().unwrap()), "{lines}");
    assert!(lines.contains("handed-over  -  "), "nobody has summed it up: {lines}");

    // A fleet's run has begun when it was submitted.
    let run = antiphon_core::RunId::new("handed-over").unwrap();
    let submission = antiphon_core::Submission {
        format: antiphon_core::OBJECT_FORMAT,
        number: 1,
        at_ms: 1_796_000_000_123,
        budget_dollars: None,
        limits: antiphon_core::Limits::default(),
    };
    let path = desk.path("antiphon-data").join(antiphon_core::keys::submission(&run, 1));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, serde_json::to_vec(&submission).unwrap()).unwrap();
    assert_eq!(runs()[1]["submitted_at"], "2026-11-30T00:53:20Z");
    assert!(desk.good("runs").contains("handed-over  2026-11-30T00:53:20Z  "), "{}", desk.good("runs"));
}

/// Plural nouns after a number that is 1.
fn one_of_many(text: &str) -> Vec<String> {
    const NOUNS: [&str; 14] = [
        "users", "sessions", "repeats", "probes", "targets", "samples", "calls", "jobs", "answers", "looks",
        "words", "cuts", "pairs", "runs",
    ];
    let bare = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
    let is_one =
        |pair: &&[&str]| pair[0].trim_start_matches('(') == "1" && NOUNS.contains(&bare(pair[1]).as_str());
    // What stands on another line or beyond a tag is something else.
    let parts = text.split(['\n', '<', '>']).map(|part| part.split_whitespace().collect::<Vec<_>>());
    let found =
        |words: Vec<&str>| words.windows(2).filter(is_one).map(|pair| pair.join(" ")).collect::<Vec<_>>();
    parts.flat_map(found).collect()
}

#[test]
fn one_is_no_plural() {
    assert_eq!(
        one_of_many("1 users, (1 sessions) of 11 users × 1 user and 2.1 calls"),
        ["1 users,", "(1 sessions)"]
    );
    let desk = Desk::new();
    desk.edit("suite.yaml", "draw: 3", "draw: 1");
    desk.edit("suite.yaml", "sessions: 2", "sessions: 1");
    desk.edit("suite.yaml", "  - id: identity\n    prompt: Who are you?\n", "");
    for line in [
        "check suite.yaml",
        "plan suite.yaml",
        "run suite.yaml --run r1",
        "run suite.yaml --run r1",
        "run suite.yaml --run r2",
        "retry r1",
        "report r1",
        "runs",
        "status r1",
        "show r1",
        "compare r1 r2",
        "nightly suite.yaml",
        "export r1 --format jsonl --output out",
    ] {
        let done = desk.run(line);
        assert!(matches!(done.code, 0 | 5), "antiphon {line}: {}", done.err);
        let said = format!("{}{}", done.out, done.err);
        assert_eq!(one_of_many(&said), [""; 0], "antiphon {line}: {said}");
    }
    // One user can't be compared night by night.
    desk.edit("suite.yaml", "draw: 1", "draw: 2");
    let power = desk.good("power suite.yaml");
    assert!(power.starts_with("2 users × 1 session × 1 repeat, 2 calls a night"), "{power}");
    assert_eq!(one_of_many(&power), [""; 0], "{power}");
    let page = std::fs::read_to_string(desk.path("antiphon-data/runs/r1/report/index.html")).unwrap();
    assert_eq!(one_of_many(&page), [""; 0], "the report");
}

#[test]
fn results_go_to_standard_output_and_the_rest_elsewhere() {
    let desk = Desk::new();
    let done = desk.run("run suite.yaml --run r1");
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.ends_with("report: antiphon-data/runs/r1/report/index.html\n"), "{}", done.out);
    assert!(done.err.contains("12 calls"), "{}", done.err);
    let quiet = desk.run("report r1 --quiet");
    assert_eq!(quiet.err, "");
    assert!(quiet.out.contains("complete: 12 of 12 samples"), "{}", quiet.out);
}

#[test]
fn a_result_that_could_not_be_printed_is_no_success_but_a_reader_may_leave() {
    let desk = Desk::new();
    let shell = |script: &str| -> Done {
        desk.of("bash").args(["-c", script, env!("CARGO_BIN_EXE_antiphon")]).output().unwrap().into()
    };
    for command in ["schema", "plan suite.yaml", "completions bash"] {
        let full = shell(&format!("\"$0\" {command} > /dev/full"));
        assert_eq!(full.code, 1, "{command}: {}", full.err);
        assert_eq!(
            full.err.matches("error: can't write the results to standard output: ").count(),
            1,
            "{command}"
        );
    }
    let left = shell("set -o pipefail; \"$0\" schema | true");
    assert_eq!((left.code, left.err.as_str()), (0, ""));
}

/// Progress is a bar on a terminal; into a file or a pipe go plain lines, without a cursor that moves.
#[test]
fn nothing_but_text_is_written_where_there_is_no_terminal() {
    let desk = Desk::new();
    for line in [
        "run suite.yaml --run r1 --log debug",
        "report r1",
        "show r1",
        "runs",
        "check suite.yaml",
        "run none.yaml",
    ] {
        let done = desk.run(line);
        for text in [&done.out, &done.err] {
            assert!(!text.contains(['\u{1b}', '\r']), "antiphon {line}: {text}");
        }
    }
}

#[test]
fn colours_are_as_wanted() {
    let mut desk = Desk::new();
    desk.good("run suite.yaml --run r1");
    let colourful = |desk: &Desk, line: &str| desk.run(line).err.contains('\u{1b}');
    assert!(colourful(&desk, "run none.yaml --color always"));
    assert!(!colourful(&desk, "run none.yaml --color never"));
    // A terminal of its own, without a screen: `script` gives one.
    let on_terminal = |desk: &Desk| {
        let line = format!("{} run none.yaml", env!("CARGO_BIN_EXE_antiphon"));
        let done = desk.of("script").args(["--quiet", "--command", &line, "/dev/null"]).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(on_terminal(&desk).contains("\u{1b}[31merror:"), "{}", on_terminal(&desk));
    desk.set("NO_COLOR", "1");
    assert!(
        on_terminal(&desk).contains("error:") && !on_terminal(&desk).contains('\u{1b}'),
        "{}",
        on_terminal(&desk)
    );
}

#[test]
fn what_init_writes_is_right() {
    let mut desk = Desk::new();
    desk.set("ANTHROPIC_API_KEY", "canary");
    desk.set("OPENAI_API_KEY", "canary");
    // One in this folder goes before one beside the suite.
    std::fs::remove_file(desk.path("antiphon.toml")).unwrap();
    let written = desk.good("init project");
    assert_eq!(written, "project/antiphon.toml\nproject/suite.yaml\nproject/suite.schema.json\n");
    let checked = desk.good("check project/suite.yaml");
    assert!(checked.contains("starter is right"), "{checked}");
    assert!(checked.contains("project/antiphon.toml"), "the configuration beside the suite: {checked}");
    let schema: Value =
        serde_json::from_slice(&std::fs::read(desk.path("project/suite.schema.json")).unwrap()).unwrap();
    assert_eq!(schema, serde_json::from_str::<Value>(&desk.good("schema")).unwrap());
    desk.good("plan project/suite.yaml");
    desk.good("init project --force");
}

#[test]
fn exports_are_copies() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run r1");
    for (format, files) in [
        ("parquet", &["samples.parquet", "probes.parquet"][..]),
        ("summary", &["summary.json", "operations.json"]),
    ] {
        desk.good(&format!("export r1 --format {format} --output out"));
        for file in files {
            let stored = std::fs::read(desk.path("antiphon-data/runs/r1/summary").join(file)).unwrap();
            assert_eq!(std::fs::read(desk.path("out").join(file)).unwrap(), stored, "{file}");
        }
    }
    desk.good("export r1 --format jsonl --output out");
    desk.good("export r1 --format html --output out");
    let lines = std::fs::read_to_string(desk.path("out/samples.jsonl")).unwrap();
    assert_eq!(lines.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count(), 12);
    assert!(desk.listing("out").keys().all(|path| path.extension().is_none_or(|end| end != "part")));
}

#[test]
fn only_and_limit_are_a_cheap_first_look_and_the_rest_is_asked_later() {
    let desk = Desk::new();
    let samples = |line: &str| -> u64 {
        let done: Value = serde_json::from_str(&desk.good(&format!("{line} --json"))).unwrap();
        done["samples_now"].as_u64().unwrap()
    };
    assert_eq!(samples("run suite.yaml --run r1 --only music --users 1 --sessions 1"), 1);
    assert_eq!(samples("run suite.yaml --run r1 --limit 1"), 5);
    assert_eq!(samples("run suite.yaml --run r1"), 6);
    assert_eq!(samples("run suite.yaml --run r1"), 0);
    assert_eq!(samples("run suite.yaml --run r1 --sessions 3"), 6);
}
