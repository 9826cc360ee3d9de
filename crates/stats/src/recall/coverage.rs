//! Which words of a whole document are given back by any of many answers.
//!
//! `bmc@k`, the book memorization coverage of Liu et al. 2026, "Alignment Whack-a-Mole", arXiv 2603.20757, algorithm 1: checked against
//! the authors' program. The more answers, the more is covered, so the share is only comparable at one number of answers: [`rarefied`].

use std::collections::{HashMap, HashSet};

/// The places of a document's word sequences of one length.
#[derive(Debug)]
pub struct Document<'a> {
    words: &'a [u32],
    k: usize,
    places: HashMap<&'a [u32], Vec<usize>>,
}

/// What an answer's instruction says itself, of which no credit is given.
#[derive(Clone, Copy, Debug)]
pub struct Instruction<'a> {
    /// Its words.
    pub words: &'a [u32],
    /// Sequences of so many of its words are cut out of what matches.
    pub m: usize,
}

impl<'a> Document<'a> {
    /// `k` is the shortest match that counts, in words; 5 in the paper. With 0 nothing matches.
    #[must_use]
    pub fn new(words: &'a [u32], k: usize) -> Self {
        let mut places: HashMap<&[u32], Vec<usize>> = HashMap::new();
        if k > 0 {
            words.windows(k).zip(0..).for_each(|(gram, place)| places.entry(gram).or_default().push(place));
        }
        Self { words, k, places }
    }

    /// For each word of the document whether the answer has it in a match of at least `k` words, anywhere in the document and the answer. Of every
    /// match, the longest possible one, sequences that the instruction has are cut out; pieces of at least `k` words are left.
    #[must_use]
    pub fn covered(&self, answer: &[u32], instruction: Option<Instruction<'_>>) -> Vec<bool> {
        let given = instruction.filter(|instruction| instruction.m > 0);
        let m = given.map_or(0, |given| given.m);
        let given: HashSet<&[u32]> = given.map_or(HashSet::new(), |given| given.words.windows(m).collect());
        let mut covered = vec![false; self.words.len()];
        if self.k == 0 {
            return covered;
        }
        for (from, gram) in answer.windows(self.k).enumerate() {
            for &place in self.places.get(gram).into_iter().flatten() {
                if from > 0 && place > 0 && answer[from - 1] == self.words[place - 1] {
                    continue; // a part of the match that began before
                }
                let pairs = answer[from..].iter().zip(&self.words[place..]);
                let length = pairs.take_while(|(x, y)| x == y).count();
                self.mark(&mut covered[place..place + length], &self.words[place..place + length], &given, m);
            }
        }
        covered
    }

    /// Marks what is left of one match.
    fn mark(&self, covered: &mut [bool], matched: &[u32], given: &HashSet<&[u32]>, m: usize) {
        let mut left = vec![true; matched.len()];
        if !given.is_empty() {
            for (place, _) in matched.windows(m).enumerate().filter(|(_, gram)| given.contains(gram)) {
                left[place..place + m].fill(false);
            }
        }
        let mut from = 0;
        for piece in left.chunk_by(|one, next| one == next) {
            if piece[0] && piece.len() >= self.k {
                covered[from..from + piece.len()].fill(true);
            }
            from += piece.len();
        }
    }
}

/// The share of words that any of the answers covers, in `[0, 1]`; `None` without words or answers. All of one length.
#[must_use]
pub fn share(covered: &[Vec<bool>]) -> Option<f64> {
    rarefied(covered, covered.len())
}

/// The share that `n` of the answers cover, on average over all choices of `n`: `1 - C(N - c, n) / C(N, n)` for a word that `c` of `N` answers cover.
/// `None` without words, for `n` of 0 or above `N`. (Rarefaction: Hurlbert 1971)
///
/// # Panics
/// If the answers do not all have the same number of words.
#[must_use]
pub fn rarefied(covered: &[Vec<bool>], n: usize) -> Option<f64> {
    let words = covered.first()?.len();
    assert!(covered.iter().all(|answer| answer.len() == words), "all answers are of one document");
    let mut answers = vec![0_u64; words];
    for answer in covered {
        answers.iter_mut().zip(answer).for_each(|(count, covered)| *count += u64::from(*covered));
    }
    rarefied_of_counts(&answers, covered.len() as u64, n as u64)
}

/// The same from how many of `answers` cover each word. `None` also where a word has more than there are.
#[must_use]
pub fn rarefied_of_counts(counts: &[u64], answers: u64, n: u64) -> Option<f64> {
    // Counts are few different numbers, however many words there are.
    let mut words: HashMap<u64, u64> = HashMap::new();
    counts.iter().for_each(|count| *words.entry(*count).or_default() += 1);
    let mut words: Vec<(u64, u64)> = words.into_iter().collect();
    words.sort_unstable();
    let shares = words.iter().map(|(count, words)| {
        crate::pass::pass_at_k(answers, *count, n).map(|chance| chance * *words as f64)
    });
    let sum = shares.sum::<Option<f64>>()?;
    (!counts.is_empty()).then(|| sum / counts.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Case, Vocabulary};
    use proptest::prelude::*;

    const BOOK: &str = "it was the best of times it was the worst of times it was the age of wisdom";
    const ANSWERS: [&str; 2] =
        ["it was the best of days it was the worst of times", "then it was the age of reason"];

    #[test]
    fn the_worked_example() {
        let mut vocabulary = Vocabulary::default();
        let book = vocabulary.encode(BOOK, Case::Kept);
        let document = Document::new(&book, 4);
        let covered = ANSWERS.map(|answer| document.covered(&vocabulary.encode(answer, Case::Kept), None));
        assert_eq!(share(&covered), Some(16.0 / 18.0));
        let missed: Vec<usize> = (0..18).filter(|&word| !covered[0][word] && !covered[1][word]).collect();
        assert_eq!(missed, [5, 17]);
        // Alone the first covers 5 + 6 words, the second 5.
        assert_eq!(rarefied(&covered, 1), Some((11.0 + 5.0) / 2.0 / 18.0));
        assert_eq!((rarefied(&covered, 0), rarefied(&covered, 3), share(&[])), (None, None, None));
    }

    #[test]
    fn what_the_instruction_says_is_cut_out_and_what_is_left_must_be_long_enough() {
        let book: Vec<u32> = (0..20).collect();
        let document = Document::new(&book, 4);
        let covered = |instruction: &[u32], m| {
            let found = document.covered(&book[2..16], Some(Instruction { words: instruction, m }));
            (0..20).filter(|&word| found[word]).collect::<Vec<usize>>()
        };
        assert_eq!(covered(&[99, 6, 7, 8, 98], 3), [2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15]);
        // One word earlier, three are left, which is too few.
        assert_eq!(covered(&[5, 6, 7], 3), [8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(covered(&[5, 6, 7], 4).len(), 14);
    }

    /// Every place where the two texts go along, tried one by one.
    fn plain(book: &[u32], answer: &[u32], k: usize) -> Vec<bool> {
        let mut covered = vec![false; book.len()];
        for place in 0..book.len() {
            for from in 0..answer.len() {
                let length = book[place..].iter().zip(&answer[from..]).take_while(|(x, y)| x == y).count();
                if length >= k {
                    covered[place..place + length].fill(true);
                }
            }
        }
        covered
    }

    proptest! {
        #[test]
        fn every_match_is_found(
            book in proptest::collection::vec(0_u32..4, 0..50),
            answer in proptest::collection::vec(0_u32..4, 0..50),
            k in 1_usize..6,
        ) {
            prop_assert_eq!(Document::new(&book, k).covered(&answer, None), plain(&book, &answer, k));
        }

        #[test]
        fn more_answers_cover_more(
            answers in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 12), 2..8),
        ) {
            let curve: Vec<f64> = (1..=answers.len()).filter_map(|n| rarefied(&answers, n)).collect();
            prop_assert_eq!(curve.len(), answers.len());
            prop_assert!(curve.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
            let any = (0..12).filter(|&word| answers.iter().any(|answer| answer[word])).count();
            prop_assert!((curve[answers.len() - 1] - any as f64 / 12.0).abs() < 1e-12);
        }
    }
}
