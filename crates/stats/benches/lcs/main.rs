//! How many pairs of texts a second have their longest common subsequence found: `cargo bench -p antiphon-stats`.
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod measure;

use measure::{Alike, measure};

const ROUNDS: usize = 5;

fn main() {
    for alike in [Alike::Words(0), Alike::Words(70), Alike::Words(95), Alike::PrefixAndDuplicates] {
        println!("{alike:?}:");
        for speed in measure(alike, ROUNDS) {
            println!("  {:<24} {:>12.0} pairs/s", speed.kernel, speed.pairs_per_s);
        }
    }
}
