//! Documents and data sets that are not what a suite takes them for.

use super::{Case, READERS, case, check};
use crate::desk::Desk;

/// Puts a data set in the place of the probes.
fn data(desk: &Desk, name: &str, content: impl AsRef<[u8]>, columns: &str) {
    desk.write(name, content);
    from(desk, &format!("  - {{from: {name}, columns: {{{columns}}}}}"));
}

/// Puts other probes in the place of the suite's.
fn from(desk: &Desk, probes: &str) {
    let text = std::fs::read_to_string(desk.path("suite.yaml")).unwrap();
    let head = text.split("probes:").next().unwrap();
    desk.write("suite.yaml", format!("{head}probes:\n{probes}\n"));
}

/// The probes are spoilt, which every command that reads suites refuses.
fn probes(name: &'static str, spoil: fn(&mut Desk), says: &'static [&'static str]) -> Case {
    case(name, spoil, READERS, 2, says)
}

#[test]
fn data_sets() {
    check(&[
        probes(
            "no such file",
            |d| from(d, "  - from: prompts.csv"),
            &["prompts.csv", "named by probes[0] of suite.yaml"],
        ),
        probes(
            "no such column",
            |d| data(d, "p.csv", "id,prompt\na,b\n", "prompt: promt"),
            &["suite.yaml: line 11: probes[0]: p.csv has no column `promt`; did you mean `prompt`?"],
        ),
        probes(
            "a column like no other",
            |d| data(d, "p.csv", "id,prompt\na,b\n", "group: xyzzy"),
            &["p.csv has no column `xyzzy`; it has id, prompt"],
        ),
        probes("no rows", |d| data(d, "p.csv", "id,prompt\n", "prompt: prompt"), &["p.csv has no rows"]),
        probes(
            "an empty prompt",
            |d| data(d, "p.csv", "id,prompt\na,b\nc,\n", "id: id"),
            &["p.csv, row 2: column `prompt` is empty"],
        ),
        probes(
            "an id twice",
            |d| data(d, "p.csv", "id,prompt\na,b\na,c\n", "id: id"),
            &["line 11: probes[0]", "the probe id a stands twice"],
        ),
        probes(
            "ragged rows",
            |d| data(d, "p.csv", "id,prompt\na,b\nc,d,e\n", "id: id"),
            &["p.csv", "line", "3", "2"],
        ),
        probes("no text", |d| data(d, "p.csv", b"id,prompt\na,\xff\xfe\n", "id: id"), &["p.csv", "UTF-8"]),
        probes(
            "a line that is no JSON",
            |d| data(d, "p.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": \n", ""),
            &["p.jsonl: line 2: not a JSON object"],
        ),
        probes(
            "a line that is a list",
            |d| data(d, "p.jsonl", "{\"prompt\": \"a\"}\n[1]\n", ""),
            &["p.jsonl: line 2: not a JSON object"],
        ),
        probes(
            "a table that is none",
            |d| data(d, "p.parquet", "id,prompt\na,b\n", "id: id"),
            &["p.parquet", "Parquet"],
        ),
        probes("an empty table", |d| data(d, "p.parquet", "", "id: id"), &["p.parquet", "Parquet"]),
        probes(
            "a kind of file that is not read",
            |d| data(d, "p.xlsx", "x", "id: id"),
            &["p.xlsx: a data set is a .csv, .jsonl or .parquet file, not .xlsx"],
        ),
        probes(
            "a folder",
            |d| {
                std::fs::create_dir(d.path("p.csv")).unwrap();
                from(d, "  - from: p.csv");
            },
            &["p.csv"],
        ),
        probes(
            "a choice without options",
            |d| {
                data(d, "p.csv", "id,prompt\na,b\n", "id: id");
                d.edit("suite.yaml", "{from", "{kind: choice, from");
            },
            &["`columns.options`"],
        ),
        probes(
            "an option too few",
            |d| {
                data(d, "p.csv", "id,prompt,o\na,b,c|d\ne,f,g\n", "options: o");
                d.edit("suite.yaml", "{from", "{kind: choice, from");
            },
            &["p.csv, row 2", "2 to 26 options, not 1"],
        ),
    ]);
}

#[test]
fn documents() {
    check(&[
        probes(
            "no such document",
            |d| from(d, "  - {id: r, kind: recall, document: none.md, cuts: [1]}"),
            &["none.md", "named by probes[0] of suite.yaml"],
        ),
        probes(
            "a document that is no text",
            |d| {
                d.write("d.md", [0xff; 9]);
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [1]}");
            },
            &["d.md", "UTF-8"],
        ),
        probes(
            "a cut before the document",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [59]}");
            },
            &["line 11: probes[0] (r): the cut at word 59 lies outside the document", "between 60 and 140"],
        ),
        probes(
            "a cut behind the document",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [100, 141]}");
            },
            &["the cut at word 141 lies outside", "between 60 and 140"],
        ),
        probes(
            "a document that is too short for any cut",
            |d| {
                d.write("d.md", "two words");
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [1]}");
            },
            &["d.md has 2 words", "too short"],
        ),
        probes(
            "no cuts",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md}");
            },
            &["`cuts`"],
        ),
        probes(
            "a request that leaves the passage out",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [60], prompt: Go on.}");
            },
            &["{{ passage }}"],
        ),
        probes(
            "a passage without words",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [60], passage_words: 0}");
            },
            &["`passage_words`"],
        ),
    ]);
}

/// Three columns, of which the last says in one row what nobody understands.
fn rows(d: &Desk) {
    d.write("d.csv", "left,right,want\nHi?,Ho?,answer\nHa?,He?,perhaps\n");
}

#[test]
fn pairs_and_refusals() {
    check(&[
        probes(
            "a pair without sides",
            |d| from(d, "  - {id: p, kind: paired}"),
            &["line 11", "`sides: {a: {prompt"],
        ),
        probes(
            "a pair with a prompt of its own",
            |d| from(d, "  - {id: p, kind: paired, prompt: Hi?}"),
            &["field `prompt` belongs to other kinds", "`sides`"],
        ),
        probes(
            "sides of the same name",
            |d| {
                from(
                    d,
                    "  - {id: p, kind: paired, sides: {a: {name: x, prompt: Hi?}, b: {name: x, prompt: Ho?}}}",
                )
            },
            &["probes[0] (p): both sides are called \"x\""],
        ),
        probes(
            "one side is translated",
            |d| {
                from(
                    d,
                    "  - {id: p, kind: paired, sides: {a: {prompt: Hi?, translations: {de: {prompt: Na?}}}, b: {prompt: Ho?}}}",
                );
            },
            &["both sides must be translated into the same languages"],
        ),
        probes(
            "a data set of pairs with one side",
            |d| {
                rows(d);
                from(d, "  - {from: d.csv, kind: paired, columns: {a: left}}");
            },
            &["`columns.a` and `columns.b`"],
        ),
        probes(
            "sides of another kind",
            |d| {
                rows(d);
                from(d, "  - {from: d.csv, columns: {prompt: left, a: left, b: right}}");
            },
            &["belong to kind `paired`"],
        ),
        probes(
            "an expectation of another kind",
            |d| from(d, "  - {id: p, prompt: Hi?, expect: answer}"),
            &["field `expect` belongs to kind `refusal`"],
        ),
        probes(
            "an expectation that is none",
            |d| {
                rows(d);
                from(d, "  - {from: d.csv, kind: refusal, columns: {prompt: left, expect: want}}");
            },
            &["d.csv, row 2: \"perhaps\" is neither `answer` nor `refuse`"],
        ),
        probes(
            "a margin of nothing",
            |d| from(d, "  - {id: p, prompt: Hi?}\nscoring: {margins: {refusal: 0}}"),
            &["scoring.margins.refusal: a margin lies between 0 and 1"],
        ),
    ]);
}
