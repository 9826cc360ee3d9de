//! Random draws that depend on nothing but a seed and named parts.
//!
//! A draw has no state between calls, so an answer is the same however often and in whatever order it is asked.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, Gamma};

/// A stream of random numbers that is fixed by the parts it was made from.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// Parts are hashed with their lengths, so `["ab", "c"]` and `["a", "bc"]` are different streams.
    pub(crate) fn new(seed: u64, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        for part in parts {
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part);
        }
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / (1u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * SCALE
    }

    /// A uniform index below `count`, which must not be 0.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        let wide = u64::from(self.0.next_u32()) * u64::try_from(count).unwrap_or(u64::MAX);
        usize::try_from(wide >> 32).unwrap_or(0)
    }

    /// True with the given probability; at 0 never, at 1 always.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        f64::from(self.0.next_u32()) < probability * 4_294_967_296.0
    }

    /// An index with the given probabilities, which sum to 1.
    pub(crate) fn category(&mut self, shares: &[f64]) -> usize {
        let mut left = self.unit();
        for (index, share) in shares.iter().enumerate() {
            left -= share;
            if left < 0.0 {
                return index;
            }
        }
        // Rounding can leave a crumb above the sum; it belongs to the last option that is possible at all.
        shares.iter().rposition(|share| *share > 0.0).unwrap_or(0)
    }

    /// One point of Dir(concentration · mean). A component with mean 0 stays 0.
    ///
    /// Gamma variates are kept as logarithms (log Γ(α) = log Γ(α+1) + ln(U)/α in distribution), since at a small
    /// concentration all of them would underflow to 0.
    pub(crate) fn dirichlet(&mut self, concentration: f64, mean: &[f64]) -> Vec<f64> {
        let mut shares: Vec<f64> = mean.iter().map(|share| self.log_gamma(concentration * share)).collect();
        let top = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        shares.iter_mut().for_each(|log| *log = (*log - top).exp());
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        shares
    }

    fn log_gamma(&mut self, shape: f64) -> f64 {
        if shape <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let boosted = Gamma::new(shape + 1.0, 1.0).map_or(1.0, |gamma| gamma.sample(&mut self.0));
        boosted.ln() + (1.0 - self.unit()).ln() / shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_and_repeat() {
        let unit = |parts: &[&[u8]]| Draw::new(7, parts).unit();
        assert_eq!(unit(&[b"ab", b"c"]), unit(&[b"ab", b"c"]));
        assert_ne!(unit(&[b"ab", b"c"]), unit(&[b"a", b"bc"]));
        assert_ne!(unit(&[b"ab"]), Draw::new(8, &[b"ab"]).unit());
    }

    #[test]
    fn dirichlet_has_its_mean_and_variance() {
        let (mean, concentration, draws) = ([0.6, 0.3, 0.1], 4.0, 40_000u32);
        let (mut sum, mut squares) = ([0.0; 3], [0.0; 3]);
        for index in 0..draws {
            let point = Draw::new(1, &[&index.to_le_bytes()]).dirichlet(concentration, &mean);
            assert!((point.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for k in 0..3 {
                sum[k] += point[k];
                squares[k] += point[k] * point[k];
            }
        }
        for k in 0..3 {
            let average = sum[k] / f64::from(draws);
            let variance = squares[k] / f64::from(draws) - average * average;
            let expected = mean[k] * (1.0 - mean[k]) / (concentration + 1.0);
            assert!((average - mean[k]).abs() < 0.005, "mean {k}: {average}");
            assert!((variance - expected).abs() < 0.002, "variance {k}: {variance} not {expected}");
        }
    }

    #[test]
    fn a_tiny_concentration_picks_one_corner_and_never_nan() {
        for index in 0..200u32 {
            let point = Draw::new(2, &[&index.to_le_bytes()]).dirichlet(1e-7, &[0.5, 0.5, 0.0]);
            assert!(point.iter().all(|share| share.is_finite()));
            assert_eq!(point[2], 0.0);
            assert!(point[0] > 0.999 || point[1] > 0.999);
        }
    }

    #[test]
    fn an_impossible_option_is_never_drawn() {
        for index in 0..1000u32 {
            assert_eq!(Draw::new(3, &[&index.to_le_bytes()]).category(&[0.0, 1.0, 0.0]), 1);
        }
    }
}
