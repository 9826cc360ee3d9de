//! Which answers mean the same: clusters under an equivalence that the caller supplies (same text, near-same wording,
//! close embeddings, a judge's verdict), and how many meanings there are.
//!
//! An equivalence in practice is not transitive, so clusters depend on the order of answers. How much they do is part
//! of the result.

use std::collections::HashMap;

/// Answers grouped by meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// For each answer the number of its cluster, in the order in which clusters were founded.
    pub of: Vec<usize>,
    /// How many there are.
    pub count: usize,
    /// Answers that are also equivalent to the founder of a later cluster than their own. Any shows that the equivalence is
    /// none; 0 shows nothing, since only founders are compared with. [`connected`] tells how few clusters there may be.
    pub conflicts: usize,
}

/// Clusters of `count` answers: each in turn joins the first cluster whose *founder* it is equivalent to, or founds
/// one. `equivalent(i, j)` is asked at most once for each pair, with `i < j`. (Kuhn et al. 2023; unlike their code, an
/// answer that has a cluster is not taken by a later one)
pub fn by_founder(count: usize, mut equivalent: impl FnMut(usize, usize) -> bool) -> Clusters {
    let mut founders: Vec<usize> = Vec::new();
    let (mut of, mut conflicts) = (Vec::with_capacity(count), 0);
    for answer in 0..count {
        let mut fits = (0..founders.len()).filter(|&cluster| equivalent(founders[cluster], answer));
        let first = fits.next();
        conflicts += usize::from(first.is_some() && fits.next().is_some());
        of.push(first.unwrap_or_else(|| {
            founders.push(answer);
            founders.len() - 1
        }));
    }
    Clusters { of, count: founders.len(), conflicts }
}

/// Clusters that hold whatever is connected by any chain of equivalent answers: no order gives fewer. Nothing is in
/// conflict here.
pub fn connected(count: usize, mut equivalent: impl FnMut(usize, usize) -> bool) -> Clusters {
    let mut leader: Vec<usize> = (0..count).collect();
    for j in 0..count {
        for i in 0..j {
            let (one, other) = (find(&mut leader, i), find(&mut leader, j));
            if one != other && equivalent(i, j) {
                leader[one.max(other)] = one.min(other);
            }
        }
    }
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    let of: Vec<usize> = (0..count)
        .map(|answer| {
            let (leader, next) = (find(&mut leader, answer), numbers.len());
            *numbers.entry(leader).or_insert(next)
        })
        .collect();
    Clusters { of, count: numbers.len(), conflicts: 0 }
}

fn find(leader: &mut [usize], mut answer: usize) -> usize {
    while leader[answer] != answer {
        leader[answer] = leader[leader[answer]];
        answer = leader[answer];
    }
    answer
}

impl Clusters {
    /// How many answers each cluster has.
    #[must_use]
    pub fn sizes(&self) -> Vec<u64> {
        let mut sizes = vec![0; self.count];
        self.of.iter().for_each(|&cluster| sizes[cluster] += 1);
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy;
    use proptest::prelude::*;

    #[test]
    fn ten_answers_with_four_meanings() {
        let meanings = [0, 0, 0, 1, 1, 2, 0, 1, 0, 3];
        let found = by_founder(10, |i, j| meanings[i] == meanings[j]);
        assert_eq!((found.of.as_slice(), found.count, found.conflicts), (&meanings[..], 4, 0));
        assert_eq!(found.sizes(), [5, 3, 1, 1]);
        assert_eq!(connected(10, |i, j| meanings[i] == meanings[j]).of, meanings);
        let entropy = entropy::maximum_likelihood(&found.sizes()).unwrap();
        assert!((entropy - 1.168_282_450_176_562_5).abs() < 1e-14, "{entropy}");
    }

    #[test]
    fn what_is_not_transitive_is_counted() {
        // 0 ~ 1 and 1 ~ 2, but not 0 ~ 2; then 3 ~ both founders.
        let near = |i: usize, j: usize| matches!((i, j), (0, 1) | (1, 2) | (0, 3) | (2, 3));
        let found = by_founder(4, near);
        assert_eq!((found.of.as_slice(), found.conflicts), (&[0, 0, 1, 0][..], 1));
        assert_eq!(connected(4, near).of, [0, 0, 0, 0]);
        assert_eq!(by_founder(0, near).count, 0);
    }

    proptest! {
        #[test]
        fn equal_values_are_one_cluster_either_way(values in proptest::collection::vec(0_u32..6, 0..40)) {
            let same = |i: usize, j: usize| values[i] == values[j];
            let found = by_founder(values.len(), same);
            prop_assert_eq!(&found, &connected(values.len(), same));
        }
    }
}
