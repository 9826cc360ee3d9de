//! Mistakes in a suite.

use super::{READERS, case, check, suite};

const FILE: &str = "suite.yaml";
/// The users of the right suite.
const USERS: &str = "  draw: 3\n  personas: {nurse: The user is a nurse., pilot: The user is a pilot.}";

#[test]
fn the_form_of_a_suite() {
    check(&[
        suite("a bracket is not closed", "sessions: 2, repeats: 1}", "sessions: 2", &["suite.yaml: line 9"]),
        suite("a tab indents", "  draw", "\tdraw", &["suite.yaml: line 7"]),
        case("it is no text", |d| d.write(FILE, [0xff, 0xfe, 0]), READERS, 2, &["suite.yaml", "UTF-8"]),
        case("it is empty", |d| d.write(FILE, ""), READERS, 2, &["suite.yaml", "unexpected end of input"]),
        case("it is a list", |d| d.write(FILE, "- a\n- b\n"), READERS, 2, &["suite.yaml: line 1"]),
        suite(
            "a misspelt field at the top",
            "sampling:",
            "smapling:",
            &["suite.yaml: line 9, column 1: unknown field `smapling`, did you mean `sampling`?"],
        ),
        suite(
            "a misspelt field of a probe",
            "prompt: Who",
            "promt: Who",
            &["line 15", "unknown field `promt`, did you mean `prompt`?"],
        ),
        suite(
            "a field that nothing is like",
            "version: 1",
            "version: 1\nxyzzy: 1",
            &["line 2", "unknown field `xyzzy`; known here: version, name"],
        ),
        suite("an unknown kind", "kind: short", "kind: shrot", &["line 12", "short"]),
        suite("a field stands twice", "name: small", "name: small\nname: large", &["line 3", "name"]),
        suite("a text for a number", "sessions: 2", "sessions: many", &["line 9", "whole number"]),
        suite("a negative number", "sessions: 2", "sessions: -2", &["line 9", "whole number"]),
        suite("a field is missing", "name: small\n", "", &["missing field `name`"]),
        suite(
            "another version of the format",
            "version: 1",
            "version: 2",
            &["version: this antiphon reads version 1 of the suite format, not 2"],
        ),
        case("an alias bomb", |d| d.write(FILE, bomb()), READERS, 2, &["suite.yaml: line "]),
        case("deep nesting", |d| d.write(FILE, "[".repeat(100_000)), READERS, 2, &["suite.yaml: line 1"]),
        case(
            "no suite",
            |d| std::fs::remove_file(d.path(FILE)).unwrap(),
            READERS,
            2,
            &["can't read suite.yaml"],
        ),
        case("a folder for a suite", |_| {}, "check .; plan .; run .", 2, &["can't read ."]),
    ]);
}

/// 10^12 letters in 2 KB.
fn bomb() -> String {
    let mut text = "version: 1\nname: small\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", "));
    }
    text + "description: *a11\n"
}

#[test]
fn names() {
    check(&[
        suite(
            "an unknown alias",
            "alias: voice",
            "alias: voce",
            &["suite.yaml: line 4: targets[0].alias: unknown target alias `voce`; did you mean `voice`?"],
        ),
        suite(
            "an alias like no other",
            "alias: voice",
            "alias: xyzzy",
            &["unknown target alias `xyzzy`; the configuration has voice"],
        ),
        suite(
            "a target twice",
            "targets:",
            "targets:\n  - alias: voice",
            &["line 5: targets[1]", "stands twice"],
        ),
        suite(
            "a probe twice",
            "id: identity",
            "id: music",
            &["line 14: probes[1]", "the probe id music stands twice"],
        ),
        suite(
            "a user twice",
            USERS,
            "  list: [{id: ann}, {id: ann}]",
            &["users.list[1]", "\"ann\" stands twice"],
        ),
        suite(
            "no probe id",
            "  - id: identity\n    prompt",
            "  - prompt",
            &["probes[1]", "the probe has no `id`"],
        ),
        suite("a probe id that cannot be a file", "id: identity", "id: a/b", &["line 14: probes[1]", "a/b"]),
        suite("a name that leads elsewhere", "name: small", "name: ../x", &["suite.yaml: name: ", "../x"]),
    ]);
}

#[test]
fn numbers() {
    check(&[
        suite(
            "no targets",
            "targets:\n  - alias: voice\n    max_tokens: 80",
            "targets: []",
            &["targets: no target is named; add"],
        ),
        suite(
            "zero sessions",
            "sessions: 2",
            "sessions: 0",
            &["sampling.sessions: zero sessions ask nothing"],
        ),
        suite("zero repeats", "repeats: 1", "repeats: 0", &["sampling.repeats: zero repeats ask nothing"]),
        suite("zero users", "draw: 3", "draw: 0", &["users: `draw` is 0; at least one user must ask"]),
        suite("an empty list of users", USERS, "  list: []", &["users: `list` is empty"]),
        suite(
            "a draw and a grid",
            "draw: 3",
            "draw: 3\n  grid: true",
            &["users: `draw`, `grid` and `list` exclude"],
        ),
        suite(
            "pools for nobody",
            "  draw: 3\n",
            "",
            &["users: pools are given", "add `draw: 20` or `grid: true`"],
        ),
        case(
            "a huge grid",
            |d| {
                d.edit(
                    FILE,
                    USERS,
                    &format!("  grid: true\n  personas: {0}\n  system_prompts: {0}", pool(1001)),
                )
            },
            READERS,
            2,
            &["users: ", "1,000,000"],
        ),
        suite(
            "absurdly many users",
            "draw: 3",
            "draw: 4000000000",
            &["users: `draw` is more than 1,000,000 users"],
        ),
        suite(
            "absurdly many sessions",
            "sessions: 2",
            "sessions: 4000000000",
            &[
                "sampling: ",
                "come to 24000000000 samples; a run holds at most 100000000, so lower `sessions`",
            ],
        ),
        suite(
            "more samples than can be counted",
            "{sessions: 2, repeats: 1}",
            "{sessions: 4000000000, repeats: 4000000000}",
            &["sampling: ", "a run holds at most 100000000"],
        ),
    ]);
}

#[test]
fn ranges() {
    check(&[
        suite(
            "a temperature that nobody takes",
            "max_tokens: 80",
            "temperature: 9",
            &["line 4: targets[0].temperature: 9 is not between 0 and 2"],
        ),
        suite(
            "no room for an answer",
            "max_tokens: 80",
            "max_tokens: 0",
            &["line 4: targets[0].max_tokens: "],
        ),
        suite("a budget of nothing", "version: 1", "version: 1\nbudget: {dollars: 0}", &["budget.dollars: "]),
        suite(
            "a budget of infinity",
            "version: 1",
            "version: 1\nbudget: {dollars: .inf}",
            &["budget.dollars: "],
        ),
        suite(
            "a limit of nothing",
            "version: 1",
            "version: 1\nlimits: {concurrency: 0}",
            &["limits.concurrency: "],
        ),
        suite(
            "one option",
            "kind: short",
            "kind: choice\n    options: [yes]",
            &["line 11: probes[0] (music): a `choice` needs 2 to 26 options, not 1"],
        ),
        suite(
            "a scale upside down",
            "kind: short",
            "kind: scale\n    min: 7\n    max: 1",
            &["line 11: probes[0] (music): `min` 7 is not below `max` 1"],
        ),
    ]);
}

/// A pool of so many levels.
fn pool(levels: u32) -> String {
    let levels: Vec<String> = (0..levels).map(|level| format!("l{level}: x")).collect();
    format!("{{{}}}", levels.join(", "))
}

#[test]
fn texts() {
    check(&[
        suite(
            "a language without translation",
            "draw: 3",
            "draw: 3\n  languages: [fr, de]",
            &["probe music: ", "is worded in en only; add `translations: {"],
        ),
        suite(
            "a translation with fewer options",
            "    kind: short",
            "    kind: choice\n    options: [a, b]\n    translations: {de: {prompt: was?, options: [a]}}",
            &["line 11: probes[0] (music)", "options"],
        ),
        suite(
            "a field of another kind",
            "kind: short",
            "kind: short\n    options: [a, b]",
            &["line 11: probes[0] (music): field `options` belongs to kind `choice`"],
        ),
        suite(
            "an unknown name in a template",
            "favourite music?",
            "favourite {{ musik }}?",
            &["probe music: ", "line 1: unknown name `musik`; known here: language, persona"],
        ),
        suite(
            "a name that is nearly right",
            "favourite music?",
            "favourite {{ langauge }}?",
            &["probe music: ", "unknown name `langauge`; did you mean `language`?"],
        ),
        suite(
            "a template that does not close",
            "prompt: Who are you?",
            "prompt: \"Who {{ are you?\"",
            &["probe identity: template of probe identity, turn 0: line 1: syntax error"],
        ),
        suite(
            "a template without end",
            "prompt: Who are you?",
            "prompt: \"{% for a in 'x' * 99999 %}{% for b in 'x' * 99999 %}x{% endfor %}{% endfor %}\"",
            &["probe identity: template of probe identity, turn 0: line 1: engine ran out of fuel"],
        ),
        suite(
            "a wording that asks nothing",
            "draw: 3",
            "draw: 3\n  wordings: {curt: \"Well?\"}",
            &[
                "suite.yaml: users.wordings.curt: the wording leaves the question out; place it with `{{ question }}`",
            ],
        ),
        case(
            "a prompt larger than the limit of input tokens",
            |d| {
                d.edit("antiphon.toml", "concurrency = 8", "concurrency = 8\ninput_tokens_per_minute = 50");
                d.edit(FILE, "Who are you?", &"Who are you? ".repeat(100));
            },
            READERS,
            2,
            &["probe identity: ", "pool sim lets 50 input tokens through in a minute"],
        ),
        case(
            "answers larger than the limit of output tokens",
            |d| d.edit("antiphon.toml", "concurrency = 8", "output_tokens_per_minute = 50"),
            READERS,
            2,
            &["pool sim lets 50 output tokens through in a minute; lower `max_tokens` of target voice"],
        ),
        case(
            "a prompt larger than the context",
            |d| {
                d.edit("antiphon.toml", "[pools.sim]", "accepts = { context_tokens = 200 }\n[pools.sim]");
                d.edit(FILE, "Who are you?", &"Who are you? ".repeat(100));
            },
            READERS,
            2,
            &["probe identity: ", "target voice takes 200 in all; shorten the prompt or lower `max_tokens`"],
        ),
    ]);
}
