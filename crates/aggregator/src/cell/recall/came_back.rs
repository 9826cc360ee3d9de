//! How answers came back at one cut: measured answer by answer, summed up for the cell and for the verdict.

use antiphon_core::Cut;
use antiphon_core::summary::{
    AfterTries, AtLength, CameBack, ComesBack, Estimate, Extractability, InMeaning, RUNS, SEQUENCES, Tries,
};
use antiphon_stats::recall::coverage::{self, Instruction};
use antiphon_stats::recall::deviations::{self, Consistency};
use antiphon_stats::recall::near_verbatim::{near_verbatim, passes_for};
use antiphon_stats::recall::slips::Slips;
use antiphon_stats::recall::wording::VERBATIM;
use antiphon_stats::recall::{self, Runs, extraction};
use antiphon_stats::text::Vocabulary;
use antiphon_stats::two_way::{Counted, ratio_of_table};
use antiphon_stats::{Population, interval, overlap};

use super::meaning::{self, Vectors};
use super::{Answer, mean_where};
use crate::cell::CellInput;
use crate::estimates::{self, bounded, scaled, share_of};

/// The share of a reference that is nearly all of it.
const NEARLY: f64 = 0.8;
/// Words of a run that covers its place, and of what is cut out of it because the passage says it: those of the published procedure.
pub(crate) const COVERS: usize = 5;
/// Tries of which it is said how likely they bring the reference.
pub(crate) const TRIES: [u64; 2] = [10, 100];

/// All answers of a cell, row by row.
pub(super) struct Measured {
    reference: usize,
    /// `None` without a text, or without room for a word.
    answers: Vec<Option<CameBack>>,
    /// Whether a try brought all of it, and nearly all; `None` for what is no try.
    tries: Vec<Option<[bool; 2]>>,
    pub(super) covered: Vec<u64>,
    pub(super) covering: u64,
    consistency: Consistency,
    meaning: Option<InMeaning>,
}

impl Measured {
    pub(super) fn of(
        input: &CellInput<'_>,
        cut: &Cut,
        reference: &[u32],
        answers: &[Option<Answer>],
        vocabulary: &mut Vocabulary,
    ) -> Self {
        let passage = input.words(&cut.passage, vocabulary);
        let instruction = Instruction { words: &passage, m: COVERS };
        let document = coverage::Document::new(reference, COVERS);
        let (mut covered, mut covering) = (vec![0; reference.len()], 0);
        let mut deviating = Vec::new();
        let (mut measured, mut tries) = (Vec::new(), Vec::new());
        let vectors = Vectors::of(input, cut);
        for (row, answer) in input.samples.iter().zip(answers) {
            covering += u64::from(row.sample.outcome.is_behaviour());
            let Some(answer) = answer else {
                tries.push(row.sample.outcome.is_behaviour().then_some([false, false]));
                measured.push(None);
                continue;
            };
            let found = document.covered(&answer.words, Some(instruction));
            covered.iter_mut().zip(found).for_each(|(count, covered)| *count += u64::from(covered));
            let had_room = &reference[..answer.room(reference)];
            deviating.extend(deviations::deviations(had_room, &answer.words, row.user as u64));
            tries.push((had_room.len() == reference.len()).then(|| brought(reference, &answer.words)));
            let mut came = came_back(reference.len(), had_room, &answer.words);
            if let (Some(came), Some(Ok(vectors))) = (&mut came, &vectors)
                && let Some(said) = vectors.said(&row.sample.text, answer.is_cut_off)
            {
                meaning::add(came, Runs::of(had_room, &answer.words).share(VERBATIM), said);
            }
            measured.push(came);
        }
        let consistency = deviations::consistency(&deviating);
        let meaning = vectors.map(|vectors| match vectors {
            Ok(vectors) => vectors.in_meaning(&measured),
            Err(missing) => missing,
        });
        Self { reference: reference.len(), answers: measured, tries, covered, covering, consistency, meaning }
    }

    /// The numbers of the cell.
    pub(super) fn comes_back(&self, input: &CellInput<'_>) -> ComesBack {
        let population = input.population();
        let share = |value: &dyn Fn(&CameBack) -> Option<f64>| {
            let cell = input.nested(|row, _| value(self.answers[row].as_ref()?));
            interval::proportion(&cell, population)
        };
        #[expect(clippy::cast_precision_loss, reason = "words of a reference are far below 2^53")]
        let length = self.reference as f64;
        let at = |words: &[u32], value: &dyn Fn(&CameBack, usize) -> Option<f64>| -> Vec<AtLength> {
            let lengths = words.iter().enumerate().filter(|(_, words)| **words as usize <= self.reference);
            let one = |(at, words): (usize, &u32)| AtLength {
                words: *words,
                share: estimates::estimate(share(&|came| value(came, at))),
            };
            lengths.map(one).collect()
        };
        ComesBack {
            longest_run: scaled(share(&|came| Some(came.longest / length)), 0.0, length),
            in_runs: at(&RUNS, &|came, at| came.in_runs[at]),
            near_verbatim: estimates::estimate(share(&|came| came.near)),
            near_from: near_from(self.reference),
            slip: self.step(input, [0, 1]),
            recovery: self.step(input, [3, 2]),
            sequences: at(&SEQUENCES, &|came, at| came.sequences[at]),
            same_deviation: estimates::point(
                self.consistency.same,
                same_deviation_note(self.consistency.pairs),
            ),
            deviating_pairs: self.consistency.pairs,
            whole: self.extractability(input, 0),
            nearly: self.extractability(input, 1),
            meaning: self.meaning.clone(),
        }
    }

    /// The chance of the second of two steps. Clusters are users where they are drawn, else sessions.
    fn step(&self, input: &CellInput<'_>, [other, wanted]: [usize; 2]) -> Estimate {
        let entry = |(row, came): (usize, &Option<CameBack>)| {
            let (steps, sample) = (came.as_ref()?.steps, &input.samples[row]);
            let user = sample.user as u64;
            let cluster = match input.population() {
                Population::Drawn => user << 32,
                Population::Fixed => (user << 32) + u64::from(sample.sample.session),
            };
            Some(counted(cluster, 0, [steps[other], steps[wanted]]))
        };
        let entries: Vec<Counted> = self.answers.iter().enumerate().filter_map(entry).collect();
        step_of(&entries, false)
    }

    fn extractability(&self, input: &CellInput<'_>, which: usize) -> Extractability {
        let cell = input.nested(|row, _| Some(f64::from(u8::from(self.tries[row]?[which]))));
        let once = estimates::estimate(interval::proportion(&cell, input.population()));
        Extractability {
            within: TRIES.map(|tries| AfterTries { tries, share: within(&once, tries) }).to_vec(),
            even_chance: once.value.and_then(|chance| extraction::tries(chance, 0.5)),
            once,
            cuts: None,
        }
    }

    /// Pairs of users who say the same where both deviate, and all.
    pub(super) fn deviations(&self) -> [u64; 2] {
        [self.consistency.alike, self.consistency.pairs]
    }

    /// User by user: how it came back, if anything was said, and how many tries brought it.
    pub(super) fn of_users(&self, input: &CellInput<'_>) -> Vec<(u64, Option<CameBack>, Tries)> {
        let answers = input.nested(|row, _| Some((self.answers[row].clone(), self.tries[row])));
        let of = |user: &antiphon_stats::User<(Option<CameBack>, Option<[bool; 2]>)>| {
            let (mut tries, mut some) = (Tries::default(), false);
            for (_, (came, brought)) in user.sessions.iter().flat_map(|session| &session.samples) {
                some |= came.is_some();
                if let Some([whole, nearly]) = *brought {
                    tries.all += 1;
                    tries.whole += u64::from(whole);
                    tries.nearly += u64::from(nearly);
                }
            }
            (user.id, some.then(|| mean_came_back(user)), tries)
        };
        answers.users().iter().map(of).collect()
    }
}

/// One answer; `None` where it had no room for a word.
fn came_back(whole: usize, reference: &[u32], answer: &[u32]) -> Option<CameBack> {
    if reference.is_empty() {
        return None;
    }
    let runs = Runs::of(reference, answer);
    let near = near_verbatim(reference, answer, passes_for(whole));
    let sequences = overlap::containment_curve(reference, answer, &SEQUENCES.map(|words| words as usize));
    // Where the answer ends, it has not slipped.
    let reached = recall::compared(reference.len(), answer.len());
    let Slips { held, slipped, recovered, lost } = Slips::of(&runs.matched(1)[..reached]);
    #[expect(clippy::cast_precision_loss, reason = "words of an answer are far below 2^53")]
    let words = |count: usize| count as f64;
    Some(CameBack {
        prefix: words(runs.prefix()),
        longest: words(runs.longest()),
        in_runs: RUNS.map(|k| k as usize).map(|k| runs.share(k).filter(|_| reference.len() >= k)),
        near: near.share().filter(|_| reference.len() >= near_from(whole) as usize),
        sequences: std::array::from_fn(|at| sequences[at]),
        steps: [held, slipped, recovered, lost],
        meaning: None,
        meaning_by_chance: None,
        verbatim_index: None,
    })
}

/// Whether an answer has all of the reference in one run, and nearly all in verbatim runs.
fn brought(reference: &[u32], answer: &[u32]) -> [bool; 2] {
    let runs = Runs::of(reference, answer);
    let in_runs = runs.share(VERBATIM.min(reference.len().max(1)));
    [!reference.is_empty() && runs.longest() == reference.len(), in_runs.is_some_and(|share| share >= NEARLY)]
}

/// The shortest nearly verbatim stretch that counts in a reference of so many words.
pub(crate) fn near_from(reference: usize) -> u32 {
    u32::try_from(passes_for(reference)[1].shortest).expect("a stretch of few words")
}

/// Steps as counts for a ratio: those that were not wanted, and those that were.
pub(crate) fn counted(row: u64, column: u64, [other, wanted]: [u64; 2]) -> Counted {
    #[expect(clippy::cast_precision_loss, reason = "words of answers are far below 2^53")]
    let (of, all) = (wanted as f64, (other + wanted) as f64);
    Counted { row, column, of, all }
}

/// The chance of a step. Where it was never taken, or always, no spread is seen, and the bound is that of independent steps.
pub(crate) fn step_of(entries: &[Counted], columns_are_drawn: bool) -> Estimate {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts below 2^53")]
    let steps = entries.iter().map(|entry| entry.all).sum::<f64>() as usize;
    let estimate = share_of(ratio_of_table(entries, columns_are_drawn), "no word was followed by another");
    bounded(estimate, steps, "no spread was seen: the bound takes words as independent")
}

/// The chance in several tries, with the ends of that of one carried over.
pub(crate) fn within(once: &Estimate, tries: u64) -> Estimate {
    let carried = |chance: Option<f64>| chance.and_then(|chance| extraction::within(chance, tries));
    Estimate {
        value: carried(once.value),
        low: carried(once.low),
        high: carried(once.high),
        note: once.note.clone(),
    }
}

/// Why a share of pairs has no interval, or no value.
fn same_deviation_note(pairs: u64) -> &'static str {
    if pairs == 0 { "no two users deviate at the same word" } else { "of one passage, without an interval" }
}

/// Means over the sessions of one user.
fn mean_came_back(user: &antiphon_stats::User<(Option<CameBack>, Option<[bool; 2]>)>) -> CameBack {
    let of = |value: &dyn Fn(&CameBack) -> Option<f64>| mean_where(user, |(came, _)| value(came.as_ref()?));
    let mut steps = [0; 4];
    for (_, (came, _)) in user.sessions.iter().flat_map(|session| &session.samples) {
        let taken = came.as_ref().map_or([0; 4], |came| came.steps);
        steps.iter_mut().zip(taken).for_each(|(sum, taken)| *sum += taken);
    }
    CameBack {
        prefix: of(&|came| Some(came.prefix)).unwrap_or(0.0),
        longest: of(&|came| Some(came.longest)).unwrap_or(0.0),
        in_runs: std::array::from_fn(|at| of(&|came| came.in_runs[at])),
        near: of(&|came| came.near),
        sequences: std::array::from_fn(|at| of(&|came| came.sequences[at])),
        steps,
        meaning: of(&|came| came.meaning),
        meaning_by_chance: of(&|came| came.meaning_by_chance),
        verbatim_index: of(&|came| came.verbatim_index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(from: u32, to: u32) -> Vec<u32> {
        (from..to).collect()
    }

    #[test]
    fn one_slip_in_sixty_words() {
        let (reference, mut answer) = (words(0, 60), words(0, 60));
        answer[20] = 99;
        let came = came_back(60, &reference, &answer).unwrap();
        assert_eq!((came.prefix, came.longest), (20.0, 39.0));
        assert_eq!(came.in_runs, [Some(59.0 / 60.0), Some(59.0 / 60.0), Some(59.0 / 60.0), Some(0.0)]);
        assert_eq!(came.near, Some(1.0));
        assert_eq!(came.steps, [57, 1, 1, 0]);
        // Of 58 sequences of three words three have the slip in them, of 11 of 50 words all.
        assert_eq!((came.sequences[2], came.sequences[7]), (Some(55.0 / 58.0), Some(0.0)));
        assert_eq!(brought(&reference, &answer), [false, true]);
        assert_eq!(brought(&reference, &reference), [true, true]);
    }

    #[test]
    fn what_there_was_no_room_for_is_not_held_against_an_answer() {
        let came = came_back(60, &words(0, 12), &words(0, 12)).unwrap();
        assert_eq!(came.in_runs, [Some(1.0), Some(1.0), None, None]);
        assert_eq!((came.near, came.sequences[7]), (None, None));
        assert_eq!(came_back(60, &[], &words(0, 12)), None);
        // It ends after ten words: that is no slip, but for the two that it could have had.
        assert_eq!(came_back(60, &words(0, 60), &words(0, 10)).unwrap().steps, [9, 1, 0, 1]);
    }

    #[test]
    fn a_step_that_was_never_taken_has_a_bound() {
        let never = step_of(&[counted(0, 0, [30, 0]), counted(1, 0, [28, 0])], false);
        assert_eq!((never.value, never.low), (Some(0.0), Some(0.0)));
        assert!((never.high.unwrap() - (1.0 - 0.05_f64.powf(1.0 / 58.0))).abs() < 1e-12);
        assert!(never.note.is_some());
        let unknown = step_of(&[counted(0, 0, [0, 0])], false);
        assert_eq!((unknown.value, unknown.high), (None, None));
        assert!(unknown.note.is_some());
    }
}
