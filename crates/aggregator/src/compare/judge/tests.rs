//! What each finding comes to, one at a time.

use antiphon_core::{ComparedRun, ComparedTarget, OBJECT_FORMAT};

use super::*;

fn change(measure: Measured, finding: Finding) -> Change {
    Change {
        target: "voice".parse().unwrap(),
        group: None,
        probe: None,
        turn: 0,
        language: None,
        users_with: None,
        measure,
        users: 30,
        of_probes: 4,
        base: Some(0.5),
        run: Some(0.5),
        difference: Estimate { value: Some(-0.2), ..Estimate::default() },
        margin: 0.1,
        p: Some(0.5),
        permutation_p: None,
        p_adjusted: Some(0.5),
        equivalence_p: Some(0.01),
        detectable: None,
        finding,
        blocks: Policy::default().blocks(measure, None),
    }
}

/// A comparison in which all is the same and nothing is missing.
fn calm() -> Comparison {
    let run = |run: &str| ComparedRun {
        run: run.parse().unwrap(),
        identity: String::new(),
        planned: 600,
        missing: 0,
        lost: 0,
    };
    Comparison {
        format: OBJECT_FORMAT,
        base: run("r1"),
        run: run("r2"),
        suite: "s".to_owned(),
        policy: Policy::default(),
        level: 0.05,
        look: None,
        verdict: RunVerdict::Inconclusive,
        reasons: Vec::new(),
        users: 30,
        targets: vec![ComparedTarget {
            target: "voice".parse().unwrap(),
            base: None,
            asked_otherwise: Vec::new(),
            seen: Vec::new(),
            provider_drift: Vec::new(),
        }],
        not_compared: Vec::new(),
        groups: [Measured::Agreement, Measured::Refusal].map(|of| change(of, Finding::Same)).into(),
        probes: Vec::new(),
    }
}

fn judged(alter: impl FnOnce(&mut Comparison)) -> RunVerdict {
    let mut comparison = calm();
    alter(&mut comparison);
    verdict(&comparison).0
}

#[test]
fn each_finding_alone_decides() {
    use RunVerdict::{Block, Inconclusive, Pass, Warn};
    assert_eq!(judged(|_| ()), Pass);
    assert_eq!(judged(|night| night.run.missing = 1), Inconclusive, "one sample is missing");
    assert_eq!(judged(|night| night.base.missing = 1), Inconclusive);
    assert_eq!(judged(|night| night.base.lost = 1), Inconclusive, "an object has gone since");
    assert_eq!(judged(|night| night.groups.clear()), Inconclusive, "nothing could be compared");
    assert_eq!(judged(|night| night.groups[0].finding = Finding::Undecided), Inconclusive);
    assert_eq!(judged(|night| night.groups[0].finding = Finding::Changed), Block);
    assert_eq!(judged(|night| night.groups[0].finding = Finding::Slight), Pass);
    let more_agreement = |night: &mut Comparison| {
        night.groups[0].finding = Finding::Changed;
        night.groups[0].difference.value = Some(0.2);
    };
    assert_eq!(judged(more_agreement), Warn);
    assert_eq!(judged(|night| night.groups.push(change(Measured::Length, Finding::Undecided))), Pass);
    assert_eq!(judged(|night| night.groups.push(change(Measured::Length, Finding::Changed))), Warn);
    assert_eq!(judged(|night| night.probes.push(change(Measured::Recall, Finding::Undecided))), Pass);
    assert_eq!(judged(|night| night.targets[0].provider_drift.push("another".to_owned())), Warn);
    let blocked_and_cut_short = |night: &mut Comparison| {
        night.groups[1].finding = Finding::Changed;
        night.run.missing = 9;
    };
    assert_eq!(judged(blocked_and_cut_short), Block);
}

/// Where no two users ever agree, no distance between two nights can be seen, so a distance of 0 is no sign of anything.
#[test]
fn a_distribution_is_the_same_only_where_a_change_could_be_seen() {
    let policy = Policy::default();
    let judge = Judge::new(&policy, antiphon_core::Seed(1));
    let apart: Vec<Vec<f64>> = (0..40).map(|user| vec![0.0; user]).collect();
    let judged = |reach: f64| {
        let blank = change(Measured::Distribution, Finding::Undecided);
        judge.of_pooled_shift(blank, apart.len(), &apart, reach).equivalence_p
    };
    assert_eq!(judged(0.0), None, "each user has answers of its own on both nights");
    assert!(judged(2.0).is_some_and(|p| p < 0.05), "all users say one thing, and the same as before");
}
