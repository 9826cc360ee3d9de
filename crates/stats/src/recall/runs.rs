//! How an answer runs along its reference word for word: how much, how long at a stretch, up to where.

use super::blocks::blocks;
use crate::overlap::Run;

/// The exact runs of an alignment of answer and reference. A run is as long as it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    blocks: Vec<Run>,
    reference: usize,
    answer: usize,
    prefix: usize,
}

impl Runs {
    /// Aligns an answer (`b` of the blocks) to its reference (`a`), by [`blocks`]. What the answer had no room for counts as
    /// not run along: give as much of the reference as the answer could have reached ([`super::compared`]).
    #[must_use]
    pub fn of(reference: &[u32], answer: &[u32]) -> Self {
        Self {
            blocks: blocks(reference, answer),
            reference: reference.len(),
            answer: answer.len(),
            prefix: prefix(reference, answer),
        }
    }

    /// The runs, in the order of both texts: `in_a` is the place in the reference.
    #[must_use]
    pub fn blocks(&self) -> &[Run] {
        &self.blocks
    }

    /// Words of the reference.
    #[must_use]
    pub fn reference(&self) -> usize {
        self.reference
    }

    /// Words of the answer.
    #[must_use]
    pub fn answer(&self) -> usize {
        self.answer
    }

    /// Words before the first that differs.
    #[must_use]
    pub fn prefix(&self) -> usize {
        self.prefix
    }

    /// The longest run that both have anywhere, in words: the longest common substring. 0 without any word in common.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.blocks.iter().map(|run| run.length).max().unwrap_or(0)
    }

    /// Words of the reference in runs of at least `k`.
    #[must_use]
    pub fn words(&self, k: usize) -> usize {
        self.blocks.iter().map(|run| run.length).filter(|length| *length >= k).sum()
    }

    /// The share of the reference in runs of at least `k` words, in `[0, 1]`; `None` for an empty reference.
    #[must_use]
    pub fn share(&self, k: usize) -> Option<f64> {
        (self.reference > 0).then(|| self.words(k) as f64 / self.reference as f64)
    }

    /// How many runs have at least `k` words.
    #[must_use]
    pub fn count(&self, k: usize) -> usize {
        self.blocks.iter().filter(|run| run.length >= k).count()
    }

    /// `S(k)`: the share of runs that have at least `k` words, in `[0, 1]`; `None` without any run. Words that matched by chance `p`
    /// each, independently, would give `p^(k-1)`.
    #[must_use]
    pub fn survival(&self, k: usize) -> Option<f64> {
        (!self.blocks.is_empty()).then(|| self.count(k) as f64 / self.blocks.len() as f64)
    }

    /// For each word of the reference whether it stands in a run of at least `k` words.
    #[must_use]
    pub fn matched(&self, k: usize) -> Vec<bool> {
        let mut matched = vec![false; self.reference];
        for run in self.blocks.iter().filter(|run| run.length >= k) {
            matched[run.in_a..run.in_a + run.length].fill(true);
        }
        matched
    }
}

/// Words before the first that differs.
#[must_use]
pub fn prefix(reference: &[u32], answer: &[u32]) -> usize {
    reference.iter().zip(answer).take_while(|(expected, given)| expected == given).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_of_a_text_with_two_slips() {
        let reference: Vec<u32> = (0..20).collect();
        let mut answer = reference.clone();
        answer[5] = 99;
        answer.remove(12);
        let runs = Runs::of(&reference, &answer);
        let lengths: Vec<usize> = runs.blocks().iter().map(|run| run.length).collect();
        assert_eq!((lengths.as_slice(), runs.prefix(), runs.longest()), (&[5, 6, 7][..], 5, 7));
        assert_eq!((runs.share(1), runs.share(6), runs.share(7)), (Some(0.9), Some(0.65), Some(0.35)));
        assert_eq!((runs.share(8), runs.survival(6), runs.count(6)), (Some(0.0), Some(2.0 / 3.0), 2));
        assert_eq!((runs.reference(), runs.answer()), (20, 19));
        let missed: Vec<usize> = (0..20).filter(|&place| !runs.matched(1)[place]).collect();
        assert_eq!(missed, [5, 12]);
        assert!(runs.matched(6)[6] && !runs.matched(6)[0]);
    }

    #[test]
    fn nothing_to_run_along_is_undefined() {
        let none = Runs::of(&[], &[1, 2]);
        assert_eq!((none.share(1), none.survival(1), none.longest()), (None, None, 0));
        let strange = Runs::of(&[1, 2], &[]);
        assert_eq!((strange.share(1), strange.survival(1)), (Some(0.0), None));
    }

    proptest! {
        #[test]
        fn a_share_is_the_words_that_are_matched(
            reference in proptest::collection::vec(0_u32..5, 1..50),
            answer in proptest::collection::vec(0_u32..5, 0..50),
            k in 1_usize..8,
        ) {
            let runs = Runs::of(&reference, &answer);
            let matched = runs.matched(k).iter().filter(|matched| **matched).count();
            prop_assert_eq!(runs.share(k), Some(matched as f64 / reference.len() as f64));
            prop_assert!(runs.share(k + 1) <= runs.share(k));
            prop_assert!(runs.longest() >= runs.prefix());
            for run in runs.blocks() {
                prop_assert_eq!(
                    &reference[run.in_a..run.in_a + run.length],
                    &answer[run.in_b..run.in_b + run.length]
                );
            }
        }
    }
}
