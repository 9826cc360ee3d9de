//! The family that was kept unseen until all rules were settled: users whose logits are normal, and answers on a circle.

use std::sync::OnceLock;

use antiphon_stats::{Nested, Population, SimilarityMatrix, agreement};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::population::{equal, pick};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const FAMILY: &str = "Acceptance: kept unseen until the rules were settled";
const LEVELS: [&str; 3] = ["A_B", "A_S", "A_W"];
const SESSIONS: usize = 3;
const SAMPLES: u32 = 2;

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::new();
    for users in [9, 16, 40, 100] {
        let gate = if users >= 30 { Gate::Regular } else { Gate::Boundary };
        all.push(labels(&format!("{users} users, normal logits"), users, [1.5, 0.5, 0.0, -1.0], 1.0, gate));
        all.push(circle(&format!("{users} users, on a circle"), users, gate));
    }
    for users in [9, 40] {
        let name = format!("{users} users near 1, normal logits");
        all.push(labels(&name, users, [5.0, 0.0, 0.0, -1.0], 1.5, Gate::Boundary));
    }
    all
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

fn moved(logits: [f64; 4], by: f64, random: &mut ChaCha8Rng) -> [f64; 4] {
    logits.map(|logit| logit + by * normal(random))
}

fn shares(logits: [f64; 4]) -> [f64; 4] {
    let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
    logits.map(|logit| logit.exp() / sum)
}

fn dot(p: [f64; 4], q: [f64; 4]) -> f64 {
    p.iter().zip(q).map(|(p, q)| p * q).sum()
}

/// Users are normal around `centre` with that spread, sessions around their user with half of it.
fn labels(name: &str, users: usize, centre: [f64; 4], spread: f64, gate: Gate) -> Scenario {
    let truth: OnceLock<[f64; 3]> = OnceLock::new();
    let measures = LEVELS.map(|level| Measure::new(level, gate)).to_vec();
    let user = move |random: &mut ChaCha8Rng| moved(centre, spread, random);
    let session = move |user, random: &mut ChaCha8Rng| shares(moved(user, spread / 2.0, random));
    let simulated = move || {
        const DRAWS: u32 = 1_000_000;
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let (mut mean, mut own, mut within) = ([0.0; 4], 0.0, 0.0);
        for _ in 0..DRAWS {
            let one = user(&mut random);
            let (a, b) = (session(one, &mut random), session(one, &mut random));
            mean.iter_mut().zip(a).for_each(|(mean, share)| *mean += share / f64::from(DRAWS));
            own += dot(a, b) / f64::from(DRAWS);
            within += dot(a, a) / f64::from(DRAWS);
        }
        [dot(mean, mean), own, within]
    };
    Scenario::new(FAMILY, name, measures, move |random| {
        let truth = *truth.get_or_init(simulated);
        let lists: Vec<Vec<Vec<u32>>> = (0..users)
            .map(|_| {
                let own = user(random);
                let one = |random: &mut ChaCha8Rng| {
                    let shares = session(own, random);
                    (0..SAMPLES).map(|_| pick(&shares, random)).collect()
                };
                (0..SESSIONS).map(|_| one(random)).collect()
            })
            .collect();
        let steps = SimilarityMatrix::from_pairs(4, equal);
        outcomes(&Nested::from_lists(lists), &steps, truth)
    })
}

/// Answers are angles, alike by the cosine between them; its mean over normal angles is known.
fn circle(name: &str, users: usize, gate: Gate) -> Scenario {
    const WANDER: [f64; 3] = [0.6, 0.3, 0.4];
    let measures = LEVELS.map(|level| Measure::new(level, gate)).to_vec();
    Scenario::new(FAMILY, name, measures, move |random| {
        let mut angles: Vec<f64> = Vec::new();
        let mut lists = Vec::new();
        for _ in 0..users {
            let user = WANDER[0] * normal(random);
            let mut sessions = Vec::new();
            for _ in 0..SESSIONS {
                let session = user + WANDER[1] * normal(random);
                let first = u32::try_from(angles.len()).expect("a few answers");
                angles.extend((0..SAMPLES).map(|_| session + WANDER[2] * normal(random)));
                sessions.push((first..first + SAMPLES).collect());
            }
            lists.push(sessions);
        }
        let matrix = SimilarityMatrix::from_pairs(angles.len(), |i, j| {
            f64::midpoint(1.0, (angles[i] - angles[j]).cos())
        });
        // Two normal angles with variance v each differ by one with 2v, whose cosine has mean exp(-v).
        let truth = [0, 1, 2].map(|level| {
            let variance: f64 = WANDER[level..].iter().map(|wander| wander * wander).sum();
            f64::midpoint(1.0, (-variance).exp())
        });
        outcomes(&Nested::from_lists(lists), &matrix, truth)
    })
}

fn outcomes(cell: &Nested<u32>, matrix: &SimilarityMatrix, truth: [f64; 3]) -> Vec<Outcome> {
    let found = agreement::similarities(cell, matrix, Population::Drawn);
    [found.users, found.sessions, found.within]
        .iter()
        .zip(truth)
        .map(|(estimate, truth)| Outcome::estimate(estimate, truth))
        .collect()
}
