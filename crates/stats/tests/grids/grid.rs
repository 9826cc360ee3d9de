//! Users that share levels: every combination of the levels of some factors, each level with an effect of its own.

use antiphon_stats::Nested;
use antiphon_stats::crossed::Design;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};

/// A grid of users whose levels are drawn from a population of levels.
#[derive(Clone, Copy)]
pub(crate) struct Grid {
    /// How many levels each factor has.
    pub(crate) levels: &'static [usize],
    /// How far a level of each factor moves the log odds of each answer (standard deviation).
    pub(crate) effects: &'static [f64],
    /// How far a user does, beyond its levels.
    pub(crate) user: f64,
    /// Shares of the answers where nothing moves them.
    pub(crate) shares: &'static [f64],
    /// The chance that a level of the first factor makes its users give the last answer (95 % of the time).
    pub(crate) deviant: f64,
    /// The chance that a user is missing.
    pub(crate) missing: f64,
}

/// What one repetition gives.
pub(crate) struct GridRun {
    pub(crate) labels: Nested<u32>,
    pub(crate) design: Design,
}

/// Two users in general: how often they agree, and how often one gives the first answer.
#[derive(Clone, Copy)]
pub(crate) struct InGeneral {
    pub(crate) between: f64,
    pub(crate) first: f64,
}

const SESSIONS: usize = 2;
const SAMPLES: usize = 2;
const LOOSENESS: f64 = 4.0;

impl Grid {
    /// By drawing users who share nothing.
    pub(crate) fn truth(&self) -> InGeneral {
        const DRAWS: usize = 400_000;
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut mean = vec![0.0; self.shares.len()];
        for _ in 0..DRAWS {
            let levels: Vec<Level> = (0..self.levels.len()).map(|f| self.level(f, &mut random)).collect();
            let user = self.user(&levels.iter().collect::<Vec<_>>(), &mut random);
            mean.iter_mut().zip(user).for_each(|(mean, share)| *mean += share / DRAWS as f64);
        }
        InGeneral { between: mean.iter().map(|share| share * share).sum(), first: mean[0] }
    }

    pub(crate) fn draw(&self, random: &mut ChaCha8Rng) -> GridRun {
        let effects: Vec<Vec<Level>> = self
            .levels
            .iter()
            .enumerate()
            .map(|(f, &count)| (0..count).map(|_| self.level(f, random)).collect())
            .collect();
        let mut design = vec![Vec::new(); self.levels.len()];
        let mut users = Vec::new();
        for index in 0..self.levels.iter().product() {
            let mut rest: usize = index;
            let levels: Vec<usize> = self
                .levels
                .iter()
                .map(|count| {
                    let level = rest % count;
                    rest /= count;
                    level
                })
                .collect();
            let of_user: Vec<&Level> = levels.iter().zip(&effects).map(|(&level, of)| &of[level]).collect();
            let shares = self.user(&of_user, random);
            let sessions = (0..SESSIONS)
                .map(|_| {
                    let session = dirichlet(&shares, random);
                    (0..SAMPLES).map(|_| pick(&session, random)).collect()
                })
                .collect();
            if random.random::<f64>() < self.missing {
                continue;
            }
            users.push(sessions);
            design
                .iter_mut()
                .zip(levels)
                .for_each(|(of, level)| of.push(u32::try_from(level).expect("a few levels")));
        }
        GridRun { labels: Nested::from_lists(users), design: Design::new(design) }
    }

    fn level(&self, factor: usize, random: &mut ChaCha8Rng) -> Level {
        let effect = normals(self.shares.len(), self.effects[factor], random);
        Level { effect, deviant: factor == 0 && random.random::<f64>() < self.deviant }
    }

    fn user(&self, levels: &[&Level], random: &mut ChaCha8Rng) -> Vec<f64> {
        let own = normals(self.shares.len(), self.user, random);
        let odds: Vec<f64> = (0..own.len())
            .map(|k| {
                self.shares[k] * (own[k] + levels.iter().map(|level| level.effect[k]).sum::<f64>()).exp()
            })
            .collect();
        let sum: f64 = odds.iter().sum();
        let mut shares: Vec<f64> = odds.iter().map(|odds| odds / sum).collect();
        if levels.iter().any(|level| level.deviant) {
            shares.iter_mut().for_each(|share| *share *= 0.05);
            *shares.last_mut().expect("a few labels") += 0.95;
        }
        shares
    }
}

struct Level {
    effect: Vec<f64>,
    deviant: bool,
}

fn normals(count: usize, spread: f64, random: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count)
        .map(|_| {
            let normal: f64 = StandardNormal.sample(random);
            spread * normal
        })
        .collect()
}

fn dirichlet(mean: &[f64], random: &mut ChaCha8Rng) -> Vec<f64> {
    let gammas: Vec<f64> = mean
        .iter()
        .map(|&p| Gamma::new((LOOSENESS * p).max(1e-9), 1.0).expect("a positive shape").sample(random))
        .collect();
    let sum: f64 = gammas.iter().sum();
    if sum > 1e-250 { gammas.iter().map(|gamma| gamma / sum).collect() } else { mean.to_vec() }
}

fn pick(shares: &[f64], random: &mut ChaCha8Rng) -> u32 {
    let mut left: f64 = random.random();
    let place = shares.iter().position(|&p| {
        left -= p;
        left < 0.0
    });
    u32::try_from(place.unwrap_or(shares.len() - 1)).expect("a few labels")
}
