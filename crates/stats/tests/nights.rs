//! The change that a design is said to find with power 0.8, made between two simulated nights of the same users: how often is it found?
//! `cargo test -p antiphon-stats --test nights -- --nocapture` prints the figures of `docs/statistics.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use antiphon_stats::change::paired_change;
use antiphon_stats::nights::{AGREEMENT, MEAN, Noise};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

const REPETITIONS: usize = 1_000;
/// Users' shares of the first of two answers: around this one where the share itself is looked at, and where agreement is, 0.8.
const HALF: f64 = 0.5;
const MOST: f64 = 0.887_298;
/// With this concentration users are 0.2 of the variance.
const CONCENTRATION: f64 = 4.0;
/// A night moves users, and a session moves its user's share, so much.
const NIGHT: f64 = 39.0;
const SESSION: f64 = 3.9;

/// One night: each user's share of the first answer over sessions. All of them are `less` than they were.
fn night(shares: &[f64], less: f64, sessions: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    let moved = |share: f64, concentration: f64, random: &mut ChaCha8Rng| {
        let share = share.clamp(1e-6, 1.0 - 1e-6);
        Beta::new(concentration * share, concentration * (1.0 - share)).unwrap().sample(random)
    };
    let user = |share: &f64, random: &mut ChaCha8Rng| {
        let tonight = moved(*share, NIGHT, random) - less;
        let answers =
            (0..sessions).filter(|_| random.random::<f64>() < moved(tonight, SESSION, random)).count();
        answers as f64 / sessions as f64
    };
    shares.iter().map(|share| user(share, random)).collect()
}

/// Agreement between users without each of them in turn, times their number: their mean moves as the agreement does.
fn pseudo_values(shares: &[f64]) -> Vec<f64> {
    let m = shares.len() as f64;
    let sums = |of: fn(f64) -> f64| shares.iter().map(|share| of(*share)).sum::<f64>();
    let (first, second, squares) = (sums(|p| p), sums(|p| 1.0 - p), sums(|p| p * p + (1.0 - p) * (1.0 - p)));
    let value = |first: f64, second: f64, squares: f64, m: f64| {
        (first * first + second * second - squares) / (m * (m - 1.0))
    };
    let all = value(first, second, squares, m);
    let without =
        |p: &f64| value(first - p, second - (1.0 - p), squares - p * p - (1.0 - p) * (1.0 - p), m - 1.0);
    shares.iter().map(|p| m * all - (m - 1.0) * without(p)).collect()
}

/// How often a change of the agreement, or of the share, is found.
fn found((users, sessions): (usize, usize), around: f64, less: f64, of: impl Fn(&[f64]) -> Vec<f64>) -> f64 {
    let mut found = 0;
    for repetition in 0..REPETITIONS {
        let mut random = ChaCha8Rng::seed_from_u64(20_261_127);
        random.set_stream(repetition as u64);
        let beta = Beta::new(CONCENTRATION * around, CONCENTRATION * (1.0 - around)).unwrap();
        let shares: Vec<f64> = (0..users).map(|_| beta.sample(&mut random)).collect();
        let (one, other) =
            (night(&shares, 0.0, sessions, &mut random), night(&shares, less, sessions, &mut random));
        let differences: Vec<f64> = of(&one).iter().zip(of(&other)).map(|(one, other)| other - one).collect();
        found += usize::from(paired_change(&differences).is_some_and(|change| change.p < 0.05));
    }
    found as f64 / REPETITIONS as f64
}

#[test]
fn the_change_that_is_said_to_be_found_is_found_four_times_in_five() {
    let spread =
        |variance: f64| Noise { drift: 0.02 * variance, session: 0.16 * variance, sample: 0.64 * variance };
    let q = 1.0 - MOST;
    for design in [(20, 5), (40, 3), (100, 2)] {
        let (users, sessions) = design;
        let (m, s) = (users as f64, sessions as f64);
        let share = spread(HALF * HALF).detectable(MEAN, m, s, 1.0);
        let of_share = found(design, HALF, share, <[f64]>::to_vec);
        // The similarity of an answer to others is the share of its label.
        let agreement = spread(MOST * q * (MOST - q).powi(2)).detectable(AGREEMENT, m, s, 1.0);
        let then = (1.0 + (2.0 * (MOST * MOST + q * q - agreement) - 1.0).sqrt()) / 2.0;
        let of_agreement = found(design, MOST, MOST - then, pseudo_values);
        let false_alarms = found(design, MOST, 0.0, pseudo_values);
        println!(
            "{users} users × {sessions} sessions: a share moved by {share:.3} is found in {:.1} %, agreement moved by {agreement:.3} in \
             {:.1} %, no change in {:.1} %",
            100.0 * of_share,
            100.0 * of_agreement,
            100.0 * false_alarms,
        );
        assert!((0.70..0.90).contains(&of_share), "{of_share}");
        // Users who were decided and are less so now answer less evenly, too, so a loss of agreement is found less often.
        assert!((0.60..0.90).contains(&of_agreement), "{of_agreement}");
        assert!(false_alarms < 0.07, "{false_alarms}");
    }
}
