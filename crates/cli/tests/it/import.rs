//! Answers that are there already become a run, and every mistake in a file is named before anything is written.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::desk::{Desk, Done};

/// Two probes, two users, uneven sessions, a failure, an empty answer, and quotes, a comma and a line break within cells.
const CSV: &str = "\u{feff}model,question_id,prompt,text,user,epoch,correct,finish_reason,error\r\n\
m1,q1,\"Red, or blue?\",red,ann,1,1,stop,\r\n\
m1,q1,\"Red, or blue?\",\"Red\nand \"\"warm\"\"\",ann,2,0,stop,\r\n\
m1,q1,\"Red, or blue?\",blue,bob,1,1,length,\r\n\
m1,q2,Why?,because,ann,1,1,stop,\r\n\
m1,q2,Why?,,bob,1,0,stop,\r\n\
m1,q2,Why?,,bob,2,,,Request timed out.\r\n";

fn summary(desk: &Desk, run: &str) -> Value {
    let path = desk.path(&format!("data/runs/{run}/summary/summary.json"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn refused(desk: &Desk, line: &str) -> String {
    let Done { code, out, err } = desk.run(line);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(desk.listing("data/runs").is_empty(), "something was written");
    err
}

#[test]
fn a_csv_becomes_a_run_with_a_report_and_nobody_is_called() {
    let desk = Desk::new();
    desk.write("answers.csv", CSV);
    let done = desk.run("import answers.csv --run r --store data");
    assert_eq!(done.code, 3, "a failed answer makes it incomplete\n{}", done.err);
    assert!(done.err.contains("answer: text\n") && done.err.contains("session: epoch\n"), "{}", done.err);
    let summary = summary(&desk, "r");
    let total = &summary["completeness"]["total"];
    let counts =
        ["planned", "answered", "truncated", "empty", "cancelled", "dead"].map(|name| total[name].as_u64());
    assert_eq!(counts, [6, 3, 1, 1, 0, 0].map(Some), "{total}");
    assert_eq!(total["failed"]["timeout"], 1);
    assert_eq!(summary["sampling"]["sessions"], 2);
    assert_eq!(summary["users"]["users"], 2);
    let bars = &summary["error_bars"]["m1"][0];
    assert_eq!((&bars["score"], bars["samples"].as_u64()), (&Value::from("score"), Some(5)));
    let operations = fs::read_to_string(desk.path("data/runs/r/summary/operations.json")).unwrap();
    assert!(operations.contains("\"calls\":0") || operations.contains("\"calls\": 0"), "{operations}");
    let report = fs::read_to_string(desk.path("data/runs/r/report/index.html")).unwrap();
    assert!(report.contains("What the old error bars were worth") && report.contains("answers.csv"));
    // What goes for other runs goes for it.
    assert!(desk.good("runs --store data").contains("1/1"));
    let shown = desk.good("show r --store data --user ann --probe q1");
    assert!(shown.contains("Red, or blue?") && shown.contains("and \"warm\""), "{shown}");
    desk.good("status r --store data");
    desk.good("export r --store data --format jsonl --output out");
    let again = desk.run("export r --store data --format jsonl --output out");
    assert_eq!(again.code, 2);
    assert!(again.err.contains("out/samples.jsonl is there already; --force overwrites it"), "{}", again.err);
    desk.good("export r --store data --format jsonl --output out --force");
    desk.good("purge r --yes --store data");
    assert!(desk.listing("data/runs").is_empty());
}

#[test]
fn the_same_files_are_the_same_run_and_others_are_refused() {
    let desk = Desk::new();
    desk.write("answers.csv", CSV);
    desk.run("import answers.csv --run r --store data");
    let before = desk.listing("data");
    let again = desk.run("import answers.csv --run r --store data");
    assert!(again.err.contains("has held all along 6 samples"), "{}", again.err);
    assert_eq!(desk.listing("data"), before);
    desk.edit("answers.csv", "because", "because of");
    let other = desk.run("import answers.csv --run r --store data");
    assert_eq!(other.code, 2);
    assert!(other.err.contains("run r exists and holds something else"), "{}", other.err);
    assert_eq!(desk.listing("data"), before);
    // Killed between two objects, the same command writes what is missing.
    let objects = before.keys().filter(|path| path.to_string_lossy().ends_with(".mpk.zst"));
    objects.for_each(|path| fs::remove_file(path).unwrap());
    desk.edit("answers.csv", "because of", "because");
    desk.run("import answers.csv --run r --store data");
    assert_eq!(desk.listing("data"), before);
}

#[test]
fn nobody_is_called_for_an_imported_run() {
    let desk = Desk::new();
    desk.write("answers.csv", CSV);
    desk.run("import answers.csv --run r --store data");
    for line in ["retry r --store data", "run suite.yaml --run r --yes --store data"] {
        let done = desk.run(line);
        assert_eq!(done.code, 2, "{line}: {}", done.err);
        assert!(done.err.contains("run r was imported"), "{line}: {}", done.err);
    }
}

/// Refusals in other words are one answer where nothing was chosen; a title is no refusal.
#[test]
fn a_refusal_in_words_is_one_answer() {
    let desk = Desk::new();
    let answers = [
        "I'm sorry, but I can't help with that.",
        "I cannot answer this question.",
        "I won't pick one of these, as an AI.",
        "A",
        "The weather is nice.",
    ];
    let mut csv = String::from("target,probe,prompt,answer,user,choices\n");
    for (user, answer) in answers.into_iter().enumerate() {
        writeln!(csv, "m,q,Which?,\"{answer}\",u{user},red|blue").unwrap();
    }
    desk.write("answers.csv", csv);
    desk.good("import answers.csv --run r --store data");
    let labels = |run: &str| {
        let summary = summary(&desk, run);
        let distribution = summary["cells"][0]["labels"][0]["distribution"].as_array().unwrap().clone();
        let share =
            |share: &Value| (share["label"].as_str().unwrap().to_owned(), share["count"].as_u64().unwrap());
        distribution.iter().map(share).collect::<std::collections::BTreeMap<_, _>>()
    };
    let expected = [("(refused in words)", 3), ("(unclear)", 1), ("red", 1)];
    assert_eq!(labels("r"), expected.map(|(label, count)| (label.to_owned(), count)).into());

    let songs = "target,probe,prompt,answer,user\nm,q,A song?,I Can't Tell You Why,u1\nm,q,A song?,I Won't Share You,u2\n";
    desk.write("songs.csv", songs);
    desk.good("import songs.csv --run s --store data --kind short");
    let expected = [("i can't tell you why", 1), ("i won't share you", 1)];
    assert_eq!(labels("s"), expected.map(|(label, count)| (label.to_owned(), count)).into());
}

#[test]
fn without_users_agreement_between_users_is_undefined_and_the_report_says_why() {
    let desk = Desk::new();
    let mut lines = String::new();
    for session in 0..6 {
        for repeat in 0..2 {
            let answer = if session < 5 && repeat == 0 { "yes" } else { "no" };
            writeln!(
                lines,
                r#"{{"model":"m","id":"q","in":{{"text":"Is it?"}},"out":[{{"a":"{answer}"}}],"session":"s{session}","r":{repeat}}}"#
            )
            .unwrap();
        }
    }
    desk.write("a.jsonl", lines);
    let line = "import a.jsonl --run r --store data --kind short --column probe=id --column prompt=in.text \
                --column answer=out.0.a --column repeat=r";
    let done = desk.run(line);
    assert_eq!(done.code, 0, "{}", done.err);
    let summary = summary(&desk, "r");
    let agreement = &summary["cells"][0]["labels"][0]["agreement"];
    assert!(agreement["between_users"]["value"].is_null() && agreement["between_users"]["note"].is_string());
    assert!(
        agreement["within_session"]["value"].is_number()
            && agreement["between_sessions"]["value"].is_number()
    );
    assert!(summary["users"]["population"].as_str().unwrap().contains("do not say who asked"));
    let bars = &summary["cells"][0]["error_bars"][0];
    assert_eq!((&bars["together"], bars["groups"].as_u64()), (&Value::from("session"), Some(6)));
}

#[test]
fn options_are_read_in_the_order_in_which_they_were_shown() {
    let desk = Desk::new();
    desk.write(
        "a.csv",
        "model,item,answer,choices\nm,q,A,red|blue\nm,q,B,blue|red\nm,q,I say ANSWER: (A),blue|red\n",
    );
    desk.good("import a.csv --run r --store data --column probe=item");
    let summary = summary(&desk, "r");
    let shares = summary["cells"][0]["labels"][0]["distribution"].as_array().unwrap();
    let shares: Vec<_> =
        shares.iter().map(|share| (share["label"].as_str(), share["count"].as_u64())).collect();
    assert_eq!(shares, [(Some("red"), Some(2)), (Some("blue"), Some(1))]);
}

#[test]
fn every_mistake_in_a_file_is_named_and_nothing_is_written() {
    let desk = Desk::new();
    let check = |content: &[u8], options: &str, expected: &str| {
        desk.write("a.csv", content);
        let err = refused(&desk, &format!("import a.csv --store data {options}"));
        assert!(err.contains(expected), "{err}");
    };
    let head = "model,item,answer,epoch\n";
    let with = |rows: &str| format!("{head}{rows}").into_bytes();
    check(
        &with("m,q,x,1\nm,q,y,1\n"),
        "",
        "error: a.csv, line 3: it stands for the same answer as line 2: target m, probe q",
    );
    check(&with("m,q,x\n"), "", "a.csv, line 2: it has 3 cells, and the first line has 4");
    check(&with("m,q,x,1\n,q,y,2\n"), "", "a.csv, line 3: it does not say which model answered");
    check(&with("m,,y,2\n"), "", "a.csv, line 2: it says neither which probe it answers nor what was asked");
    check(
        b"model,item,answer\nm,q,a\xff\n",
        "",
        "a.csv, line 2, column answer: it is not UTF-8, from byte 1 of the cell on",
    );
    check(&with(""), "", "the files have no answers");
    check(
        b"model,item,reply\nm,q,a\n",
        "",
        "a.csv: no column looks like the answers; name it with `--column answer=NAME`",
    );
    check(
        b"model,item,reply\nm,q,a\n",
        "--column answer=repli",
        "there is no `repli` to take the answer from; did you mean `reply`?",
    );
    check(&with("m,q,x,1\n"), "--column anser=item", "there is no field `anser`; did you mean `answer`?");
    check(&with("m,q,x,1\n"), "--kind choice", "probe q is a choice without options");
    check(b"model,item,answer,turn\nm,q,a,x\n", "", "line 2, column turn: \"x\" is no whole number");
    check(b"model,item,answer,time\nm,q,a,soon\n", "", "line 2, column time: \"soon\" is no time");
    desk.write("a.jsonl", "{\"model\":\"m\",\"item\":\"q\",\"answer\":\"x\"}\n\n[1]\n");
    assert!(refused(&desk, "import a.jsonl --store data").contains("a.jsonl, line 3: it is no JSON object"));
    desk.write("a.eval", "PK no zip");
    assert!(refused(&desk, "import a.eval --store data").contains("a.eval: it is no Inspect log"));
    desk.write("a.json", "{\"version\": 2}");
    assert!(refused(&desk, "import a.json --store data").contains("it has no `eval.task`"));
    assert!(refused(&desk, "import a.txt --store data").contains("its name says not what it is"));
    assert!(refused(&desk, "import gone.csv --store data").contains("can't read gone.csv"));
}
