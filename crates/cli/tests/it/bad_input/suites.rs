//! Mistakes in a suite.

use super::{READERS, case, check};

const SUITE: &str = "suite.yaml";

#[test]
fn the_form_of_a_suite() {
    check(&[
        case(
            "a bracket is not closed",
            |d| d.edit(SUITE, "personas: {", "personas: {{"),
            READERS,
            2,
            &["suite.yaml: line 9"],
        ),
        case("a tab indents", |d| d.edit(SUITE, "  draw", "\tdraw"), READERS, 2, &["suite.yaml: line 7"]),
        case("it is no text", |d| d.write(SUITE, [0xff, 0xfe, 0x00]), READERS, 2, &["suite.yaml"]),
        case("it is empty", |d| d.write(SUITE, ""), READERS, 2, &["suite.yaml"]),
        case("it is a list", |d| d.write(SUITE, "- a\n- b\n"), READERS, 2, &["suite.yaml: line 1"]),
        case(
            "a misspelt field at the top",
            |d| d.edit(SUITE, "sampling:", "smapling:"),
            READERS,
            2,
            &["suite.yaml: line 9", "unknown field `smapling`, did you mean `sampling`?"],
        ),
        case(
            "a misspelt field of a probe",
            |d| d.edit(SUITE, "prompt: Who", "promt: Who"),
            READERS,
            2,
            &["line 15", "unknown field `promt`, did you mean `prompt`?"],
        ),
        case(
            "a field that nothing is like",
            |d| d.edit(SUITE, "version: 1", "version: 1\nxyzzy: 1"),
            READERS,
            2,
            &["line 2", "unknown field `xyzzy`; known here: version, name"],
        ),
        case(
            "an unknown kind",
            |d| d.edit(SUITE, "kind: short", "kind: shrot"),
            READERS,
            2,
            &["line 12", "short"],
        ),
        case(
            "a field stands twice",
            |d| d.edit(SUITE, "name: small", "name: small\nname: large"),
            READERS,
            2,
            &["line 3", "name"],
        ),
        case(
            "a text for a number",
            |d| d.edit(SUITE, "sessions: 2", "sessions: many"),
            READERS,
            2,
            &["line 9", "whole number"],
        ),
        case(
            "a negative number",
            |d| d.edit(SUITE, "sessions: 2", "sessions: -2"),
            READERS,
            2,
            &["line 9", "whole number"],
        ),
        case(
            "a field is missing",
            |d| d.edit(SUITE, "name: small\n", ""),
            READERS,
            2,
            &["missing field `name`"],
        ),
        case(
            "another version of the format",
            |d| d.edit(SUITE, "version: 1", "version: 2"),
            READERS,
            2,
            &["version", "reads version 1 of the suite format, not 2"],
        ),
        case("an alias bomb", |d| d.write(SUITE, bomb()), READERS, 2, &["suite.yaml"]),
        case(
            "very deep nesting",
            |d| d.write(SUITE, format!("description: {}", "[".repeat(100_000))),
            READERS,
            2,
            &["suite.yaml"],
        ),
        case(
            "there is no suite",
            |d| std::fs::remove_file(d.path(SUITE)).unwrap(),
            READERS,
            2,
            &["suite.yaml"],
        ),
        case("a folder for a suite", |_| {}, "check .; plan .; run .", 2, &["can't read ."]),
    ]);
}

fn bomb() -> String {
    let mut text = "version: 1\nname: small\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", "));
    }
    text + "description: *a11\n"
}

#[test]
fn the_meaning_of_a_suite() {
    check(&[
        case(
            "an unknown alias",
            |d| d.edit(SUITE, "alias: voice", "alias: voce"),
            READERS,
            2,
            &["suite.yaml: line 4: targets[0].alias: unknown target alias `voce`; did you mean `voice`?"],
        ),
        case(
            "a target twice",
            |d| d.edit(SUITE, "targets:", "targets:\n  - alias: voice"),
            READERS,
            2,
            &["line 5: targets[1]", "stands twice"],
        ),
        case(
            "a probe twice",
            |d| d.edit(SUITE, "id: identity", "id: music"),
            READERS,
            2,
            &["line 14: probes[1]", "the probe id music stands twice"],
        ),
        case(
            "a user twice",
            |d| {
                d.edit(
                    SUITE,
                    "  draw: 3\n  personas: {nurse: The user is a nurse., pilot: The user is a pilot.}",
                    "  list: [{id: ann}, {id: ann}]",
                )
            },
            READERS,
            2,
            &["users.list[1]", "ann"],
        ),
        case(
            "no probe id",
            |d| d.edit(SUITE, "  - id: identity\n    prompt", "  - prompt"),
            READERS,
            2,
            &["probes[1]", "no `id`"],
        ),
        case(
            "a probe id that cannot be a file",
            |d| d.edit(SUITE, "id: identity", "id: a/b"),
            READERS,
            2,
            &["probes[1]", "a/b"],
        ),
        case(
            "a suite's name that cannot be a file",
            |d| d.edit(SUITE, "name: small", "name: ../x"),
            READERS,
            2,
            &["name", "../x"],
        ),
        case(
            "no targets",
            |d| d.edit(SUITE, "targets:\n  - alias: voice\n    max_tokens: 80", "targets: []"),
            READERS,
            2,
            &["targets: no target is named"],
        ),
        case(
            "zero sessions",
            |d| d.edit(SUITE, "sessions: 2", "sessions: 0"),
            READERS,
            2,
            &["sampling.sessions: zero sessions ask nothing"],
        ),
        case(
            "zero repeats",
            |d| d.edit(SUITE, "repeats: 1", "repeats: 0"),
            READERS,
            2,
            &["sampling.repeats: zero repeats ask nothing"],
        ),
        case("zero users", |d| d.edit(SUITE, "draw: 3", "draw: 0"), READERS, 2, &["users.draw", "1"]),
        case(
            "an empty list of users",
            |d| {
                d.edit(
                    SUITE,
                    "  draw: 3\n  personas: {nurse: The user is a nurse., pilot: The user is a pilot.}",
                    "  list: []",
                )
            },
            READERS,
            2,
            &["users.list"],
        ),
        case(
            "a draw and a grid",
            |d| d.edit(SUITE, "draw: 3", "draw: 3\n  grid: true"),
            READERS,
            2,
            &["users", "draw", "grid"],
        ),
        case("a huge grid", |d| d.edit(SUITE, "  draw: 3", &huge_grid()), READERS, 2, &["users", "1000000"]),
        case(
            "absurdly many users",
            |d| d.edit(SUITE, "draw: 3", "draw: 4000000000"),
            READERS,
            2,
            &["users.draw"],
        ),
        case(
            "absurdly many sessions",
            |d| d.edit(SUITE, "sessions: 2", "sessions: 4000000000"),
            READERS,
            2,
            &["sampling.sessions"],
        ),
        case(
            "a language without translation",
            |d| d.edit(SUITE, "draw: 3", "draw: 3\n  languages: [en, fr]"),
            READERS,
            2,
            &["probe music", "fr", "translations"],
        ),
        case(
            "a translation with fewer options",
            |d| {
                d.edit(SUITE, "    kind: short", "    kind: choice\n    options: [a, b]\n    translations: {de: {prompt: was?, options: [a]}}")
            },
            READERS,
            2,
            &["line 11: probes[0] (music)", "options"],
        ),
        case(
            "an undefined name",
            |d| d.edit(SUITE, "favourite music?", "favourite {{ musik }}?"),
            READERS,
            2,
            &["music", "musik", "language", "persona"],
        ),
        case(
            "a template that does not end",
            |d| d.edit(SUITE, "prompt: Who are you?", "prompt: \"Who {{ are you?\""),
            READERS,
            2,
            &["identity"],
        ),
        case(
            "a template without end",
            |d| {
                d.edit(SUITE, "prompt: Who are you?", "prompt: \"{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}\"")
            },
            READERS,
            2,
            &["identity"],
        ),
        case(
            "a wording that asks nothing",
            |d| d.edit(SUITE, "draw: 3", "draw: 3\n  wordings: {curt: \"Well?\"}"),
            READERS,
            2,
            &["curt", "question"],
        ),
        case(
            "one option",
            |d| d.edit(SUITE, "kind: short", "kind: choice\n    options: [yes]"),
            READERS,
            2,
            &["probes[0] (music)", "2 to 26 options, not 1"],
        ),
        case(
            "a scale upside down",
            |d| d.edit(SUITE, "kind: short", "kind: scale\n    min: 7\n    max: 1"),
            READERS,
            2,
            &["probes[0] (music)", "`min` 7 is not below `max` 1"],
        ),
        case(
            "a field of another kind",
            |d| d.edit(SUITE, "kind: short", "kind: short\n    options: [a, b]"),
            READERS,
            2,
            &["probes[0] (music)", "field `options` belongs to kind `choice`"],
        ),
        case(
            "a temperature that nobody takes",
            |d| d.edit(SUITE, "max_tokens: 80", "temperature: 9"),
            READERS,
            2,
            &["line 4: targets[0].temperature: 9 is not between 0 and 2"],
        ),
        case(
            "no room for an answer",
            |d| d.edit(SUITE, "max_tokens: 80", "max_tokens: 0"),
            READERS,
            2,
            &["line 4: targets[0].max_tokens"],
        ),
        case(
            "a budget of nothing",
            |d| d.edit(SUITE, "version: 1", "version: 1\nbudget: {dollars: 0}"),
            READERS,
            2,
            &["budget.dollars"],
        ),
        case(
            "a limit of nothing",
            |d| d.edit(SUITE, "version: 1", "version: 1\nlimits: {concurrency: 0}"),
            READERS,
            2,
            &["limits.concurrency"],
        ),
        case(
            "a prompt larger than the token limit",
            |d| {
                d.edit("antiphon.toml", "concurrency = 8", "concurrency = 8\ninput_tokens_per_minute = 50");
                d.edit(SUITE, "Who are you?", &"Who are you? ".repeat(100));
            },
            READERS,
            2,
            &["identity", "input_tokens_per_minute"],
        ),
        case(
            "answers larger than the token limit",
            |d| {
                d.edit("antiphon.toml", "concurrency = 8", "concurrency = 8\noutput_tokens_per_minute = 50");
            },
            READERS,
            2,
            &["max_tokens", "output_tokens_per_minute"],
        ),
    ]);
}

fn huge_grid() -> String {
    let pool = |name: &str| {
        let levels: Vec<String> = (0..200).map(|level| format!("l{level}: \"{{{{ question }}}}\"")).collect();
        format!("  {name}: {{{}}}", levels.join(", "))
    };
    format!("  grid: true\n{}\n{}", pool("wordings"), pool("system_prompts"))
}
