//! Several prepared texts compared with one other at the same time, in the widest registers that the processor has.
//!
//! The table of [`super::Matcher`], once per lane: the masks of a token for all texts lie side by side, so that each step of
//! the sum, and its carry, is one operation for all of them. The code is the same for every instruction set and
//! has no branch on the data, so the compiler makes vectors of it and all give the same numbers.

#![expect(unsafe_code, reason = "code for one instruction set may be called only where the processor has it")]

/// Which instructions compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// 512 bits, eight texts at a time.
    Avx512,
    /// 256 bits, four texts at a time.
    Avx2,
    /// Whatever the program was compiled for, four texts at a time.
    Portable,
}

impl InstructionSet {
    /// Those that this processor has, the fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::Avx512, Self::Avx2, Self::Portable].into_iter().filter(|set| set.is_available()).collect()
    }

    fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                // All that `avx512` is compiled for.
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx2")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => false,
            Self::Portable => true,
        }
    }
}

/// Texts that others are compared with, up to [`Lanes::MOST`] at a time. All memory is reused.
#[derive(Clone, Debug)]
pub struct Lanes {
    set: InstructionSet,
    /// For each token of the vocabulary where its masks start, 0 for one that no text has.
    starts: Vec<u32>,
    known: Vec<u32>,
    words: usize,
    /// `words` groups of masks for a distinct token, one mask a lane. The first ones stand for "nowhere".
    masks: Vec<[u64; Lanes::MOST]>,
    row: Vec<[u64; Lanes::MOST]>,
}

impl Lanes {
    /// How many texts are compared at a time.
    pub const MOST: usize = 8;

    /// For tokens numbered `0..vocabulary`, with the fastest instructions that there are.
    #[must_use]
    pub fn new(vocabulary: usize) -> Self {
        Self::with(InstructionSet::available()[0], vocabulary)
    }

    /// With these instructions.
    ///
    /// # Panics
    /// If the processor does not have them.
    #[must_use]
    pub fn with(set: InstructionSet, vocabulary: usize) -> Self {
        assert!(set.is_available(), "this processor lacks {set:?}");
        let starts = vec![0; vocabulary];
        Self { set, starts, known: Vec::new(), words: 0, masks: Vec::new(), row: Vec::new() }
    }

    /// Makes these texts the ones that others are compared with.
    ///
    /// # Panics
    /// If there are more than [`Lanes::MOST`], or a token is not below the vocabulary's size.
    pub fn prepare(&mut self, texts: &[&[u32]]) {
        assert!(texts.len() <= Self::MOST, "{} texts for {} lanes", texts.len(), Self::MOST);
        for token in self.known.drain(..) {
            self.starts[token as usize] = 0;
        }
        self.words = texts.iter().map(|text| text.len().div_ceil(64)).max().unwrap_or(0);
        self.masks.clear();
        self.masks.resize(self.words, [0; Self::MOST]);
        for (lane, text) in texts.iter().enumerate() {
            for (place, &token) in text.iter().enumerate() {
                let start = &mut self.starts[token as usize];
                if *start == 0 {
                    *start = u32::try_from(self.masks.len()).expect("masks of eight texts fit in 256 GB");
                    self.masks.resize(self.masks.len() + self.words, [0; Self::MOST]);
                    self.known.push(token);
                }
                self.masks[*start as usize + place / 64][lane] |= 1 << (place % 64);
            }
        }
    }

    /// The lengths of the longest common subsequences of each prepared text and `other`; 0 for lanes without a text.
    ///
    /// # Panics
    /// If a token is not below the vocabulary's size.
    pub fn lengths(&mut self, other: &[u32]) -> [usize; Self::MOST] {
        match self.set {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `with` makes no lanes for instructions that this processor lacks.
            InstructionSet::Avx512 => unsafe { avx512(self, other) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            InstructionSet::Avx2 => unsafe { avx2(self, other) },
            _ => portable(self, other),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2")]
fn avx512(lanes: &mut Lanes, other: &[u32]) -> [usize; Lanes::MOST] {
    let mut found = [0; Lanes::MOST];
    compare::<8>(lanes, other, 0, &mut found);
    found
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(lanes: &mut Lanes, other: &[u32]) -> [usize; Lanes::MOST] {
    let mut found = [0; Lanes::MOST];
    compare::<4>(lanes, other, 0, &mut found);
    compare::<4>(lanes, other, 4, &mut found);
    found
}

fn portable(lanes: &mut Lanes, other: &[u32]) -> [usize; Lanes::MOST] {
    let mut found = [0; Lanes::MOST];
    compare::<4>(lanes, other, 0, &mut found);
    compare::<4>(lanes, other, 4, &mut found);
    found
}

/// `K` lanes from `first` on.
#[inline(always)]
fn compare<const K: usize>(lanes: &mut Lanes, other: &[u32], first: usize, found: &mut [usize; Lanes::MOST]) {
    let zeros = match lanes.words {
        0 => [0; K],
        1 => in_registers::<K, 1>(lanes, other, first),
        2 => in_registers::<K, 2>(lanes, other, first),
        3 => in_registers::<K, 3>(lanes, other, first),
        4 => in_registers::<K, 4>(lanes, other, first),
        5 => in_registers::<K, 5>(lanes, other, first),
        6 => in_registers::<K, 6>(lanes, other, first),
        7 => in_registers::<K, 7>(lanes, other, first),
        8 => in_registers::<K, 8>(lanes, other, first),
        _ => in_memory::<K>(lanes, other, first),
    };
    found[first..first + K].copy_from_slice(&zeros);
}

#[inline(always)]
fn in_registers<const K: usize, const N: usize>(lanes: &Lanes, other: &[u32], first: usize) -> [usize; K] {
    let mut row = [[u64::MAX; K]; N];
    for &token in other {
        let start = lanes.starts[token as usize] as usize;
        if start == 0 {
            continue;
        }
        let masks: &[[u64; Lanes::MOST]; N] = lanes.masks[start..start + N].try_into().expect("N of them");
        let mut carry = [0; K];
        for (word, mask) in row.iter_mut().zip(masks) {
            step(word, mask[first..first + K].try_into().expect("K of them"), &mut carry);
        }
    }
    count_zeros(&row)
}

#[inline(always)]
fn in_memory<const K: usize>(lanes: &mut Lanes, other: &[u32], first: usize) -> [usize; K] {
    let Lanes { starts, words, masks, row, .. } = lanes;
    row.clear();
    row.resize(*words, [u64::MAX; Lanes::MOST]);
    for &token in other {
        let start = starts[token as usize] as usize;
        if start == 0 {
            continue;
        }
        let mut carry = [0; K];
        for (word, mask) in row.iter_mut().zip(&masks[start..start + *words]) {
            let word: &mut [u64; K] = (&mut word[first..first + K]).try_into().expect("K of them");
            step(word, mask[first..first + K].try_into().expect("K of them"), &mut carry);
        }
    }
    let mut zeros = [0; K];
    for word in row {
        (0..K).for_each(|lane| zeros[lane] += word[first + lane].count_zeros() as usize);
    }
    zeros
}

/// `V + (V & M) | V & !M` with the carry of the words below, in each lane. A carry into places behind the end of a text is
/// undone there, since no mask has them.
#[inline(always)]
fn step<const K: usize>(word: &mut [u64; K], mask: &[u64; K], carry: &mut [u64; K]) {
    for lane in 0..K {
        let (row, mask) = (word[lane], mask[lane]);
        let matched = row & mask;
        let sum = row.wrapping_add(matched).wrapping_add(carry[lane]);
        // A sum carries where both had the bit, or one had it and the sum lost it; `matched` is part of `row`.
        carry[lane] = (matched | (row & !sum)) >> 63;
        word[lane] = sum | (row & !mask);
    }
}

#[inline(always)]
fn count_zeros<const K: usize>(row: &[[u64; K]]) -> [usize; K] {
    let mut zeros = [0; K];
    for word in row {
        (0..K).for_each(|lane| zeros[lane] += word[lane].count_zeros() as usize);
    }
    zeros
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lcs::length;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = Vec<u32>> {
        (1_u32..40).prop_flat_map(|words| proptest::collection::vec(0..words, 0..700))
    }

    proptest! {
        /// [`length`] itself is held to the plain table and to the `rapidfuzz` crate.
        #[test]
        fn all_instructions_give_the_lengths_of_single_pairs(
            texts in proptest::collection::vec(text(), 0..=Lanes::MOST),
            others in proptest::collection::vec(text(), 1..4),
        ) {
            let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
            for set in InstructionSet::available() {
                let mut lanes = Lanes::with(set, 40);
                // What was prepared before leaves nothing behind.
                lanes.prepare(&[&[0, 1, 2, 3, 39]]);
                lanes.prepare(&texts);
                for other in &others {
                    let found = lanes.lengths(other);
                    for (lane, found) in found.into_iter().enumerate() {
                        let expected = texts.get(lane).map_or(0, |text| length(text, other));
                        prop_assert_eq!(found, expected, "{:?}, lane {}", set, lane);
                    }
                }
            }
        }
    }

    #[test]
    fn there_is_always_one() {
        assert_eq!(InstructionSet::available().last(), Some(&InstructionSet::Portable));
    }
}
