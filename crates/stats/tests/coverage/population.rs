//! Models of users to draw from, whose true agreements are known.

use antiphon_stats::{Nested, Population};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};

/// Where users' distributions over labels come from.
#[derive(Clone, Copy)]
pub(crate) enum Users {
    /// Dirichlet around these shares with this concentration.
    Around(&'static [f64], f64),
    /// All the same.
    Alike(&'static [f64]),
    /// The first user gives label 0 with the second chance, all others with the first.
    Deviant(f64, f64),
}

/// A design and what it samples from. Sessions are Dirichlet around their user.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) users: usize,
    /// Sessions of the first, second, .. user, over and over.
    pub(crate) sessions: &'static [usize],
    /// Samples of every session.
    pub(crate) samples: usize,
    pub(crate) of: Users,
    /// How little a session moves its user's shares; near 0 every session sticks to one label.
    pub(crate) looseness: f64,
}

/// One simulated cell with the truth that an interval should hold.
pub(crate) struct Run {
    pub(crate) labels: Nested<u32>,
    pub(crate) between: f64,
    pub(crate) sessions: f64,
    pub(crate) within: f64,
    /// The chance of label 0.
    pub(crate) first: f64,
    expected: Expected,
}

/// Whom the truth is about.
enum Expected {
    /// All users that could be drawn: Dirichlet around these shares with this concentration.
    Drawn(&'static [f64], f64),
    /// These, by their shares.
    Fixed(Vec<Vec<f64>>),
}

impl Scenario {
    pub(crate) fn draw(&self, rep: u64, population: Population) -> Run {
        let mut random = ChaCha8Rng::seed_from_u64(20_261_123);
        random.set_stream(rep);
        let users: Vec<Vec<f64>> = (0..self.users).map(|user| self.of.shares(user, &mut random)).collect();
        let lists = users.iter().zip(self.sessions.iter().cycle()).map(|(shares, &sessions)| {
            (0..sessions)
                .map(|_| {
                    let session = dirichlet(shares, self.looseness, &mut random);
                    (0..self.samples).map(|_| pick(&session, &mut random)).collect()
                })
                .collect()
        });
        let labels = Nested::from_lists(lists.collect::<Vec<_>>());
        let expected = match (population, self.of) {
            (Population::Drawn, Users::Around(mu, concentration)) => Expected::Drawn(mu, concentration),
            _ => Expected::Fixed(users),
        };
        let equal = |i: usize, j: usize| f64::from(u8::from(i == j));
        let sessions = expected.same_user(equal);
        let within = sessions + (1.0 - sessions) / (self.looseness + 1.0);
        Run {
            between: expected.two_users(equal),
            sessions,
            within,
            first: expected.first(),
            labels,
            expected,
        }
    }
}

impl Run {
    /// The true agreement between users where labels `i` and `j` are alike by `h(i, j)`.
    pub(crate) fn between_by(&self, h: impl Fn(usize, usize) -> f64) -> f64 {
        self.expected.two_users(h)
    }
}

impl Expected {
    fn two_users(&self, h: impl Fn(usize, usize) -> f64) -> f64 {
        match self {
            Self::Drawn(mu, _) => form(mu, mu, &h),
            Self::Fixed(users) => {
                let m = users.len() as f64;
                let pairs =
                    users.iter().enumerate().flat_map(|(u, p)| users[..u].iter().map(move |q| (p, q)));
                pairs.map(|(p, q)| form(p, q, &h)).sum::<f64>() / (m * (m - 1.0) / 2.0)
            }
        }
    }

    fn same_user(&self, h: impl Fn(usize, usize) -> f64) -> f64 {
        match self {
            Self::Drawn(mu, concentration) => {
                let between = form(mu, mu, &h);
                between + (1.0 - between) / (concentration + 1.0)
            }
            Self::Fixed(users) => users.iter().map(|p| form(p, p, &h)).sum::<f64>() / users.len() as f64,
        }
    }

    fn first(&self) -> f64 {
        match self {
            Self::Drawn(mu, _) => mu[0],
            Self::Fixed(users) => users.iter().map(|p| p[0]).sum::<f64>() / users.len() as f64,
        }
    }
}

impl Users {
    fn shares(self, user: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
        match self {
            Self::Around(mu, a) => dirichlet(mu, a, random),
            Self::Alike(mu) => mu.to_vec(),
            Self::Deviant(most, first) => {
                let p = if user == 0 { first } else { most };
                vec![p, 1.0 - p]
            }
        }
    }
}

fn dirichlet(mean: &[f64], concentration: f64, random: &mut ChaCha8Rng) -> Vec<f64> {
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

fn pick(shares: &[f64], random: &mut ChaCha8Rng) -> u32 {
    let mut left: f64 = random.random();
    let place = shares.iter().position(|&p| {
        left -= p;
        left < 0.0
    });
    u32::try_from(place.unwrap_or(shares.len() - 1)).expect("a few labels")
}

fn form(p: &[f64], q: &[f64], h: &impl Fn(usize, usize) -> f64) -> f64 {
    p.iter().enumerate().flat_map(|(i, p)| q.iter().enumerate().map(move |(j, q)| p * q * h(i, j))).sum()
}
