//! Numbers of labels and of scales that have intervals of their own: entropy and Krippendorff's alpha.

use antiphon_stats::krippendorff::{Metric, alpha_of_raters};
use antiphon_stats::{Population, entropy};
use rand_distr::{Distribution, StandardNormal};

use super::labels::{design, mixed, near_one, two_types, zipf};
use crate::population::{self, Users};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const ENTROPY: &str = "Entropy of the answers of different users";
const ALPHA: &str = "Krippendorff's alpha over raters";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let single = |users, of| population::Scenario { looseness: f64::INFINITY, ..design(users, &[1], 1, of) };
    let mut all = Vec::new();
    for users in [12, 20, 30, 60, 150] {
        all.push(entropy(&format!("{users} users, three labels"), single(users, mixed())));
    }
    for users in [30, 60, 150] {
        all.push(entropy(&format!("{users} users, Zipf 10"), single(users, Users::Alike(zipf(10)))));
        all.push(entropy(&format!("{users} users, Zipf 30"), single(users, Users::Alike(zipf(30)))));
    }
    all.push(entropy("60 users, one of eight", single(60, Users::Alike(vec![0.125; 8]))));
    all.push(entropy("60 users near 1", single(60, near_one())));
    all.push(entropy("150 users, 10 % deviants", single(150, two_types(0.1, 0.99, 0.2))));
    all.push(entropy("30 users, 3 sessions of 2", design(30, &[3], 2, mixed())).expensive(8));
    for raters in [8, 12, 20, 30, 60] {
        all.push(alpha(&format!("{raters} raters, near to each other"), (raters, 1), 0.4, 0.6));
        all.push(alpha(&format!("{raters} raters, far from each other"), (raters, 1), 0.8, 1.2));
    }
    for raters in [8, 20] {
        all.push(alpha(&format!("{raters} raters who rate four times"), (raters, 4), 0.8, 1.2));
    }
    all
}

/// Given or not: the value's coverage of the answers is the program's to judge, so it may be withheld often. An interval that is given only
/// when the data happen to look so is not held among those cases alone.
fn entropy(name: &str, of: population::Scenario) -> Scenario {
    let measures = vec![Measure::new("entropy", Gate::Selected).given_at_least(0.0)];
    Scenario::new(ENTROPY, name, measures, move |random| {
        let run = of.draw(random, Population::Drawn);
        let truth = run.shares().iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        vec![Outcome::estimate(&entropy::between_users(&run.labels, Population::Drawn, 1), truth)]
    })
}

/// Twelve units whose true places are spread evenly; raters are off by a leaning of their own and by chance.
fn alpha(name: &str, (raters, times): (u32, usize), leaning: f64, chance: f64) -> Scenario {
    const UNITS: u32 = 12;
    let measures = vec![Measure::new("alpha, interval metric", Gate::Boundary).given_at_least(99.0)];
    let places: Vec<f64> = (0..UNITS).map(|unit| f64::from(unit) * 0.25).collect();
    Scenario::new(ALPHA, name, measures, move |random| {
        let mut normal = || -> f64 { StandardNormal.sample(random) };
        let leanings: Vec<f64> = (0..raters).map(|_| leaning * normal()).collect();
        let units: Vec<Vec<(u64, f64)>> = places
            .iter()
            .map(|place| {
                let ratings = (0..).zip(&leanings).flat_map(|rater| std::iter::repeat_n(rater, times));
                ratings.map(|(rater, own)| (rater, place + own + chance * normal())).collect()
            })
            .collect();
        let mean = places.iter().sum::<f64>() / places.len() as f64;
        let between = places.iter().map(|place| (place - mean).powi(2)).sum::<f64>() / places.len() as f64;
        let within = leaning.powi(2) + chance.powi(2);
        vec![Outcome::estimate(&alpha_of_raters(&units, Metric::Interval), between / (between + within))]
    })
}
