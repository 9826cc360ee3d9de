//! The report as a whole: what a reader gets, and what a hostile run cannot do to it.

#[path = "../examples/hostile_report/sample_run.rs"]
mod sample_run;

use std::collections::BTreeSet;

use antiphon_core::summary::{Estimate, Operations, Summary};
use antiphon_report::{Style, render, terminal};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

fn hostile_report() -> String {
    let (summary, operations, transcripts) = sample_run::hostile();
    render(&summary, Some(&operations), &transcripts)
}

/// A report small enough to be read in a snapshot: one probe, one target, complete.
fn small() -> Summary {
    let (mut summary, ..) = sample_run::hostile();
    summary.suite = "Capitals".to_owned();
    summary.description = None;
    summary.targets.truncate(1);
    summary.scales.clear();
    summary.pairs.clear();
    summary.refusals.clear();
    summary.verdicts.clear();
    summary.scoring.recall = None;
    summary.extractions.clear();
    summary.regrown.clear();
    summary.convergence.clear();
    summary.converged.clear();
    summary.cells.retain(|cell| cell.probe.as_str() == "capital" && cell.target == summary.targets[0].id);
    let certificate = summary.cells[0].certificate.clone();
    summary.completeness.complete = true;
    summary.completeness.targets = [(summary.targets[0].id.clone(), certificate.clone())].into();
    summary.completeness.total = certificate;
    summary
}

/// The names of all start tags with their attributes, as a browser would read them in text that is escaped.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag).collect()
}

/// `name="value"` pairs of a tag; values hold no quotes since those are escaped.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut parts = tag.split('"');
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        pairs.push((name.trim().rsplit(' ').next().unwrap_or_default().trim_end_matches('='), value));
    }
    pairs
}

/// The page without the style sheet, which holds `>` and braces of its own.
fn without_style(html: &str) -> String {
    let (before, rest) = html.split_once("<style>").expect("a page has a style sheet");
    let (_, after) = rest.split_once("</style>").expect("a style sheet ends");
    format!("{before}{after}")
}

#[test]
fn a_small_report_is_as_it_was() {
    let page = render(&small(), None, &[]);
    let (_, body) = page.split_once("</head>").unwrap();
    insta::assert_snapshot!(body.replace("><", ">\n<"));
}

#[test]
fn hostile_text_makes_no_elements() {
    let page = without_style(&hostile_report());
    for tag in tags(&page) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert!(
            ![
                "script",
                "img",
                "iframe",
                "object",
                "embed",
                "form",
                "input",
                "base",
                "style",
                "foreignObject"
            ]
            .contains(&name),
            "<{tag}>"
        );
    }
    assert_eq!(page.matches("<title>").count(), 1);
    assert_eq!(page.matches("<h1>").count(), 1);
    for text in sample_run::hostile_texts().iter().filter(|text| text.contains('<')) {
        assert!(!page.contains(text.as_str()), "{text}");
    }
    assert!(page.contains("&lt;script&gt;alert('script')&lt;/script&gt;"));
    assert!(
        page.contains("&amp;lt;script&amp;gt; &amp;#60;b&amp;#62; &amp;amp;"),
        "what was escaped already stays as it was written"
    );
}

#[test]
fn nothing_is_styled_inline_runs_or_comes_from_elsewhere() {
    for tag in tags(&without_style(&hostile_report())) {
        for (name, value) in attributes(tag) {
            assert!(name != "style" && !name.starts_with("on"), "<{tag}>");
            if ["href", "src", "xlink:href", "xmlns", "action", "srcset"].contains(&name) {
                assert!(value.starts_with('#') || value == "data:,", "<{tag}>");
            }
        }
    }
}

#[test]
fn attributes_are_read_as_a_browser_reads_them() {
    assert_eq!(attributes("a class=\"b c\" href=\"#x\""), [("class", "b c"), ("href", "#x")]);
}

#[test]
fn hidden_characters_are_shown() {
    let page = hostile_report();
    assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\0', '\u{1b}', '\u{e0049}']));
    for name in ["U+202E", "U+0000", "U+001B", "U+E0049", "U+200B"] {
        assert!(page.contains(&format!("<span class=\"control\">{name}</span>")), "{name}");
    }
}

#[test]
fn the_policy_allows_the_style_sheet_and_nothing_else() {
    let page = hostile_report();
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "content=\"default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'\""
    );
    assert!(page.contains(&policy));
    assert_eq!(page.matches("<style>").count(), 1);
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
}

#[test]
fn every_chart_says_in_words_what_it_shows() {
    let (mut summary, operations, transcripts) = sample_run::hostile();
    sample_run::grow(&mut summary, 14);
    let page = render(&summary, Some(&operations), &transcripts);
    let charts: Vec<&str> = tags(&page).into_iter().filter(|tag| tag.starts_with("svg ")).collect();
    assert!(
        charts.iter().any(|chart| chart.contains("chart wide")),
        "14 probes are enough for a picture of all"
    );
    for chart in charts {
        let attributes = attributes(chart);
        assert!(attributes.contains(&("role", "img")), "<{chart}>");
        assert!(
            attributes.iter().any(|(name, value)| *name == "aria-label" && value.len() >= 5),
            "<{chart}>"
        );
    }
}

#[test]
fn every_header_cell_says_what_it_heads() {
    let page = without_style(&hostile_report());
    let headers: Vec<&str> =
        tags(&page).into_iter().filter(|tag| tag.starts_with("th ") || *tag == "th").collect();
    assert!(headers.len() > 50);
    assert!(headers.iter().all(|tag| tag.contains("scope=\"")));
}

#[test]
fn probes_that_agree_least_come_first_and_undefined_ones_last() {
    let page = hostile_report();
    let places: Vec<usize> =
        ["favourite-band", "unkind", "hard-news", "trust-in-news", "are-you-sure", "capital", "prefill-only"]
            .iter()
            .map(|probe| page.find(&format!("<article class=\"probe\" id=\"probe-{probe}\"")).unwrap())
            .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn an_incomplete_run_says_so_and_a_complete_one_does_not() {
    let page = hostile_report();
    assert!(page.contains("This run is incomplete."));
    assert!(page.contains("30 failed (rate limited 8, timeout 22)"));
    let page = render(&small(), None, &[]);
    assert!(!page.contains("incomplete."));
    assert!(page.contains("Every planned sample has its final record."));
}

#[test]
fn an_undefined_number_has_its_note_beside_it() {
    let mut summary = small();
    let agreement = &mut summary.cells[0].labels[0].agreement;
    agreement.within_session =
        Estimate { note: Some("one answer a session <&>".to_owned()), ..Estimate::default() };
    let page = render(&summary, None, &[]);
    assert!(page.contains(
        "–</span> <small class=\"note\"><bdi dir=\"auto\">one answer a session &lt;&amp;&gt;</bdi>"
    ));
}

#[test]
fn an_empty_run_has_a_report() {
    let mut summary = small();
    summary.cells.clear();
    summary.targets.clear();
    summary.users.factors.clear();
    let page = render(&summary, Some(&Operations::default()), &[]);
    assert!(page.contains("Nothing varied between users") && page.contains("no price is known"));
}

#[test]
fn a_text_that_grew_says_whether_it_follows_or_wanders() {
    let page = hostile_report();
    let (_, section) = page.split_once("id=\"extraction\"").unwrap();
    for said in [
        "then wanders to word 21000",
        "that is no recall of the passage",
        "It ended because it came back to what it had",
        "This chain is incomplete.",
        "shared-most",
        "shared-many",
        "before word 2",
        "failed or missing",
    ] {
        assert!(section.contains(said), "{said} is not there");
    }
    assert!(
        section.contains("&lt;b&gt;the&lt;/b&gt;") && section.contains("\n\n# Opened"),
        "texts stay as they are"
    );
}

#[test]
fn a_large_report_stays_small_enough_to_open() {
    let mut summary = small();
    let cell = summary.cells[0].clone();
    summary.cells = (0..900)
        .map(|number| antiphon_core::summary::Cell {
            probe: antiphon_core::ProbeId::new(format!("capital-{}", number / 2)).unwrap(),
            ..cell.clone()
        })
        .collect();
    let page = render(&summary, None, &[]);
    assert!(page.len() < 7_000_000, "{} bytes", page.len());
}

/// A document of 8,000 words, 200 cuts, four targets: what is quoted is quoted once, and what is not is counted.
#[test]
fn a_long_document_is_still_a_page() {
    let (mut summary, ..) = sample_run::hostile();
    sample_run::recall::long_document(&mut summary);
    let page = render(&summary, None, &[]);
    let (_, section) = page.split_once("<section id=\"document\"").unwrap();
    let (section, _) = section.split_once("</section>").unwrap();
    assert!(section.len() < 4_000_000, "{} bytes", section.len());
    assert_eq!(section.matches("<details class=\"map\"").count(), 4);
    let sentences = section.matches("<details class=\"sentence\"").count();
    let recalls = summary.cells.iter().filter_map(|cell| cell.recall.as_ref());
    let asked: BTreeSet<u32> =
        recalls.flat_map(|recall| &recall.sentences).map(|sentence| sentence.word).collect();
    assert_eq!((sentences, asked.len()), (4 * 601, 601));
    // Ways of asking that share a sentence are counted together; their users are the same ones.
    let together = "462 of 480 reproduced it, to at least 38 of 40 users, in 2 of 2 ways of asking (";
    assert!(section.contains(together), "no sentence is put together from both ways of asking");
    assert!(section.contains("3 of 4 targets reproduced it at least once"));
    // An answer is a sample of all sentences of its cut, and stands on the page once.
    let quotes: Vec<&str> = section
        .split("<figure class=\"quote\">")
        .skip(1)
        .map(|rest| rest.split_once("</figure>").unwrap().0)
        .collect();
    assert_eq!(quotes.len(), 1_200);
    assert_eq!(quotes.iter().collect::<BTreeSet<_>>().len(), 1_200);
    assert_eq!(section.matches("450 more answers are not quoted here").count(), 4);
}

/// Of two ways of asking, with 200 and 50 cuts, each has one section and one cut in full; every cut has a row to go to.
#[test]
fn probes_that_differ_in_the_cut_share_a_section() {
    let (mut summary, ..) = sample_run::hostile();
    sample_run::recall::long_document(&mut summary);
    let probes: BTreeSet<String> = summary.cells.iter().map(|cell| cell.probe.to_string()).collect();
    let page = render(&summary, None, &[]);
    assert_eq!(page.matches("<table class=\"numbers cuts\">").count(), 2);
    assert_eq!(page.matches("<article class=\"probe\" id=\"cuts-").count(), 2);
    assert_eq!(page.matches("<article class=\"probe\" id=\"probe-").count(), 2);
    assert_eq!(probes.len(), 250);
    for probe in &probes {
        assert_eq!(page.matches(&format!(" id=\"probe-{probe}\"")).count(), 1, "{probe}");
    }
    assert!(page.contains("antiphon show ") && page.contains("--probe passage@w… --limit 1000"));
    // With five of them each has a section of its own.
    summary.cells.retain(|cell| cell.recall.as_ref().is_some_and(|recall| recall.word < 60 + 39 * 5));
    summary.cells.retain(|cell| cell.group.as_deref() == Some("passage"));
    let page = render(&summary, None, &[]);
    assert_eq!(page.matches("<table class=\"numbers cuts\">").count(), 0);
    assert_eq!(page.matches("<article class=\"probe\" id=\"probe-").count(), 5);
}

#[test]
fn how_a_document_comes_back_has_a_sentence_for_every_number() {
    let page = hostile_report();
    let (_, table) = page.split_once("<table class=\"agreement how\">").unwrap();
    let (table, after) = table.split_once("</table>").unwrap();
    for says in [
        "31.2 words",
        "Nearly word for word (nv20)",
        "After a word that came back, the next one does not.",
        "of 50 words or more",
        "in 10 tries",
        "21 of 40 cuts come out in 10 tries with a chance of 90 % or more; surely 12, surely not 9",
        "Said in meaning",
        "no two users &lt;b&gt;deviate&lt;/b&gt;",
    ] {
        assert!(table.contains(says), "{says}\n{table}");
    }
    let rows = table.matches("<tr>").count() - 1;
    assert_eq!(table.matches("<span class=\"question\">").count(), rows, "every number has its sentence");
    assert!(after.contains("5 answers bring nine tenths of what all bring"));
    assert!(after.contains("20 answers to each cut: 95.0 %"), "the chart says its numbers");
}

#[test]
fn the_verdict_stands_in_words_with_what_it_does_not_say() {
    let page = hostile_report();
    let (_, section) = page.split_once("<section id=\"document\"").unwrap();
    for said in [
        "Recalled, in wording that varies",
        "Undecided",
        "About 67 more cuts would decide",
        "this is look 2 at it",
        "the document, after passages in other words",
        "Consistency is not truth.",
        "that it recalls more than the other target: p = 0.00005",
        "2025-09-12 &lt;img",
        "&lt;b&gt;2026-01&lt;/b&gt;",
        "not stated",
        "… 1,200 words not asked for …",
        "231 of 240 reproduced it, to 38 of 40 users",
        "Said instead:",
    ] {
        assert!(section.to_lowercase().contains(&said.to_lowercase()), "{said}");
    }
    let (mut summary, ..) = sample_run::hostile();
    assert!(!section.contains("No text that every model knows was asked for."));
    summary.verdicts.iter_mut().for_each(|verdict| verdict.controls.clear());
    assert!(render(&summary, None, &[]).contains("No text that every model knows was asked for."));
}

#[test]
fn the_terminal_gets_a_table_and_nothing_that_drives_it() {
    let (mut summary, ..) = sample_run::hostile();
    summary.suite = "a\u{1b}[2Jb\u{202e}c\nd".to_owned();
    let table = terminal(&summary, Style { colour: false, width: 72 });
    assert!(!table.contains('\u{1b}') && !table.contains('\u{202e}'));
    for (width, most) in [(72, 72), (40, 40), (0, 40)] {
        let table = terminal(&summary, Style { colour: false, width });
        let ends = |line: &&str| line.starts_with("incomplete") || line.starts_with("mirrored pairs");
        let rows: Vec<&str> = table.lines().take_while(|line| !ends(line)).collect();
        assert_eq!(rows.len(), 20);
        assert!(rows.iter().all(|line| line.chars().count() <= most), "{table}");
    }
    insta::assert_snapshot!(table);
    let coloured = terminal(&summary, Style { colour: true, width: 72 });
    assert!(coloured.contains("\u{1b}[") && !coloured.contains("[2J\u{1b}"));
}
