//! Verdicts counted by kind of voice, and intervals that hold the truth: the table, and the bars that they are held to.

use std::collections::BTreeMap;
use std::fmt::Write;

use antiphon_core::summary::{Estimate, Knows};
use antiphon_simulator::RecallTruth;
use statrs::distribution::{Binomial, DiscreteCDF};

use super::kinds::Kind;
use super::run::Judged;

/// Words in a row that count as verbatim, and words of a reference, in suites as `antiphon recall new` writes them.
const RUN: usize = 8;
const REFERENCE: usize = 60;
/// Of verdicts in the grid, the least share that is right and the largest that is undecided.
const RIGHT: f64 = 0.95;
const UNDECIDED: f64 = 0.10;
/// Of verdicts on voices that show no knowledge, the largest share of "recalled".
const RECALLED: f64 = 0.01;
/// What intervals are meant to hold, and how unlikely a shortfall has to be for them to be called too narrow.
const NOMINAL: f64 = 0.95;
const UNLIKELY: f64 = 0.001;

/// A share of intervals that hold the truth.
#[derive(Clone, Copy, Debug, Default)]
struct Coverage {
    held: u32,
    all: u32,
}

impl Coverage {
    fn count(&mut self, estimate: &Estimate, truth: f64) {
        let (Some(low), Some(high)) = (estimate.low, estimate.high) else { return };
        self.all += 1;
        // A voice that never errs has an interval of one point.
        self.held += u32::from(low - 1e-9 <= truth && truth <= high + 1e-9);
    }

    /// The chance that so few or fewer hold it, if each does with the nominal probability.
    fn tail(self) -> f64 {
        let holding =
            Binomial::new(NOMINAL, u64::from(self.all)).expect("the nominal share is a probability");
        holding.cdf(u64::from(self.held))
    }
}

/// What was said of the voices of one kind.
#[derive(Debug, Default)]
struct Row {
    verdicts: BTreeMap<Knows, u32>,
    recall: Coverage,
    verbatim: Coverage,
}

/// All verdicts so far.
#[derive(Debug, Default)]
pub struct Tally {
    rows: BTreeMap<usize, Row>,
}

impl Tally {
    /// Counts a verdict on a voice of the kind of that number.
    pub fn count(&mut self, kind: usize, judged: &Judged) {
        let row = self.rows.entry(kind).or_default();
        *row.verdicts.entry(judged.verdict.knows).or_default() += 1;
        // Where every answer is the document's, expected recall is exact.
        let exact = judged.truth.filter(|truth| (truth.verbatim + truth.paraphrase - 1.0).abs() < 1e-9);
        if let Some(truth) = exact {
            row.recall.count(&judged.verdict.recall, truth.lcs_recall());
            row.verbatim.count(&judged.verdict.verbatim, in_runs(&truth));
        }
    }

    /// As a table in Markdown.
    #[must_use]
    pub fn table(&self, kinds: &[Kind]) -> String {
        let verdicts = [
            Knows::Recalled,
            Knows::AnotherEdition,
            Knows::Withheld,
            Knows::ConvergentConfabulation,
            Knows::NotRecalled,
            Knows::Undecided,
        ];
        let mut text = String::from(
            "| voices | verdicts | recalled | another edition | withheld | confabulation | not recalled | undecided | recall in its interval | \
             verbatim in its interval |\n|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for (number, row) in &self.rows {
            let all: u32 = row.verdicts.values().sum();
            let _ = write!(text, "| {} | {all} |", kinds[*number].name);
            for knows in verdicts {
                let count = row.verdicts.get(&knows).copied().unwrap_or(0);
                let is_right = kinds[*number].right == Some(knows);
                let _ = if is_right { write!(text, " **{count}** |") } else { write!(text, " {count} |") };
            }
            for coverage in [row.recall, row.verbatim] {
                let _ = match coverage.all {
                    0 => write!(text, " |"),
                    all => write!(text, " {} of {all} |", coverage.held),
                };
            }
            text.push('\n');
        }
        text
    }

    /// What does not hold of so many verdicts in the grid and on each kind that shows no knowledge, at least.
    #[must_use]
    pub fn missed(&self, kinds: &[Kind], grid: u32, each_null: u32) -> Vec<String> {
        let mut missed = Vec::new();
        let mut hold = |holds: bool, claim: String| {
            if !holds {
                missed.push(claim);
            }
        };
        let (mut all, mut right, mut undecided) = (0, 0, 0);
        let (mut recall, mut verbatim) = (Coverage::default(), Coverage::default());
        for (number, row) in &self.rows {
            let kind = &kinds[*number];
            let of = |knows| row.verdicts.get(&knows).copied().unwrap_or(0);
            let verdicts: u32 = row.verdicts.values().sum();
            if let Some(knows) = kind.right {
                all += verdicts;
                right += of(knows);
                undecided += of(Knows::Undecided);
            }
            if kind.is_null {
                hold(verdicts >= each_null, format!("{}: {verdicts} verdicts are too few", kind.name));
                let wrong = of(Knows::Recalled);
                let share = f64::from(wrong) / f64::from(verdicts);
                hold(share <= RECALLED, format!("{}: {wrong} of {verdicts} are called recalled", kind.name));
            }
            for (sum, coverage) in [(&mut recall, row.recall), (&mut verbatim, row.verbatim)] {
                sum.held += coverage.held;
                sum.all += coverage.all;
            }
        }
        let share = |part: u32| f64::from(part) / f64::from(all.max(1));
        hold(all >= grid, format!("{all} verdicts of the grid are too few"));
        hold(share(right) >= RIGHT, format!("{right} of {all} verdicts of the grid are right"));
        hold(
            share(undecided) <= UNDECIDED,
            format!("{undecided} of {all} verdicts of the grid are undecided"),
        );
        for (what, coverage) in [("recall", recall), ("verbatim", verbatim)] {
            let claim = format!("{} of {} intervals of {what} hold the truth", coverage.held, coverage.all);
            hold(coverage.tail() >= UNLIKELY, claim);
        }
        missed
    }
}

/// The expected share of a reference that comes back in runs, where each word is right by itself.
fn in_runs(truth: &RecallTruth) -> f64 {
    truth.verbatim * covered(1.0 - truth.slip) + truth.paraphrase * covered(1.0 - truth.reworded)
}

/// The chance, on average over its places, that a word is right and lies in a run of right ones that is long enough.
fn covered(right: f64) -> f64 {
    let run = |room: usize| {
        move |length: usize| {
            let chance = right.powi(i32::try_from(length).unwrap_or(i32::MAX));
            if length == room { chance } else { chance * (1.0 - right) }
        }
    };
    let at = |place: usize| {
        let (before, after) = (place, REFERENCE - 1 - place);
        let long = (0..=before).flat_map(|left| (0..=after).map(move |more| (left, more)));
        let long = long.filter(|(left, more)| left + 1 + more >= RUN);
        right * long.map(|(left, more)| run(before)(left) * run(after)(more)).sum::<f64>()
    };
    #[expect(clippy::cast_precision_loss, reason = "words of a reference are few")]
    let words = REFERENCE as f64;
    (0..REFERENCE).map(at).sum::<f64>() / words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_never_errs_is_in_runs_throughout_and_a_coin_hardly_ever() {
        assert!((covered(1.0) - 1.0).abs() < 1e-12);
        assert_eq!(covered(0.0), 0.0);
        // In the middle of a long text: q^8 (8 - 7 q), and less at the edges.
        let q = 0.8_f64;
        let middle = q.powi(8) * (8.0 - 7.0 * q);
        assert!(covered(q) < middle && covered(q) > 0.9 * middle, "{} {middle}", covered(q));
    }

    #[test]
    fn intervals_that_hold_too_seldom_are_noticed() {
        let coverage = |held| Coverage { held, all: 400 };
        assert!((coverage(400).tail() - 1.0).abs() < 1e-9);
        assert!((Coverage::default().tail() - 1.0).abs() < 1e-9);
        assert!(coverage(380).tail() > 0.4 && coverage(380).tail() < 0.6);
        assert!(coverage(360).tail() < UNLIKELY);
    }
}
