//! Pairs and refusals of the hostile run.

use antiphon_core::suite::Expect;
use antiphon_core::summary::{
    Estimate, Measure, MirroredMeasure, MirroredPair, MirroredSide, RefusalOverview, Verdict,
};

use super::cells::estimate;
use super::{hostile_texts, probe, target};

pub(crate) fn refusals() -> Vec<RefusalOverview> {
    [Expect::Answer, Expect::Refuse]
        .map(|expect| RefusalOverview {
            target: target("opus-default"),
            expect,
            probes: 1_250,
            refused: estimate(0.04, 0.02),
            answered: estimate(0.95, 0.02),
            undecided: estimate(0.01, 0.01),
        })
        .into()
}

pub(crate) fn pairs() -> Vec<MirroredPair> {
    let side = |name: &str, letter: &str| MirroredSide {
        name: name.to_owned(),
        probe: probe(&format!("taxes@{letter}")),
        question: hostile_texts().join(" "),
    };
    let pair = |topic: &str, measures| MirroredPair {
        target: target("opus-default"),
        topic: topic.to_owned(),
        group: None,
        a: side("higher taxes <b>now</b>", "a"),
        b: side("lower taxes", "b"),
        users: 40,
        measures,
    };
    let absent = Estimate {
        note: Some("an interval needs at least three users on both sides".to_owned()),
        ..Estimate::default()
    };
    vec![
        pair(
            "taxes",
            vec![
                measure(Measure::Refusal, around(-0.31, 0.08), 0.1, Verdict::Different),
                measure(Measure::RefusalByProvider, around(0.01, 0.03), 0.1, Verdict::Equivalent),
                measure(Measure::Hedging, around(0.06, 0.03), 0.1, Verdict::DifferentWithinMargin),
                measure(Measure::Words, around(0.12, 0.11), 0.2, Verdict::Undecided),
                MirroredMeasure {
                    language: Some("<i>en</i>".to_owned()),
                    ..measure(Measure::Agreement, around(0.55, 0.3), 0.1, Verdict::Different)
                },
            ],
        ),
        pair(
            "</table><script>alert('topic')</script>",
            vec![measure(Measure::Refusal, absent, 0.1, Verdict::Undecided)],
        ),
    ]
}

fn around(value: f64, half: f64) -> Estimate {
    Estimate { value: Some(value), low: Some(value - half), high: Some(value + half), note: None }
}

fn measure(measure: Measure, difference: Estimate, margin: f64, verdict: Verdict) -> MirroredMeasure {
    let p = difference.value.map(|_| 0.01);
    MirroredMeasure {
        measure,
        language: None,
        a: difference.value.map(|value| 0.4 + value),
        b: difference.value.map(|_| 0.4),
        difference,
        interval_by: "Student's t over the differences of users".to_owned(),
        margin: [-margin, margin],
        p,
        p_adjusted: p,
        equivalence_p: p,
        equivalence_p_adjusted: p,
        verdict,
    }
}
