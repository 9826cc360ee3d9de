//! The bootstrap over users, as a cross-check of intervals from thirty users on; with fewer its percentiles cover too
//! rarely, and the interval of [`crate::agreement`] stands.
//!
//! Users are resampled whole. In a resample a user is never paired with a copy of itself: such pairs would agree
//! more than users do.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::estimate::Interval;

/// The mean similarity of two different users where user `u` was drawn `weights[u]` times; `similarities[u][v]` is how
/// alike users `u` and `v` are. `None` where fewer than two users were drawn, or the sizes differ.
#[must_use]
pub fn reweighted(similarities: &[Vec<f64>], weights: &[f64]) -> Option<f64> {
    let m = weights.len();
    if similarities.len() != m || similarities.iter().any(|row| row.len() != m) {
        return None;
    }
    let pair = |u: usize, v: usize| weights[u] * weights[v];
    let pairs = || (0..m).flat_map(|u| (0..u).map(move |v| (u, v)));
    let all: f64 = pairs().map(|(u, v)| pair(u, v)).sum();
    (all > 0.0).then(|| pairs().map(|(u, v)| pair(u, v) * similarities[u][v]).sum::<f64>() / all)
}

/// The 95 % interval of percentiles over so many resamples. A resample of one user only, which has no pairs, is drawn
/// again. `None` for fewer than three users, no repetitions, uneven rows, or what is no finite number.
#[must_use]
pub fn percentiles(similarities: &[Vec<f64>], repetitions: usize, seed: u64) -> Option<Interval> {
    let m = similarities.len();
    let is_fine = |row: &Vec<f64>| row.len() == m && row.iter().all(|similarity| similarity.is_finite());
    if m < 3 || repetitions == 0 || !similarities.iter().all(is_fine) {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut found: Vec<f64> = Vec::with_capacity(repetitions);
    while found.len() < repetitions {
        let mut weights = vec![0.0; m];
        (0..m).for_each(|_| weights[random.random_range(0..m)] += 1.0);
        found.extend(reweighted(similarities, &weights));
    }
    found.sort_by(f64::total_cmp);
    // The quantile between neighbours, as most programs interpolate it (type 7 of Hyndman and Fan 1996).
    let quantile = |per_mille: usize| {
        let at = (repetitions - 1) * per_mille;
        let (below, above) = (found[at / 1_000], found[(at / 1_000 + 1).min(repetitions - 1)]);
        below + (at % 1_000) as f64 / 1_000.0 * (above - below)
    };
    Some(Interval { low: quantile(25), high: quantile(975) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarities(users: &[[f64; 3]]) -> Vec<Vec<f64>> {
        let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(x, y)| x * y).sum();
        users.iter().map(|a| users.iter().map(|b| dot(a, b)).collect()).collect()
    }

    const FIVE: [[f64; 3]; 5] =
        [[0.8, 0.2, 0.0], [0.6, 0.3, 0.1], [1.0, 0.0, 0.0], [0.5, 0.25, 0.25], [0.9, 0.1, 0.0]];

    #[test]
    fn a_user_is_not_paired_with_its_copy() {
        let five = similarities(&FIVE);
        let found = reweighted(&five, &[2.0, 0.0, 1.0, 1.0, 1.0]).unwrap();
        assert!((found - 0.650_555_555_555_555_6).abs() < 1e-15, "{found}");
        assert!((reweighted(&five, &[1.0; 5]).unwrap() - 0.5975).abs() < 1e-15);
        assert_eq!(reweighted(&five, &[3.0, 0.0, 0.0, 0.0, 0.0]), None);
        assert_eq!(reweighted(&five, &[1.0; 4]), None);
    }

    #[test]
    fn with_many_users_the_percentiles_are_close_to_the_interval() {
        // The same users as labels: of 20 answers each as many of a kind as its shares say.
        let user = |shares: &[f64; 3]| -> Vec<Vec<u32>> {
            let answers = (0..3_u32).flat_map(|label| {
                let count =
                    (0..20).filter(|at| (f64::from(*at) + 0.5) / 20.0 < shares[label as usize]).count();
                std::iter::repeat_n(label, count)
            });
            vec![answers.collect()]
        };
        let users: Vec<[f64; 3]> = (0..60).map(|u| FIVE[u % 5]).collect();
        let cell = crate::Nested::from_lists(users.iter().map(user));
        let interval = crate::agreement::labels(&cell, crate::Population::Drawn).users.interval.unwrap();
        let found = percentiles(&similarities(&users), 2_000, 1).unwrap();
        let width = interval.high - interval.low;
        let off = (found.low - interval.low).abs().max((found.high - interval.high).abs());
        assert!(off < 0.15 * width, "{found:?}, not {interval:?}");
        assert_eq!(percentiles(&similarities(&users), 2_000, 1), Some(found));
        assert_eq!(percentiles(&similarities(&FIVE[..2]), 10, 1), None);
        assert_eq!(percentiles(&vec![vec![f64::NAN; 3]; 3], 10, 1), None);
    }
}
