//! Agreement over several probes, which is that of a group: users of their own on each, and users who are odd wherever they are asked.

use antiphon_stats::change::paired_change;
use antiphon_stats::over_cells::OverCells;
use antiphon_stats::{Interval, Nested, Population, SimilarityMatrix, agreement};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::labels::two_types;
use crate::population::{Users, dirichlet, equal, form, pick};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const FAMILY: &str = "Agreement over the probes of a group";

/// What users answer to one probe, from near agreement to next to none.
const SHARES: [[f64; 3]; 6] = [
    [0.98, 0.01, 0.01],
    [0.85, 0.10, 0.05],
    [0.70, 0.20, 0.10],
    [0.50, 0.30, 0.20],
    [0.34, 0.33, 0.33],
    [0.90, 0.05, 0.05],
];

/// Who answers, and what.
struct Group {
    users: usize,
    sessions: usize,
    /// Of each probe.
    of: Vec<Users>,
    /// Whether a user is of the same type on every probe.
    one_type: bool,
    /// How many of the users are asked each probe, in parts of all.
    asked: f64,
    /// Users of each probe, where those of one are asked no other.
    apart: Vec<usize>,
    /// How alike two labels are, where not only the same one is alike.
    alike: Option<fn(usize, usize) -> f64>,
}

/// Labels are three steps of a scale.
fn near(i: usize, j: usize) -> f64 {
    1.0 - i.abs_diff(j) as f64 / 2.0
}

impl Group {
    fn new(users: usize, of: Vec<Users>) -> Self {
        Self { users, sessions: 2, of, one_type: false, asked: 1.0, apart: Vec::new(), alike: None }
    }

    /// Groups of users who are asked a probe each, as those of different languages are.
    fn apart(users: &[usize], of: &Users) -> Self {
        let all = users.iter().sum();
        Self { apart: users.to_vec(), ..Self::new(all, vec![of.clone(); users.len()]) }
    }

    /// Who is asked the probe.
    fn asked(&self, probe: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
        if self.apart.is_empty() {
            return (0..self.users).filter(|_| random.random_bool(self.asked)).collect();
        }
        let first = self.apart[..probe].iter().sum();
        (first..first + self.apart[probe]).collect()
    }

    /// The interval, that of Student's t over users, and the truth they should hold.
    fn draw(&self, random: &mut ChaCha8Rng, population: Population) -> ([Option<Interval>; 2], f64) {
        let mut plain = vec![0.0; self.users];
        let place: Vec<f64> = (0..self.users).map(|_| random.random()).collect();
        let mut over = OverCells::default();
        let (mut truth, alike) = (0.0, self.alike.unwrap_or(equal));
        for (conversation, of) in self.of.iter().enumerate() {
            let asked = self.asked(conversation, random);
            let shares = |user| (user as u64, of_user(of, self.one_type.then_some(place[user]), random));
            let own: Vec<(u64, Vec<f64>)> = asked.into_iter().map(shares).collect();
            let lists: Vec<Vec<Vec<u32>>> =
                own.iter().map(|(_, shares)| answers(shares, self.sessions, random)).collect();
            let cell = Nested::from_lists(lists);
            let found = match self.alike {
                None => agreement::labels(&cell, population),
                Some(alike) => {
                    agreement::similarities(&cell, &SimilarityMatrix::from_pairs(3, alike), population)
                }
            };
            let share = found.share(own.iter().map(|(user, _)| *user));
            let share = share.expect("there are three users");
            over.add(&conversation.to_string(), &share);
            share.users.iter().for_each(|(user, adds)| {
                plain[usize::try_from(*user).expect("a place")] += adds / self.of.len() as f64
            });
            truth += match population {
                Population::Drawn => form(&expected(of), &expected(of), &alike),
                Population::Fixed => of_these(&own, alike),
            };
        }
        (
            [over.estimate().interval, paired_change(&plain).map(|plain| plain.interval)],
            truth / self.of.len() as f64,
        )
    }
}

/// Sessions move a little away from their user.
fn answers(shares: &[f64], sessions: usize, random: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
    (0..sessions)
        .map(|_| {
            let session = dirichlet(shares, 6.0, random);
            vec![pick(&session, random)]
        })
        .collect()
}

/// `place` says which type a user is of.
fn of_user(of: &Users, place: Option<f64>, random: &mut ChaCha8Rng) -> Vec<f64> {
    match of {
        Users::Around(mean, concentration) => dirichlet(mean, *concentration, random),
        Users::Alike(mean) => mean.clone(),
        Users::Types(types) => {
            let mut left = place.unwrap_or_else(|| random.random());
            let found = types.iter().find(|(weight, _)| {
                left -= weight;
                left < 0.0
            });
            found.unwrap_or(&types[0]).1.clone()
        }
        Users::Deviant(..) => unreachable!("no group has such users"),
    }
}

fn expected(of: &Users) -> Vec<f64> {
    match of {
        Users::Around(mean, _) | Users::Alike(mean) => mean.clone(),
        Users::Types(types) => (0..types[0].1.len())
            .map(|k| types.iter().map(|(weight, shares)| weight * shares[k]).sum())
            .collect(),
        Users::Deviant(..) => unreachable!("no group has such users"),
    }
}

/// Of all pairs of these users.
fn of_these(users: &[(u64, Vec<f64>)], alike: fn(usize, usize) -> f64) -> f64 {
    let pairs = users.iter().enumerate().flat_map(|(u, p)| users[..u].iter().map(move |q| (p, q)));
    let m = users.len() as f64;
    pairs.map(|(p, q)| form(&p.1, &q.1, &alike)).sum::<f64>() / (m * (m - 1.0) / 2.0)
}

fn scenario(name: &str, group: Group, population: Population, gate: Gate) -> Scenario {
    Scenario::new(FAMILY, name, vec![Measure::new("A_B", gate)], move |random| {
        let ([found, _], truth) = group.draw(random, population);
        vec![Outcome::of(found, truth)]
    })
}

/// Users alone show too little where they are odd together.
fn with_control(name: &str, group: Group) -> Scenario {
    let measures =
        vec![Measure::new("A_B", Gate::Boundary), Measure::new("Student's t over users", Gate::Fails)];
    Scenario::new(FAMILY, name, measures, move |random| {
        let (intervals, truth) = group.draw(random, Population::Drawn);
        intervals.map(|interval| Outcome::of(interval, truth)).to_vec()
    })
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let around = |shares: [f64; 3]| Users::Around(shares.to_vec(), 4.0);
    let all = || SHARES.into_iter().map(around).collect::<Vec<_>>();
    let near_one = || vec![around([0.98, 0.01, 0.01]); 6];
    let half = || vec![Users::Alike(vec![0.5, 0.5]); 6];
    // Everybody always says the same.
    let pure = |share| Users::Types(vec![(share, vec![1.0, 0.0]), (1.0 - share, vec![0.0, 1.0])]);
    let odd = |share| vec![two_types(share, 0.97, 0.2); 6];
    let drawn = |name: &str, group, gate| scenario(name, group, Population::Drawn, gate);
    let fixed = |name: &str, group| scenario(name, group, Population::Fixed, Gate::Boundary);
    vec![
        drawn("5 users", Group::new(5, all()), Gate::Boundary),
        drawn("10 users", Group::new(10, all()), Gate::Boundary),
        drawn("30 users", Group::new(30, all()), Gate::Regular),
        drawn("100 users", Group::new(100, all()), Gate::Regular),
        drawn(
            "30 users, 70 % of them asked each",
            Group { asked: 0.7, ..Group::new(30, all()) },
            Gate::Boundary,
        ),
        drawn(
            "60 users, 70 % of them asked each",
            Group { asked: 0.7, ..Group::new(60, all()) },
            Gate::Regular,
        ),
        drawn("8 users near 1", Group::new(8, near_one()), Gate::Boundary),
        drawn("30 users near 1", Group::new(30, near_one()), Gate::Boundary),
        drawn("100 users near 1", Group::new(100, near_one()), Gate::Boundary),
        drawn("12 users, half and half", Group::new(12, half()), Gate::Boundary),
        drawn("30 users, half and half", Group::new(30, half()), Gate::Boundary),
        with_control(
            "12 users, 30 % of them odd on every probe",
            Group { one_type: true, ..Group::new(12, odd(0.3)) },
        ),
        drawn(
            "12 users, 10 % of them odd on every probe",
            Group { one_type: true, ..Group::new(12, odd(0.1)) },
            Gate::Boundary,
        ),
        drawn(
            "40 users, 10 % of them odd on every probe",
            Group { one_type: true, ..Group::new(40, odd(0.1)) },
            Gate::Boundary,
        ),
        drawn(
            "60 users, 30 % of them odd on every probe",
            Group { one_type: true, ..Group::new(60, odd(0.3)) },
            Gate::Regular,
        ),
        with_control(
            "30 users of two halves, the same on every probe",
            Group { one_type: true, ..Group::new(30, vec![two_types(0.5, 0.9, 0.1); 6]) },
        ),
        drawn(
            "10 users, steps of a scale",
            Group { alike: Some(near), ..Group::new(10, all()) },
            Gate::Boundary,
        ),
        drawn(
            "30 users, steps of a scale",
            Group { alike: Some(near), ..Group::new(30, all()) },
            Gate::Regular,
        ),
        drawn("97 users, and 3 of another language", Group::apart(&[97, 3], &pure(0.8)), Gate::Boundary),
        drawn("60 users, and 5 of another language", Group::apart(&[60, 5], &pure(0.7)), Gate::Boundary),
        drawn("20 users, and 4 of another language", Group::apart(&[20, 4], &pure(0.7)), Gate::Boundary),
        drawn(
            "40 users, and 5 of another language, mixed",
            Group::apart(&[40, 5], &around([0.6, 0.3, 0.1])),
            Gate::Boundary,
        ),
        drawn(
            "12 users, and 8 of another language, mixed",
            Group::apart(&[12, 8], &around([0.6, 0.3, 0.1])),
            Gate::Boundary,
        ),
        fixed(
            "50 fixed users, and 3 of another language",
            Group::apart(&[50, 3], &Users::Alike(vec![0.8, 0.2])),
        ),
        fixed("12 fixed users", Group { sessions: 3, ..Group::new(12, all()) }),
        fixed("40 fixed users, two sessions", Group::new(40, all())),
        fixed("10 fixed users near 1", Group { sessions: 3, ..Group::new(10, near_one()) }),
        fixed("10 fixed users, half and half", Group { sessions: 3, ..Group::new(10, half()) }),
    ]
}
