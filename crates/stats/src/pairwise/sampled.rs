//! Agreement from a sample of the pairs.
//!
//! What is drawn for a pair of users depends on the seed, the ids of both and the number of the visit, and on nothing
//! else.

use super::circle::{Circle, Purpose, random};
use super::draws::{Draws, Tally};
use super::{PairsUsed, Texts};
use crate::agreement::{Agreement, Levels, UserLevel, counts};
use crate::categorical::pooled;
use crate::crossed::Tables;
use crate::estimate::Population;
use crate::interval::mean;
use crate::kernel::{Kernel, Profile};
use crate::nested::{Nested, Session, User};
use crate::pair_statistic::PairStatistic;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Pairs of users drawn at least, unless the cap is lower, so that the variance is known well enough to stop.
const FLOOR: usize = 4_096;
/// Pairs of users drawn at most: they add at most 0.0011 to the standard deviation of any agreement.
pub(super) const CAP: usize = 200_000;
/// Pairs drawn within one user at least, where there are so many.
const USER_FLOOR: usize = 100;

/// The pairs of one user's sessions, and each session's similarity to itself.
type OfUser = (PairStatistic, Vec<f64>);

/// The agreement from drawn pairs, and what it knows of each user.
pub(crate) struct Drawn {
    pub(crate) agreement: Agreement,
    /// Each user's mean similarity to itself, draws with replacement.
    pub(crate) own: Vec<f64>,
    /// Whether the user has any answer but the most frequent one.
    pub(crate) odd: Vec<bool>,
}

/// The agreement of the cell's texts from drawn pairs; `tables` sees them, too.
pub(super) fn agreement(
    cell: &Nested<u32>,
    texts: &mut Texts,
    population: Population,
    seed: u64,
    tables: Option<&mut Tables<'_>>,
) -> Drawn {
    let budget = CAP / 4 / cell.users().len().max(1);
    let mut sampler = Sampler { texts, seed, mode: pooled(cell).heaviest(), budget };
    let within: Vec<OfUser> = cell.users().iter().map(|user| sampler.within_user(user)).collect();
    let odd: Vec<bool> =
        cell.users().iter().map(|user| user.sessions.iter().any(|s| sampler.deviates(s))).collect();
    let own: Vec<f64> = within.iter().map(|(pairs, own)| self_similarity(pairs, own)).collect();
    let (levels, pairs) = sampler.between_users(cell, (within, &own, &odd), population, tables);
    let agreement = levels.agreement(population, cell.size(), PairsUsed::Sampled(pairs));
    Drawn { agreement, own, odd }
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
        (within, own, odd): (Vec<OfUser>, &[f64], &[bool]),
        population: Population,
        mut tables: Option<&mut Tables<'_>>,
    ) -> (Levels, u64) {
        let users = cell.users();
        let mut draws = Draws::new(odd);
        let mut sessions: Vec<Vec<Tally>> =
            users.iter().map(|user| vec![Tally::default(); user.sessions.len()]).collect();
        let circle = Circle::new(users.len(), self.seed, 0);
        let (mut visits, mut next_look) = (0, FLOOR.max(4 * cell.size().sessions).min(CAP));
        let mut sweep = 0;
        while visits < next_look && users.len() > 1 {
            for (u, v, visit) in circle.sweep(sweep) {
                let h = self.visit(users, (u, v, visit), &mut draws, &mut sessions);
                if let Some(tables) = &mut tables {
                    tables.add(u, v, h);
                }
                visits += 1;
            }
            sweep += 1;
            if visits >= next_look && !draws.enough(population, own, &sessions) {
                next_look = (2 * next_look).min(CAP);
            }
        }
        let between = draws.statistic(own);
        let levels = users.iter().zip(within).zip(sessions).map(|((user, (pairs, own)), sessions)| {
            let odd = user.sessions.iter().map(|session| self.deviates(session)).collect();
            // A session that no draw touched says nothing, and a user left with one has no interval.
            let toward = sessions.iter().filter_map(Tally::mean).collect();
            UserLevel::new(pairs, &counts(user), own, toward, odd)
        });
        (Levels { between, users: levels.collect() }, visits as u64)
    }

    /// Compares an answer of one user with one of another, and says how alike they are.
    fn visit(
        &mut self,
        users: &[User<u32>],
        (u, v, visit): (usize, usize, u64),
        draws: &mut Draws<'_>,
        sessions: &mut [Vec<Tally>],
    ) -> f64 {
        let mut random = random(self.seed, Purpose::Users, users[u].id, users[v].id, visit);
        let (s, x) = draw(&mut random, &users[u]);
        let (t, y) = draw(&mut random, &users[v]);
        let h = self.texts.similarity(x as usize, y as usize);
        draws.add(u, v, h);
        sessions[u][s].add(h);
        sessions[v][t].add(h);
        h
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
        let matrix = self.texts.similarities_of(known);
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
        while draws.count() < budget as f64 && sessions.len() > 1 {
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
