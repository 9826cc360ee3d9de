//! Two documents compared: figures, passages, the page, and files that cannot be compared.

use std::fs;

use serde_json::Value;

use crate::desk::Desk;

/// `words` different words from `from` on, ten to a line.
fn words(from: usize, words: usize) -> String {
    let lines: Vec<String> = (from..from + words)
        .collect::<Vec<_>>()
        .chunks(10)
        .map(|line| line.iter().map(|word| format!("word{word}")).collect::<Vec<_>>().join(" "))
        .collect();
    lines.join("\n")
}

/// A reference of 400 words; the other has 150 of them with one changed and one left out, 160 of its own, then 20 more of them.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("a.md", words(0, 400));
    let told = words(0, 150).replace("word40 ", "another ").replace("word90 ", "");
    desk.write("b.txt", format!("{told} {} {}", words(1_000, 160), words(300, 20)));
    desk
}

#[test]
fn figures_and_passages_are_printed() {
    let out = desk().good("compare-documents a.md b.txt");
    let figures: Vec<Vec<&str>> = out
        .lines()
        .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect())
        .collect();
    for (name, of_a, of_b) in [
        // 40 + 49 + 59 words in a row, and 20: less 4 at the end of each, of 396 and of 325.
        ("sequences of 5 words that the other has", "38.4 %", "46.8 %"),
        ("sequences of 13 words that the other has", "30.9 %", "37.9 %"),
        ("sequences of 50 words that the other has", "2.8 %", "3.6 %"),
        ("words in nearly verbatim passages of 100 or more", "37.5 %", "45.3 %"),
    ] {
        assert!(figures.contains(&vec![name, of_a, of_b]), "{name}\n{out}");
    }
    let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("1. A 1–150 (line 1), B 1–149 (line 1): 150 words, 148 of them the same"), "{out}");
    assert!(flat.contains("word39 [-word40-] {+another+} word41"), "{out}");
    assert!(flat.contains("word89 [-word90-] word91"), "{out}");
    assert!(flat.contains("… 28 words …"), "{out}");
    assert!(out.contains("2. A 301–320 (line 31), B 310–329"), "{out}");
    assert!(!out.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn what_is_printed_can_be_shortened_coloured_and_read_by_programs() {
    let mut desk = desk();
    let short = desk.good("compare-documents a.md b.txt --limit 1");
    assert!(
        short.contains("1. A 1–150") && !short.contains("2. A") && short.contains("and 1 shorter passage"),
        "{short}"
    );
    assert!(
        desk.good("compare-documents a.md b.txt --color always").contains("\u{1b}[31m[-word40-]\u{1b}[0m")
    );
    desk.set("NO_COLOR", "1");
    assert!(!desk.good("compare-documents a.md b.txt --color auto").contains('\u{1b}'));
    let found: Value = serde_json::from_str(&desk.good("compare-documents a.md b.txt --json")).unwrap();
    assert_eq!((&found["a"]["words"], &found["b"]["words"]), (&400.into(), &329.into()));
    assert_eq!(found["a"]["near_verbatim_share"], 0.375);
    assert_eq!(found["containment"][2]["words"], 50);
    let passages = found["passages"].as_array().unwrap();
    assert_eq!((passages.len(), &passages[1]["in_a"], &passages[1]["in_b"]), (2, &300.into(), &309.into()));
    assert_eq!(passages[0]["runs"].as_array().unwrap().len(), 3);
    // None is so long, and what is undefined is not 0.
    desk.write("c.txt", "word1 word2 word3");
    let found: Value = serde_json::from_str(&desk.good("compare-documents a.md c.txt --json")).unwrap();
    assert_eq!(
        (&found["containment"][0]["of_b"], &found["containment"][0]["of_a"]),
        (&Value::Null, &0.0.into())
    );
    assert_eq!(found["passages"].as_array().unwrap().len(), 0);
}

#[test]
fn case_matters_unless_it_is_folded() {
    let desk = desk();
    desk.write("b.txt", words(0, 400).to_uppercase());
    let share = |line: &str| {
        let found: Value = serde_json::from_str(&desk.good(line)).unwrap();
        found["b"]["near_verbatim_share"].as_f64().unwrap()
    };
    assert_eq!(share("compare-documents a.md b.txt --json"), 0.0);
    assert_eq!(share("compare-documents a.md b.txt --json --casefold"), 1.0);
}

#[test]
fn the_page_shows_both_documents_and_is_not_overwritten() {
    let desk = desk();
    desk.write("b.txt", format!("{} <script>alert(1)</script>\u{1b}[2J", words(0, 120)));
    let out = desk.run("compare-documents a.md b.txt --html both.html");
    assert_eq!(out.code, 0, "{}", out.err);
    assert!(!out.out.contains("\u{1b}[2J"), "documents may not drive the terminal");
    let page = fs::read_to_string(desk.path("both.html")).unwrap();
    assert!(page.contains("<a id=\"a1\" href=\"#b1\" class=\"near\">word0 word1"), "{page}");
    assert!(page.contains("<a id=\"b1\" href=\"#a1\" class=\"near\">word0 word1"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script"));
    let again = desk.run("compare-documents a.md b.txt --html both.html");
    assert_eq!(again.code, 2);
    assert!(again.err.contains("both.html is there already; --force overwrites it"), "{}", again.err);
    assert_eq!(desk.run("compare-documents a.md b.txt --html both.html --force").code, 0);
    assert!(!desk.path("both.part").exists());
}

#[test]
fn files_that_cannot_be_compared_are_named() {
    let desk = desk();
    desk.write("latin.txt", b"Gr\xfc\xdfe");
    desk.write("empty.txt", " \n");
    for (line, why) in [
        ("compare-documents a.md missing.txt", "can't read missing.txt"),
        ("compare-documents a.md .", "can't read ."),
        ("compare-documents latin.txt a.md", "latin.txt is not UTF-8 text: byte 2"),
        ("compare-documents a.md empty.txt", "empty.txt is empty"),
        ("compare-documents a.md b.txt --shortest 0", "--shortest"),
        ("compare-documents a.md b.txt --html no/where.html", "can't write no/where.html"),
    ] {
        let done = desk.run(line);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{line}: {}", done.err);
        assert!(done.err.contains(why), "{line}: {}", done.err);
    }
}
