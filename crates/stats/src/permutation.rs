//! Permutation tests, with the units that may be exchanged said by the caller.
//!
//! The unit is the level below which the factor is constant: for an effect of the model on users nested in it, the
//! user; for an effect of the user, the session. Where every user meets every model, the labels of one user are
//! exchanged among themselves: users are strata. To exchange single rows instead rejects a true null hypothesis in
//! a third of all cases where 5 % are meant.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Up to so many different arrangements, all are tried.
const ALL: u64 = 10_000;
/// Else so many are drawn.
pub(crate) const DRAWN: u64 = 9_999;
/// Statistics that differ by less are ties, and ties count as extreme.
pub(crate) const TIE: f64 = 1e-12;

/// The outcome of a permutation test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PermutationTest {
    /// The statistic of the data as it is.
    pub statistic: f64,
    /// The share of arrangements with a statistic at least as large, the data's own included.
    pub p: f64,
    /// Arrangements tried; all there are if `exact`.
    pub arrangements: u64,
    /// Whether all different arrangements were tried.
    pub exact: bool,
}

/// Exchanges the labels of units within each stratum, and asks how often `statistic` (large means extreme) is at
/// least that of `labels` themselves. `strata` has one entry per unit, or none at all. The seed matters only where
/// there are too many arrangements to try all. `None` where the statistic of the labels is not a number.
///
/// # Panics
/// If there are strata, but not as many as labels.
#[must_use]
pub fn permute(
    labels: &[usize],
    strata: &[usize],
    seed: u64,
    statistic: impl Fn(&[usize]) -> f64,
) -> Option<PermutationTest> {
    permute_upto(ALL, labels, strata, seed, statistic)
}

/// The same, with all arrangements tried up to another number of them, which is at most [`ALL`] squared.
pub(crate) fn permute_upto(
    all_upto: u64,
    labels: &[usize],
    strata: &[usize],
    seed: u64,
    statistic: impl Fn(&[usize]) -> f64,
) -> Option<PermutationTest> {
    assert!(strata.is_empty() || strata.len() == labels.len(), "one stratum per unit");
    let stratum = |unit: usize| strata.get(unit).copied().unwrap_or(0);
    let mut of_strata: Vec<Vec<usize>> =
        vec![Vec::new(); (0..labels.len()).map(stratum).max().map_or(0, |s| s + 1)];
    (0..labels.len()).for_each(|unit| of_strata[stratum(unit)].push(unit));
    of_strata.retain(|units| !units.is_empty());
    let observed = statistic(labels);
    if observed.is_nan() {
        return None;
    }
    let is_extreme = |found: f64| found == observed || found >= observed - TIE * observed.abs().max(1.0);
    let mut tried = labels.to_vec();
    let all = of_strata.iter().try_fold(1_u64, |all, units| all.checked_mul(count(labels, units)?));
    if all.is_some_and(|all| all <= all_upto) {
        let (mut all, mut extreme) = (0, 0);
        for units in &of_strata {
            sort(&mut tried, units);
        }
        loop {
            all += 1;
            extreme += u64::from(is_extreme(statistic(&tried)));
            // Like the digits of a counter: the first stratum that has another arrangement takes it, those before it begin anew.
            if !of_strata.iter().any(|units| next(&mut tried, units)) {
                break;
            }
        }
        return Some(PermutationTest {
            statistic: observed,
            p: extreme as f64 / all as f64,
            arrangements: all,
            exact: true,
        });
    }
    Some(drawn(observed, seed, |rng| {
        for units in &of_strata {
            let mut shuffled: Vec<usize> = units.iter().map(|&unit| labels[unit]).collect();
            shuffled.shuffle(rng);
            units.iter().zip(shuffled).for_each(|(&unit, label)| tried[unit] = label);
        }
        is_extreme(statistic(&tried))
    }))
}

/// The test by arrangements that are drawn: `is_extreme` draws one and judges it.
fn drawn(statistic: f64, seed: u64, mut is_extreme: impl FnMut(&mut ChaCha8Rng) -> bool) -> PermutationTest {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let extreme = (0..DRAWN).filter(|_| is_extreme(&mut rng)).count() as u64;
    let p = (1 + extreme) as f64 / (1 + DRAWN) as f64;
    PermutationTest { statistic, p, arrangements: DRAWN, exact: false }
}

/// All ways, by number.
fn tried(statistic: f64, all: u64, is_extreme: impl FnMut(&u64) -> bool) -> PermutationTest {
    let extreme = (0..all).filter(is_extreme).count();
    PermutationTest { statistic, p: extreme as f64 / all as f64, arrangements: all, exact: true }
}

/// The number of different arrangements of these units' labels; `None` if beyond all that would be tried.
fn count(labels: &[usize], units: &[usize]) -> Option<u64> {
    let mut sorted: Vec<usize> = units.iter().map(|&unit| labels[unit]).collect();
    sorted.sort_unstable();
    let (mut ways, mut placed) = (1_u64, 0_u64);
    for run in sorted.chunk_by(|a, b| a == b) {
        for i in 1..=run.len() as u64 {
            placed += 1;
            // Each step is a binomial coefficient times the last one, so the division is exact.
            ways = ways.checked_mul(placed)? / i;
            if ways > ALL * ALL {
                return None;
            }
        }
    }
    Some(ways)
}

fn sort(labels: &mut [usize], units: &[usize]) {
    let mut sorted: Vec<usize> = units.iter().map(|&unit| labels[unit]).collect();
    sorted.sort_unstable();
    units.iter().zip(sorted).for_each(|(&unit, label)| labels[unit] = label);
}

/// The next arrangement in lexicographic order; after the last one the first, and `false`.
fn next(labels: &mut [usize], units: &[usize]) -> bool {
    let pivot = units.windows(2).rposition(|pair| labels[pair[0]] < labels[pair[1]]);
    let Some(pivot) = pivot else {
        reverse(labels, units);
        return false;
    };
    let larger = units
        .iter()
        .rposition(|&unit| labels[unit] > labels[units[pivot]])
        .expect("the one behind it is larger");
    labels.swap(units[pivot], units[larger]);
    reverse(labels, &units[pivot + 1..]);
    true
}

fn reverse(labels: &mut [usize], units: &[usize]) {
    let (mut from, mut to) = (0, units.len());
    while from + 1 < to {
        to -= 1;
        labels.swap(units[from], units[to]);
        from += 1;
    }
}

/// Flips the signs of differences at random: how often is the mean at least as far from 0? Two-sided; with up to 20
/// differences all `2^n` ways are tried. `None` without differences, or with one that is no finite number. Fewer than six can never reach p of 0.05.
#[must_use]
pub fn sign_flip(differences: &[f64], seed: u64) -> Option<PermutationTest> {
    const EXACT_UPTO: usize = 20;
    let n = differences.len();
    if n == 0 || differences.iter().any(|difference| !difference.is_finite()) {
        return None;
    }
    let observed = differences.iter().sum::<f64>().abs();
    let scale =
        TIE * differences.iter().map(|difference| difference.abs()).sum::<f64>().max(f64::MIN_POSITIVE);
    let statistic = observed / n as f64;
    if n <= EXACT_UPTO {
        let all = 1_u64 << n;
        let flipped = |signs: u64| {
            let signed = |(i, d): (usize, &f64)| if signs >> i & 1 == 1 { -d } else { *d };
            differences.iter().enumerate().map(signed).sum::<f64>().abs()
        };
        return Some(tried(statistic, all, |signs| flipped(*signs) >= observed - scale));
    }
    Some(drawn(statistic, seed, |rng| {
        let sign = |difference: &f64| if rng.random_bool(0.5) { -difference } else { *difference };
        differences.iter().map(sign).sum::<f64>().abs() >= observed - scale
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permuted(
        labels: &[usize],
        strata: &[usize],
        seed: u64,
        of: impl Fn(&[usize]) -> f64,
    ) -> PermutationTest {
        permute(labels, strata, seed, of).expect("a number")
    }

    fn difference(values: &[f64]) -> impl Fn(&[usize]) -> f64 + '_ {
        move |labels| {
            let mean = |group| {
                let of: Vec<f64> =
                    labels.iter().zip(values).filter(|(l, _)| **l == group).map(|(_, v)| *v).collect();
                of.iter().sum::<f64>() / of.len() as f64
            };
            (mean(0) - mean(1)).abs()
        }
    }

    #[test]
    fn all_arrangements_are_tried_once() {
        let found = permuted(
            &[0, 0, 0, 0, 1, 1, 1, 1],
            &[],
            1,
            difference(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
        );
        assert_eq!((found.arrangements, found.exact), (70, true));
        assert!((found.p - 2.0 / 70.0).abs() < 1e-15, "both ends are extreme: {found:?}");
    }

    #[test]
    fn strata_keep_their_own_labels() {
        let values = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
        let found = permuted(&[0, 1, 0, 1, 0, 1, 0, 1], &[0, 0, 1, 1, 2, 2, 3, 3], 1, difference(&values));
        assert_eq!(found.arrangements, 16);
        assert!((found.p - 2.0 / 16.0).abs() < 1e-15, "{found:?}");
    }

    #[test]
    fn drawn_arrangements_come_close_to_all_of_them() {
        let values: Vec<f64> = (0..9).map(|i| f64::from(i * i % 11)).collect();
        let labels = [0, 0, 0, 0, 1, 1, 1, 1, 1];
        let exact = permuted(&labels, &[], 1, difference(&values));
        // Two labels of a stratum of its own double the ways beyond those that are all tried.
        let more: Vec<f64> = values.iter().copied().chain([5.0; 12]).collect();
        let many: Vec<usize> = labels.into_iter().chain([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]).collect();
        let strata: Vec<usize> = (0..21).map(|unit| usize::from(unit >= 9)).collect();
        let drawn = permuted(&many, &strata, 7, difference(&more));
        assert!(exact.exact && !drawn.exact);
        assert!((exact.p - drawn.p).abs() < 0.02, "{exact:?} {drawn:?}");
    }

    #[test]
    fn more_strata_than_can_all_be_tried_are_drawn_from() {
        for users in [13, 14, 63, 64, 65] {
            let labels: Vec<usize> = (0..2 * users).map(|unit| unit % 2).collect();
            let strata: Vec<usize> = (0..2 * users).map(|unit| unit / 2).collect();
            let first = |labels: &[usize]| labels[0] as f64;
            let found = permuted(&labels, &strata, 1, first);
            assert_eq!(
                (found.exact, found.arrangements),
                if users == 13 { (true, 8_192) } else { (false, DRAWN) }
            );
        }
    }

    #[test]
    fn an_infinite_statistic_is_as_extreme_as_itself() {
        let of = |labels: &[usize]| if labels == [0, 0, 1, 1] { f64::INFINITY } else { 0.0 };
        assert!((permuted(&[0, 0, 1, 1], &[], 1, of).p - 1.0 / 6.0).abs() < 1e-15);
        assert_eq!(permute(&[0, 1], &[], 1, |_| f64::NAN), None);
        assert_eq!(sign_flip(&[1.0, f64::NAN], 1), None);
    }

    #[test]
    fn signs_are_flipped_in_all_ways() {
        let differences = [0.05, -0.02, 0.03, 0.08, 0.01, 0.04, -0.01, 0.06, 0.02, 0.03];
        let found = sign_flip(&differences, 1).unwrap();
        assert_eq!((found.p, found.arrangements), (24.0 / 1024.0, 1024));
        assert_eq!(sign_flip(&[], 1), None);
        assert_eq!(sign_flip(&[1.0; 5], 1).unwrap().p, 2.0 / 32.0);
        let many: Vec<f64> = differences.iter().chain(&differences).chain(&[0.0]).copied().collect();
        let drawn = sign_flip(&many, 1).unwrap();
        assert!(!drawn.exact && drawn.p < 0.01, "{drawn:?}");
    }
}
