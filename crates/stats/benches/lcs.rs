//! What the longest common subsequence of two texts costs: own kernel, rapidfuzz and the plain table, on all pairs of texts of 500
//! tokens, one prepared against the others as scoring does it.
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::hint::black_box;
use std::time::Instant;

use antiphon_stats::lcs::Matcher;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rapidfuzz::distance::lcs_seq;

const TEXTS: usize = 8;
/// `TEXTS` choose 2.
const PAIRS: f64 = 28.0;
const TOKENS: usize = 500;
const VOCABULARY: u32 = 2_000;
const REPEATS: usize = 60;

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

fn own(texts: &[Text]) -> usize {
    let mut matcher = Matcher::new(VOCABULARY as usize);
    let mut sum = 0;
    for (place, text) in texts.iter().enumerate() {
        matcher.prepare(text);
        sum += texts[place + 1..].iter().map(|other| matcher.length(other)).sum::<usize>();
    }
    sum
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

fn plain(texts: &[Text]) -> usize {
    let mut row = [0_usize; TOKENS + 1];
    let mut sum = 0;
    for (place, text) in texts.iter().enumerate() {
        for other in &texts[place + 1..] {
            row.fill(0);
            for a in text {
                let mut diagonal = 0;
                for (at, b) in other.iter().enumerate() {
                    let above = row[at + 1];
                    row[at + 1] = if a == b { diagonal + 1 } else { above.max(row[at]) };
                    diagonal = above;
                }
            }
            sum += row[other.len()];
        }
    }
    sum
}

/// The fastest of many, in microseconds a pair: whatever else the machine does only ever adds.
fn main() {
    println!("microseconds a pair of texts of {TOKENS} tokens   own  rapidfuzz   plain");
    for kept in [0.0, 0.7, 0.95] {
        let texts = texts(kept);
        let kernels: [fn(&[Text]) -> usize; 3] = [own, rapidfuzz, plain];
        let sums = kernels.map(|kernel| kernel(&texts));
        assert!(sums.iter().all(|sum| *sum == sums[0]), "the kernels disagree: {sums:?}");
        let mut fastest = [f64::INFINITY; 3];
        for _ in 0..REPEATS {
            for (kernel, fastest) in kernels.iter().zip(&mut fastest) {
                let begun = Instant::now();
                black_box(kernel(black_box(&texts)));
                *fastest = fastest.min(begun.elapsed().as_secs_f64());
            }
        }
        let [own, rapidfuzz, plain] = fastest.map(|seconds| seconds * 1e6 / PAIRS);
        println!(
            "{:>4.0} % of tokens kept from a stem         {own:>6.2} {rapidfuzz:>10.2} {plain:>7.1}",
            100.0 * kept
        );
    }
}
