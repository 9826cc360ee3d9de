//! Models of users to draw from, whose true agreements are known.

use antiphon_stats::{Nested, Population};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};

/// Where users' distributions over labels come from.
#[derive(Clone)]
pub(crate) enum Users {
    /// Dirichlet around these shares with this concentration.
    Around(Vec<f64>, f64),
    /// All the same.
    Alike(Vec<f64>),
    /// Each user is of one of these types, drawn by its weight; the weights sum to 1.
    Types(Vec<(f64, Vec<f64>)>),
    /// The first user gives label 0 with the second chance, all others with the first. For fixed users only.
    Deviant(f64, f64),
}

/// A design and what it samples from. Sessions are Dirichlet around their user.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) users: usize,
    /// Sessions of the first, second, .. user, over and over.
    pub(crate) sessions: Vec<usize>,
    /// Samples of every session.
    pub(crate) samples: usize,
    pub(crate) of: Users,
    /// How little a session moves its user's shares; near 0 every session sticks to one label, infinite: none moves.
    pub(crate) looseness: f64,
}

/// One simulated cell with the truth that an interval should hold.
pub(crate) struct Run {
    pub(crate) labels: Nested<u32>,
    users: Expected,
    looseness: f64,
}

/// Whom the truth is about.
enum Expected {
    /// All users that could be drawn: Dirichlet around these shares with this concentration.
    Around(Vec<f64>, f64),
    /// These, by their weights and shares, which are all that there are.
    Types(Vec<(f64, Vec<f64>)>),
    /// These and no others.
    Fixed(Vec<Vec<f64>>),
}

impl Scenario {
    pub(crate) fn draw(&self, random: &mut ChaCha8Rng, population: Population) -> Run {
        let users: Vec<Vec<f64>> = (0..self.users).map(|user| self.of.shares(user, random)).collect();
        let lists = users.iter().zip(self.sessions.iter().cycle()).map(|(shares, &sessions)| {
            (0..sessions)
                .map(|_| {
                    let session = dirichlet(shares, self.looseness, random);
                    (0..self.samples).map(|_| pick(&session, random)).collect()
                })
                .collect()
        });
        let labels = Nested::from_lists(lists.collect::<Vec<_>>());
        let users = match (population, &self.of) {
            (Population::Drawn, Users::Around(mu, concentration)) => {
                Expected::Around(mu.clone(), *concentration)
            }
            (Population::Drawn, Users::Alike(mu)) => Expected::Types(vec![(1.0, mu.clone())]),
            (Population::Drawn, Users::Types(types)) => Expected::Types(types.clone()),
            (Population::Drawn, Users::Deviant(..)) | (Population::Fixed, _) => Expected::Fixed(users),
        };
        Run { labels, users, looseness: self.looseness }
    }
}

/// True values, `h(i, j)` saying how alike labels `i` and `j` are.
impl Run {
    /// `A_B`.
    pub(crate) fn between(&self, h: impl Fn(usize, usize) -> f64) -> f64 {
        match &self.users {
            Expected::Around(..) | Expected::Types(_) => {
                let mu = self.shares();
                form(&mu, &mu, &h)
            }
            Expected::Fixed(users) => {
                let m = users.len() as f64;
                let pairs =
                    users.iter().enumerate().flat_map(|(u, p)| users[..u].iter().map(move |q| (p, q)));
                pairs.map(|(p, q)| form(p, q, &h)).sum::<f64>() / (m * (m - 1.0) / 2.0)
            }
        }
    }

    /// `A_S`.
    pub(crate) fn sessions(&self, h: impl Fn(usize, usize) -> f64) -> f64 {
        match &self.users {
            Expected::Around(mu, concentration) => {
                let between = form(mu, mu, &h);
                between + (1.0 - between) / (concentration + 1.0)
            }
            Expected::Types(types) => types.iter().map(|(weight, p)| weight * form(p, p, &h)).sum(),
            Expected::Fixed(users) => users.iter().map(|p| form(p, p, &h)).sum::<f64>() / users.len() as f64,
        }
    }

    /// `A_W`.
    pub(crate) fn within(&self, h: impl Fn(usize, usize) -> f64) -> f64 {
        let sessions = self.sessions(h);
        sessions + (1.0 - sessions) / (self.looseness + 1.0)
    }

    /// The mean share of each label.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let weighted: Vec<(f64, &[f64])> = match &self.users {
            Expected::Around(mu, _) => vec![(1.0, mu)],
            Expected::Types(types) => types.iter().map(|(weight, p)| (*weight, p.as_slice())).collect(),
            Expected::Fixed(users) => {
                users.iter().map(|p| (1.0 / users.len() as f64, p.as_slice())).collect()
            }
        };
        let labels = weighted.first().map_or(0, |(_, p)| p.len());
        (0..labels).map(|label| weighted.iter().map(|(weight, p)| weight * p[label]).sum()).collect()
    }
}

/// Labels as a kernel: only the same one is alike.
pub(crate) fn equal(i: usize, j: usize) -> f64 {
    f64::from(u8::from(i == j))
}

impl Users {
    fn shares(&self, user: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
        match self {
            Self::Around(mu, a) => dirichlet(mu, *a, random),
            Self::Alike(mu) => mu.clone(),
            Self::Types(types) => {
                let weights: Vec<f64> = types.iter().map(|(weight, _)| *weight).collect();
                types[pick(&weights, random) as usize].1.clone()
            }
            Self::Deviant(most, first) => {
                let p = if user == 0 { *first } else { *most };
                vec![p, 1.0 - p]
            }
        }
    }
}

pub(crate) fn dirichlet(mean: &[f64], concentration: f64, random: &mut ChaCha8Rng) -> Vec<f64> {
    if concentration.is_infinite() {
        return mean.to_vec();
    }
    let gammas: Vec<f64> = mean
        .iter()
        .map(|&p| {
            if p > 0.0 {
                Gamma::new(concentration * p, 1.0).expect("a positive shape").sample(random)
            } else {
                0.0
            }
        })
        .collect();
    let sum: f64 = gammas.iter().sum();
    if sum > 1e-250 {
        return gammas.iter().map(|g| g / sum).collect();
    }
    // With a concentration near 0 all the mass falls on one label.
    let one = pick(mean, random) as usize;
    (0..mean.len()).map(|k| f64::from(u8::from(k == one))).collect()
}

/// One label by its share.
pub(crate) fn pick(shares: &[f64], random: &mut ChaCha8Rng) -> u32 {
    let mut left: f64 = random.random();
    let place = shares.iter().position(|&p| {
        left -= p;
        left < 0.0
    });
    u32::try_from(place.unwrap_or(shares.len() - 1)).expect("a few labels")
}

pub(crate) fn form(p: &[f64], q: &[f64], h: &impl Fn(usize, usize) -> f64) -> f64 {
    p.iter().enumerate().flat_map(|(i, p)| q.iter().enumerate().map(move |(j, q)| p * q * h(i, j))).sum()
}
