//! How much of a reference text an answer gives back, word by word.
//!
//! | modules | what they answer |
//! |---|---|
//! | [`blocks`](fn@blocks), [`Runs`], [`slips`] | how far an answer runs along its reference word for word, and how often it slips off and finds back |
//! | [`near_verbatim`], [`wording`] | how much is given back in long, nearly equal stretches; verbatim or in other words |
//! | [`coverage`], [`extraction`] | what many answers give back together, and how likely one of `n` does |
//! | [`deviations`] | whether those who deviate say the same instead |
//! | [`controls`] | whether answers fit their own passage better than others |

mod blocks;
pub mod controls;
pub mod coverage;
pub mod deviations;
pub mod extraction;
pub mod near_verbatim;
mod runs;
pub mod slips;
pub mod wording;

pub use blocks::blocks;
pub use runs::{Runs, prefix};

use crate::lcs;

/// The likeness of one answer to the reference that it should continue with. Lengths in tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recall {
    /// Tokens before the first that differs.
    pub prefix: usize,
    /// The longest common subsequence with the compared part of the reference.
    pub common: usize,
    /// The compared part of the reference: no longer than the answer plus a fifth, so that stopping early at a
    /// length limit does not count as forgetting.
    pub compared: usize,
    /// Whether the reference goes on beyond the compared part.
    pub truncated: bool,
    /// `common / compared`; `None` where nothing is compared, as for an empty reference or answer.
    pub recall: Option<f64>,
}

/// How much of a reference an answer of this length is compared with, both in tokens: as much as it has and a fifth more.
#[must_use]
pub fn compared(reference: usize, answer: usize) -> usize {
    reference.min(answer + answer / 5)
}

/// Compares an answer with its reference, both as numbered tokens.
#[must_use]
pub fn against_reference(reference: &[u32], answer: &[u32]) -> Recall {
    let compared = compared(reference.len(), answer.len());
    let common = lcs::length(&reference[..compared], answer);
    Recall {
        prefix: prefix(reference, answer),
        common,
        compared,
        truncated: compared < reference.len(),
        recall: (compared > 0).then(|| common as f64 / compared as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_ends_the_prefix_and_not_the_recall() {
        let found = against_reference(&[1, 2, 3, 4, 5, 6], &[1, 2, 9, 4, 5, 6]);
        assert_eq!((found.prefix, found.common, found.truncated), (2, 5, false));
        assert_eq!(found.recall, Some(5.0 / 6.0));
    }

    #[test]
    fn an_answer_cut_short_is_compared_with_as_much_and_a_fifth_more() {
        let reference: Vec<u32> = (0..100).collect();
        let found = against_reference(&reference, &reference[..10]);
        assert_eq!((found.prefix, found.compared, found.truncated), (10, 12, true));
        assert_eq!(found.recall, Some(10.0 / 12.0));
    }

    #[test]
    fn nothing_compared_has_no_recall() {
        assert_eq!(against_reference(&[], &[1]).recall, None);
        assert_eq!(against_reference(&[1], &[]).recall, None);
    }
}
