//! Two models that the same users asked.

use antiphon_stats::between::{self, Between};
use antiphon_stats::{Nested, Population, SimilarityMatrix};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::population::{dirichlet, pick};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const INTERVALS: &str = "Two models that the same users asked: how often they say the same";
const TESTS: &str = "Two models that the same users asked: the gap, exchanged user by user";
/// How strongly users differ: the sum of the weights of the distribution of their shares.
const LEANING: f64 = 4.0;
/// How alike two different answers are where answers are graded.
const PARTLY: f64 = 0.4;

const ONE: [f64; 3] = [0.5, 0.3, 0.2];
/// So close to even that what a user leans to hardly matters: the agreement is nearly degenerate.
const NEAR: [f64; 3] = [0.3, 0.3, 0.4];
const FAR: [f64; 3] = [0.1, 0.2, 0.7];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::new();
    for graded in [false, true] {
        let of = |users, shares, name: &str| Design { users, shares, graded, name: name.to_owned() };
        all.extend([
            of(12, ONE, "the same").scenarios(Gate::Boundary, Gate::SizeAtMost),
            of(30, ONE, "the same").scenarios(Gate::Regular, Gate::Size),
            of(60, ONE, "the same").scenarios(Gate::Regular, Gate::Size),
            of(30, NEAR, "apart").scenarios(Gate::Boundary, Gate::Power(50.0)),
            of(30, FAR, "far apart").scenarios(Gate::Regular, Gate::Power(50.0)),
        ]);
    }
    let (intervals, tests): (Vec<_>, Vec<_>) =
        all.into_iter().map(|[interval, test]| (interval, test)).unzip();
    intervals.into_iter().chain(tests).collect()
}

/// One model has shares about `ONE`, the other about `shares`. Where these are the same, each user has the same shares with both.
#[derive(Clone)]
struct Design {
    users: usize,
    shares: [f64; 3],
    graded: bool,
    name: String,
}

impl Design {
    fn scenarios(self, interval: Gate, test: Gate) -> [Scenario; 2] {
        let name =
            format!("{} users, {}{}", self.users, self.name, if self.graded { ", partly alike" } else { "" });
        let truth = self.truth();
        let (one, other) = (self.clone(), self);
        [
            Scenario::new(
                INTERVALS,
                name.clone(),
                vec![Measure::new("alike across", interval)],
                move |random| vec![Outcome::estimate(&one.draw(random).agreement, truth)],
            ),
            Scenario::new(TESTS, name, vec![Measure::new("gap", test)], move |random| {
                vec![Outcome::p(Some(other.draw(random).test.p))]
            }),
        ]
    }

    fn alike(&self, i: usize, j: usize) -> f64 {
        match (i == j, self.graded) {
            (true, _) => 1.0,
            (false, true) => PARTLY,
            (false, false) => 0.0,
        }
    }

    fn truth(&self) -> f64 {
        let pairs = (0..3).flat_map(|i| (0..3).map(move |j| (i, j)));
        pairs.map(|(i, j)| ONE[i] * self.shares[j] * self.alike(i, j)).sum()
    }

    fn draw(&self, random: &mut ChaCha8Rng) -> Between {
        let of_users: Vec<[Vec<f64>; 2]> = (0..self.users)
            .map(|_| {
                let own = dirichlet(&ONE, LEANING, random);
                let same = self.shares == ONE;
                let others = if same { own.clone() } else { dirichlet(&self.shares, LEANING, random) };
                [own, others]
            })
            .collect();
        let [p, q] = [0, 1].map(|model| answers(&of_users, model, random));
        let seed = random.random();
        let found = match self.graded {
            true => {
                let matrix = SimilarityMatrix::from_pairs(3, |i, j| self.alike(i, j));
                between::similarities(&p, &q, &matrix, Population::Drawn, seed)
            }
            false => between::labels(&p, &q, Population::Drawn, seed),
        };
        found.expect("there are users")
    }
}

/// Two sessions of three answers.
fn answers(users: &[[Vec<f64>; 2]], model: usize, random: &mut ChaCha8Rng) -> Nested<u32> {
    let mut session = |shares: &[f64]| (0..3).map(|_| pick(shares, random)).collect();
    Nested::from_lists(users.iter().map(|user| (0..2).map(|_| session(&user[model])).collect()))
}
