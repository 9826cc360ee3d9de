//! Similarities among the distinct values of a cell, and the mean similarity of two bags of them.
//!
//! A session or a user is a *profile*: weights on distinct values that sum to 1. Every agreement is then a mean of
//! the bilinear form `sum p_i q_j h(i, j)`, whatever the similarity `h` is.

use crate::agreement::dense;
use crate::nested::Nested;

/// Weights on distinct values, sorted by value, summing to 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Profile(Vec<(u32, f64)>);

/// Symmetric similarities in `[0, 1]` with ones on the diagonal, over distinct values `0..size`.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityMatrix {
    size: usize,
    rows: Vec<f64>,
    /// Whether any two values are partly alike.
    graded: bool,
}

/// How alike two distinct values are.
#[derive(Clone, Copy)]
pub(crate) enum Kernel<'a> {
    /// Labels: 1 for the same one of `0..size`, else 0.
    Identity { size: usize },
    /// Anything else.
    Matrix(&'a SimilarityMatrix),
}

impl Profile {
    /// The shares of the values of one session. `values` must not be empty.
    pub(crate) fn of_session(values: impl Iterator<Item = u32>) -> Self {
        let mut values: Vec<u32> = values.collect();
        values.sort_unstable();
        let n = values.len() as f64;
        // Whole counts are divided once, so that a unanimous session has a share of exactly 1.
        Self(values.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as f64 / n)).collect())
    }

    /// The profile in which every one of `profiles` weighs the same; without weights if there are none.
    pub(crate) fn mean<'a>(profiles: impl IntoIterator<Item = &'a Profile>) -> Self {
        let mut count = 0.0;
        let mut entries: Vec<(u32, f64)> = Vec::new();
        for profile in profiles {
            count += 1.0;
            entries.extend_from_slice(&profile.0);
        }
        entries.sort_by_key(|entry| entry.0);
        let runs = entries.chunk_by(|a, b| a.0 == b.0);
        Self(runs.map(|run| (run[0].0, run.iter().map(|entry| entry.1).sum::<f64>() / count)).collect())
    }

    pub(crate) fn entries(&self) -> &[(u32, f64)] {
        &self.0
    }

    /// The value with the most weight, of several the smallest; 0 for no values at all.
    pub(crate) fn heaviest(&self) -> u32 {
        let first = (0, f64::NEG_INFINITY);
        self.0.iter().fold(first, |best, &entry| if entry.1 > best.1 { entry } else { best }).0
    }

    /// Whether anything but `value` has weight.
    pub(crate) fn differs_from(&self, value: u32) -> bool {
        self.0.iter().any(|entry| entry.0 != value)
    }

    /// `sum p_i x_i` for a dense vector `x`.
    pub(crate) fn dot(&self, dense: &[f64]) -> f64 {
        self.0.iter().map(|&(value, weight)| weight * dense[value as usize]).sum()
    }
}

impl SimilarityMatrix {
    /// Fills the matrix from `similarity(i, j)`, called once for every `i < j`.
    pub fn from_pairs(size: usize, mut similarity: impl FnMut(usize, usize) -> f64) -> Self {
        let (mut rows, mut graded) = (vec![0.0; size * size], false);
        for i in 0..size {
            rows[i * size + i] = 1.0;
            for j in i + 1..size {
                let h = similarity(i, j);
                graded |= h > 0.0 && h < 1.0;
                rows[i * size + j] = h;
                rows[j * size + i] = h;
            }
        }
        Self { size, rows, graded }
    }

    /// How many distinct values there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The similarities of value `i` to all values.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.rows[i * self.size..(i + 1) * self.size]
    }
}

impl SimilarityMatrix {
    /// The values that `cell` has, numbered anew, and their similarities.
    pub(crate) fn part_for(&self, cell: &Nested<u32>) -> (Nested<u32>, Self) {
        let (dense, values) = dense(cell);
        let part = Self::from_pairs(values.len(), |i, j| self.row(values[i] as usize)[values[j] as usize]);
        (dense, part)
    }
}

impl Kernel<'_> {
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Identity { size } => *size,
            Self::Matrix(matrix) => matrix.size,
        }
    }

    /// Whether any two values are partly alike.
    pub(crate) fn is_graded(&self) -> bool {
        match self {
            Self::Identity { .. } => false,
            Self::Matrix(matrix) => matrix.graded,
        }
    }

    /// The mean similarity of a value drawn from `p` and one drawn from `q`.
    pub(crate) fn form(&self, p: &Profile, q: &Profile) -> f64 {
        match self {
            Self::Identity { .. } => common_mass(&p.0, &q.0),
            Self::Matrix(matrix) => p.0.iter().map(|&(i, w)| w * q.dot(matrix.row(i as usize))).sum(),
        }
    }

    /// `H x` for a dense vector `x`.
    pub(crate) fn apply(&self, dense: &[f64]) -> Vec<f64> {
        match self {
            Self::Identity { .. } => dense.to_vec(),
            Self::Matrix(matrix) => {
                (0..matrix.size).map(|i| matrix.row(i).iter().zip(dense).map(|(h, x)| h * x).sum()).collect()
            }
        }
    }

    /// `sum form(p_u, p_v)^2` over the pairs `u < v`.
    ///
    /// Many profiles go through their second-moment matrix `G = sum p p'`, since the sum over all ordered pairs is
    /// `tr(H G H G)`: linear in the number of profiles, as the label route promises.
    pub(crate) fn sum_of_squares(&self, profiles: &[Profile]) -> f64 {
        let entries: usize = profiles.iter().map(|p| p.0.len()).sum();
        let gram: usize = match self {
            Self::Identity { .. } => profiles.iter().map(|p| p.0.len() * p.0.len()).sum(),
            Self::Matrix(matrix) => matrix.size.pow(3),
        };
        if profiles.len() * entries <= gram.max(10_000) {
            return self.sum_of_squares_by_pairs(profiles);
        }
        let own: f64 = profiles.iter().map(|p| self.form(p, p).powi(2)).sum();
        let all = match self {
            Self::Identity { .. } => gram_of_labels(profiles),
            Self::Matrix(matrix) => gram_of_matrix(matrix, profiles),
        };
        (all - own) / 2.0
    }

    fn sum_of_squares_by_pairs(&self, profiles: &[Profile]) -> f64 {
        let pairs = profiles.iter().enumerate();
        pairs.map(|(u, p)| profiles[u + 1..].iter().map(|q| self.form(p, q).powi(2)).sum::<f64>()).sum()
    }
}

/// `sum p_i q_i` of two sorted lists.
fn common_mass(p: &[(u32, f64)], q: &[(u32, f64)]) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < p.len() && j < q.len() {
        match p[i].0.cmp(&q[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += p[i].1 * q[j].1;
                i += 1;
                j += 1;
            }
        }
    }
    sum
}

/// `tr(G G)`: the squared entries of `G`, which has few of them.
fn gram_of_labels(profiles: &[Profile]) -> f64 {
    let mut cells: Vec<(u32, u32, f64)> = Vec::new();
    for Profile(entries) in profiles {
        for (k, &(i, p)) in entries.iter().enumerate() {
            cells.extend(entries[k..].iter().map(|&(j, q)| (i, j, p * q)));
        }
    }
    cells.sort_by_key(|cell| (cell.0, cell.1));
    let same = |a: &(u32, u32, f64), b: &(u32, u32, f64)| (a.0, a.1) == (b.0, b.1);
    let squares = cells.chunk_by(same).map(|run| {
        let square = run.iter().map(|cell| cell.2).sum::<f64>().powi(2);
        if run[0].0 == run[0].1 { square } else { 2.0 * square }
    });
    squares.sum()
}

/// `tr(M M)` with `M = H G`, built row by row from the sparse profiles.
fn gram_of_matrix(matrix: &SimilarityMatrix, profiles: &[Profile]) -> f64 {
    let size = matrix.size;
    let mut product = vec![0.0; size * size];
    for profile in profiles {
        for (i, row) in product.chunks_exact_mut(size).enumerate() {
            let seen = profile.dot(matrix.row(i));
            for &(j, weight) in &profile.0 {
                row[j as usize] += seen * weight;
            }
        }
    }
    (0..size).map(|i| (0..size).map(|j| product[i * size + j] * product[j * size + i]).sum::<f64>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn profiles() -> impl Strategy<Value = Vec<Profile>> {
        let session = proptest::collection::vec(0_u32..6, 1..5);
        proptest::collection::vec(session.prop_map(|s| Profile::of_session(s.into_iter())), 2..12)
    }

    proptest! {
        #[test]
        fn the_gram_route_equals_the_pairs(profiles in profiles()) {
            let matrix = SimilarityMatrix::from_pairs(6, |i, j| 1.0 / (1.0 + (i + 2 * j) as f64));
            let own = |kernel: Kernel<'_>| profiles.iter().map(|p| kernel.form(p, p).powi(2)).sum::<f64>();
            let labels = Kernel::Identity { size: 6 };
            let found = (gram_of_labels(&profiles) - own(labels)) / 2.0;
            prop_assert!((found - labels.sum_of_squares_by_pairs(&profiles)).abs() < 1e-12);
            let dense = Kernel::Matrix(&matrix);
            let found = (gram_of_matrix(&matrix, &profiles) - own(dense)) / 2.0;
            prop_assert!((found - dense.sum_of_squares_by_pairs(&profiles)).abs() < 1e-12);
        }
    }
}
