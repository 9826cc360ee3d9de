//! The verdict: tests in a fixed order, each with the chance and the threshold that the manifest gives it.

use antiphon_core::RecallRules;
use antiphon_core::TargetId;
use antiphon_core::suite::Control;
use antiphon_core::summary::{AgainstControl, DocumentVerdict, Estimate, Knows, Manner, Needed, RecallTest};
use antiphon_stats::two_way::TwoWayMean;

use super::evidence::{Difference, Evidence, estimate};
use crate::estimates::{SAME_AT_ALL_CUTS, bounded};

/// From which share of refusals on a target is said to withhold.
const MOST_WITHHELD: f64 = 0.5;
/// How much of a text that everybody knows must come back.
const KNOWN: f64 = 0.5;
/// How much more of another edition must come back where editions differ.
const EDITION: f64 = 0.02;
/// What is known by heart comes back in long runs, at least for this part.
const BY_HEART: f64 = 0.75;
/// More cuts than this many times those there are, are not proposed.
const MOST_TIMES: f64 = 20.0;

/// The tests as they are made, and what they come to.
struct Tests {
    all: Vec<RecallTest>,
}

impl Tests {
    /// Whether what was found lies above a threshold.
    fn above(&mut self, says: impl Into<String>, found: Option<f64>, against: f64) -> bool {
        let met = found.is_some_and(|found| found > against);
        self.all.push(RecallTest { says: says.into(), found, needed: Needed::MoreThan, against, met });
        met
    }

    /// Whether it lies below.
    fn below(&mut self, says: impl Into<String>, found: Option<f64>, against: f64) -> bool {
        let met = found.is_some_and(|found| found < against);
        self.all.push(RecallTest { says: says.into(), found, needed: Needed::LessThan, against, met });
        met
    }
}

pub(super) fn verdict(
    target: &TargetId,
    evidence: &Evidence<'_>,
    rules: &RecallRules,
    miss: f64,
) -> DocumentVerdict {
    let recall = evidence.mean(|scored| scored.in_order);
    let beyond = evidence.mean(|scored| scored.in_order - scored.by_chance);
    let verbatim_beyond = evidence.mean(|scored| scored.verbatim - scored.verbatim_by_chance);
    let controls: Vec<(AgainstControl, Difference)> =
        [Control::Known, Control::Other, Control::Invented, Control::Shuffled, Control::Reworded]
            .into_iter()
            .filter_map(|control| evidence.control(control))
            .collect();
    let mut tests = Tests { all: Vec::new() };
    let match_p = evidence.match_p();
    let comes_back =
        comes_back(&mut tests, evidence, rules, (miss, match_p), [beyond, verbatim_beyond], &controls);
    let edition = evidence.edition();
    let follows = edition.as_ref().is_some_and(|(_, difference)| {
        tests.above(
            "where editions differ, more of another edition comes back than of the document",
            difference.above(miss),
            EDITION,
        )
    });
    let of_edition = evidence.beyond_chance_of_edition().and_then(|mean| mean.above(miss));
    let follows = follows
        && tests.above(
            "the other edition comes back beyond chance where editions differ",
            of_edition,
            rules.margin,
        );
    let withheld = evidence.withheld();
    let agreement = evidence.agreement_on_document();
    let (knows, because, open) = if follows {
        (Knows::AnotherEdition, "where editions differ, another one comes back".to_owned(), None)
    } else if comes_back {
        (Knows::Recalled, "what follows comes back, beyond chance and beyond every control".to_owned(), None)
    } else {
        not_recalled(&mut tests, evidence, rules, miss, [beyond, verbatim_beyond], withheld, agreement)
    };
    let in_order = recall.map(|of| of.mean);
    let manner = match (knows, in_order, evidence.mean(|scored| scored.long_runs)) {
        (Knows::Recalled, Some(in_order), Some(long)) if in_order > 0.0 => {
            Some(if long.mean / in_order >= BY_HEART { Manner::Verbatim } else { Manner::InOtherWords })
        }
        _ => None,
    };
    DocumentVerdict {
        target: target.clone(),
        knows,
        manner,
        because,
        cuts: evidence.cuts(),
        users: evidence.users(),
        recall: share(recall),
        by_chance: evidence.mean(|scored| scored.by_chance).map(|of| of.mean),
        beyond_chance: estimate(beyond),
        verbatim: share(evidence.mean(|scored| scored.verbatim)),
        in_other_words: share(evidence.mean(|scored| (scored.in_order - scored.verbatim).max(0.0))),
        prefix_words: None,
        comes_back: None,
        coverage: None,
        guessed: evidence.guessed(),
        match_p,
        withheld: share(withheld),
        agreement: share(agreement),
        controls: controls.into_iter().map(|(shown, _)| shown).collect(),
        edition: edition.map(|(shown, _)| shown),
        chosen: evidence.chosen().map(|of| share(Some(of))),
        framings: evidence.framings(),
        siblings: Vec::new(),
        unique_p: None,
        tests: tests.all,
        more_cuts: open.and_then(|(of, threshold)| more_cuts(of, threshold, miss, evidence.cuts())),
        looks: 1,
    }
}

/// Whether what follows comes back beyond chance and every control. All tests are made, so that all can be read.
fn comes_back(
    tests: &mut Tests,
    evidence: &Evidence<'_>,
    rules: &RecallRules,
    (miss, match_p): (f64, Option<f64>),
    [beyond, verbatim_beyond]: [Option<TwoWayMean>; 2],
    controls: &[(AgainstControl, Difference)],
) -> bool {
    let matched = tests.below(
        "answers fit what follows their own passage better than what follows others (p)",
        match_p,
        miss,
    );
    let above = |of: Option<TwoWayMean>| of.and_then(|of| of.above(miss));
    let more =
        tests.above("more of what follows comes back in order than by chance", above(beyond), rules.margin);
    let word_for_word = tests.above(
        format!("more of it comes back in runs of {} words than by chance", rules.verbatim_words),
        above(verbatim_beyond),
        rules.verbatim_margin,
    );
    let guessed = evidence.guessed().is_none_or(|guessed| {
        tests.above(
            "more comes back than is guessed from the document's own runs of words",
            above(evidence.mean(|scored| scored.in_order - guessed)),
            rules.margin,
        )
    });
    let mut beats_controls = true;
    for (shown, difference) in controls {
        let says = match shown.control {
            Control::Other => "more comes back than of another document of the kind",
            Control::Invented => "more comes back than of a document that does not exist",
            // A text that all know is no bar, and who knows the document may know it from changed passages too.
            Control::Known | Control::Shuffled | Control::Reworded => continue,
        };
        beats_controls &= tests.above(says, difference.above(miss), rules.margin);
    }
    matched && more && word_for_word && guessed && beats_controls
}

type Open = Option<(TwoWayMean, f64)>;

/// What it is if it is not recalled, why, and the mean that stands too near its threshold.
fn not_recalled(
    tests: &mut Tests,
    evidence: &Evidence<'_>,
    rules: &RecallRules,
    miss: f64,
    [beyond, verbatim_beyond]: [Option<TwoWayMean>; 2],
    withheld: Option<TwoWayMean>,
    agreement: Option<TwoWayMean>,
) -> (Knows, String, Open) {
    let above = |of: Option<TwoWayMean>| of.and_then(|of| of.above(miss));
    let below = |of: Option<TwoWayMean>| of.and_then(|of| of.below(miss));
    if tests.above("most answers are refusals, filtered or empty", above(withheld), MOST_WITHHELD) {
        return (Knows::Withheld, "most answers are refusals, filtered or empty".to_owned(), None);
    }
    let known = evidence.control_mean(Control::Known);
    if known.is_some()
        && tests.below("little comes back of a text that every model knows", below(known), KNOWN)
    {
        let why = "it does not go on with a text that every model knows either, so silence says nothing";
        return (Knows::Withheld, why.to_owned(), None);
    }
    let little = tests.below("hardly more comes back in order than by chance", below(beyond), rules.margin);
    let no_runs = tests.below(
        "hardly more of it comes back word for word than by chance",
        below(verbatim_beyond),
        rules.verbatim_margin,
    );
    if !(little && no_runs) {
        let why =
            "what comes back is neither clearly more than by chance and by the controls, nor clearly not";
        let open = if little {
            verbatim_beyond.zip(Some(rules.verbatim_margin))
        } else {
            beyond.zip(Some(rules.margin))
        };
        return (Knows::Undecided, why.to_owned(), open);
    }
    if known.is_some() && !tests.above("a text that every model knows comes back", above(known), KNOWN) {
        let why =
            "it is unclear whether a text that every model knows comes back, so silence says nothing yet";
        return (Knows::Undecided, why.to_owned(), known.zip(Some(KNOWN)));
    }
    if tests.above("users are told the same", above(agreement), rules.agreement) {
        let own = tests.below(
            "they agree no more than on a document that does not exist",
            evidence.agreement_beyond_invented().and_then(|of| of.above(miss)).or(Some(0.0)),
            rules.margin,
        );
        if own {
            let why = "everybody is told the same, and it is not the document";
            return (Knows::ConvergentConfabulation, why.to_owned(), None);
        }
        let why = "everybody is told the same text, which is not the document, and made up documents are not told so: it may be \
                   another text";
        return (Knows::Undecided, why.to_owned(), None);
    }
    let why = match known {
        Some(_) => "no more comes back than by chance, though a text that every model knows does",
        None => {
            "no more comes back than by chance; no text that every model knows was asked for, so a target that hides looks \
             the same"
        }
    };
    (Knows::NotRecalled, why.to_owned(), None)
}

/// How many cuts more, about, bring the bound to the other side of the threshold, if the mean stays where it is.
fn more_cuts(of: TwoWayMean, threshold: f64, miss: f64, cuts: u64) -> Option<u64> {
    let half = of.mean - of.above(miss)?;
    #[expect(clippy::cast_precision_loss, reason = "cuts are few")]
    let now = cuts as f64;
    let times = (half / (of.mean - threshold)).powi(2);
    if !(times > 1.0 && times <= MOST_TIMES) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 20 times as many cuts"
    )]
    let more = (now * (times - 1.0)).ceil() as u64;
    Some(more)
}

/// A share, of which no interval leaves `[0, 1]`, and none is a point.
fn share(of: Option<TwoWayMean>) -> Estimate {
    let mut estimate = estimate(of);
    estimate.low = estimate.low.map(|low| low.max(0.0));
    estimate.high = estimate.high.map(|high| high.min(1.0));
    match of.filter(|of| of.error.is_some()) {
        Some(of) => bounded(estimate, of.rows, SAME_AT_ALL_CUTS),
        None => estimate,
    }
}

#[cfg(test)]
mod tests {
    use antiphon_stats::two_way::{Entry, mean_of_table};

    use super::share;

    /// What was never seen at 16 cuts may still be there at one in six.
    #[test]
    fn what_no_cut_shows_is_not_surely_nothing() {
        let of = |value| {
            let entries = (0..16).flat_map(|row| (0..8).map(move |column| Entry { row, column, value }));
            share(mean_of_table(&entries.collect::<Vec<_>>(), true))
        };
        let bound = 0.05_f64.powf(1.0 / 16.0);
        let (never, always) = (of(0.0), of(1.0));
        assert_eq!(never.low, Some(0.0));
        assert!((never.high.unwrap() - (1.0 - bound)).abs() < 1e-12, "{never:?}");
        assert_eq!(always.high, Some(1.0));
        assert!((always.low.unwrap() - bound).abs() < 1e-12, "{always:?}");
        assert!(never.note.is_some() && always.note.is_some());
    }
}
