//! Mistakes on the command line.

use super::{case, check};

#[test]
fn selections() {
    check(&[
        case(
            "nobody has that name",
            |_| {},
            "run suite.yaml --only musc; plan suite.yaml --only musc",
            2,
            &["--only musc: no target, probe or group has that name; did you mean music?"],
        ),
        case(
            "no probes",
            |_| {},
            "run suite.yaml --limit 0; plan suite.yaml --limit 0",
            2,
            &["--limit 0 asks nothing; use 1 or more"],
        ),
        case("no sessions", |_| {}, "run suite.yaml --sessions 0", 2, &["--sessions 0 asks nothing"]),
        case("no users", |_| {}, "run suite.yaml --users 0", 2, &["--users 0 asks nothing"]),
        case(
            "too much",
            |_| {},
            "run suite.yaml --sessions 4000000000; plan suite.yaml --sessions 4000000000",
            2,
            &["that would be 24000000000 samples, and a run holds at most 100000000"],
        ),
        case("a run that leads elsewhere", |_| {}, "run suite.yaml --run ../x; show ../x", 2, &["'../x'"]),
        case("no number", |_| {}, "run suite.yaml --limit many", 2, &["'many'", "--limit"]),
        case("no duration", |_| {}, "run suite.yaml --grace long", 2, &["--grace", "90s or 5m"]),
    ]);
}

#[test]
fn words() {
    check(&[
        case("a misspelt command", |_| {}, "rnu suite.yaml", 2, &["'rnu'", "'runs'"]),
        case("a misspelt option", |_| {}, "run suite.yaml --sesions 1", 2, &["'--sesions'", "'--sessions'"]),
        case("a suite is missing", |_| {}, "run; plan", 2, &["<SUITE>"]),
        case("an unknown shell", |_| {}, "completions tcl", 2, &["'tcl'"]),
        case(
            "a log filter that is none",
            |_| {},
            "check suite.yaml --log antiphon=loud",
            2,
            &["--log antiphon=loud: "],
        ),
    ]);
}

#[test]
fn places() {
    check(&[
        case(
            "no store",
            |_| {},
            "runs; show r; report r; retry r; export r",
            2,
            &["no store at antiphon-data: there is no such folder; check the path, or start a run"],
        ),
        case(
            "a store that is a file",
            |_| {},
            "run suite.yaml --store suite.yaml; runs --store suite.yaml",
            2,
            &["suite.yaml"],
        ),
        case(
            "a store of an unknown kind",
            |_| {},
            "run suite.yaml --store gs://bucket; runs --store gs://bucket; status --store gs://bucket",
            2,
            &["unknown store \"gs://bucket\": give a folder, file:PATH, s3://BUCKET or memory:"],
        ),
        case("voices that are not there", |_| {}, "sim none.yaml", 2, &["can't read none.yaml"]),
        case("voices that are none", |_| {}, "sim suite.yaml", 2, &["suite.yaml: "]),
        case(
            "a voice knows a document that is not there",
            |d| d.write("v.yaml", "voices: [{name: a, knows: [{file: none.md, verbatim: 1.0}]}]"),
            "sim v.yaml",
            2,
            &["v.yaml: ", "none.md"],
        ),
        case("an address of nobody's", |_| {}, "sim --listen 192.0.2.1:1", 2, &["192.0.2.1:1"]),
        case("nothing to decode", |_| {}, "decode none.mpk.zst", 2, &["can't read none.mpk.zst"]),
        case(
            "no stored object",
            |d| d.write("x.mpk.zst", "x"),
            "decode x.mpk.zst",
            1,
            &["x.mpk.zst is damaged ("],
        ),
        case("init would overwrite", |_| {}, "init", 2, &["antiphon.toml is there already; give --force"]),
        case(
            "a folder that cannot be made",
            |_| {},
            "init suite.yaml/x; demo suite.yaml/x",
            2,
            &["suite.yaml/x"],
        ),
    ]);
}
