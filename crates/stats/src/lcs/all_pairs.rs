//! Every pair of many texts.

use super::{Lanes, Matcher};

/// How much faster a place is compared in a lane than in a single pair, about. It decides which way a pair is taken,
/// never what comes of it.
const GAIN: usize = 3;

/// The lengths of the longest common subsequences of all pairs of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairLengths {
    texts: usize,
    lengths: Vec<u32>,
}

impl PairLengths {
    /// Of texts whose tokens are numbered `0..vocabulary`.
    ///
    /// # Panics
    /// If a token is not below the vocabulary's size.
    #[must_use]
    pub fn of(texts: &[Vec<u32>], vocabulary: usize) -> Self {
        let count = texts.len();
        let mut found = Self { texts: count, lengths: vec![0; count * count.saturating_sub(1) / 2] };
        let mut lanes = Lanes::new(vocabulary);
        let mut matchers = vec![Matcher::new(vocabulary); Lanes::MOST.min(count)];
        for first in (0..count).step_by(Lanes::MOST) {
            let block: Vec<&[u32]> = texts[first..].iter().take(Lanes::MOST).map(Vec::as_slice).collect();
            lanes.prepare(&block);
            block.iter().zip(&mut matchers).for_each(|(text, matcher)| matcher.prepare(text));
            let words = block.iter().map(|text| text.len().div_ceil(64)).max().unwrap_or(0);
            for (second, other) in texts.iter().enumerate().skip(first + 1) {
                let pairs = &block[..block.len().min(second - first)];
                // Texts that begin and end alike differ in little, which is soon compared.
                let apart: usize = pairs.iter().map(|text| work_apart(text, other)).sum();
                let is_soon_done = apart <= words * other.len() * Lanes::MOST / GAIN;
                let mut set = |lane: usize, length: usize| {
                    let at = found.place(first + lane, second);
                    found.lengths[at] = u32::try_from(length).expect("texts are shorter than 2^32 tokens");
                };
                if is_soon_done {
                    (0..pairs.len()).for_each(|lane| set(lane, matchers[lane].length(other)));
                } else {
                    lanes
                        .lengths(other)
                        .into_iter()
                        .take(pairs.len())
                        .enumerate()
                        .for_each(|(l, n)| set(l, n));
                }
            }
        }
        found
    }

    /// That of two different texts, in either order.
    ///
    /// # Panics
    /// If they are the same, or there are not so many.
    #[must_use]
    pub fn length(&self, i: usize, j: usize) -> usize {
        self.lengths[self.place(i.min(j), i.max(j))] as usize
    }

    fn place(&self, i: usize, j: usize) -> usize {
        assert!(i < j && j < self.texts, "no pair {i}, {j} of {} texts", self.texts);
        i * (2 * self.texts - i - 1) / 2 + j - i - 1
    }
}

/// Steps of a pair on its own: what both begin and end with costs nothing.
fn work_apart(text: &[u32], other: &[u32]) -> usize {
    let prefix = text.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (text, other) = (&text[prefix..], &other[prefix..]);
    let suffix = text.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    // The middle may begin and end within a word.
    ((text.len() - suffix).div_ceil(64) + 1) * (other.len() - suffix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lcs::length;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_pair_is_there_once(
            stem in proptest::collection::vec(0_u32..30, 0..200),
            changes in proptest::collection::vec((0_usize..200, proptest::collection::vec(0_u32..30, 0..80)), 0..20),
        ) {
            // Some begin and end alike, some do not.
            let texts: Vec<Vec<u32>> = changes
                .into_iter()
                .map(|(at, new)| {
                    let mut text = stem.clone();
                    text.splice(at.min(text.len())..(at + new.len()).min(text.len()), new);
                    text
                })
                .collect();
            let found = PairLengths::of(&texts, 30);
            for j in 1..texts.len() {
                for i in 0..j {
                    prop_assert_eq!(found.length(i, j), length(&texts[i], &texts[j]));
                    prop_assert_eq!(found.length(j, i), found.length(i, j));
                }
            }
        }
    }
}
