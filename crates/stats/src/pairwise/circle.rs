//! Which pairs of units are visited, and the random numbers that a visit draws with.
//!
//! Units (users, or the sessions of one user) stand in a circle. A *sweep* compares each with the one that stands a
//! certain distance further on, so every unit takes part equally often, and going through all distances visits every
//! pair once.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// One stream of random numbers each.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Distances = 1,
    Users = 2,
    Sessions = 3,
    Samples = 4,
    References = 5,
    Part = 6,
}

/// Random numbers that are a function of the seed, what they are for, and three counters.
pub(crate) fn random(seed: u64, purpose: Purpose, a: u64, b: u64, k: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, a, b]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(k);
    random
}

/// The order in which pairs of units are visited.
pub(crate) struct Circle {
    units: usize,
    distances: Vec<usize>,
}

impl Circle {
    pub(crate) fn new(units: usize, seed: u64, which: u64) -> Self {
        let mut distances: Vec<usize> = (1..=units / 2).collect();
        distances.shuffle(&mut random(seed, Purpose::Distances, which, 0, 0));
        Self { units, distances }
    }

    /// Pairs of units with the number of earlier visits; none for a single unit.
    pub(crate) fn sweep(&self, sweep: usize) -> impl Iterator<Item = (usize, usize, u64)> {
        let distance = self.distances.get(sweep % self.distances.len().max(1)).copied().unwrap_or(0);
        let visit = (sweep / self.distances.len().max(1)) as u64;
        // Opposite units meet once, not from both sides.
        let starts = match distance {
            0 => 0,
            half if 2 * half == self.units => half,
            _ => self.units,
        };
        let units = self.units;
        (0..starts).map(move |u| (u, (u + distance) % units)).map(move |(u, v)| (u.min(v), u.max(v), visit))
    }
}
