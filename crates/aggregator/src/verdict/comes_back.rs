//! How a document comes back, over all cuts that decide: each cut weighs the same, and errors are those of cuts and users.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::summary::{
    AfterTries, AtLength, CameBack, ComesBack, CoverageCurve, Estimate, Extractability, ExtractableCuts,
    InMeaning, RUNS, RecallOfUser, SEQUENCES, Tries,
};
use antiphon_stats::recall::coverage::rarefied_of_counts;
use antiphon_stats::two_way::{Counted, Entry, mean_of_table, ratio_of_table};
use antiphon_stats::{Nested, Row, SampleId, interval, pass};

use super::evidence::{Evidence, users};
use crate::cell::came_back::{COVERS, TRIES, counted, near_from, step_of, within};
use crate::cell::meaning::index_or_why;
use crate::estimates::{self, SAME_AT_ALL_CUTS, bounded, share_of};

/// A cut can be extracted if it comes out in so many tries, with at least such a chance.
const EXTRACTABLE: (u64, f64) = (10, 0.9);
/// Answers after which it is said what they bring, as far as there are so many.
const AFTER: [u64; 16] = [1, 2, 3, 5, 8, 13, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1_200];
/// The part of what all answers bring that is asked for.
const MOST: f64 = 0.9;
const NO_ANSWER: &str = "there is no answer";

/// One user's answers at one cut.
struct AtCut<'a> {
    word: u32,
    probe: usize,
    near_from: u32,
    of: &'a RecallOfUser,
}

/// What the document's cuts come to; `None` where no cut that decides was answered.
pub(super) fn all(evidence: &Evidence<'_>) -> Option<(Estimate, ComesBack, CoverageCurve)> {
    let places: Vec<AtCut<'_>> = evidence
        .deciding()
        .enumerate()
        .flat_map(|(probe, found)| {
            let words = found.cell.recall.as_ref().map_or(0, |recall| recall.reference_words);
            let near_from = near_from(usize::try_from(words).unwrap_or(usize::MAX));
            users(found.cell).map(move |of| AtCut { word: found.cut.word, probe, near_from, of })
        })
        .collect();
    let first = places.first()?;
    let table = Table { evidence, near_from: first.near_from, places: &places };
    let prefix = table.words(|came| came.prefix);
    Some((prefix, table.comes_back(), coverage(evidence)?))
}

struct Table<'a> {
    evidence: &'a Evidence<'a>,
    /// Stretches of references of another kind of length are not averaged with these.
    near_from: u32,
    places: &'a [AtCut<'a>],
}

impl Table<'_> {
    fn comes_back(&self) -> ComesBack {
        let at = |words: &[u32], value: &dyn Fn(&CameBack, usize) -> Option<f64>| -> Vec<AtLength> {
            let of = |(at, words): (usize, &u32)| AtLength {
                words: *words,
                share: self.share(|came| value(came, at)),
            };
            words.iter().enumerate().map(of).filter(|at| at.share.value.is_some()).collect()
        };
        let deviations: Vec<Counted> = self
            .evidence
            .deciding()
            .filter_map(|found| {
                let [alike, pairs] = found.cell.recall_by_user.as_ref()?.deviations;
                Some(counted(found.cut.word.into(), 0, [pairs - alike, alike]))
            })
            .collect();
        let pairs: f64 = deviations.iter().map(|of| of.all).sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of counts below 2^53"
        )]
        let deviating_pairs = pairs as u64;
        ComesBack {
            longest_run: self.words(|came| came.longest),
            in_runs: at(&RUNS, &|came, at| came.in_runs[at]),
            near_verbatim: self.near_verbatim(),
            near_from: self.near_from,
            slip: self.step([0, 1]),
            recovery: self.step([3, 2]),
            sequences: at(&SEQUENCES, &|came, at| came.sequences[at]),
            same_deviation: share_of(
                ratio_of_table(&deviations, false),
                "no two users deviate at the same word",
            ),
            deviating_pairs,
            whole: self.extractability(|tries| tries.whole),
            nearly: self.extractability(|tries| tries.nearly),
            meaning: self.in_meaning(),
        }
    }

    fn entries(&self, value: impl Fn(&AtCut<'_>) -> Option<f64>) -> Vec<Entry> {
        let entry =
            |at: &AtCut<'_>| Some(Entry { row: at.word.into(), column: at.of.user, value: value(at)? });
        self.places.iter().filter_map(entry).collect()
    }

    fn share(&self, value: impl Fn(&CameBack) -> Option<f64>) -> Estimate {
        self.mean(&self.entries(|at| value(at.of.came_back.as_ref()?)))
    }

    /// Where nothing varies, what can be said is what as many cuts say.
    fn mean(&self, entries: &[Entry]) -> Estimate {
        let mean = mean_of_table(entries, self.evidence.users_are_drawn());
        bounded(share_of(mean, NO_ANSWER), mean.map_or(0, |mean| mean.rows), SAME_AT_ALL_CUTS)
    }

    fn words(&self, value: impl Fn(&CameBack) -> f64) -> Estimate {
        let entries = self.entries(|at| at.of.came_back.as_ref().map(|came| value(came)));
        let mean = super::evidence::estimate(mean_of_table(&entries, self.evidence.users_are_drawn()));
        // There are no fewer words than none.
        Estimate { low: mean.low.map(|low| low.max(0.0)), ..mean }
    }

    fn near_verbatim(&self) -> Estimate {
        self.mean(
            &self.entries(|at| at.of.came_back.as_ref()?.near.filter(|_| at.near_from == self.near_from)),
        )
    }

    /// As the cells have it, with their reason where vectors are missing.
    fn in_meaning(&self) -> Option<InMeaning> {
        let cells =
            self.evidence.deciding().filter_map(|found| found.cell.recall.as_ref()?.comes_back.as_ref());
        let mut cells = cells.filter_map(|comes| comes.meaning.as_ref()).peekable();
        let first = *cells.peek()?;
        // One cut without vectors would make it a mean over the others only.
        if let Some(missing) = cells.find(|of| of.share.value.is_none() && of.share.note.is_some()) {
            return Some(missing.clone());
        }
        let by_chance = self.entries(|at| at.of.came_back.as_ref()?.meaning_by_chance);
        Some(InMeaning {
            share: self.share(|came| came.meaning),
            by_chance: mean_of_table(&by_chance, false).map(|of| of.mean),
            verbatim_index: index_or_why(self.share(|came| came.verbatim_index)),
            alike: first.alike.clone(),
        })
    }

    fn step(&self, [other, wanted]: [usize; 2]) -> Estimate {
        let entry = |at: &AtCut<'_>| {
            let steps = at.of.came_back.as_ref()?.steps;
            Some(counted(at.word.into(), at.of.user, [steps[other], steps[wanted]]))
        };
        let entries: Vec<Counted> = self.places.iter().filter_map(entry).collect();
        step_of(&entries, self.evidence.users_are_drawn())
    }

    fn extractability(&self, brought: impl Fn(&Tries) -> u64) -> Extractability {
        let tried = |tries: &Tries| (tries.all > 0).then(|| share(brought(tries), tries.all));
        let mut cuts: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for AtCut { word, of, .. } in self.places.iter().filter(|at| at.of.tries.all > 0) {
            let (found, all) = cuts.entry(*word).or_default();
            *found += brought(&of.tries);
            *all += of.tries.all;
        }
        let fewest = cuts.values().map(|(_, all)| *all).min().unwrap_or(0);
        let after = |tries: u64| {
            let entry = |(word, (found, all)): (&u32, &(u64, u64))| {
                Some(Entry { row: (*word).into(), column: 0, value: pass::pass_at_k(*all, *found, tries)? })
            };
            let entries: Vec<Entry> = cuts.iter().filter_map(entry).collect();
            AfterTries { tries, share: self.mean(&entries) }
        };
        let tries: BTreeSet<u64> =
            TRIES.into_iter().filter(|tries| *tries < fewest).chain([fewest]).collect();
        Extractability {
            once: self.mean(&self.entries(|at| tried(&at.of.tries))),
            within: tries.into_iter().filter(|tries| *tries > 1).map(after).collect(),
            even_chance: None,
            cuts: (!cuts.is_empty()).then(|| self.extractable(cuts.keys().copied(), tried)),
        }
    }

    fn extractable(
        &self,
        cuts: impl Iterator<Item = u32>,
        tried: impl Fn(&Tries) -> Option<f64>,
    ) -> ExtractableCuts {
        let (tries, at_least) = EXTRACTABLE;
        let mut found =
            ExtractableCuts { tries, at_least, cuts: 0, extractable: 0, surely: 0, surely_not: 0 };
        for word in cuts {
            let rows = self.places.iter().filter(|at| at.word == word).filter_map(|at| {
                let id = SampleId { user: at.of.user, session: at.probe as u64, sample: 0 };
                Some(Row { id, value: tried(&at.of.tries)? })
            });
            let once = estimates::estimate(interval::proportion(
                &Nested::from_rows(rows),
                self.evidence.population(),
            ));
            let chance = within(&once, tries);
            let count = |is: bool| u64::from(is);
            found.cuts += 1;
            found.extractable += count(chance.value.is_some_and(|chance| chance >= at_least));
            found.surely += count(chance.low.is_some_and(|low| low >= at_least));
            found.surely_not += count(chance.high.is_some_and(|high| high < at_least));
        }
        found
    }
}

/// What any of several answers to a cut bring, on average over cuts.
fn coverage(evidence: &Evidence<'_>) -> Option<CoverageCurve> {
    // Words of one reference, however it was asked for.
    let mut cuts: BTreeMap<(u32, usize), (Vec<u64>, u64)> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    for found in evidence.deciding() {
        let Some(of) = found.cell.recall_by_user.as_ref().filter(|of| of.tries > 0) else { continue };
        let words = u32::try_from(found.cut.reference.split_whitespace().count()).unwrap_or(u32::MAX);
        asked.extend(found.cut.word..found.cut.word.saturating_add(words));
        let empty = || (vec![0; of.covered.len()], 0);
        let (counts, tries) = cuts.entry((found.cut.word, of.covered.len())).or_insert_with(empty);
        counts.iter_mut().zip(&of.covered).for_each(|(sum, count)| *sum += count);
        *tries += of.tries;
    }
    let fewest = cuts.values().map(|(_, tries)| *tries).min()?;
    let after = |tries: u64| {
        let entry = |((word, _), (counts, all)): (&(u32, usize), &(Vec<u64>, u64))| {
            Some(Entry { row: (*word).into(), column: 0, value: rarefied_of_counts(counts, *all, tries)? })
        };
        let entries: Vec<Entry> = cuts.iter().filter_map(entry).collect();
        mean_of_table(&entries, false)
    };
    let rows = cuts.keys().map(|(word, _)| *word).collect::<BTreeSet<_>>().len();
    let shown: BTreeSet<u64> = AFTER.into_iter().filter(|tries| *tries < fewest).chain([fewest]).collect();
    let point = |tries: u64| AfterTries {
        tries,
        share: bounded(share_of(after(tries), NO_ANSWER), rows, SAME_AT_ALL_CUTS),
    };
    let share = |tries: u64| after(tries).map_or(0.0, |of| of.mean);
    let enough = MOST * share(fewest);
    Some(CoverageCurve {
        run: u32::try_from(COVERS).expect("a few words"),
        cuts: rows as u64,
        curve: shown.into_iter().map(point).collect(),
        needed: (enough > 0.0).then(|| fewest_with(fewest, |tries| share(tries) >= enough)),
        asked_words: asked.len() as u64,
    })
}

/// The smallest number from 1 to `most` of which something holds that holds of `most`, and of all numbers above one of which it holds.
fn fewest_with(most: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut from, mut to) = (1, most);
    while from < to {
        let middle = u64::midpoint(from, to);
        if holds(middle) { to = middle } else { from = middle + 1 }
    }
    to
}

fn share(of: u64, all: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
    let (of, all) = (of as f64, all as f64);
    of / all
}

#[cfg(test)]
mod tests {
    use super::fewest_with;

    #[test]
    fn the_fewest_is_found_at_both_ends() {
        for fewest in [1, 2, 7, 19, 20] {
            assert_eq!(fewest_with(20, |tries| tries >= fewest), fewest);
        }
    }
}
