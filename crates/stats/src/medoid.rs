//! The most typical answer of a cell, a real sample, and the least typical ones.

use crate::categorical::shares;
use crate::kernel::SimilarityMatrix;
use crate::nested::{Nested, Row, SampleId};
use crate::pairwise::{DistinctTexts, PairPolicy, Purpose, random};
use rand::RngExt;
use rand::seq::SliceRandom;
use std::collections::HashSet;

/// Comparisons that a cell too large for all pairs may take.
const COMPARISONS: usize = 100_000;

/// One sample and how typical it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typical {
    /// Which one.
    pub id: SampleId,
    /// Its mean similarity to the other samples, users and then sessions weighing the same; `None` if it is alone.
    pub similarity: Option<f64>,
}

/// The most and the least typical samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Typicality {
    /// The sample most like the others, of equal ones that with the lowest id; `None` for an empty cell.
    pub medoid: Option<Typical>,
    /// The samples least like the others, the least first; one for each text that is not the medoid's.
    pub deviants: Vec<Typical>,
}

/// The consensus by minimum Bayes risk: the sample whose weighted mean similarity to all others is highest. The
/// weight of a sample is one over users, sessions of its user and samples of its session.
///
/// # Panics
/// If a value of the cell is not an index into `similarities`.
#[must_use]
pub fn typicality(cell: &Nested<u32>, similarities: &SimilarityMatrix, deviants: usize) -> Typicality {
    let shares = shares(cell);
    let seen =
        |id: u32| shares.iter().map(|&(j, share)| share * similarities.row(id as usize)[j as usize]).sum();
    rank(cell, &similarities_of(cell, seen), own_weights(cell), deviants)
}

/// The medoid of the answers without each user in turn, as a jackknife needs it. Time is users times the square of different texts. Empty
/// for fewer than two users.
///
/// # Panics
/// If a value of the cell is not an index into `similarities`.
#[must_use]
pub fn without_each_user(cell: &Nested<u32>, similarities: &SimilarityMatrix) -> Vec<SampleId> {
    let without = |user: &crate::nested::User<u32>| {
        let rows = cell.rows().filter(|(id, _)| id.user != user.id);
        let rest = Nested::from_rows(rows.map(|(id, &value)| Row { id, value }));
        typicality(&rest, similarities, 0).medoid.map(|medoid| medoid.id)
    };
    cell.users().iter().filter_map(without).collect()
}

/// The same against a bounded number of other samples, drawn with users weighing the same.
pub(crate) fn sampled(cell: &Nested<u32>, texts: &DistinctTexts, policy: PairPolicy) -> Typicality {
    if cell.users().is_empty() {
        return Typicality { medoid: None, deviants: Vec::new() };
    }
    let count = (COMPARISONS / texts.len()).clamp(32, policy.exact_up_to.max(32));
    let references = references(cell, count, policy.seed);
    let share = 1.0 / references.len() as f64;
    let others: Vec<u32> = references.iter().map(|&(_, other)| other).collect();
    let means = texts.means(&others);
    let similarities: Vec<f64> = cell.rows().map(|(_, &id)| means[id as usize]).collect();
    let mut chosen: Vec<SampleId> = references.iter().map(|reference| reference.0).collect();
    chosen.sort_unstable();
    let own = cell.rows().map(|(id, _)| {
        let from = chosen.partition_point(|other| *other < id);
        share * chosen[from..].iter().take_while(|other| **other == id).count() as f64
    });
    rank(cell, &similarities, own.collect(), policy.deviants)
}

/// Samples to compare with: users in random order, again and again, each time a random sample of theirs.
fn references(cell: &Nested<u32>, count: usize, seed: u64) -> Vec<(SampleId, u32)> {
    let mut random = random(seed, Purpose::References, 0, 0, 0);
    let mut users: Vec<usize> = (0..cell.users().len()).collect();
    users.shuffle(&mut random);
    let mut draw = |turn: usize| {
        let user = &cell.users()[users[turn % users.len()]];
        let session = &user.sessions[random.random_range(0..user.sessions.len())];
        let (sample, value) = session.samples[random.random_range(0..session.samples.len())];
        (SampleId { user: user.id, session: session.id, sample }, value)
    };
    (0..count).map(&mut draw).collect()
}

/// For each sample, in row order, its similarity to everything, itself included. Equal texts are computed once.
fn similarities_of(cell: &Nested<u32>, mut seen: impl FnMut(u32) -> f64) -> Vec<f64> {
    let largest = cell.rows().map(|(_, &id)| id as usize + 1).max().unwrap_or(0);
    let mut known: Vec<Option<f64>> = vec![None; largest];
    cell.rows().map(|(_, &id)| *known[id as usize].get_or_insert_with(|| seen(id))).collect()
}

fn own_weights(cell: &Nested<u32>) -> Vec<f64> {
    let users = cell.users();
    let sessions = users.iter().flat_map(|user| user.sessions.iter().map(move |session| (user, session)));
    sessions
        .flat_map(|(user, session)| {
            let n = session.samples.len();
            std::iter::repeat_n(1.0 / (users.len() * user.sessions.len() * n) as f64, n)
        })
        .collect()
}

/// Takes each sample's own part out of its similarity and finds both ends.
fn rank(cell: &Nested<u32>, similarities: &[f64], own: Vec<f64>, deviants: usize) -> Typicality {
    let alone = similarities.len() == 1;
    let scored: Vec<(Typical, u32)> = cell
        .rows()
        .zip(similarities.iter().zip(own))
        .map(|((id, &text), (all, own))| {
            let similarity = (!alone && own < 1.0).then(|| (all - own) / (1.0 - own));
            (Typical { id, similarity }, text)
        })
        .collect();
    let score = |typical: &Typical| typical.similarity.unwrap_or(f64::NEG_INFINITY);
    // Sums of the same numbers in another order are equal up to rounding, and then the lower id goes first.
    let medoid = scored
        .iter()
        .copied()
        .reduce(|best, other| if score(&other.0) > score(&best.0) + 1e-12 { other } else { best });
    let mut seen: HashSet<u32> = medoid.iter().map(|&(_, text)| text).collect();
    let mut rest: Vec<Typical> =
        scored.iter().filter(|(_, text)| seen.insert(*text)).map(|(typical, _)| *typical).collect();
    rest.sort_by(|a, b| score(a).total_cmp(&score(b)));
    rest.truncate(deviants);
    Typicality { medoid: medoid.map(|(typical, _)| typical), deviants: rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The four worked texts: three differ from the first in a word each way.
    fn similarities() -> SimilarityMatrix {
        let upper = [[0.0, 0.75, 0.75, 8.0 / 9.0], [0.0, 0.0, 0.5, 2.0 / 3.0], [0.0, 0.0, 0.0, 2.0 / 3.0]];
        SimilarityMatrix::from_pairs(4, |i, j| upper[i][j])
    }

    fn similarity_of(typical: &Typical) -> f64 {
        typical.similarity.unwrap()
    }

    #[test]
    fn the_worked_example() {
        let cell = Nested::from_lists((0..4).map(|text| vec![vec![text]]));
        let found = typicality(&cell, &similarities(), 3);
        let medoid = found.medoid.unwrap();
        assert_eq!(medoid.id.user, 0);
        assert!((similarity_of(&medoid) - 0.796_296_296_3).abs() < 1e-10);
        let users: Vec<u64> = found.deviants.iter().map(|typical| typical.id.user).collect();
        assert_eq!(users, [1, 2, 3]);
        for (typical, expected) in
            found.deviants.iter().zip([0.638_888_888_9, 0.638_888_888_9, 0.740_740_740_7])
        {
            assert!((similarity_of(typical) - expected).abs() < 1e-10);
        }
    }

    #[test]
    fn each_user_is_left_out_in_turn() {
        let cell = Nested::from_lists((0..4).map(|text| vec![vec![text]]));
        let users: Vec<u64> =
            without_each_user(&cell, &similarities()).iter().map(|medoid| medoid.user).collect();
        assert_eq!(users, [3, 0, 0, 0]);
        let one = Nested::from_lists([vec![vec![0]]]);
        assert_eq!(without_each_user(&one, &similarities()), []);
    }

    #[test]
    fn a_talkative_user_does_not_decide_alone() {
        let cell = Nested::from_lists(vec![vec![vec![1; 50]], vec![vec![0]], vec![vec![3]]]);
        assert_eq!(typicality(&cell, &similarities(), 0).medoid.unwrap().id.user, 1);
        let cell =
            Nested::from_lists(vec![vec![vec![2, 2, 2, 1]], vec![vec![0]], vec![vec![3]], vec![vec![3]]]);
        assert_eq!(typicality(&cell, &similarities(), 0).medoid.unwrap().id.user, 2);
    }

    #[test]
    fn a_single_sample_is_the_medoid_with_no_similarity() {
        let cell = Nested::from_lists(vec![vec![vec![0]]]);
        let found = typicality(&cell, &similarities(), 5);
        assert_eq!(found.medoid.unwrap().similarity, None);
        assert_eq!(found.deviants, []);
        assert_eq!(typicality(&Nested::from_lists(vec![]), &similarities(), 5).medoid, None);
    }
}
