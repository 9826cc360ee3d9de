//! The answers of a cell in clusters of the same meaning, and how far the order of answers decides which.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::categorical::{pooled, shares};
use crate::clusters::{by_founder, connected};
use crate::kernel::{Kernel, Profile};
use crate::nested::Nested;

/// Other orders of the answers that are tried.
const ORDERS: usize = 5;

/// A cell in clusters.
#[derive(Clone, Debug, PartialEq)]
pub struct Meanings {
    /// For each answer the number of its cluster: 0 is the one with the largest share, users weighing the same; of equal ones the one
    /// founded first.
    pub labels: Nested<u32>,
    /// How many clusters there are.
    pub count: usize,
    /// Different texts that also fit the founder of a later cluster than their own; see [`crate::clusters::Clusters`].
    pub conflicts: usize,
    /// The fewest and the most clusters in five other orders of the texts, in this one, and when whatever is connected by any
    /// chain is one cluster.
    pub counts: (usize, usize),
    /// The least and the greatest chance that two users mean the same (A_B of clusters) in any of these ways; `None` for fewer than two
    /// users.
    pub agreement: Option<(f64, f64)>,
}

/// Clusters of the texts `0..texts` of a cell in the order of their numbers; `equivalent(i, j)` says whether two different
/// texts mean the same. The seed decides the other orders only. (Kuhn et al. 2023; the orders are ours)
///
/// # Panics
/// If a value of the cell is not below `texts`.
#[must_use]
pub fn meanings(
    cell: &Nested<u32>,
    texts: usize,
    equivalent: impl Fn(usize, usize) -> bool,
    seed: u64,
) -> Meanings {
    let found = by_founder(texts, &equivalent);
    let mut ways = vec![(found.count, found.of.clone())];
    let chains = connected(texts, &equivalent);
    ways.push((chains.count, chains.of));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..ORDERS {
        let mut order: Vec<usize> = (0..texts).collect();
        order.shuffle(&mut random);
        let other = by_founder(texts, |i, j| equivalent(order[i], order[j]));
        let mut of = vec![0; texts];
        order.iter().zip(&other.of).for_each(|(&text, &cluster)| of[text] = cluster);
        ways.push((other.count, of));
    }
    let agreements: Vec<f64> = ways.iter().filter_map(|(_, of)| between_users(&labelled(cell, of))).collect();
    let counts = ways.iter().map(|(count, _)| *count);
    Meanings {
        labels: largest_first(&labelled(cell, &found.of)),
        count: found.count,
        conflicts: found.conflicts,
        counts: (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0)),
        agreement: agreements.iter().fold(None, |range, &a| {
            range.map_or(Some((a, a)), |(low, high)| Some((a.min(low), a.max(high))))
        }),
    }
}

/// Labels that are clusters already: the same whatever the order.
#[must_use]
pub fn of_labels(cell: &Nested<u32>) -> Meanings {
    let labels = largest_first(cell);
    let count = shares(&labels).len();
    let agreement = between_users(&labels).map(|agreement| (agreement, agreement));
    Meanings { labels, count, conflicts: 0, counts: (count, count), agreement }
}

fn labelled(cell: &Nested<u32>, of: &[usize]) -> Nested<u32> {
    cell.map(|&text| u32::try_from(of[text as usize]).expect("there are no more clusters than texts"))
}

fn largest_first(labels: &Nested<u32>) -> Nested<u32> {
    let mut ranked = shares(labels);
    // Sums of the same weights in another order are equal up to rounding.
    ranked.sort_by(|a, b| if (a.1 - b.1).abs() < 1e-12 { a.0.cmp(&b.0) } else { b.1.total_cmp(&a.1) });
    let mut place = vec![0_u32; ranked.iter().map(|(label, _)| *label as usize + 1).max().unwrap_or(0)];
    (0..).zip(&ranked).for_each(|(rank, (label, _))| place[*label as usize] = rank);
    labels.map(|&label| place[label as usize])
}

/// A_B of labels, without an interval.
fn between_users(labels: &Nested<u32>) -> Option<f64> {
    let kernel = Kernel::Identity { size: 0 };
    let m = labels.users().len() as f64;
    let own = |user: &crate::nested::User<u32>| {
        let sessions = user.sessions.iter();
        let profiles: Vec<Profile> =
            sessions.map(|session| Profile::of_session(session.samples.iter().map(|s| s.1))).collect();
        let profile = Profile::mean(&profiles);
        kernel.form(&profile, &profile)
    };
    let all = pooled(labels);
    let same: f64 = labels.users().iter().map(own).sum();
    (m >= 2.0).then(|| (m * m * kernel.form(&all, &all) - same) / (m * (m - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::Population;
    use proptest::prelude::*;

    fn one_each(texts: &[u32]) -> Nested<u32> {
        Nested::from_lists(texts.iter().map(|&text| vec![vec![text]]))
    }

    #[test]
    fn the_largest_cluster_comes_first_and_users_weigh_the_same() {
        // The first user says text 0 ninety times; two others say 1 and 2, which mean the same.
        let cell = Nested::from_lists(vec![vec![vec![0; 90]], vec![vec![1]], vec![vec![2]]]);
        let found = meanings(&cell, 3, |i, j| i.min(j) >= 1, 7);
        let labels: Vec<u32> = found.labels.rows().map(|(_, label)| *label).collect();
        assert_eq!((labels[0], &labels[90..], found.count), (1, &[0, 0][..], 2));
        assert_eq!((found.counts, found.conflicts), ((2, 2), 0));
        let (low, high) = found.agreement.unwrap();
        assert!((low - 1.0 / 3.0).abs() < 1e-12 && (high - low).abs() < 1e-12);
    }

    #[test]
    fn a_chain_is_one_cluster_or_two() {
        // 0 ~ 1 ~ 2, but not 0 ~ 2: with 0 first there are two clusters, with 1 first there is one.
        let found = meanings(&one_each(&[0, 1, 2]), 3, |i, j| i.abs_diff(j) == 1, 1);
        assert_eq!((found.count, found.counts), (2, (1, 2)));
        let (low, high) = found.agreement.unwrap();
        assert!((low - 1.0 / 3.0).abs() < 1e-12 && (high - 1.0).abs() < 1e-12, "{low} {high}");
    }

    #[test]
    fn one_user_agrees_with_nobody() {
        let found = meanings(&one_each(&[0]), 1, |_, _| true, 1);
        assert_eq!((found.count, found.agreement), (1, None));
        let nothing = meanings(&one_each(&[]), 0, |_, _| true, 1);
        assert_eq!((nothing.count, nothing.counts, nothing.agreement), (0, (0, 0), None));
    }

    proptest! {
        #[test]
        fn the_agreement_is_that_of_labels(
            users in proptest::collection::vec(
                proptest::collection::vec(proptest::collection::vec(0_u32..6, 1..4), 1..4), 2..8),
        ) {
            let mut known: Vec<u32> = users.iter().flatten().flatten().copied().collect();
            known.sort_unstable();
            known.dedup();
            let cell = Nested::from_lists(users);
            let texts = cell.map(|text| u32::try_from(known.partition_point(|other| other < text)).unwrap());
            let found = meanings(&texts, known.len(), |i, j| known[i] % 3 == known[j] % 3, 3);
            let expected = crate::agreement::labels(&found.labels, Population::Drawn).users.value.unwrap();
            let (low, high) = found.agreement.unwrap();
            prop_assert!((low - expected).abs() < 1e-12 && (high - expected).abs() < 1e-12);
            let labels = of_labels(&cell.map(|&text| text % 3));
            prop_assert_eq!(labels.count, found.count);
            prop_assert_eq!(labels.counts, found.counts);
            prop_assert!((labels.agreement.unwrap().0 - expected).abs() < 1e-12);
        }
    }
}
