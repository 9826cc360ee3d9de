//! Everything random is drawn from a written seed and a purpose, so that a plan can be made again anywhere.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The seed of a suite. Streams with different purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(pub u64);

impl Seed {
    /// A generator for one purpose. The parts are length-prefixed, so `["ab","c"]` differs from `["a","bc"]`.
    #[must_use]
    pub fn stream(self, purpose: &[&str]) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.digest(purpose))
    }

    /// A number in `0..2^31`, for providers that take a seed with each request.
    #[must_use]
    pub fn number(self, purpose: &[&str]) -> u32 {
        let [a, b, c, d, ..] = self.digest(purpose);
        u32::from_le_bytes([a, b, c, d]) >> 1
    }

    fn digest(self, purpose: &[&str]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("antiphon 1 seed stream");
        hasher.update(&self.0.to_le_bytes());
        for part in purpose {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

/// Fisher-Yates, written out because a stored plan must not change with a library's version.
pub(crate) fn shuffle<T>(items: &mut [T], generator: &mut ChaCha8Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, pick(i + 1, generator));
    }
}

/// A uniform index in `0..n`, by the multiply-and-shift method; its bias is below n / 2^64.
pub(crate) fn pick(n: usize, generator: &mut ChaCha8Rng) -> usize {
    let wide = u128::from(generator.random::<u64>()) * (n as u128);
    usize::try_from(wide >> 64).expect("smaller than n, which is a usize")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_pure_function_of_seed_and_purpose() {
        let draw = |seed, purpose: &[&str]| Seed(seed).stream(purpose).random::<u64>();
        assert_eq!(draw(1, &["a"]), draw(1, &["a"]));
        assert_ne!(draw(1, &["a"]), draw(2, &["a"]));
        assert_ne!(draw(1, &["ab", "c"]), draw(1, &["a", "bc"]));
    }

    #[test]
    fn the_order_of_a_stored_plan_never_changes() {
        let mut items: Vec<u8> = (0..10).collect();
        shuffle(&mut items, &mut Seed(7).stream(&["test"]));
        assert_eq!(items, PINNED);
        let mut sorted = items.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<u8>>());
    }

    const PINNED: [u8; 10] = [8, 3, 1, 0, 5, 4, 9, 6, 2, 7];
}
