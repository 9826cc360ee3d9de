//! The length of the longest common subsequence of token sequences, 64 cells of the table at a time.
//!
//! Bit-parallel after Hyyrö (2004) and Crochemore et al. (2001): one bit per token of the prepared text, one step
//! per token of the other. 500 by 500 tokens are 4,000 word steps instead of 250,000 cells.

mod all_pairs;
mod lanes;

use std::collections::HashMap;

pub use all_pairs::PairLengths;
pub use lanes::{InstructionSet, Lanes};

/// The length of the longest common subsequence of `a` and `b`, in tokens. Any ids; 0 if one is empty.
#[must_use]
pub fn length(a: &[u32], b: &[u32]) -> usize {
    let mut dense = HashMap::new();
    let mut number = |tokens: &[u32]| -> Vec<u32> {
        tokens
            .iter()
            .map(|token| {
                let next = u32::try_from(dense.len()).expect("fewer than 2^32 tokens");
                *dense.entry(*token).or_insert(next)
            })
            .collect()
    };
    let (a, b) = (number(a), number(b));
    let mut matcher = Matcher::new(dense.len());
    matcher.prepare(&a);
    matcher.length(&b)
}

/// Compares one prepared text with many. All its memory is reused from text to text.
#[derive(Clone, Debug)]
pub struct Matcher {
    text: Vec<u32>,
    words: usize,
    /// For each token of the vocabulary where its masks start, 0 for a token that the text lacks.
    starts: Vec<u32>,
    /// `words` masks a distinct token: which places of the text it stands at. The first group stands for "nowhere".
    masks: Vec<u64>,
    /// One bit a place, 0 where the row of the table rises.
    row: Vec<u64>,
}

impl Matcher {
    /// For tokens numbered `0..vocabulary`.
    #[must_use]
    pub fn new(vocabulary: usize) -> Self {
        let starts = vec![0; vocabulary];
        Self { text: Vec::new(), words: 0, starts, masks: Vec::new(), row: Vec::new() }
    }

    /// Makes `text` the one that others are compared with.
    ///
    /// # Panics
    /// If a token is not below the vocabulary's size.
    pub fn prepare(&mut self, text: &[u32]) {
        for &token in &self.text {
            self.starts[token as usize] = 0;
        }
        self.text.clear();
        self.text.extend_from_slice(text);
        self.words = text.len().div_ceil(64);
        self.masks.clear();
        self.masks.resize(self.words, 0);
        for (place, &token) in text.iter().enumerate() {
            let start = &mut self.starts[token as usize];
            if *start == 0 {
                *start = u32::try_from(self.masks.len()).expect("masks of one text fit in 32 GB");
                self.masks.resize(self.masks.len() + self.words, 0);
            }
            self.masks[*start as usize + place / 64] |= 1 << (place % 64);
        }
    }

    /// The length of the longest common subsequence of the prepared text and `other`.
    ///
    /// # Panics
    /// If a token is not below the vocabulary's size.
    pub fn length(&mut self, other: &[u32]) -> usize {
        // What both begin and end with belongs to a longest common subsequence, so only the middle is computed.
        let prefix = self.text.iter().zip(other).take_while(|(a, b)| a == b).count();
        let (text, rest) = (&self.text[prefix..], &other[prefix..]);
        let suffix = text.iter().rev().zip(rest.iter().rev()).take_while(|(a, b)| a == b).count();
        let (from, to) = (prefix, self.text.len() - suffix);
        let middle = &other[prefix..other.len() - suffix];
        if from == to || middle.is_empty() {
            return prefix + suffix;
        }
        let (first, last) = (from / 64, to.div_ceil(64));
        let rises = match last - first {
            1 => self.rises::<1>(first, from, to, middle),
            2 => self.rises::<2>(first, from, to, middle),
            3 | 4 if first + 4 <= self.words => self.rises::<4>(first, from, to, middle),
            5..=8 if first + 8 <= self.words => self.rises::<8>(first, from, to, middle),
            _ => self.rises_of_any_length(first, last, from, to, middle),
        };
        prefix + suffix + rises
    }

    /// Zero bits among places `from..to` after all of `middle`, for a text whose places lie in `N` words. The row
    /// stays in registers. Words beyond `to` may take part: carries only move up, away from what is counted.
    fn rises<const N: usize>(&self, first: usize, from: usize, to: usize, middle: &[u32]) -> usize {
        let mut row: [u64; N] = std::array::from_fn(|i| ones(first + i, from, to));
        for &token in middle {
            let start = self.starts[token as usize] as usize;
            if start == 0 {
                continue;
            }
            let masks = &self.masks[start + first..start + first + N];
            let mut carry = false;
            for (word, &mask) in row.iter_mut().zip(masks) {
                (*word, carry) = step(*word, mask, carry);
            }
        }
        count_zeros(&row, first, from, to)
    }

    fn rises_of_any_length(
        &mut self,
        first: usize,
        last: usize,
        from: usize,
        to: usize,
        middle: &[u32],
    ) -> usize {
        self.row.clear();
        self.row.extend((first..last).map(|word| ones(word, from, to)));
        for &token in middle {
            let start = self.starts[token as usize] as usize;
            if start == 0 {
                continue;
            }
            let masks = &self.masks[start + first..start + last];
            let mut carry = false;
            for (word, &mask) in self.row.iter_mut().zip(masks) {
                (*word, carry) = step(*word, mask, carry);
            }
        }
        count_zeros(&self.row, first, from, to)
    }
}

/// `V + (V & M) | V & !M` with the carry of the words below.
#[inline]
fn step(row: u64, mask: u64, carry: bool) -> (u64, bool) {
    let matched = row & mask;
    let (sum, over) = row.overflowing_add(matched);
    let (sum, again) = sum.overflowing_add(u64::from(carry));
    (sum | (row & !mask), over | again)
}

/// The bits of the given word that stand for places in `from..to`.
fn ones(word: usize, from: usize, to: usize) -> u64 {
    let below = |place: usize| match place.saturating_sub(word * 64) {
        bits @ 0..64 => (1_u64 << bits) - 1,
        _ => u64::MAX,
    };
    below(to) & !below(from)
}

fn count_zeros(row: &[u64], first: usize, from: usize, to: usize) -> usize {
    let zeros = |(i, word): (usize, &u64)| (!word & ones(first + i, from, to)).count_ones() as usize;
    row.iter().enumerate().map(zeros).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slow(a: &[u32], b: &[u32]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut corner = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { corner + 1 } else { above.max(row[j]) };
                corner = above;
            }
        }
        row[b.len()]
    }

    fn text() -> impl Strategy<Value = Vec<u32>> {
        (1_u32..40).prop_flat_map(|words| proptest::collection::vec(0..words, 0..700))
    }

    #[test]
    fn the_worked_pair() {
        // the quick brown fox jumps over the lazy dog / the fast brown fox leaps over a lazy dog
        assert_eq!(length(&[0, 1, 2, 3, 4, 5, 0, 6, 7], &[0, 8, 2, 3, 9, 5, 10, 6, 7]), 6);
        assert_eq!(length(&[], &[1]), 0);
        assert_eq!(length(&[u32::MAX, 1], &[u32::MAX]), 1);
    }

    proptest! {
        #[test]
        fn it_equals_the_table_and_another_implementation(a in text(), b in text(), cut in 0_usize..700) {
            prop_assert_eq!(length(&a, &b), slow(&a, &b));
            let oracle = rapidfuzz::distance::lcs_seq::similarity(a.iter(), b.iter());
            prop_assert_eq!(length(&a, &b), oracle);
            // Nearly equal texts take the path with a long common beginning and end.
            let mut c = a.clone();
            c.splice(cut.min(a.len())..(cut + 3).min(a.len()), b.iter().take(5).copied());
            prop_assert_eq!(length(&a, &c), slow(&a, &c));
        }

        #[test]
        fn a_matcher_forgets_the_text_before(texts in proptest::collection::vec(text(), 2..5)) {
            let mut matcher = Matcher::new(40);
            for a in &texts {
                matcher.prepare(a);
                for b in &texts {
                    prop_assert_eq!(matcher.length(b), slow(a, b));
                }
            }
        }
    }
}
