//! Agreement from a sample of the pairs.
//!
//! Units (users, or the sessions of one user) stand in a circle. A *sweep* compares each with the one that stands a
//! certain distance further on, so every unit takes part equally often, and going through all distances visits every
//! pair once. What is drawn for a pair depends on the seed, the ids of both and the number of the visit, and on
//! nothing else.

use super::{PairsUsed, Texts};
use crate::agreement::{Agreement, Levels, UserLevel, counts};
use crate::estimate::Population;
use crate::interval::{SCARCE_UNITS, fixed, mean};
use crate::kernel::{Kernel, Profile, SimilarityMatrix};
use crate::nested::{Nested, Session, User};
use crate::pair_statistic::PairStatistic;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Pairs of users drawn at least, unless the cap is lower, so that the variance is known well enough to stop.
const FLOOR: usize = 4_096;
/// Pairs of users drawn at most: they add at most 0.0011 to the standard deviation of any agreement.
const CAP: usize = 200_000;
/// Pairs drawn within one user at least, where there are so many.
const USER_FLOOR: usize = 100;
/// The drawing may add this share to the variance.
const NOISE: f64 = 0.01;

/// One stream of random numbers each.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Distances = 1,
    Users = 2,
    Sessions = 3,
    Samples = 4,
    References = 5,
}

/// Random numbers that are a function of the seed, what they are for, and three counters.
pub(crate) fn random(seed: u64, purpose: Purpose, a: u64, b: u64, k: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, a, b]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(k);
    random
}

/// The sum and number of some similarities.
#[derive(Clone, Copy, Default)]
struct Tally {
    sum: f64,
    count: f64,
}

/// What the drawn pairs say about each unit.
struct Draws<'a> {
    odd: &'a [bool],
    rows: Vec<Tally>,
    toward_odd: Vec<Tally>,
    /// For each pair `u < v` at `v (v - 1) / 2 + u`; empty for so many units that no pair is visited twice.
    pairs: Vec<Tally>,
    squares: f64,
    all: Tally,
}

/// The order in which pairs of units are visited.
struct Circle {
    units: usize,
    distances: Vec<usize>,
}

/// The agreement of the cell's texts from drawn pairs.
pub(super) fn agreement(
    cell: &Nested<u32>,
    texts: &mut Texts,
    population: Population,
    seed: u64,
) -> Agreement {
    let mut sampler = Sampler { texts, seed, mode: mode(cell), budget: CAP / cell.users().len().max(1) };
    let within: Vec<(PairStatistic, Vec<f64>)> =
        cell.users().iter().map(|user| sampler.within_user(user)).collect();
    let (levels, pairs) = sampler.between_users(cell, within, population);
    levels.agreement(population, cell.size(), PairsUsed::Sampled(pairs))
}

struct Sampler<'a> {
    texts: &'a mut Texts,
    seed: u64,
    mode: u32,
    /// Pairs to draw within one user.
    budget: usize,
}

impl Sampler<'_> {
    fn between_users(
        &mut self,
        cell: &Nested<u32>,
        within: Vec<(PairStatistic, Vec<f64>)>,
        population: Population,
    ) -> (Levels, u64) {
        let users = cell.users();
        let odd: Vec<bool> =
            users.iter().map(|user| user.sessions.iter().any(|s| self.deviates(s))).collect();
        let own: Vec<f64> = within.iter().map(|(pairs, own)| self_similarity(pairs, own)).collect();
        let mut sessions: Vec<Vec<Tally>> =
            users.iter().map(|user| vec![Tally::default(); user.sessions.len()]).collect();
        let mut draws = Draws::new(&odd);
        let circle = Circle::new(users.len(), self.seed, 0);
        let (mut visits, mut next_look) = (0, FLOOR.max(4 * cell.size().sessions));
        for sweep in 0.. {
            for (u, v, visit) in circle.sweep(sweep) {
                let mut random = random(self.seed, Purpose::Users, users[u].id, users[v].id, visit);
                let (s, x) = draw(&mut random, &users[u]);
                let (t, y) = draw(&mut random, &users[v]);
                let h = self.texts.similarity(x as usize, y as usize);
                draws.add(u, v, h);
                sessions[u][s].add(h);
                sessions[v][t].add(h);
                visits += 1;
            }
            if visits < next_look.min(CAP) && visits > 0 {
                continue;
            }
            let seen = draws.variance(population, &own, &sessions);
            if visits == 0 || visits >= CAP || seen.is_some_and(|variance| draws.noise() <= NOISE * variance)
            {
                break;
            }
            next_look *= 2;
        }
        let between = draws.statistic(&own);
        let levels = users.iter().zip(within).zip(sessions).map(|((user, (pairs, own)), sessions)| {
            let odd = user.sessions.iter().map(|session| self.deviates(session)).collect();
            // A session that no draw touched leaves its user without an interval of its own.
            let toward = sessions.iter().filter_map(Tally::mean).collect();
            UserLevel::new(pairs, &counts(user), own, toward, odd)
        });
        (Levels { between, users: levels.collect() }, visits as u64)
    }

    /// The pairs of one user's sessions, and each session's similarity to itself.
    fn within_user(&mut self, user: &User<u32>) -> (PairStatistic, Vec<f64>) {
        let mut known: Vec<u32> = samples(user).collect();
        known.sort_unstable();
        known.dedup();
        let budget = self.budget.max(USER_FLOOR);
        if known.len() * (known.len() - 1) / 2 <= budget {
            self.exactly(user, &known)
        } else {
            self.roughly(user, budget)
        }
    }

    fn exactly(&mut self, user: &User<u32>, known: &[u32]) -> (PairStatistic, Vec<f64>) {
        let matrix = SimilarityMatrix::from_pairs(known.len(), |i, j| {
            self.texts.similarity(known[i] as usize, known[j] as usize)
        });
        let place = |id: &u32| u32::try_from(known.partition_point(|other| other < id)).unwrap_or(u32::MAX);
        let profiles: Vec<Profile> = user
            .sessions
            .iter()
            .map(|session| Profile::of_session(session.samples.iter().map(|(_, id)| place(id))))
            .collect();
        let kernel = Kernel::Matrix(&matrix);
        let mode = known.binary_search(&self.mode).map_or(u32::MAX, |_| place(&self.mode));
        let own = profiles.iter().map(|profile| kernel.form(profile, profile)).collect();
        (PairStatistic::of_profiles(&profiles, kernel, mode), own)
    }

    fn roughly(&mut self, user: &User<u32>, budget: usize) -> (PairStatistic, Vec<f64>) {
        let sessions = &user.sessions;
        let each = (budget / sessions.len()).max(8);
        let own: Vec<f64> =
            sessions.iter().map(|session| self.own_similarity(user.id, session, each)).collect();
        let odd: Vec<bool> = sessions.iter().map(|session| self.deviates(session)).collect();
        let mut draws = Draws::new(&odd);
        let circle = Circle::new(sessions.len(), self.seed, user.id.wrapping_add(1));
        let mut sweep = 0;
        while draws.all.count < budget as f64 && sessions.len() > 1 {
            let mut random = random(self.seed, Purpose::Sessions, user.id, sweep as u64, 0);
            for (s, t, _) in circle.sweep(sweep) {
                let (x, y) = (draw_sample(&mut random, &sessions[s]), draw_sample(&mut random, &sessions[t]));
                draws.add(s, t, self.texts.similarity(x as usize, y as usize));
            }
            sweep += 1;
        }
        (draws.statistic(&own), own)
    }

    /// The mean similarity of two draws with replacement from one session.
    fn own_similarity(&mut self, user: u64, session: &Session<u32>, pairs: usize) -> f64 {
        let n = session.samples.len();
        if n == 1 {
            return 1.0;
        }
        let mut random = random(self.seed, Purpose::Samples, user, session.id, 0);
        let different = mean((0..pairs).map(|_| {
            let x = random.random_range(0..n);
            let y = (x + random.random_range(1..n)) % n;
            self.texts.similarity(session.samples[x].1 as usize, session.samples[y].1 as usize)
        }));
        (1.0 + (n as f64 - 1.0) * different) / n as f64
    }

    fn deviates(&self, session: &Session<u32>) -> bool {
        session.samples.iter().any(|&(_, id)| id != self.mode)
    }
}

impl Tally {
    fn add(&mut self, h: f64) {
        self.sum += h;
        self.count += 1.0;
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

impl<'a> Draws<'a> {
    fn new(odd: &'a [bool]) -> Self {
        let none = vec![Tally::default(); odd.len()];
        let pairs = odd.len() * odd.len().saturating_sub(1) / 2;
        let pairs = vec![Tally::default(); if pairs <= CAP { pairs } else { 0 }];
        Self { odd, rows: none.clone(), toward_odd: none, pairs, squares: 0.0, all: Tally::default() }
    }

    fn add(&mut self, u: usize, v: usize, h: f64) {
        self.squares += h * h;
        self.all.add(h);
        if let Some(pair) = self.pairs.get_mut(v * v.saturating_sub(1) / 2 + u) {
            pair.add(h);
        }
        for (one, other) in [(u, v), (v, u)] {
            self.rows[one].add(h);
            if self.odd[other] {
                self.toward_odd[one].add(h);
            }
        }
    }

    /// The variance that drawing adds to the mean, at most.
    fn noise(&self) -> f64 {
        let mean = self.all.mean().unwrap_or(0.0);
        (self.squares / self.all.count - mean * mean).max(0.0) / self.all.count
    }

    /// The variance of the mean that drawing should be small against; `None` where there is no interval.
    fn variance(&self, population: Population, own: &[f64], sessions: &[Vec<Tally>]) -> Option<f64> {
        match population {
            Population::Drawn if own.len() >= 3 => Some(self.statistic(own).variance()),
            Population::Drawn => None,
            Population::Fixed => {
                let means = |user: &Vec<Tally>| user.iter().filter_map(Tally::mean).collect::<Vec<f64>>();
                fixed::first_order(&sessions.iter().map(means).collect::<Vec<_>>())
            }
        }
    }

    /// The mean over pairs of units of their squared mean similarity. Single draws are too widely spread, which can
    /// only widen an interval, and hardly does where there are so many units.
    fn mean_square(&self) -> f64 {
        let visited: Vec<f64> = self.pairs.iter().filter_map(Tally::mean).collect();
        if visited.is_empty() {
            return self.squares / self.all.count.max(1.0);
        }
        mean(visited.iter().map(|h| h * h))
    }

    /// The statistic as if every pair of units had the mean similarity that its drawn pairs have.
    fn statistic(&self, own: &[f64]) -> PairStatistic {
        let units = self.rows.len() as f64;
        let discordant = self.odd.iter().filter(|&&odd| odd).count();
        let rows: Vec<f64> = self.rows.iter().map(|row| row.mean().unwrap_or(0.0)).collect();
        let needed = discordant > 0 && discordant < SCARCE_UNITS && units >= 3.0;
        let toward = |u: usize| {
            let others = discordant as f64 - f64::from(u8::from(self.odd[u]));
            let to_others = self.toward_odd[u].mean().unwrap_or(rows[u]);
            let itself = if self.odd[u] { own[u] } else { 0.0 };
            (others * to_others + itself) / discordant as f64
        };
        PairStatistic {
            sum_of_squares: self.mean_square() * units * (units - 1.0) / 2.0,
            discordant,
            toward_discordant: if needed { (0..rows.len()).map(toward).collect() } else { Vec::new() },
            row_sums: rows.iter().map(|row| row * (units - 1.0)).collect(),
        }
    }
}

impl Circle {
    fn new(units: usize, seed: u64, which: u64) -> Self {
        let mut distances: Vec<usize> = (1..=units / 2).collect();
        distances.shuffle(&mut random(seed, Purpose::Distances, which, 0, 0));
        Self { units, distances }
    }

    /// Pairs of units with the number of earlier visits; none for a single unit.
    fn sweep(&self, sweep: usize) -> impl Iterator<Item = (usize, usize, u64)> {
        let distance = self.distances.get(sweep % self.distances.len().max(1)).copied().unwrap_or(0);
        let visit = (sweep / self.distances.len().max(1)) as u64;
        // Opposite units meet once, not from both sides.
        let starts = match distance {
            0 => 0,
            half if 2 * half == self.units => half,
            _ => self.units,
        };
        let units = self.units;
        (0..starts).map(move |u| (u, (u + distance) % units)).map(move |(u, v)| (u.min(v), u.max(v), visit))
    }
}

/// A session of the user and a sample of it, both uniformly.
fn draw(random: &mut ChaCha8Rng, user: &User<u32>) -> (usize, u32) {
    let s = random.random_range(0..user.sessions.len());
    (s, draw_sample(random, &user.sessions[s]))
}

fn draw_sample(random: &mut ChaCha8Rng, session: &Session<u32>) -> u32 {
    session.samples[random.random_range(0..session.samples.len())].1
}

/// A unit's similarity to itself, draws with replacement, from its sessions' pairs and their own similarities.
fn self_similarity(pairs: &PairStatistic, own: &[f64]) -> f64 {
    let sessions = own.len() as f64;
    ((sessions - 1.0) * pairs.value().unwrap_or(0.0) + mean(own.iter().copied())) / sessions
}

fn samples(user: &User<u32>) -> impl Iterator<Item = u32> {
    user.sessions.iter().flat_map(|session| session.samples.iter().map(|sample| sample.1))
}

/// The text given most often, users weighing the same; 0 for no users.
fn mode(cell: &Nested<u32>) -> u32 {
    let shares = crate::categorical::shares(cell);
    let first = (0, f64::NEG_INFINITY);
    shares.into_iter().fold(first, |best, share| if share.1 > best.1 { share } else { best }).0
}
