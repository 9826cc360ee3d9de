//! Do answers fit the passage that they should continue better than other passages? And better than every rival?

use crate::permutation::{self, PermutationTest};

/// Up to so many passages all orders are tried.
const ALL_UPTO: usize = 8;

/// How answers fit their own passages, against those of others.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnPassage {
    /// The mean fit with the own passage, less the mean fit with others; large is extreme. One-sided: are own passages no better than any?
    pub test: PermutationTest,
    /// For each passage the rank of the own among all that its answers were held against: 1 is the best fit, ties share the middle.
    pub ranks: Vec<f64>,
}

/// `fit[i][j]` says how well the answers that should continue passage `i` fit what follows passage `j`, high is well: first over samples, sessions and users, so that
/// there is one number each. Which passage is whose is permuted: all ways with up to 8 passages, else 9,999 drawn by `seed`. With `J` passages no p is below
/// `1 / J!`, so three can never reach 0.05. `None` below two passages, with uneven rows or with what is no finite number.
#[must_use]
pub fn own_passage(fit: &[Vec<f64>], seed: u64) -> Option<OwnPassage> {
    let passages = fit.len();
    let is_even = fit.iter().all(|row| row.len() == passages && row.iter().all(|fit| fit.is_finite()));
    if passages < 2 || !is_even {
        return None;
    }
    let (n, all) = (passages as f64, fit.iter().flatten().sum::<f64>());
    let difference = |order: &[usize]| {
        let own: f64 = order.iter().zip(fit).map(|(&column, row)| row[column]).sum();
        own / n - (all - own) / (n * (n - 1.0))
    };
    let own: Vec<usize> = (0..passages).collect();
    let all_upto = (1..=ALL_UPTO as u64).product();
    let test = permutation::permute_upto(all_upto, &own, &[], seed, difference)?;
    let rank = |(i, row): (usize, &Vec<f64>)| {
        let better = row.iter().filter(|fit| **fit > row[i]).count() as f64;
        let ties = row.iter().filter(|fit| **fit == row[i]).count() as f64;
        better + f64::midpoint(ties, 1.0)
    };
    Some(OwnPassage { test, ranks: fit.iter().enumerate().map(rank).collect() })
}

/// The p of "better than every one of them": the largest, and no correction for their number is needed, for all must be beaten. `None` for none, or
/// if any is no chance. (Intersection-union: Berger 1982)
#[must_use]
pub fn better_than_all(ps: &[f64]) -> Option<f64> {
    let are_chances = ps.iter().all(|p| (0.0..=1.0).contains(p));
    are_chances.then(|| ps.iter().copied().reduce(f64::max)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        let fit = [vec![0.9, 0.2, 0.1], vec![0.3, 0.7, 0.2], vec![0.2, 0.1, 0.4]];
        let found = own_passage(&fit, 1).unwrap();
        assert!((found.test.statistic - 0.483_333_333_3).abs() < 1e-10);
        assert!((found.test.p - 1.0 / 6.0).abs() < 1e-15);
        assert!(found.test.exact);
        assert_eq!(found.ranks, [1.0, 1.0, 1.0]);
    }

    fn diagonal(passages: usize, own: f64) -> Vec<Vec<f64>> {
        let row = |i: usize| {
            (0..passages).map(move |j| if i == j { own } else { (i * 7 + j * 3) as f64 % 5.0 / 10.0 })
        };
        (0..passages).map(|i| row(i).collect()).collect()
    }

    #[test]
    fn up_to_eight_passages_all_orders_are_tried() {
        let eight = own_passage(&diagonal(8, 0.9), 1).unwrap().test;
        assert_eq!((eight.arrangements, eight.exact), (40_320, true));
        assert!((eight.p - 1.0 / 40_320.0).abs() < 1e-18);
        let nine = own_passage(&diagonal(9, 0.9), 1).unwrap().test;
        assert_eq!((nine.arrangements, nine.exact, nine.p), (9_999, false, 1.0 / 10_000.0));
    }

    #[test]
    fn passages_that_all_fit_alike_say_nothing() {
        let found = own_passage(&vec![vec![0.5; 4]; 4], 1).unwrap();
        assert_eq!((found.test.statistic, found.test.p), (0.0, 1.0));
        assert_eq!(found.ranks, [2.5; 4]);
        assert_eq!(own_passage(&[vec![1.0]], 1), None);
        assert_eq!(own_passage(&[vec![1.0, 0.0], vec![1.0]], 1), None);
        assert_eq!(own_passage(&[vec![1.0, f64::NAN], vec![1.0, 0.0]], 1), None);
    }

    #[test]
    fn the_worst_of_all_rivals_decides() {
        assert_eq!(better_than_all(&[0.01, 0.2, 0.001]), Some(0.2));
        assert_eq!((better_than_all(&[]), better_than_all(&[0.1, f64::NAN])), (None, None));
    }
}
