//! A run held against an earlier one: whatever names suites and models use, nothing of it becomes markup, and each form says the verdict.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;

use antiphon_core::suite::{Measured, Policy};
use antiphon_core::summary::Estimate;
use antiphon_core::{
    Change, ComparedRun, ComparedTarget, Comparison, Finding, History, HistoryNight, HistoryPoint,
    HistorySeries, ProviderSeen, RunVerdict, Uncompared, UncomparedVerdict,
};
use antiphon_report::{
    Style, comparison_junit, comparison_markdown, comparison_page, comparison_terminal, history_page,
    history_terminal, uncompared_junit, uncompared_markdown, uncompared_page, uncompared_terminal,
};

const HOSTILE: &str = "</td><script>x</script> ](http://evil) @all | `a` \u{1b}[31m\u{202e}\u{ffff}\"'&";

fn change(measure: Measured, probe: Option<&str>, finding: Finding) -> Change {
    let difference =
        Estimate { value: Some(0.4), low: Some(0.3), high: Some(0.5), note: Some(HOSTILE.to_owned()) };
    Change {
        target: "voice".parse().unwrap(),
        group: Some(HOSTILE.to_owned()),
        probe: probe.map(|probe| probe.parse().unwrap()),
        turn: 0,
        language: Some(HOSTILE.to_owned()),
        users_with: None,
        measure,
        users: 30,
        of_probes: 1,
        base: Some(0.1),
        run: Some(0.5),
        difference,
        margin: 0.1,
        p: Some(1e-6),
        permutation_p: Some(1e-4),
        p_adjusted: Some(1e-5),
        equivalence_p: Some(1.0),
        detectable: Some(0.08),
        finding,
        blocks: true,
    }
}

fn comparison(verdict: RunVerdict) -> Comparison {
    let run = |run: &str| ComparedRun {
        run: run.parse().unwrap(),
        identity: String::new(),
        planned: 60,
        missing: 0,
        lost: 0,
    };
    let names = BTreeMap::from([(HOSTILE.to_owned(), 60)]);
    let target = ComparedTarget {
        target: "voice".parse().unwrap(),
        base: None,
        asked_otherwise: vec![HOSTILE.to_owned()],
        seen: vec![ProviderSeen { what: "model".to_owned(), base: names.clone(), run: names }],
        provider_drift: vec![HOSTILE.to_owned()],
    };
    Comparison {
        format: 1,
        base: run("r1"),
        run: run("r2"),
        suite: HOSTILE.to_owned(),
        policy: Policy::default(),
        level: 0.05,
        look: Some(3),
        verdict,
        reasons: vec![HOSTILE.to_owned()],
        users: 30,
        targets: vec![target],
        not_compared: vec![HOSTILE.to_owned()],
        groups: vec![
            change(Measured::Refusal, None, Finding::Changed),
            change(Measured::Recall, None, Finding::Same),
        ],
        probes: vec![
            change(Measured::Refusal, Some("p1"), Finding::Changed),
            change(Measured::Agreement, Some("p1"), Finding::Changed),
            change(Measured::Length, Some("p1"), Finding::Undecided),
        ],
    }
}

const PLAIN: Style = Style { colour: false, width: 120 };

#[test]
fn no_name_becomes_markup() {
    let comparison = comparison(RunVerdict::Block);
    let (page, xml) = (comparison_page(&comparison), comparison_junit(&comparison));
    for text in [&page, &xml] {
        assert!(!text.contains("<script") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
    assert!(page.contains("default-src 'none'") && !page.contains(" style=\"") && !xml.contains('\u{ffff}'));
    let terminal = comparison_terminal(&comparison, PLAIN);
    assert!(!terminal.contains(['\u{1b}', '\u{202e}']), "{terminal}");
    let markdown = comparison_markdown(&comparison);
    // What it brings of Markdown and HTML is escaped wherever it stands; the rows keep their eight cells.
    for mark in ["<script", "](", "@all", "http:", " | `"] {
        assert!(!markdown.contains(mark), "{mark}: {markdown}");
    }
    for row in markdown.lines().filter(|line| line.starts_with("| ")) {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 9, "{row}");
    }
}

/// The layout that build servers read: counts are those of the elements, and only what blocks is a failure.
#[test]
fn junit_counts_what_it_holds() {
    for (verdict, failures, errors) in
        [(RunVerdict::Block, 3, 0), (RunVerdict::Inconclusive, 2, 1), (RunVerdict::Pass, 2, 0)]
    {
        let xml = comparison_junit(&comparison(verdict));
        assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{xml}");
        let head = xml.lines().nth(1).unwrap();
        assert!(head.contains(&format!("tests=\"6\" failures=\"{failures}\" errors=\"{errors}\"")), "{head}");
        assert_eq!(xml.matches("<testcase ").count(), 6);
        assert_eq!(
            (xml.matches("<failure ").count(), xml.matches("<error ").count()),
            (failures, errors),
            "{xml}"
        );
        // More agreement than before, and what is undecided, fails no build.
        assert_eq!(xml.matches("<skipped ").count(), 2);
        assert_eq!(xml.matches("<testsuite ").count(), xml.matches("</testsuite>").count());
    }
}

#[test]
fn every_form_says_the_verdict_and_what_moved() {
    let comparison = comparison(RunVerdict::Inconclusive);
    assert!(comparison_terminal(&comparison, PLAIN).starts_with("INCONCLUSIVE  run r2 against r1: 30 users"));
    assert!(comparison_markdown(&comparison).starts_with("### ❔ INCONCLUSIVE: "));
    assert!(comparison_page(&comparison).contains("<h1>INCONCLUSIVE: "));
    assert!(comparison_terminal(&comparison, PLAIN).contains("+0.400 (0.300 to 0.500)"));
    assert!(comparison_terminal(&comparison, PLAIN).contains("comparison 3 with this baseline"));
}

fn history(alarm: Option<u64>) -> History {
    let level = |value: f64| Estimate {
        value: Some(value),
        low: Some(value - 0.1),
        high: Some(value + 0.1),
        note: None,
    };
    let point = |night: u64, value: f64| HistoryPoint {
        night,
        level: level(value),
        difference: level(value - 0.5),
        score: None,
        e: 2.5,
    };
    let night = |run: &str, complete| HistoryNight {
        run: run.parse().unwrap(),
        complete,
        provider: vec![HOSTILE.to_owned()],
    };
    History {
        format: 1,
        suite: HOSTILE.to_owned(),
        base: "r1".parse().unwrap(),
        alpha: 0.05,
        nights: vec![night("n1", true), night("n2", false)],
        series: vec![HistorySeries {
            target: "voice".parse().unwrap(),
            group: Some(HOSTILE.to_owned()),
            users_with: None,
            measure: Measured::Agreement,
            margin: 0.1,
            blocks: true,
            points: vec![point(0, 0.5), point(1, 0.9)],
            alarm,
        }],
    }
}

#[test]
fn a_history_says_since_when() {
    let calm = history_terminal(&history(None), PLAIN);
    assert!(calm.contains("nothing changed, as far as the nights show") && calm.contains("▁█"), "{calm}");
    let alarmed = history_terminal(&history(Some(1)), PLAIN);
    assert!(
        alarmed.contains("changed: agreement of voice, group") && alarmed.contains(", found on n2"),
        "{alarmed}"
    );
    let page = history_page(&history(Some(1)));
    assert!(
        page.contains("found on n2")
            && page.contains("incomplete")
            && page.contains("0.900 (0.800 to 1.000)"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    for text in [&page, &alarmed] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
}

#[test]
fn a_run_that_was_compared_with_nothing_has_every_form_and_no_markup() {
    for (verdict, name) in
        [(UncomparedVerdict::Baseline, "BASELINE"), (UncomparedVerdict::Inconclusive, "INCONCLUSIVE")]
    {
        let uncompared = Uncompared {
            format: 1,
            verdict,
            suite: HOSTILE.to_owned(),
            run: "r1".parse().unwrap(),
            complete: true,
            reason: HOSTILE.to_owned(),
        };
        let (page, xml) = (uncompared_page(&uncompared), uncompared_junit(&uncompared));
        for text in [&page, &xml] {
            assert!(text.contains(name), "{text}");
            assert!(!text.contains("<script") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
        }
        assert!(
            page.contains("default-src 'none'") && !page.contains(" style=\"") && !xml.contains('\u{ffff}')
        );
        let terminal = uncompared_terminal(&uncompared, PLAIN);
        assert!(terminal.starts_with(&format!("{name}  run r1\n")), "{terminal}");
        assert!(!terminal.contains(['\u{1b}', '\u{202e}']), "{terminal}");
        let markdown = uncompared_markdown(&uncompared);
        for mark in ["<script", "](", "@all", "http:", " | `"] {
            assert!(!markdown.contains(mark), "{mark}: {markdown}");
        }
        assert!(markdown.starts_with("### ") && markdown.contains(name), "{markdown}");
    }
}
