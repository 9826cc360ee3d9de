//! Kernels for the longest common subsequence of all pairs of 1,000 texts of 480 tokens: each instruction set that this processor has,
//! the kernel for single pairs, all pairs as cells are compared, and the rapidfuzz crate, in turns.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use antiphon_stats::lcs::{InstructionSet, Lanes, Matcher, PairLengths};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rapidfuzz::distance::lcs_seq;

const TEXTS: usize = 1_000;
const TOKENS: usize = 480;
const VOCABULARY: u32 = 2_000;
/// What all of them begin with, where they do.
const PREFIX: usize = 160;
/// Every so many-th text is one that was there before, where some are: 30 % of all.
const DUPLICATES: [usize; 3] = [2, 5, 8];

type Text = Vec<u32>;

/// What the texts have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Alike {
    /// Single words, or so many of a common stem, in percent.
    Words(u32),
    /// The first third, and three of ten are there twice.
    PrefixAndDuplicates,
}

impl Alike {
    fn texts(self) -> Vec<Text> {
        let Self::PrefixAndDuplicates = self else {
            let Self::Words(percent) = self else { unreachable!("there are two kinds") };
            return texts(f64::from(percent) / 100.0);
        };
        let mut texts = texts(0.0);
        let prefix = texts[0][..PREFIX].to_vec();
        texts.iter_mut().for_each(|text| text[..PREFIX].copy_from_slice(&prefix));
        for place in 10..TEXTS {
            if DUPLICATES.contains(&(place % 10)) {
                texts[place] = texts[place - place % 10 - 9].clone();
            }
        }
        texts
    }
}

/// Texts that keep each token of a common stem, or draw another one. About in inverse proportion to its rank, as in a natural
/// language.
fn texts(kept: f64) -> Vec<Text> {
    let mut generator = ChaCha8Rng::seed_from_u64(1);
    let token = |generator: &mut ChaCha8Rng| {
        let magnitude = generator.random_range(0..=VOCABULARY.ilog2());
        generator.random_range(0..1 << magnitude)
    };
    let stem: Text = (0..TOKENS).map(|_| token(&mut generator)).collect();
    let mut text = || {
        let keep = |common: &u32| if generator.random_bool(kept) { *common } else { token(&mut generator) };
        stem.iter().map(keep).collect()
    };
    (0..TEXTS).map(|_| text()).collect()
}

/// Each block of texts that are prepared together is compared with all behind it; whoever is free takes the next.
fn lanes(set: InstructionSet, texts: &[Text], next: &AtomicUsize) -> usize {
    let mut lanes = Lanes::with(set, VOCABULARY as usize);
    let mut sum = 0;
    loop {
        let first = next.fetch_add(Lanes::MOST, Relaxed);
        if first >= texts.len() {
            return sum;
        }
        let block: Vec<&[u32]> = texts[first..].iter().take(Lanes::MOST).map(Vec::as_slice).collect();
        lanes.prepare(&block);
        for (second, other) in texts.iter().enumerate().skip(first + 1) {
            // Within the block only those before it are its pairs.
            sum += lanes.lengths(other).iter().take(second - first).take(block.len()).sum::<usize>();
        }
    }
}

fn two_threads(set: InstructionSet, texts: &[Text]) -> usize {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let half = scope.spawn(|| lanes(set, texts, &next));
        lanes(set, texts, &next) + half.join().expect("it does not panic")
    })
}

fn single(texts: &[Text]) -> usize {
    let mut matcher = Matcher::new(VOCABULARY as usize);
    let mut sum = 0;
    for (place, text) in texts.iter().enumerate() {
        matcher.prepare(text);
        sum += texts[place + 1..].iter().map(|other| matcher.length(other)).sum::<usize>();
    }
    sum
}

/// As cells of texts are compared: the same text once, and what two begin with not at all.
fn all_pairs(texts: &[Text]) -> usize {
    let mut numbers: HashMap<&Text, usize> = HashMap::new();
    let mut different: Vec<Text> = Vec::new();
    let mut numbered: Vec<usize> = Vec::with_capacity(texts.len());
    for text in texts {
        numbered.push(*numbers.entry(text).or_insert_with(|| {
            different.push(text.clone());
            different.len() - 1
        }));
    }
    let found = PairLengths::of(&different, VOCABULARY as usize);
    let pairs = (1..texts.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
    let length = |(i, j): (usize, usize)| match (numbered[i], numbered[j]) {
        (a, b) if a == b => different[a].len(),
        (a, b) => found.length(a, b),
    };
    pairs.map(length).sum()
}

fn rapidfuzz(texts: &[Text]) -> usize {
    let mut sum = 0;
    for (place, text) in texts.iter().enumerate() {
        let comparator = lcs_seq::BatchComparator::new(text.iter().copied());
        sum += texts[place + 1..]
            .iter()
            .map(|other| comparator.similarity(other.iter().copied()))
            .sum::<usize>();
    }
    sum
}

/// A kernel and how many pairs it compares in a second.
#[derive(Debug)]
pub(crate) struct Speed {
    pub(crate) kernel: String,
    pub(crate) pairs_per_s: f64,
}

/// The fastest of so many rounds of each kernel: whatever else the machine does only ever slows.
///
/// # Panics
/// If two kernels find different sums.
pub(crate) fn measure(alike: Alike, rounds: usize) -> Vec<Speed> {
    let texts = &alike.texts();
    let mut kernels: Vec<(String, Box<dyn Fn() -> usize>)> = Vec::new();
    for set in InstructionSet::available() {
        kernels.push((format!("{set:?}"), Box::new(move || lanes(set, texts, &AtomicUsize::new(0)))));
        kernels.push((format!("{set:?}, two threads"), Box::new(move || two_threads(set, texts))));
    }
    kernels.push(("single pairs".to_owned(), Box::new(|| single(texts))));
    kernels.push(("as cells are compared".to_owned(), Box::new(|| all_pairs(texts))));
    kernels.push(("rapidfuzz crate".to_owned(), Box::new(|| rapidfuzz(texts))));
    let mut fastest = vec![f64::INFINITY; kernels.len()];
    let mut sums = vec![0; kernels.len()];
    for _ in 0..rounds {
        for (i, (_, kernel)) in kernels.iter().enumerate() {
            let begun = Instant::now();
            sums[i] = black_box(kernel());
            fastest[i] = fastest[i].min(begun.elapsed().as_secs_f64());
        }
    }
    assert!(sums.iter().all(|sum| *sum == sums[0]), "the kernels disagree: {sums:?}");
    let pairs = (TEXTS * (TEXTS - 1) / 2) as f64;
    let speed = |((kernel, _), seconds): ((String, _), f64)| Speed { kernel, pairs_per_s: pairs / seconds };
    kernels.into_iter().zip(fastest).map(speed).collect()
}
