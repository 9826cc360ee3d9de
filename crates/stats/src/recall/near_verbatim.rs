//! How much of a reference an answer gives back nearly word for word, in long stretches.
//!
//! The procedure follows what is reported of the `nv-recall` of Ahmed, Cooper, Koyejo and Liang 2026, "Extracting books from
//! production language models", arXiv 2601.02671: blocks as of `difflib`; neighbours with a gap of at most 2 words that
//! differ by at most 1 are joined; what is shorter than 20 words is dropped; neighbours with a gap of at most 10 words that differ by at most 3
//! are joined; what is shorter than 100 words is dropped. The paper itself could not be read. Its abstract confirms "a block-based
//! approximation of longest common substring", and a program of others that names the paper as its source has the same two
//! passes with the same six numbers, but counts matched words where this counts whole stretches, and its words keep their case. So
//! this is called the *near-verbatim share*, not nv-recall, and [`NearVerbatim::matched_share`] stands beside it.

use super::blocks::blocks;
use crate::overlap::Run;

/// One round of joining neighbours and dropping what is short, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Neighbours are joined if between them there are at most so many words in the reference, and in the answer.
    pub gap: usize,
    /// And if the two gaps differ by at most so many.
    pub misaligned: usize,
    /// Stretches of the reference that are shorter are dropped.
    pub shortest: usize,
}

const FIRST: Pass = Pass { gap: 2, misaligned: 1, shortest: 20 };

/// For references of more than 300 words.
pub const LONG: [Pass; 2] = [FIRST, Pass { gap: 10, misaligned: 3, shortest: 100 }];
/// `nv20`, for references of up to 300 words, in which 100 words in one stretch would be too much to ask.
pub const SHORT: [Pass; 2] = [FIRST, Pass { gap: 10, misaligned: 3, shortest: 20 }];

/// References up to so many words are short.
pub const SHORT_UPTO: usize = 300;

/// A stretch that both texts have nearly word for word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Where it begins in the reference.
    pub in_reference: usize,
    /// Its words in the reference, those between joined blocks included.
    pub of_reference: usize,
    /// Where it begins in the answer.
    pub in_answer: usize,
    /// Its words in the answer, those between joined blocks included.
    pub of_answer: usize,
    /// Words that are the same.
    pub matched: usize,
}

/// What an answer gives back nearly word for word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearVerbatim {
    /// The stretches, in the order of both texts.
    pub stretches: Vec<Stretch>,
    /// All that is the same in both, in that order, in stretches and outside of them: `in_a` is the place in the reference.
    pub blocks: Vec<Run>,
    /// Words of the reference.
    pub reference: usize,
    /// Words of the answer.
    pub answer: usize,
}

/// The near-verbatim stretches by two passes, [`LONG`] or [`SHORT`] ([`passes_for`]).
#[must_use]
pub fn near_verbatim(reference: &[u32], answer: &[u32], passes: [Pass; 2]) -> NearVerbatim {
    let blocks = blocks(reference, answer);
    let single = blocks.iter().map(|run| Stretch {
        in_reference: run.in_a,
        of_reference: run.length,
        in_answer: run.in_b,
        of_answer: run.length,
        matched: run.length,
    });
    let stretches = passes.iter().fold(single.collect(), |stretches, pass| pass.over(stretches));
    NearVerbatim { stretches, blocks, reference: reference.len(), answer: answer.len() }
}

/// The passes for a reference of so many words.
#[must_use]
pub fn passes_for(reference: usize) -> [Pass; 2] {
    if reference > SHORT_UPTO { LONG } else { SHORT }
}

impl Pass {
    fn over(&self, stretches: Vec<Stretch>) -> Vec<Stretch> {
        let mut joined: Vec<Stretch> = Vec::new();
        for next in stretches {
            match joined.last_mut().filter(|last| self.joins(last, &next)) {
                Some(last) => {
                    last.of_reference = next.in_reference + next.of_reference - last.in_reference;
                    last.of_answer = next.in_answer + next.of_answer - last.in_answer;
                    last.matched += next.matched;
                }
                None => joined.push(next),
            }
        }
        joined.retain(|stretch| stretch.of_reference >= self.shortest);
        joined
    }

    fn joins(&self, last: &Stretch, next: &Stretch) -> bool {
        let in_reference = next.in_reference - (last.in_reference + last.of_reference);
        let in_answer = next.in_answer - (last.in_answer + last.of_answer);
        in_reference.max(in_answer) <= self.gap && in_reference.abs_diff(in_answer) <= self.misaligned
    }
}

impl NearVerbatim {
    /// Words of the reference in the stretches, `m`.
    #[must_use]
    pub fn words(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.of_reference).sum()
    }

    /// Words of the stretches that are the same in both texts.
    #[must_use]
    pub fn matched(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.matched).sum()
    }

    /// The near-verbatim share: `m` over the words of the reference, in `[0, 1]`; `None` for an empty reference.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.reference > 0).then(|| self.words() as f64 / self.reference as f64)
    }

    /// The same without the words between joined blocks.
    #[must_use]
    pub fn matched_share(&self) -> Option<f64> {
        (self.reference > 0).then(|| self.matched() as f64 / self.reference as f64)
    }

    /// Words of the reference that are in no stretch.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.reference - self.words()
    }

    /// Words of the answer that are in no stretch.
    #[must_use]
    pub fn additional(&self) -> usize {
        self.answer - self.stretches.iter().map(|stretch| stretch.of_answer).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 300 words; an answer with two words changed, one more changed, one left out, junk, a later piece, junk.
    fn worked() -> (Vec<u32>, Vec<u32>) {
        let reference: Vec<u32> = (0..300).collect();
        let mut answer = reference[..150].to_vec();
        (answer[40], answer[41], answer[90]) = (1_000, 1_001, 1_002);
        answer.remove(120);
        answer.extend(2_000..2_030);
        answer.extend(&reference[200..230]);
        answer.extend(3_000..3_005);
        (reference, answer)
    }

    #[test]
    fn the_worked_example() {
        let (reference, answer) = worked();
        let found = near_verbatim(&reference, &answer, LONG);
        assert_eq!((found.words(), found.matched(), found.share()), (150, 146, Some(0.5)));
        assert_eq!((found.missing(), found.additional()), (150, 65));
        let short = near_verbatim(&reference, &answer, SHORT);
        assert_eq!((short.words(), short.matched(), short.share()), (180, 176, Some(0.6)));
        assert_eq!(
            short.stretches,
            [
                Stretch { in_reference: 0, of_reference: 150, in_answer: 0, of_answer: 149, matched: 146 },
                Stretch { in_reference: 200, of_reference: 30, in_answer: 179, of_answer: 30, matched: 30 },
            ]
        );
        assert_eq!(short.matched_share(), Some(176.0 / 300.0));
        assert_eq!((passes_for(300), passes_for(301)), (SHORT, LONG));
    }

    #[test]
    fn the_second_pass_bridges_more_but_not_what_is_out_of_step() {
        let reference: Vec<u32> = (0..60).collect();
        let with = |gap: usize, junk: u32| {
            let answer: Vec<u32> =
                (0..25).chain(1_000..1_000 + junk).chain(reference[25 + gap..].iter().copied()).collect();
            near_verbatim(&reference, &answer, SHORT).stretches.len()
        };
        assert_eq!((with(10, 10), with(10, 7), with(10, 6), with(11, 11)), (1, 1, 2, 2));
        // The first pass drops what is shorter than 20 words before the second can join it.
        let islands: Vec<u32> = (0..60).map(|i| if i % 16 < 13 { i } else { 1_000 + i }).collect();
        assert_eq!(near_verbatim(&reference, &islands, SHORT).words(), 0);
    }

    #[test]
    fn an_empty_reference_has_no_share() {
        let found = near_verbatim(&[], &[1], LONG);
        assert_eq!((found.share(), found.matched_share(), found.additional()), (None, None, 1));
    }

    proptest! {
        #[test]
        fn shares_lie_between_0_and_1(
            answer in proptest::collection::vec(0_u32..120, 0..150),
            start in 0_usize..40,
        ) {
            let reference: Vec<u32> = (0..100).collect();
            let answer: Vec<u32> = answer.into_iter().chain(reference[start..].iter().copied()).collect();
            let found = near_verbatim(&reference, &answer, SHORT);
            prop_assert!(found.matched() <= found.words() && found.words() <= reference.len());
            prop_assert!(found.words() >= 100 - start);
            prop_assert!(found.stretches.iter().all(|stretch| stretch.of_reference >= 20));
        }
    }
}
