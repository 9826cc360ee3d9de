//! Verdicts on a document, one for each kind of voice in its hardest degree: a small part of what `make validate-verdicts` looks at.

use antiphon_core::summary::{DocumentVerdict, Estimate};
use antiphon_tests::{Case, Effort, KINDS, Kind, Tally};

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_on_each_kind_of_voice_is_right() {
    let voices: Vec<(&Kind, usize)> = KINDS.iter().map(|kind| (kind, kind.degrees() - 1)).collect();
    let case = Case { style: 0, words: 2500, seed: 7001, voices: &voices };
    let mut tally = Tally::default();
    for judged in case.judge(Effort { cuts: 10, users: 8, passages: "60" }).await {
        let (kind, _) = voices[judged.voice];
        if let Some(right) = kind.right {
            assert_eq!(judged.verdict.knows, right, "{}: {}", kind.name, judged.verdict.because);
        }
        comes_back(kind.name, &judged.verdict);
        tally.count(judged.voice, &judged);
    }
    assert_eq!(tally.missed(&KINDS, 9, 1), Vec::<String>::new(), "{}", tally.table(&KINDS));
}

/// How it comes back is what the voice was made to do: slips of 0.05 or 0.3 a word, each by itself, or nothing at all.
fn comes_back(kind: &str, verdict: &DocumentVerdict) {
    let near = |what: &str, found: &Estimate, truth: f64, by: f64| {
        let value = found.value.unwrap_or(f64::NAN);
        assert!((value - truth).abs() <= by, "{kind}, {what}: {value}, in truth {truth}");
    };
    let comes = verdict.comes_back.as_ref().expect("every verdict has it where something was answered");
    let sequences =
        |words: u32| &comes.sequences.iter().find(|at| at.words == words).expect("it is asked for").share;
    let coverage = verdict.coverage.as_ref().expect("every verdict has it where something was answered");
    let last = coverage.curve.last().expect("there is an answer");
    assert_eq!(last.tries, 8, "{kind}: one answer of each of eight users");
    let slips = match kind {
        "verbatim" => 0.05,
        "reworded" => 0.3,
        "ignorant" | "refuses all quotations" => {
            assert_eq!(comes.whole.once.value, Some(0.0), "{kind}");
            assert!(comes.whole.once.high.is_some_and(|high| high > 0.0), "{kind}: what was not seen may be");
            assert!(last.share.value < Some(0.05), "{kind}: {coverage:?}");
            return;
        }
        _ => return,
    };
    let kept: f64 = 1.0 - slips;
    near("slip", &comes.slip, slips, 0.02);
    near("recovery", &comes.recovery, kept, 0.05);
    // A word that is lost at its place may stand at another.
    near("sequences of 1", sequences(1), kept + 0.03, 0.05);
    near("sequences of 5", sequences(5), kept.powi(5), 0.05);
    near("sequences of 20", sequences(20), kept.powi(20), 0.06);
    near("all of 60 words", &comes.whole.once, kept.powi(60), 0.06);
    // Another of the document's words comes in for a slip, but one of two or three synonyms for a reworded one.
    let alike = comes.same_deviation.value.unwrap_or(f64::NAN);
    let range = if kind == "verbatim" { 0.0..0.1 } else { 0.1..0.5 };
    assert!(range.contains(&alike), "{kind}, deviates alike: {alike}");
    // Eight answers cover a word unless all of them slip near it.
    let alone = &coverage.curve[0].share;
    assert!(last.share.value > alone.value && last.share.value > Some(0.7), "{kind}: {coverage:?}");
}
