//! How far apart the answers of two models are.

use crate::kernel::{Kernel, Profile, SimilarityMatrix};
use crate::nested::Nested;
use crate::permutation::{PermutationTest, permute};

/// The gap between two models on one probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// `A_B(P) + A_B(Q) - 2 A(P, Q)`: an unbiased estimate of `sum (p - q)^2` for labels, of a squared distance for
    /// other similarities. May be slightly negative.
    pub value: f64,
    /// How likely a gap at least as large is if whole users are exchanged between the models.
    pub test: PermutationTest,
}

/// The gap in labels; any ids, only equality matters. `None` unless both have two users.
#[must_use]
pub fn labels_gap(p: &Nested<u32>, q: &Nested<u32>, seed: u64) -> Option<Gap> {
    gap(p, q, Kernel::Identity { size: 0 }, seed)
}

/// The gap in values of which any two may be partly alike. `None` unless both have two users.
///
/// # Panics
/// If a value is not an index into `similarities`.
#[must_use]
pub fn similarities_gap(
    p: &Nested<u32>,
    q: &Nested<u32>,
    similarities: &SimilarityMatrix,
    seed: u64,
) -> Option<Gap> {
    gap(p, q, Kernel::Matrix(similarities), seed)
}

fn gap(p: &Nested<u32>, q: &Nested<u32>, kernel: Kernel<'_>, seed: u64) -> Option<Gap> {
    let (of_p, of_q) = (users(p), users(q));
    if of_p.len() < 2 || of_q.len() < 2 {
        return None;
    }
    let labels: Vec<usize> =
        std::iter::repeat_n(0, of_p.len()).chain(std::iter::repeat_n(1, of_q.len())).collect();
    let users: Vec<Profile> = of_p.into_iter().chain(of_q).collect();
    let alike: Vec<Vec<f64>> = users
        .iter()
        .enumerate()
        .map(|(u, a)| users[..u].iter().map(|b| kernel.form(a, b)).collect())
        .collect();
    let of = |labels: &[usize]| {
        let (mut sums, mut pairs) = ([0.0; 3], [0.0; 3]);
        for (u, row) in alike.iter().enumerate() {
            for (v, h) in row.iter().enumerate() {
                // Both of the first model, one of each, both of the second.
                let kind = labels[u] + labels[v];
                sums[kind] += h;
                pairs[kind] += 1.0;
            }
        }
        sums[0] / pairs[0] + sums[2] / pairs[2] - 2.0 * sums[1] / pairs[1]
    };
    let test = permute(&labels, &[], seed, of)?;
    Some(Gap { value: test.statistic, test })
}

fn users(cell: &Nested<u32>) -> Vec<Profile> {
    let session = |samples: &[(u64, u32)]| Profile::of_session(samples.iter().map(|sample| sample.1));
    cell.users()
        .iter()
        .map(|user| {
            let sessions: Vec<Profile> = user.sessions.iter().map(|one| session(&one.samples)).collect();
            Profile::mean(&sessions)
        })
        .collect()
}

/// The Jensen-Shannon divergence of two distributions over the same values, in nats, in `[0, ln 2]`. From samples it is
/// biased upward, by about `(K - 1) / 4n`; [`labels_gap`] is not. `None` for lists of different length, or that are no
/// distributions. (Lin 1991)
#[must_use]
pub fn jensen_shannon(p: &[f64], q: &[f64]) -> Option<f64> {
    let is_distribution =
        |x: &[f64]| x.iter().all(|share| *share >= 0.0) && (x.iter().sum::<f64>() - 1.0).abs() < 1e-9;
    let entropy = |shares: &mut dyn Iterator<Item = f64>| -> f64 {
        shares.filter(|share| *share > 0.0).map(|share| -share * share.ln()).sum()
    };
    (p.len() == q.len() && is_distribution(p) && is_distribution(q)).then(|| {
        let both = entropy(&mut p.iter().zip(q).map(|(p, q)| f64::midpoint(*p, *q)));
        both - f64::midpoint(entropy(&mut p.iter().copied()), entropy(&mut q.iter().copied()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_distributions() {
        let found = jensen_shannon(&[0.5, 0.3, 0.2, 0.0], &[0.25; 4]).unwrap();
        assert!((found - 0.110_410_472_133_911_6).abs() < 1e-14, "{found}");
        assert!((found / std::f64::consts::LN_2 - 0.159_288_640_609_803_36).abs() < 1e-14);
        assert_eq!(jensen_shannon(&[1.0], &[0.5, 0.5]), None);
        assert_eq!(jensen_shannon(&[0.7], &[0.7]), None);
    }

    fn cell(users: &[&[u32]]) -> Nested<u32> {
        Nested::from_lists(users.iter().map(|samples| vec![samples.to_vec()]))
    }

    #[test]
    fn models_that_never_meet_are_two_apart() {
        let (p, q) = (cell(&[&[1, 1], &[1], &[1], &[1]]), cell(&[&[2], &[2], &[2, 2], &[2]]));
        let found = labels_gap(&p, &q, 1).unwrap();
        assert!((found.value - 2.0).abs() < 1e-15);
        assert_eq!((found.test.p, found.test.arrangements), (2.0 / 70.0, 70));
        assert_eq!(labels_gap(&p, &cell(&[&[2]]), 1), None);
    }

    #[test]
    fn it_is_the_agreements_that_others_compute() {
        let (p, q) = (cell(&[&[1, 1, 2], &[1, 3], &[2]]), cell(&[&[2, 1], &[2], &[3, 3, 2]]));
        let all = |cell| crate::agreement::labels(cell, crate::Population::Drawn).users.value.unwrap();
        let across: f64 = users(&p)
            .iter()
            .flat_map(|a| users(&q).into_iter().map(move |b| Kernel::Identity { size: 0 }.form(a, &b)))
            .sum();
        let found = labels_gap(&p, &q, 1).unwrap();
        assert!((found.value - (all(&p) + all(&q) - 2.0 * across / 9.0)).abs() < 1e-15, "{found:?}");
        let identity = SimilarityMatrix::from_pairs(4, |_, _| 0.0);
        assert_eq!(similarities_gap(&p, &q, &identity, 1), Some(found));
    }
}
