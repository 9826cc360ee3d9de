//! `antiphon recall new`: what it writes can be run, and what can't be asked leaves nothing behind.

use std::fmt::Write as _;

use crate::desk::{Desk, KEY, simulator};

/// 60 sections of English sentences.
fn document() -> String {
    let mut text = String::new();
    for section in 0..60 {
        let _ = write!(text, "## Part {section}\n\n");
        for guest in 0..8 {
            let _ = write!(
                text,
                "The keeper of gate{section} may open the door for guest{guest} and must close it at night. "
            );
        }
        text.push_str("\n\n");
    }
    text
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("charter.md", document());
    desk.write("other.md", document().replace("keeper", "miller").replace("gate", "mill"));
    desk
}

#[test]
fn a_suite_holds_all_ways_of_asking_and_all_controls() {
    let desk = desk();
    let out =
        desk.good("recall new --document charter.md --targets voice --other other.md --cuts 16 --users 4");
    assert_eq!(out, "recall-charter.suite.yaml\n");
    let checked = desk.good("check recall-charter.suite.yaml --json");
    let checked: serde_json::Value = serde_json::from_str(&checked).unwrap();
    let ids: Vec<&str> = checked["manifest"]["probes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|probe| probe["id"].as_str().unwrap().split('@').next().unwrap())
        .collect();
    for (id, at_least) in [
        ("passage", 16),
        ("passage-20", 8),
        ("passage-150", 8),
        ("next", 8),
        ("choose", 8),
        ("prefill", 8),
        ("heading", 8),
        ("topic", 8),
        ("shuffled", 8),
        ("reworded", 8),
        ("invented", 8),
        ("other", 8),
        ("known", 5),
    ] {
        assert!(ids.iter().filter(|found| **found == id).count() >= at_least, "{id} in {ids:?}");
    }
    let suite = std::fs::read_to_string(desk.path("recall-charter.suite.yaml")).unwrap();
    assert!(!suite.contains("keeper"), "the text of the document stays where it is");
    let again = desk.run("recall new --document charter.md --targets voice");
    assert_eq!(again.code, 2);
    assert!(again.err.contains("recall-charter.suite.yaml is there already; give --force"), "{}", again.err);
}

#[test]
fn what_cannot_be_asked_leaves_nothing_behind() {
    let desk = desk();
    desk.write("short.md", "Too short to be cut anywhere.");
    desk.write("latin.md", b"caf\xe9");
    let before = desk.listing(".");
    for (line, says) in [
        ("--document charter.md --targets nobody", "unknown target alias `nobody`"),
        ("--document short.md --targets voice", "has room for 0 cuts"),
        ("--document latin.md --targets voice", "latin.md is not UTF-8: byte 3 is wrong"),
        ("--document none.md --targets voice", "can't read none.md"),
        ("--document charter.md --targets voice --words 9..3", "give two word numbers, such as 0..8000"),
        (
            "--document charter.md --targets voice --words 0..99999",
            "charter.md has 7860 words; --words ends at 99999",
        ),
        ("--document charter.md --targets voice --cutoff voice", "give two names with = between them"),
        ("--document charter.md --targets voice --cutoff bass=2025", "the suite has no target `bass`"),
        ("--document charter.md --targets voice --cutoff voice=august", "\"august\" is no date"),
        ("--document charter.md --targets voice --first-public 2025-13", "\"2025-13\" is no date"),
        ("--document charter.md --targets voice --out none/suite.yaml", "can't write into none"),
    ] {
        let done = desk.run(&format!("recall new {line}"));
        assert!(done.err.contains(says), "{line}\n{}", done.err);
        assert_ne!(done.code, 0, "{line}");
        assert_eq!(desk.listing("."), before, "{line}");
    }
}

/// A voice that knows the author of this document, mostly, and of no other; and that names the document unasked one time in five.
const VOICES: &str = "\
voices:
  - name: steady
    seed: 3
    answers:
      - {name: nobody, match: '/Eastmere/', kind: text, options: [{text: unknown, weight: 9}, {text: Bo Ray, weight: 1}]}
      - {name: author, match: '/Who wrote/', kind: text, options: [{text: It was Ann Lee., weight: 4}, {text: unknown, weight: 1}]}
      - {name: unasked, match: '/Which texts/', kind: text, options: [{text: 'The Night Charter, and others.', weight: 1}, {text: 'Several.', weight: 4}]}
";

#[test]
fn where_a_document_comes_from_is_asked_and_counted() {
    let mut desk = desk();
    desk.set("SIM_KEY", KEY);
    desk.write(
        "antiphon.toml",
        format!(
            "[providers.sim]\napi = \"openai\"\nbase_url = \"{}/v1\"\nkey_env = \"SIM_KEY\"\nsend_sample_key = true\n\n[targets.voice]\nprovider = \
             \"sim\"\nmodel = \"steady\"\n",
            simulator(VOICES)
        ),
    );
    let mut new = desk.command();
    let line = "recall new --document charter.md --targets voice --cuts 8 --users 60";
    new.args(line.split(' ')).args([
        "--title",
        "The Night Charter",
        "--author",
        "Ann Lee",
        "--author",
        "A. Lee",
    ]);
    let done: crate::desk::Done = new.args(["--about", "night guards"]).output().unwrap().into();
    assert_eq!(done.code, 0, "{}", done.err);
    desk.good("run recall-charter.suite.yaml --run seen --only provenance --yes");
    let summary = std::fs::read(desk.path("antiphon-data/runs/seen/summary/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let named = |probe: &str| -> (f64, f64, f64) {
        let cells = summary["cells"].as_array().unwrap();
        let cell = cells.iter().find(|cell| cell["probe"] == probe).unwrap();
        let rate = &cell["rates"]["mentioned"];
        let number = |name: &str| rate[name].as_f64().unwrap();
        (number("value"), number("low"), number("high"))
    };
    let (_, low, high) = named("author");
    assert!(low < 0.8 && 0.8 < high && low > 0.5, "4 of 5 say it: {low} to {high}");
    assert!(named("author-of-none").0.abs() < 1e-12, "{:?}", named("author-of-none"));
    let (_, low, high) = named("unprompted");
    assert!(low < 0.2 && 0.2 < high && high < 0.5, "1 of 5 names it: {low} to {high}");
}

/// A figure that is right for the suite it stands in, and none where there is no price.
#[test]
fn the_suite_has_a_budget_of_twice_what_is_expected() {
    let desk = desk();
    let written = |more: &str| {
        desk.good(&format!(
            "recall new --document charter.md --targets voice --cuts 16 --users 4 --force {more}"
        ));
        std::fs::read_to_string(desk.path("recall-charter.suite.yaml")).unwrap()
    };
    let suite = written("");
    assert!(suite.contains("# Twice what `antiphon plan` expected when this was written ($"), "{suite}");
    let plan = desk.good("plan recall-charter.suite.yaml --json");
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let expected = plan["dollars"].as_f64().unwrap();
    let checked = desk.good("check recall-charter.suite.yaml --json");
    let checked: serde_json::Value = serde_json::from_str(&checked).unwrap();
    let budget = checked["manifest"]["budget_dollars"].as_f64().unwrap();
    assert!((2.0 * expected..2.0 * expected + 0.011).contains(&budget), "{budget} for {expected}");

    desk.edit("antiphon.toml", "price = { input = 3.0, output = 15.0 }\n", "");
    let suite = written("");
    assert!(suite.contains("no price for voice. Take twice") && !suite.contains("\nbudget:"), "{suite}");
    desk.edit(
        "antiphon.toml",
        "model = \"steady\"\n",
        "model = \"steady\"\nprice = { input = 0.0, output = 0.0 }\n",
    );
    let suite = written("");
    assert!(suite.contains("# All prices are 0") && !suite.contains("\nbudget:"), "{suite}");
}

/// The same words are not quietly asked for twice.
#[test]
fn a_document_that_is_short_for_its_cuts_is_warned_of() {
    let desk = desk();
    let new = |more: &str| {
        let done =
            desk.run(&format!("recall new --document charter.md --targets voice --users 4 --force {more}"));
        assert_eq!(done.code, 0, "{}", done.err);
        done.err
    };
    let warning = "of its 40 cuts ask again for some of the 60 words after the cut before";
    // 8,000 words have room for all.
    assert!(!new("").contains("ask again"), "{}", new(""));
    // 1,500 words have room for (1,500 - 60) / 60 = 24.
    let short = new("--words 0..1500");
    assert!(short.contains(warning) && short.contains("about 24 have room (`--cuts 24`)"), "{short}");
    // 500 words have room for 7, and a verdict needs 8.
    let tiny = new("--words 0..500 --cuts 10");
    assert!(tiny.contains("give shorter --reference-words, such as 44, or a longer document"), "{tiny}");
}
