//! `antiphon recall new`: what it writes can be run, and what can't be asked leaves nothing behind.

use std::fmt::Write as _;

use crate::desk::Desk;

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
        ("--document charter.md --targets voice --out none/suite.yaml", "can't write into none"),
    ] {
        let done = desk.run(&format!("recall new {line}"));
        assert!(done.err.contains(says), "{line}\n{}", done.err);
        assert_ne!(done.code, 0, "{line}");
        assert_eq!(desk.listing("."), before, "{line}");
    }
}
