//! Users who get other answers than the rest, and how many would seem to if who asks made no difference.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use crate::kernel::{Kernel, Profile, SimilarityMatrix};
use crate::nested::Nested;

/// Arrangements of sessions that are drawn.
const DRAWN: u32 = 199;
/// Sessions up to which they are: each costs the square.
const MOST_SESSIONS: usize = 400;

/// How far one user is from the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Apart {
    /// The caller's id.
    pub user: u64,
    /// Mean similarity of an answer of this user to one of another, other users weighing the same.
    pub agreement: f64,
    /// How many users of the cell would be expected to be at least this far from the rest if it made no difference which user a
    /// session belongs to: the mean over drawn exchanges of sessions between users, the data's own arrangement among them. It is not
    /// above the number of users; one far below 1 is no chance.
    pub by_chance: Result<f64, Unknown>,
}

/// Why chance cannot be told from a user's own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unknown {
    /// With a single session nothing tells how much a user's own sessions differ.
    #[error("chance is known only if every user has at least two sessions")]
    OneSession,
    /// Too many to exchange.
    #[error("there are too many sessions to exchange them between users")]
    TooMany,
}

/// The `most` users that are farthest from the rest, the farthest first, by labels. Empty for fewer than three users: two are as far from
/// each other as either.
#[must_use]
pub fn labels(cell: &Nested<u32>, most: usize, seed: u64) -> Vec<Apart> {
    let size = cell.rows().map(|(_, &label)| label as usize + 1).max().unwrap_or(0);
    of_kernel(cell, Kernel::Identity { size }, most, seed)
}

/// The same by similarities.
///
/// # Panics
/// If a value of the cell is not an index into `similarities`.
#[must_use]
pub fn similarities(
    cell: &Nested<u32>,
    similarities: &SimilarityMatrix,
    most: usize,
    seed: u64,
) -> Vec<Apart> {
    of_kernel(cell, Kernel::Matrix(similarities), most, seed)
}

fn of_kernel(cell: &Nested<u32>, kernel: Kernel<'_>, most: usize, seed: u64) -> Vec<Apart> {
    let m = cell.users().len();
    if m < 3 {
        return Vec::new();
    }
    let sessions: Vec<Vec<Profile>> = cell
        .users()
        .iter()
        .map(|user| {
            let profile = |session: &crate::nested::Session<u32>| {
                Profile::of_session(session.samples.iter().map(|sample| sample.1))
            };
            user.sessions.iter().map(profile).collect()
        })
        .collect();
    let users: Vec<Profile> = sessions.iter().map(Profile::mean).collect();
    let mut total = vec![0.0; kernel.size()];
    for &(value, weight) in users.iter().flat_map(Profile::entries) {
        total[value as usize] += weight;
    }
    let field = kernel.apply(&total);
    let others = m as f64 - 1.0;
    let observed: Vec<f64> =
        users.iter().map(|user| (user.dot(&field) - kernel.form(user, user)) / others).collect();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| observed[a].total_cmp(&observed[b]).then(a.cmp(&b)));
    order.truncate(most);
    let far: Vec<f64> = order.iter().map(|&user| observed[user]).collect();
    let counts: Vec<usize> = sessions.iter().map(Vec::len).collect();
    let by_chance = if counts.iter().any(|&count| count < 2) {
        Err(Unknown::OneSession)
    } else if counts.iter().sum::<usize>() > MOST_SESSIONS {
        Err(Unknown::TooMany)
    } else {
        let sessions: Vec<&Profile> = sessions.iter().flatten().collect();
        Ok(expected(&Exchange::new(&sessions, &counts, kernel), &observed, &far, seed))
    };
    let apart = |(at, &user): (usize, &usize)| Apart {
        user: cell.users()[user].id,
        agreement: observed[user],
        by_chance: by_chance.as_ref().map(|expected| expected[at]).map_err(|why| *why),
    };
    order.iter().enumerate().map(apart).collect()
}

/// For each value of `far` the mean number of users that are at least as far.
fn expected(exchange: &Exchange, observed: &[f64], far: &[f64], seed: u64) -> Vec<f64> {
    let mut sums = vec![0.0; far.len()];
    let mut count = |agreements: &[f64]| {
        for (sum, &far) in sums.iter_mut().zip(far) {
            // Sums of the same numbers in another order are equal up to rounding.
            *sum += agreements.iter().filter(|&&agreement| agreement <= far + 1e-12).count() as f64;
        }
    };
    count(observed);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut places: Vec<usize> = (0..exchange.sessions).collect();
    for _ in 0..DRAWN {
        places.shuffle(&mut random);
        count(&exchange.agreements(&places));
    }
    sums.into_iter().map(|sum| sum / f64::from(DRAWN + 1)).collect()
}

/// The similarities of all sessions, and how many belong to each user.
struct Exchange {
    sessions: usize,
    similar: Vec<f64>,
    counts: Vec<usize>,
}

impl Exchange {
    fn new(sessions: &[&Profile], counts: &[usize], kernel: Kernel<'_>) -> Self {
        let n = sessions.len();
        let mut similar = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let h = kernel.form(sessions[i], sessions[j]);
                similar[i * n + j] = h;
                similar[j * n + i] = h;
            }
        }
        Self { sessions: n, similar, counts: counts.to_vec() }
    }

    /// Each user's mean similarity to the others, if it had the sessions `places` in turn.
    fn agreements(&self, places: &[usize]) -> Vec<f64> {
        let n = self.sessions;
        let mut weights = vec![0.0; n];
        let mut from = 0;
        for &count in &self.counts {
            places[from..from + count].iter().for_each(|&session| weights[session] = 1.0 / count as f64);
            from += count;
        }
        let toward = |i: usize| -> f64 {
            self.similar[i * n..(i + 1) * n].iter().zip(&weights).map(|(h, weight)| h * weight).sum()
        };
        let others = self.counts.len() as f64 - 1.0;
        let mut from = 0;
        let mut agreement = |&count: &usize| {
            let own = &places[from..from + count];
            from += count;
            let all: f64 = own.iter().map(|&i| toward(i)).sum::<f64>() / count as f64;
            let pairs = own.iter().flat_map(|&i| own.iter().map(move |&j| self.similar[i * n + j]));
            (all - pairs.sum::<f64>() / (count * count) as f64) / others
        };
        self.counts.iter().map(&mut agreement).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_with_answers_of_its_own_is_no_chance() {
        let usual = vec![vec![0], vec![0], vec![0], vec![0]];
        let mut users = vec![usual; 9];
        users.push(vec![vec![1]; 4]);
        let found = labels(&Nested::from_lists(users), 2, 3);
        assert_eq!((found[0].user, found[0].agreement), (9, 0.0));
        assert!((found[1].agreement - 8.0 / 9.0).abs() < 1e-12);
        // Of ten users one has all four odd sessions in 10 of 91,390 arrangements: hardly ever but in the data's own.
        let expected = found[0].by_chance.unwrap();
        assert!((expected - 1.0 / 200.0).abs() < 0.006, "{expected}");
    }

    #[test]
    fn users_who_differ_by_chance_are_as_many_as_chance_makes() {
        // Each user has one odd session of three, so all are equally far, and no user stands out.
        let users = vec![vec![vec![0], vec![0], vec![1]]; 8];
        for apart in labels(&Nested::from_lists(users), 3, 3) {
            assert!((apart.agreement - 5.0 / 9.0).abs() < 1e-12);
            assert!(apart.by_chance.unwrap() > 1.0, "{apart:?}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let single = Nested::from_lists(vec![vec![vec![0]], vec![vec![0]], vec![vec![1]]]);
        assert_eq!(labels(&single, 1, 1)[0].by_chance, Err(Unknown::OneSession));
        let many = Nested::from_lists(vec![vec![vec![0]; 200]; 3]);
        assert_eq!(labels(&many, 1, 1)[0].by_chance, Err(Unknown::TooMany));
        assert_eq!(labels(&Nested::from_lists(vec![vec![vec![0]; 2]; 2]), 1, 1), []);
    }

    #[test]
    fn similarities_of_labels_give_what_labels_give() {
        let cell = Nested::from_lists(vec![
            vec![vec![0, 1], vec![0]],
            vec![vec![0], vec![2], vec![2]],
            vec![vec![1], vec![1, 1]],
            vec![vec![0], vec![0, 2]],
        ]);
        let identity = SimilarityMatrix::from_pairs(3, |_, _| 0.0);
        let (by_label, by_matrix) = (labels(&cell, 4, 5), similarities(&cell, &identity, 4, 5));
        for (a, b) in by_label.iter().zip(&by_matrix) {
            assert_eq!(a.user, b.user);
            assert!((a.agreement - b.agreement).abs() < 1e-12, "{a:?} {b:?}");
            assert!((a.by_chance.unwrap() - b.by_chance.unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn the_own_arrangement_gives_the_observed_values() {
        let cell = Nested::from_lists(vec![
            vec![vec![0, 1], vec![0]],
            vec![vec![0], vec![2], vec![2]],
            vec![vec![1], vec![1, 1]],
        ]);
        let profiles: Vec<Profile> = cell
            .users()
            .iter()
            .flat_map(|user| user.sessions.iter())
            .map(|session| Profile::of_session(session.samples.iter().map(|s| s.1)))
            .collect();
        let all: Vec<&Profile> = profiles.iter().collect();
        let exchange = Exchange::new(&all, &[2, 3, 2], Kernel::Identity { size: 3 });
        let mut own = exchange.agreements(&[0, 1, 2, 3, 4, 5, 6]);
        own.sort_by(f64::total_cmp);
        let found: Vec<f64> = labels(&cell, 3, 1).iter().map(|apart| apart.agreement).collect();
        for (a, b) in own.iter().zip(&found) {
            assert!((a - b).abs() < 1e-12, "{own:?} {found:?}");
        }
    }
}
