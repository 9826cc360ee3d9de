//! Shares and collisions of categorical answers: counts over labels, or labels of a cell.

use crate::kernel::Profile;
use crate::nested::Nested;

/// The most frequent label.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// Positions of all labels that share the highest count, in order; show the first.
    pub labels: Vec<usize>,
    /// Their share of the answers, each. It is biased upward in small samples, and 1 for a single one.
    pub share: f64,
}

/// The mode of `counts`; `None` without answers.
#[must_use]
pub fn mode(counts: &[u64]) -> Option<Mode> {
    let n = total(counts);
    let top = *counts.iter().max().filter(|&&top| top > 0)?;
    let labels = (0..counts.len()).filter(|&label| counts[label] == top).collect();
    Some(Mode { labels, share: top as f64 / n })
}

/// `U = sum c (c - 1) / (n (n - 1))`, the chance that two of the answers are the same: unbiased for `sum p^2`.
/// `None` for fewer than two answers. (Simpson 1949)
#[must_use]
pub fn collision(counts: &[u64]) -> Option<f64> {
    let n: u128 = counts.iter().map(|&c| u128::from(c)).sum();
    let same: u128 = counts.iter().map(|&c| u128::from(c) * u128::from(c.saturating_sub(1))).sum();
    (n >= 2).then(|| same as f64 / (n * (n - 1)) as f64)
}

/// `sum (c / n)^2`, biased upward by `(1 - sum p^2) / n`; `None` without answers.
#[must_use]
pub fn plug_in_collision(counts: &[u64]) -> Option<f64> {
    let n = total(counts);
    (n > 0.0).then(|| counts.iter().map(|&c| (c as f64 / n).powi(2)).sum())
}

/// `1 / U`, how many equally frequent answers would collide as often; `None` where no two answers are the same.
#[must_use]
pub fn effective_number(counts: &[u64]) -> Option<f64> {
    collision(counts).filter(|&u| u > 0.0).map(|u| 1.0 / u)
}

/// The asymptotic variance of [`collision`], `4/n (sum p^3 - (sum p^2)^2)`. It holds only where the answers are
/// independent, which samples of one session or user are not. `None` without answers.
#[must_use]
pub fn collision_variance(counts: &[u64]) -> Option<f64> {
    let n = total(counts);
    let moment = |k: i32| counts.iter().map(|&c| (c as f64 / n).powi(k)).sum::<f64>();
    (n > 0.0).then(|| 4.0 / n * (moment(3) - moment(2).powi(2)))
}

/// Each label's share with users, and the sessions of a user, weighing the same; sorted by label. Empty for none.
#[must_use]
pub fn shares(cell: &Nested<u32>) -> Vec<(u32, f64)> {
    pooled(cell).entries().to_vec()
}

/// The profile behind [`shares`].
pub(crate) fn pooled(cell: &Nested<u32>) -> Profile {
    let users = cell.users().iter().map(|user| {
        let sessions = user.sessions.iter();
        let profiles = sessions.map(|s| Profile::of_session(s.samples.iter().map(|sample| sample.1)));
        Profile::mean(&profiles.collect::<Vec<_>>())
    });
    Profile::mean(&users.collect::<Vec<_>>())
}

pub(crate) fn total(counts: &[u64]) -> f64 {
    counts.iter().map(|&c| c as f64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: [u64; 5] = [10, 5, 3, 1, 1];

    #[test]
    fn the_worked_example() {
        assert_eq!(mode(&COUNTS), Some(Mode { labels: vec![0], share: 0.5 }));
        assert!((collision(&COUNTS).unwrap() - 0.305_263_157_894_737).abs() < 1e-15);
        assert!((plug_in_collision(&COUNTS).unwrap() - 0.34).abs() < 1e-15);
        assert!((effective_number(&COUNTS).unwrap() - 1.0 / 0.305_263_157_894_737).abs() < 1e-12);
        assert!((collision_variance(&COUNTS).unwrap() - 0.005_73).abs() < 1e-15);
    }

    #[test]
    fn ties_are_all_told() {
        assert_eq!(mode(&[0, 2, 1, 2]).unwrap().labels, [1, 3]);
    }

    #[test]
    fn too_few_answers_have_no_value() {
        assert_eq!(mode(&[0, 0]), None);
        assert_eq!(mode(&[1]).unwrap().share, 1.0);
        assert_eq!(collision(&[1]), None);
        assert_eq!(plug_in_collision(&[]), None);
        assert_eq!(effective_number(&[1, 1]), None);
    }

    #[test]
    fn users_weigh_the_same_however_much_they_say() {
        let cell = Nested::from_lists(vec![vec![vec![4; 90]], vec![vec![9], vec![4]]]);
        assert_eq!(shares(&cell), [(4, 0.75), (9, 0.25)]);
        assert_eq!(shares(&Nested::from_lists(vec![])), []);
    }
}
