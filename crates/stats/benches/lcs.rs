//! How many pairs of texts a second have their longest common subsequence found: all pairs of 1,000 texts of 480 tokens, by each
//! instruction set that this processor has, by the kernel for single pairs, and by the rapidfuzz crate, in turns.
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::hint::black_box;
use std::time::Instant;

use antiphon_stats::lcs::{InstructionSet, Lanes, Matcher, PairLengths};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rapidfuzz::distance::lcs_seq;

const TEXTS: usize = 1_000;
const TOKENS: usize = 480;
const VOCABULARY: u32 = 2_000;
const ROUNDS: usize = 3;

type Text = Vec<u32>;

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

/// The blocks of texts that are prepared together, every `of`-th from `from` on, each compared with all behind it.
fn lanes(set: InstructionSet, texts: &[Text], (from, of): (usize, usize)) -> usize {
    let mut lanes = Lanes::with(set, VOCABULARY as usize);
    let mut sum = 0;
    for first in (from * Lanes::MOST..texts.len()).step_by(of * Lanes::MOST) {
        let block: Vec<&[u32]> = texts[first..].iter().take(Lanes::MOST).map(Vec::as_slice).collect();
        lanes.prepare(&block);
        for (second, other) in texts.iter().enumerate().skip(first + 1) {
            // Within the block only those before it are its pairs.
            sum += lanes.lengths(other).iter().take(second - first).take(block.len()).sum::<usize>();
        }
    }
    sum
}

fn two_threads(set: InstructionSet, texts: &[Text]) -> usize {
    std::thread::scope(|scope| {
        let half = scope.spawn(|| lanes(set, texts, (1, 2)));
        lanes(set, texts, (0, 2)) + half.join().expect("it does not panic")
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

/// As cells of texts are compared.
fn all_pairs(texts: &[Text]) -> usize {
    let found = PairLengths::of(texts, VOCABULARY as usize);
    (1..texts.len()).flat_map(|j| (0..j).map(move |i| (i, j))).map(|(i, j)| found.length(i, j)).sum()
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

/// The fastest of some, in pairs a second: whatever else the machine does only ever slows.
fn main() {
    let pairs = (TEXTS * (TEXTS - 1) / 2) as f64;
    for kept in [0.0, 0.7, 0.95] {
        let texts = &texts(kept);
        let mut kernels: Vec<(String, Box<dyn Fn() -> usize>)> = Vec::new();
        for set in InstructionSet::available() {
            kernels.push((format!("{set:?}"), Box::new(move || lanes(set, texts, (0, 1)))));
            kernels.push((format!("{set:?}, two threads"), Box::new(move || two_threads(set, texts))));
        }
        kernels.push(("single pairs".to_owned(), Box::new(|| single(texts))));
        kernels.push(("all pairs, either way".to_owned(), Box::new(|| all_pairs(texts))));
        kernels.push(("rapidfuzz crate".to_owned(), Box::new(|| rapidfuzz(texts))));
        let mut fastest = vec![f64::INFINITY; kernels.len()];
        let mut sums = vec![0; kernels.len()];
        for _ in 0..ROUNDS {
            for (i, (_, kernel)) in kernels.iter().enumerate() {
                let begun = Instant::now();
                sums[i] = black_box(kernel());
                fastest[i] = fastest[i].min(begun.elapsed().as_secs_f64());
            }
        }
        assert!(sums.iter().all(|sum| *sum == sums[0]), "the kernels disagree: {sums:?}");
        println!("{:.0} % of tokens kept from a stem:", 100.0 * kept);
        for ((name, _), seconds) in kernels.iter().zip(fastest) {
            println!("  {name:<24} {:>12.0} pairs/s", pairs / seconds);
        }
    }
}
