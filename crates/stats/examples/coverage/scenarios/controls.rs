//! Methods that are known to be wrong, and must be seen to fail: samples taken as independent, and percentiles of a
//! bootstrap over few users.

use antiphon_stats::{Interval, Population, bootstrap, categorical, rates};

use super::labels::{design, mixed};
use crate::population::{self, Run, equal};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const FAMILY: &str = "Controls";
const RESAMPLES: usize = 400;

pub(crate) fn scenarios() -> Vec<Scenario> {
    let unbalanced = [vec![1; 20], vec![5; 7], vec![40; 3]].concat();
    vec![
        scenario("A: 5 users", design(5, &[4], 3, mixed()), Gate::Fails),
        scenario("E: 30 users, unbalanced", design(30, &unbalanced, 3, mixed()), Gate::Shown),
    ]
}

/// The bootstrap fails with few users; with thirty it comes close.
fn scenario(name: &str, of: population::Scenario, bootstrap: Gate) -> Scenario {
    let measures = vec![
        Measure::new("A_B, samples as independent", Gate::Fails),
        Measure::new("A_B, percentiles of the bootstrap over users", bootstrap),
        Measure::new("rate, Wilson on all samples", Gate::Fails),
    ];
    Scenario::new(FAMILY, name, measures, move |random| {
        let run = of.draw(random, Population::Drawn);
        let (between, rate) = (run.between(equal), run.shares()[0]);
        let counts = counts(&run);
        let all = counts.iter().sum();
        vec![
            Outcome::of(independent(&counts), between),
            Outcome::of(bootstrap::percentiles(&similarities(&run), RESAMPLES, 1), between),
            Outcome::of(rates::wilson(counts[0], all), rate),
        ]
    })
}

fn counts(run: &Run) -> Vec<u64> {
    let mut counts = vec![0; run.shares().len()];
    run.labels.rows().for_each(|(_, &label)| counts[label as usize] += 1);
    counts
}

fn independent(counts: &[u64]) -> Option<Interval> {
    let (value, half) =
        (categorical::collision(counts)?, 1.96 * categorical::collision_variance(counts)?.sqrt());
    Some(Interval { low: value - half, high: value + half })
}

/// The mean agreement of each two users.
fn similarities(run: &Run) -> Vec<Vec<f64>> {
    let labels = run.shares().len();
    let of_user = |user: &antiphon_stats::User<u32>| {
        let mut shares = vec![0.0; labels];
        for session in &user.sessions {
            let each = 1.0 / (user.sessions.len() * session.samples.len()) as f64;
            session.samples.iter().for_each(|(_, label)| shares[*label as usize] += each);
        }
        shares
    };
    let users: Vec<Vec<f64>> = run.labels.users().iter().map(of_user).collect();
    let dot = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p * q).sum();
    users.iter().map(|p| users.iter().map(|q| dot(p, q)).collect()).collect()
}
