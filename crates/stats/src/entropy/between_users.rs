//! The entropy of the answers of different users: pooled counts would mix it with what users repeat themselves.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::estimate;
use crate::categorical::pooled;
use crate::estimate::{Estimate, Interval, Population, Undefined};
use crate::interval::few_units;
use crate::nested::{Nested, User};
use crate::quantile;

/// Evaluations of the estimator that a cell may take; each costs up to a pass over its users.
const EVALUATIONS: usize = 20_000;
/// Thinnings at most: beyond, their average hardly moves.
const MOST_THINNINGS: usize = 100;
/// Thinnings at least, where users have several answers.
const LEAST_THINNINGS: usize = 8;

/// With fewer users the jackknife was seen to cover 84 to 91 %.
const LEAST_USERS: usize = 60;
/// With fewer users who ever deviate from the most frequent answer it was seen to cover 69 to 93 %.
const LEAST_DEVIANTS: usize = 20;

/// The entropy (Chao, Wang and Jost 2013, nats) of one answer of each user, averaged over seeded thinnings that draw a session
/// of each user and an answer of it. The interval is a jackknife over users with Student's t; it is for drawn users, since
/// thinning keeps nothing of a user's own sessions. It is withheld from fewer than 60 users, or where fewer than 20 of
/// them ever deviate from the most frequent answer, since it was seen to cover too little there (`docs/coverage.md`).
///
/// No users: [`Undefined::NoSamples`]. Coverage below one half in any thinning: [`Undefined::Unseen`].
#[must_use]
pub fn between_users(cell: &Nested<u32>, population: Population, seed: u64) -> Estimate {
    let labels = cell.rows().map(|(_, label)| *label as usize + 1).max().unwrap_or(0);
    let users = cell.users().len();
    let thinnings = thinnings(cell, seed);
    let value = match mean_entropy(&thinnings, labels, None) {
        Ok(value) => value,
        Err(why) => return Estimate::undefined(why),
    };
    if population == Population::Fixed {
        return Estimate::new(value, Err(Undefined::FixedUsers));
    }
    if users < LEAST_USERS {
        return Estimate::new(value, Err(Undefined::FewDrawnUsers { needed: LEAST_USERS }));
    }
    let mode = pooled(cell).heaviest();
    let deviates = |user: &&User<u32>| {
        user.sessions.iter().flat_map(|session| &session.samples).any(|(_, label)| *label != mode)
    };
    if cell.users().iter().filter(deviates).count() < LEAST_DEVIANTS {
        return Estimate::new(value, Err(Undefined::FewDeviants { needed: LEAST_DEVIANTS }));
    }
    let without: Result<Vec<f64>, Undefined> =
        (0..users).map(|user| mean_entropy(&thinnings, labels, Some(user))).collect();
    let interval = without.map(|without| {
        let m = users as f64;
        let mean = without.iter().sum::<f64>() / m;
        let variance = (m - 1.0) / m * without.iter().map(|left| (left - mean).powi(2)).sum::<f64>();
        let half = quantile::student_t(0.975, m - 1.0) * few_units(variance, m).sqrt();
        Interval { low: value - half, high: value + half }
    });
    Estimate::new(value, interval)
}

/// One label of each user, many times.
fn thinnings(cell: &Nested<u32>, seed: u64) -> Vec<Vec<u32>> {
    let users = cell.users().len().max(1);
    let single = cell.size().samples == cell.size().users;
    let count = if single { 1 } else { (EVALUATIONS / users).clamp(LEAST_THINNINGS, MOST_THINNINGS) };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let of_user = |user: &crate::nested::User<u32>| {
                let session = &user.sessions[random.random_range(0..user.sessions.len())];
                session.samples[random.random_range(0..session.samples.len())].1
            };
            cell.users().iter().map(of_user).collect()
        })
        .collect()
}

fn mean_entropy(thinnings: &[Vec<u32>], labels: usize, without: Option<usize>) -> Result<f64, Undefined> {
    let mut sum = 0.0;
    for thinning in thinnings {
        let mut counts = vec![0_u64; labels];
        thinning.iter().for_each(|label| counts[*label as usize] += 1);
        if let Some(user) = without {
            counts[thinning[user] as usize] -= 1;
        }
        sum += estimate(&counts)?;
    }
    Ok(sum / thinnings.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single_answers(counts: &[usize]) -> Nested<u32> {
        let labels = (0_u32..).zip(counts).flat_map(|(label, &count)| vec![label; count]);
        Nested::from_lists(labels.map(|label| vec![vec![label]]))
    }

    #[test]
    fn one_answer_each_is_the_plain_estimate_with_its_jackknife() {
        let found = between_users(&single_answers(&[10, 5, 3, 1, 1]), Population::Drawn, 7);
        assert!((found.value.unwrap() - 1.422_411_359_428_279).abs() < 1e-12);
        assert_eq!(found.why, Some(Undefined::FewDrawnUsers { needed: 60 }));
        let found = between_users(&single_answers(&[30, 15, 9, 4, 2, 1, 1]), Population::Drawn, 7);
        let interval = found.interval.unwrap();
        assert!(interval.contains(found.value.unwrap()), "{found:?}");
        assert!(interval.low < 1.3 && interval.high > 1.6, "{interval:?}");
    }

    #[test]
    fn repeating_oneself_adds_no_certainty() {
        let once = between_users(&single_answers(&[30, 15, 9, 3, 3]), Population::Drawn, 7);
        let labels = [vec![0; 30], vec![1; 15], vec![2; 9], vec![3; 3], vec![4; 3]].concat();
        let often = Nested::from_lists(labels.into_iter().map(|label| vec![vec![label; 4]; 3]));
        let often = between_users(&often, Population::Drawn, 7);
        assert!((once.value.unwrap() - often.value.unwrap()).abs() < 1e-12);
        assert!((once.interval.unwrap().low - often.interval.unwrap().low).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_said_is_said_to_be_so() {
        let why = |cell: &Nested<u32>, population| between_users(cell, population, 1).why;
        assert_eq!(why(&Nested::from_lists(Vec::new()), Population::Drawn), Some(Undefined::NoSamples));
        assert_eq!(why(&single_answers(&[1; 9]), Population::Drawn), Some(Undefined::Unseen));
        assert_eq!(
            why(&single_answers(&[2]), Population::Drawn),
            Some(Undefined::FewDrawnUsers { needed: 60 })
        );
        assert_eq!(
            why(&single_answers(&[60, 19]), Population::Drawn),
            Some(Undefined::FewDeviants { needed: 20 })
        );
        assert_eq!(why(&single_answers(&[9]), Population::Fixed), Some(Undefined::FixedUsers));
        assert_eq!(why(&single_answers(&[60, 20]), Population::Drawn), None);
    }
}
