//! Labels of drawn users: the agreements at all three levels and a rate, in the scenarios that the rule was made on and
//! in others.

use antiphon_stats::{Population, agreement, interval};

use crate::population::{self, Run, Users, equal};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

/// The scenarios on which the rule was made, sessions included. Q is no regular one: its users hardly ever change their
/// mind, and the rule covers more than it says.
const KNOWN: &str = "Labels, drawn users";
/// Users of types and rare deviants, one session each: the second family on which the rule was made.
const DEVIANTS: &str = "Labels, types of users and rare deviants";
/// Made afterwards: other mixtures, sizes and designs.
const FRESH: &str = "Labels, fresh scenarios";

/// `sessions` are those of the first, second, .. user, over and over.
pub(crate) fn design(users: usize, sessions: &[usize], samples: usize, of: Users) -> population::Scenario {
    population::Scenario { users, sessions: sessions.to_vec(), samples, of, looseness: 4.0 }
}

fn one_session(users: usize, samples: usize, of: Users) -> population::Scenario {
    population::Scenario { looseness: f64::INFINITY, ..design(users, &[1], samples, of) }
}

pub(crate) fn mixed() -> Users {
    Users::Around(vec![0.6, 0.3, 0.1], 4.0)
}

pub(crate) fn near_one() -> Users {
    Users::Around(vec![0.98, 0.01, 0.01], 4.0)
}

/// Shares in inverse proportion to the rank.
pub(crate) fn zipf(labels: u32) -> Vec<f64> {
    let weights: Vec<f64> = (1..=labels).map(|rank| 1.0 / f64::from(rank)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// A share of the users gives label 0 with chance `deviant`, all others with chance `usual`; who does not gives label 1.
pub(crate) fn two_types(share: f64, usual: f64, deviant: f64) -> Users {
    Users::Types(vec![(1.0 - share, vec![usual, 1.0 - usual]), (share, vec![deviant, 1.0 - deviant])])
}

/// Everybody has a favourite, drawn from Zipf's law, and gives it with that chance, else any label.
fn favourites(labels: u32, chance: f64) -> Users {
    let even = (1.0 - chance) / f64::from(labels);
    let own = |own: usize| (0..labels as usize).map(|k| even + if k == own { chance } else { 0.0 }).collect();
    Users::Types(zipf(labels).into_iter().enumerate().map(|(k, weight)| (weight, own(k))).collect())
}

pub(crate) fn levels(run: &Run, population: Population) -> Vec<Outcome> {
    let found = agreement::labels(&run.labels, population);
    let rate = interval::proportion(&run.labels.map(|&label| f64::from(u8::from(label == 0))), population);
    vec![
        Outcome::estimate(&found.users, run.between(equal)),
        Outcome::estimate(&found.sessions, run.sessions(equal)),
        Outcome::estimate(&found.within, run.within(equal)),
        Outcome::estimate(&rate, run.shares()[0]),
    ]
}

/// `regular` names the levels for which the scenario is regular; a level without pairs is left out.
fn scenario(family: &'static str, name: &str, of: population::Scenario, regular: &[&str]) -> Scenario {
    let has = |level: &str| match level {
        "A_S" => of.sessions.iter().any(|&sessions| sessions > 1),
        "A_W" => of.samples > 1,
        _ => true,
    };
    let all = ["A_B", "A_S", "A_W", "rate"];
    let kept: Vec<usize> = (0..4).filter(|&level| has(all[level])).collect();
    let gate = |level: &str| if regular.contains(&level) { Gate::Regular } else { Gate::Boundary };
    let measures = kept.iter().map(|&level| Measure::new(all[level], gate(all[level]))).collect();
    Scenario::new(family, name, measures, move |random| {
        let outcomes = levels(&of.draw(random, Population::Drawn), Population::Drawn);
        kept.iter().map(|&level| outcomes[level]).collect()
    })
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    [known(), deviants(), fresh()].into_iter().flatten().collect()
}

const ALL: &[&str] = &["A_B", "A_S", "A_W", "rate"];

fn known() -> Vec<Scenario> {
    let looser = |of: population::Scenario| population::Scenario { looseness: 6.0, ..of };
    let half = || Users::Alike(vec![0.5, 0.5]);
    let unbalanced = [vec![1; 20], vec![5; 7], vec![40; 3]].concat();
    let new = |name, of, regular| scenario(KNOWN, name, of, regular);
    vec![
        new("A: 5 users", design(5, &[4], 3, mixed()), &[]),
        new("B: 5 users near 1", design(5, &[4], 3, near_one()), &[]),
        new("C: 10 users", design(10, &[4], 3, mixed()), &[]),
        new("D: 30 users", design(30, &[4], 3, mixed()), ALL),
        new("E: 30 users, unbalanced", design(30, &unbalanced, 3, mixed()), &["A_B", "A_W", "rate"]),
        new("F: 30 users near 1", design(30, &[4], 3, near_one()), &[]),
        new("G: 100 users near 1", design(100, &[4], 3, near_one()), &[]),
        new("H: 30 users, half and half", design(30, &[4], 3, half()), &["A_S", "A_W", "rate"]),
        new("I: 30 users all alike", design(30, &[4], 3, Users::Alike(vec![0.6, 0.3, 0.1])), ALL),
        new("J: 50 users, Zipf 50", looser(design(50, &[3], 2, Users::Around(zipf(50), 3.0))), ALL),
        new("K: 200 users", design(200, &[3], 2, mixed()), ALL),
        new("L: 400 users near 1", design(400, &[2], 2, near_one()), &[]),
        new("M: 8 users near 1, all alike", design(8, &[4], 3, Users::Alike(vec![0.98, 0.01, 0.01])), &[]),
        new("N: 5 users, half and half", design(5, &[4], 3, half()), &[]),
        new("O: 20 users, 55 to 45", design(20, &[4], 3, Users::Alike(vec![0.55, 0.45])), &[]),
        new(
            "P: 100 users, one of four",
            design(100, &[3], 3, Users::Alike(vec![0.25; 4])),
            &["A_S", "A_W", "rate"],
        ),
        new("Q: 30 users, far apart", design(30, &[4], 3, Users::Around(vec![0.6, 0.3, 0.1], 0.5)), &[]),
    ]
}

fn deviants() -> Vec<Scenario> {
    let new = |name, users, of, regular| scenario(DEVIANTS, name, one_session(users, 9, of), regular);
    let five = Users::Around(vec![0.5, 0.2, 0.1, 0.1, 0.1], 2.0);
    vec![
        new("R: 40 users, 10 % deviant", 40, two_types(0.1, 0.99, 0.2), &[]),
        new("S: 12 users, 10 % deviant", 12, two_types(0.1, 0.99, 0.2), &[]),
        new("T: 60 users, favourites", 60, favourites(30, 0.7), &["A_B"]),
        new("U: 25 users of two types", 25, two_types(0.5, 0.9, 0.3), &[]),
        new("V: 7 users, five labels", 7, five, &[]),
        new("W: 150 users, 2 % deviant", 150, two_types(0.02, 0.99, 0.2), &[]),
        new("X: 15 users, 0.995", 15, Users::Alike(vec![0.995, 0.005]), &[]),
        new("Y: 10 users, 20 % pure deviants", 10, two_types(0.2, 1.0, 0.0), &[]),
        new("Z: 30 users, 7 % pure deviants", 30, two_types(0.07, 1.0, 0.0), &[]),
        new("Z2: 100 users, 2 % pure deviants", 100, two_types(0.02, 1.0, 0.0), &[]),
        new("Z3: 300 users, 1 % pure deviants", 300, two_types(0.01, 1.0, 0.0), &[]),
    ]
}

fn fresh() -> Vec<Scenario> {
    let new = |name, of, regular| scenario(FRESH, name, of, regular);
    let six = || Users::Around(vec![0.4, 0.2, 0.15, 0.1, 0.1, 0.05], 3.0);
    let layers = |users, sessions: &[usize], samples, share, usual, deviant| {
        design(users, sessions, samples, two_types(share, usual, deviant))
    };
    vec![
        new("12 users, six labels", design(12, &[3], 2, six()), &[]),
        new("20 users, six labels", design(20, &[3], 2, six()), &[]),
        new("60 users, six labels", design(60, &[3], 2, six()), ALL),
        new("150 users, six labels", design(150, &[3], 2, six()), ALL),
        new("12 users of two types, 70 to 30", layers(12, &[3], 3, 0.3, 0.85, 0.4), &[]),
        new("60 users of two types, 70 to 30", layers(60, &[3], 3, 0.3, 0.85, 0.4), &["A_S", "A_W", "rate"]),
        new("20 users, 5 % deviant", layers(20, &[3], 3, 0.05, 0.95, 0.1), &[]),
        new("60 users, 5 % deviant", layers(60, &[3], 3, 0.05, 0.95, 0.1), &[]),
        new("150 users, 3 % deviant", layers(150, &[2], 2, 0.03, 0.97, 0.1), &[]),
        new("12 users, unbalanced", design(12, &[1, 2, 12], 2, mixed()), &[]),
        new("60 users, unbalanced", design(60, &[1, 2, 12], 2, mixed()), ALL),
        new("20 users near 1, unbalanced", design(20, &[2, 3, 12], 2, near_one()), &[]),
        new("60 users near 1, unbalanced", design(60, &[2, 3, 12], 2, near_one()), &[]),
        new("12 users, two sessions of one sample", design(12, &[2], 1, mixed()), &[]),
        new("60 users, two sessions of one sample", design(60, &[2], 1, mixed()), ALL),
        new("150 users, one answer each", one_session(150, 1, mixed()), &["A_B", "rate"]),
        new(
            "12 users, hardly two answers the same",
            design(12, &[3], 1, Users::Alike(vec![0.002; 500])),
            &[],
        ),
        new(
            "60 users, hardly two answers the same",
            design(60, &[2], 1, Users::Alike(vec![0.0005; 2000])),
            &[],
        ),
    ]
}
