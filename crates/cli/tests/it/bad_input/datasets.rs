//! Documents and data sets that are not what a suite takes them for.

use super::{READERS, case, check};
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

#[test]
fn data_sets() {
    check(&[
        case(
            "no such file",
            |d| from(d, "  - from: prompts.csv"),
            READERS,
            2,
            &["prompts.csv", "named by probes[0] of suite.yaml"],
        ),
        case(
            "no such column",
            |d| data(d, "p.csv", "id,prompt\na,b\n", "prompt: promt"),
            READERS,
            2,
            &["suite.yaml: line 11: probes[0]: p.csv has no column `promt`; did you mean `prompt`?"],
        ),
        case(
            "a column like no other",
            |d| data(d, "p.csv", "id,prompt\na,b\n", "group: xyzzy"),
            READERS,
            2,
            &["p.csv has no column `xyzzy`; it has id, prompt"],
        ),
        case(
            "no rows",
            |d| data(d, "p.csv", "id,prompt\n", "prompt: prompt"),
            READERS,
            2,
            &["p.csv has no rows"],
        ),
        case(
            "an empty prompt",
            |d| data(d, "p.csv", "id,prompt\na,b\nc,\n", "id: id"),
            READERS,
            2,
            &["p.csv, row 2: column `prompt` is empty"],
        ),
        case(
            "an id twice",
            |d| data(d, "p.csv", "id,prompt\na,b\na,c\n", "id: id"),
            READERS,
            2,
            &["line 11: probes[0]", "the probe id a stands twice"],
        ),
        case(
            "ragged rows",
            |d| data(d, "p.csv", "id,prompt\na,b\nc,d,e\n", "id: id"),
            READERS,
            2,
            &["p.csv", "line", "3", "2"],
        ),
        case(
            "no text",
            |d| data(d, "p.csv", b"id,prompt\na,\xff\xfe\n", "id: id"),
            READERS,
            2,
            &["p.csv", "UTF-8"],
        ),
        case(
            "a line that is no JSON",
            |d| data(d, "p.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": \n", ""),
            READERS,
            2,
            &["p.jsonl: line 2: not a JSON object"],
        ),
        case(
            "a line that is a list",
            |d| data(d, "p.jsonl", "{\"prompt\": \"a\"}\n[1]\n", ""),
            READERS,
            2,
            &["p.jsonl: line 2: not a JSON object"],
        ),
        case(
            "a table that is none",
            |d| data(d, "p.parquet", "id,prompt\na,b\n", "id: id"),
            READERS,
            2,
            &["p.parquet", "Parquet"],
        ),
        case("an empty table", |d| data(d, "p.parquet", "", "id: id"), READERS, 2, &["p.parquet", "Parquet"]),
        case(
            "a kind of file that is not read",
            |d| data(d, "p.xlsx", "x", "id: id"),
            READERS,
            2,
            &["p.xlsx: a data set is a .csv, .jsonl or .parquet file, not .xlsx"],
        ),
        case(
            "a folder",
            |d| {
                std::fs::create_dir(d.path("p.csv")).unwrap();
                from(d, "  - from: p.csv");
            },
            READERS,
            2,
            &["p.csv"],
        ),
        case(
            "a choice without options",
            |d| {
                data(d, "p.csv", "id,prompt\na,b\n", "id: id");
                d.edit("suite.yaml", "{from", "{kind: choice, from");
            },
            READERS,
            2,
            &["`columns.options`"],
        ),
        case(
            "an option too few",
            |d| {
                data(d, "p.csv", "id,prompt,o\na,b,c|d\ne,f,g\n", "options: o");
                d.edit("suite.yaml", "{from", "{kind: choice, from");
            },
            READERS,
            2,
            &["p.csv, row 2", "2 to 26 options, not 1"],
        ),
    ]);
}

#[test]
fn documents() {
    check(&[
        case(
            "no such document",
            |d| from(d, "  - {id: r, kind: recall, document: none.md, cuts: [1]}"),
            READERS,
            2,
            &["none.md", "named by probes[0] of suite.yaml"],
        ),
        case(
            "a document that is no text",
            |d| {
                d.write("d.md", [0xff; 9]);
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [1]}");
            },
            READERS,
            2,
            &["d.md", "UTF-8"],
        ),
        case(
            "a cut before the document",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [59]}");
            },
            READERS,
            2,
            &["line 11: probes[0] (r): the cut at word 59 lies outside the document", "between 60 and 140"],
        ),
        case(
            "a cut behind the document",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [100, 141]}");
            },
            READERS,
            2,
            &["the cut at word 141 lies outside", "between 60 and 140"],
        ),
        case(
            "a document that is too short for any cut",
            |d| {
                d.write("d.md", "two words");
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [1]}");
            },
            READERS,
            2,
            &["d.md has 2 words", "too short"],
        ),
        case(
            "no cuts",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md}");
            },
            READERS,
            2,
            &["`cuts`"],
        ),
        case(
            "a request that leaves the passage out",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [60], prompt: Go on.}");
            },
            READERS,
            2,
            &["{{ passage }}"],
        ),
        case(
            "a passage without words",
            |d| {
                d.write("d.md", "word ".repeat(200));
                from(d, "  - {id: r, kind: recall, document: d.md, cuts: [60], passage_words: 0}");
            },
            READERS,
            2,
            &["`passage_words`"],
        ),
    ]);
}
