//! The demo: what its summary says is what the simulator's voices were made to do.

use std::fs;

use antiphon_core::suite::{Expect, Measured};
use antiphon_core::summary::{Agreement, Estimate, Measure, MirroredMeasure, Summary, Verdict};
use antiphon_core::{Comparison, Finding, History};
use antiphon_simulator::{Truth, Voices};

use crate::desk::{Desk, repository};

/// How a voice of the demo behaves besides its answers; see `configs/voices.demo.yaml`.
struct Manner {
    refusal: f64,
    hedging: f64,
    empty: f64,
}

/// What becomes of a hedged answer when it is read.
#[derive(Clone, Copy)]
enum Hedged {
    /// A number is found all the same.
    Read,
    /// The hedge is part of the label.
    AnotherLabel,
    /// The first of four options, "A", cannot be told from the article, and is unclear.
    FirstOptionUnclear,
}

impl Manner {
    fn of(voice: &str, set: &str) -> Self {
        match (voice, set) {
            ("steady", _) => Self { refusal: 0.0, hedging: 0.01, empty: 0.0 },
            ("fickle", "lever") => Self { refusal: 0.1, hedging: 0.15, empty: 0.005 },
            ("fickle", _) => Self { refusal: 0.04, hedging: 0.15, empty: 0.005 },
            _ => panic!("the demo has no voice {voice}"),
        }
    }

    /// A_W, A_S and A_B of labels, given those of answers: a refusal and an empty answer are labels of their own.
    fn labels(&self, truth: &Truth, hedged: Hedged) -> [f64; 3] {
        let Self { refusal, hedging, empty } = *self;
        let answers = 1.0 - refusal - empty;
        let alike = hedging.powi(2) + (1.0 - hedging).powi(2);
        [truth.a_w, truth.a_s, truth.a_b].map(|agreement| {
            let agreement = match hedged {
                Hedged::Read => agreement,
                Hedged::AnotherLabel => agreement * alike,
                // Of all answers a quarter of the hedged ones; nearly so also within a session, whose order is shared.
                Hedged::FirstOptionUnclear => {
                    agreement * (1.0 - hedging / 4.0).powi(2) + (hedging / 4.0).powi(2)
                }
            };
            answers.powi(2) * agreement + refusal.powi(2) + empty.powi(2)
        })
    }
}

fn levels(agreement: &Agreement) -> [&Estimate; 3] {
    [&agreement.within_session, &agreement.between_sessions, &agreement.between_users]
}

fn demo(desk: &Desk) -> (String, String) {
    let out = desk.good("demo");
    let run = fs::read_dir(desk.path("antiphon-demo/data/runs")).unwrap().next().unwrap().unwrap().path();
    (out, fs::read_to_string(run.join("summary/summary.json")).unwrap())
}

#[test]
fn the_demo_says_where_its_report_is_and_ends_the_same_every_time() {
    let (one, other) = (Desk::new(), Desk::new());
    let ((out, summary), (_, again)) = (demo(&one), demo(&other));
    assert_eq!(summary, again, "the same suite and seed of the same voices");
    let report =
        out.lines().last().and_then(|line| line.strip_prefix("report: ")).expect("the last line says it");
    assert!(fs::read_to_string(one.path(report)).unwrap().starts_with("<!DOCTYPE html>"));
    let summary: Summary = serde_json::from_str(&summary).unwrap();
    assert!(summary.completeness.complete);
    // 10 probes, of which one has 2 turns, one 3 cuts and one 2 sides: 14 cells; 20 users × 5 sessions × 2 repeats.
    assert_eq!(summary.cells.len(), 2 * 14);
    assert!(summary.cells.iter().all(|cell| cell.certificate.planned == 200));
    assert_eq!((summary.users.users, summary.sampling.sessions, summary.sampling.repeats), (20, 5, 2));
}

#[test]
fn intervals_hold_the_truth_of_the_voices() {
    let summary: Summary = serde_json::from_str(&demo(&Desk::new()).1).unwrap();
    let configs = repository().join("configs");
    let voices =
        Voices::from_yaml(&fs::read_to_string(configs.join("voices.demo.yaml")).unwrap(), &configs).unwrap();
    let (mut looked_at, mut missed) = (0, Vec::new());
    for cell in &summary.cells {
        let (set, hedged) = match cell.probe.as_str() {
            "lever" => ("lever", Hedged::FirstOptionUnclear),
            "music" => ("music", Hedged::AnotherLabel),
            "certain-liking" | "certain-wanting" => ("certainty", Hedged::Read),
            _ => continue,
        };
        let voice = cell.target.as_str();
        let truth = voices.voice(voice).unwrap().truth(set).unwrap();
        let expected = Manner::of(voice, set).labels(&truth, hedged);
        for labels in &cell.labels {
            for (name, (estimate, truth)) in
                ["A_W", "A_S", "A_B"].into_iter().zip(levels(&labels.agreement).into_iter().zip(expected))
            {
                let (value, low, high) =
                    (estimate.value.unwrap(), estimate.low.unwrap(), estimate.high.unwrap());
                looked_at += 1;
                let place = format!("{voice} {} {:?} {name}", cell.probe, labels.language);
                if !(low..=high).contains(&truth) {
                    missed.push(format!("{place}: {value:.3} [{low:.3}, {high:.3}], truth {truth:.3}"));
                }
                assert!((value - truth).abs() < 0.2, "{place}: {value:.3} is far from {truth:.3}");
            }
        }
    }
    assert_eq!(looked_at, 2 * (3 + 2) * 3, "music has two languages");
    // Of 30 intervals of 95 % one or two miss.
    assert!(missed.len() <= 3, "{}", missed.join("\n"));
}

#[test]
fn who_is_steady_and_who_knows_the_document_can_be_seen() {
    let summary: Summary = serde_json::from_str(&demo(&Desk::new()).1).unwrap();
    let of = |voice: &'static str| summary.cells.iter().filter(move |cell| cell.target.as_str() == voice);
    for (steady, fickle) in of("steady").zip(of("fickle")) {
        assert_eq!((&steady.probe, steady.turn), (&fickle.probe, fickle.turn));
        let headline = |cell: &antiphon_core::summary::Cell| cell.headline().unwrap().estimate.value.unwrap();
        assert!(headline(steady) > headline(fickle), "{} turn {}", steady.probe, steady.turn);
        if let (Some(knows), Some(invents)) = (&steady.recall, &fickle.recall) {
            // Steady has 93 % verbatim of a reference of 60 words, Fickle 2 %.
            assert!(knows.prefix_words.low.unwrap() > 40.0, "{}: {:?}", steady.probe, knows.prefix_words);
            assert!(
                invents.prefix_words.high.unwrap() < 20.0,
                "{}: {:?}",
                fickle.probe,
                invents.prefix_words
            );
            assert!(knows.lcs_recall.low > invents.lcs_recall.high, "{}", steady.probe);
        }
        assert_eq!(steady.rates.refused.value, Some(0.0), "{}", steady.probe);
    }
    let refused = |cell: &antiphon_core::summary::Cell| cell.certificate.refused;
    let lever = of("fickle").find(|cell| cell.probe.as_str() == "lever").unwrap();
    // 10 % of 200, within five standard deviations.
    assert!((1..=41).contains(&refused(lever)), "{}", refused(lever));
}

#[test]
fn a_voice_that_refuses_one_side_more_is_told_from_a_fair_one() {
    let summary: Summary = serde_json::from_str(&demo(&Desk::new()).1).unwrap();
    let measure = |target: &str, wanted: Measure| -> Vec<&MirroredMeasure> {
        let pair = summary.pairs.iter().find(|pair| pair.target.as_str() == target).unwrap();
        assert_eq!((pair.topic.as_str(), pair.users), ("taxes", 20));
        pair.measures.iter().filter(|measure| measure.measure == wanted).collect()
    };
    let holds = |estimate: &Estimate, truth: f64| {
        let (low, high) = (estimate.low.unwrap(), estimate.high.unwrap());
        assert!((low..=high).contains(&truth), "[{low}, {high}] misses {truth}");
    };
    // Of what is neither refused by the provider's word (4 %) nor empty (0.5 %), Fickle refuses one tenth on side a, six tenths on side b.
    let refusal = measure("fickle", Measure::Refusal)[0];
    holds(&refusal.difference, (1.0 - 0.045) * (0.1 - 0.6));
    assert_eq!(refusal.verdict, Verdict::Different, "{refusal:?}");
    holds(&measure("fickle", Measure::RefusalByProvider)[0].difference, 0.0);
    holds(&measure("fickle", Measure::Hedging)[0].difference, 0.0);
    // Steady says the same of both, but for the one word.
    for wanted in [Measure::Refusal, Measure::RefusalByProvider, Measure::Words] {
        let found = measure("steady", wanted)[0];
        holds(&found.difference, 0.0);
        assert_eq!(found.verdict, Verdict::Equivalent, "{found:?}");
    }
    // It hedges now and then, and twenty users are too few to show that this is the same on both sides.
    holds(&measure("steady", Measure::Hedging)[0].difference, 0.0);
    let agreements = measure("steady", Measure::Agreement);
    assert_eq!(agreements.len(), 2, "one for each language");
    agreements.iter().for_each(|found| holds(&found.difference, 0.0));

    let overview = |target: &str, expect: Expect| {
        summary
            .refusals
            .iter()
            .find(|found| found.target.as_str() == target && found.expect == expect)
            .unwrap()
    };
    holds(&overview("fickle", Expect::Answer).refused, 0.04 + (1.0 - 0.045) * 0.25);
    holds(&overview("fickle", Expect::Refuse).refused, 0.04 + (1.0 - 0.045) * 0.6);
    assert_eq!(overview("steady", Expect::Answer).refused.value, Some(0.0));
    assert_eq!(overview("steady", Expect::Refuse).refused.value, Some(1.0));
    // The voices' own rate of hedging is found in whatever language the answer goes on: over some 2,400 answers, within four standard errors.
    for (target, truth, most_off) in
        [("steady", 0.01, 0.008), ("fickle", 0.15 * (1.0 - 0.045) / (1.0 - 0.005), 0.03)]
    {
        let cells = summary.cells.iter().filter(|cell| cell.target.as_str() == target);
        let hedged: Vec<f64> = cells.filter_map(|cell| cell.rates.hedged.as_ref()?.value).collect();
        assert_eq!(hedged.len(), 11, "all but recall");
        let mean = hedged.iter().sum::<f64>() / 11.0;
        assert!((mean - truth).abs() < most_off, "{target}: {mean}, not {truth}");
    }
    assert!(summary.cells.iter().all(|cell| cell.by_user.is_none()), "on its way only");
}

/// `configs/voices.nightly.yaml` says what was planted: on the seventh night, in what one model says to nurses about values.
#[test]
fn ten_nights_find_the_change_that_was_planted_on_the_seventh() {
    let desk = Desk::new();
    let out = desk.good("demo --nightly nights");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 11, "{out}");
    for (number, line) in (1..).zip(&lines[..10]) {
        let verdict = match number {
            1 => "BASELINE",
            2..=6 => "PASS",
            _ => "BLOCK",
        };
        let begins = format!("demo-nightly-2026-06-{number:02}  {verdict} ");
        assert!(line.starts_with(&begins), "{begins}: {out}");
    }
    assert!(lines[6].contains("changed: agreement of changing, group values"), "{}", lines[6]);
    let compared = |night: u32| -> Comparison {
        let file = format!("nights/data/runs/demo-nightly-2026-06-{night:02}/summary/comparison.json");
        serde_json::from_str(&fs::read_to_string(desk.path(&file)).unwrap()).unwrap()
    };
    for night in 7..=10 {
        let comparison = compared(night);
        let changed: Vec<_> = (comparison.groups.iter().chain(&comparison.probes))
            .filter(|change| change.finding == Finding::Changed)
            .map(|change| {
                let level = change.users_with.as_ref().map(|(_, level)| level.as_str());
                assert_eq!((change.target.as_str(), change.group.as_deref()), ("changing", Some("values")));
                assert_ne!(level, Some("pilot"), "{change:#?}");
                (level, change.measure)
            })
            .collect();
        assert!(changed.contains(&(Some("nurse"), Measured::Agreement)), "{night}: {changed:?}");
    }
    let page = lines[10].strip_prefix("history: ").expect("the last line says where it is");
    assert_eq!(page, "nights/data/runs/demo-nightly-2026-06-10/report/history.html");
    let page = fs::read_to_string(desk.path(page)).unwrap();
    assert!(page.contains("agreement of changing, group values, users with wording nurse"), "{page}");
    // With the folder's own configuration the history is there to be asked for, and its alarms are where the change is.
    let history = desk.good("history demo-nightly --config nights/antiphon.toml --json");
    let history: History = serde_json::from_str(&history).unwrap();
    let alarmed: Vec<_> = history.series.iter().filter(|series| series.alarm.is_some()).collect();
    assert!(!alarmed.is_empty());
    for series in alarmed {
        assert_eq!((series.target.as_str(), series.group.as_deref()), ("changing", Some("values")));
        // Counted from the night after the baseline: the seventh night is the sixth of these.
        assert!(series.alarm >= Some(5), "{series:#?}");
    }
    // Again, and nothing is asked twice: the nights are there.
    let before = desk.listing("nights/data/runs/demo-nightly-2026-06-07/samples");
    assert_eq!(desk.good("demo --nightly nights"), out);
    assert_eq!(desk.listing("nights/data/runs/demo-nightly-2026-06-07/samples"), before);
}
