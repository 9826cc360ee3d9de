use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
}

#[test]
fn mcnemar_and_t_where_they_apply() {
    let mut differences = vec![-1.0; 3];
    differences.extend([1.0; 12]);
    differences.extend([0.0; 15]);
    let found = shares(&differences, 0.1, 1).unwrap();
    close(found.p.unwrap(), 0.035_156_25);
    close(found.value, 0.3);
    assert_eq!(found.rule, Rule::StudentT);
    let ten = [0.05, -0.02, 0.03, 0.08, 0.01, 0.04, -0.01, 0.06, 0.02, 0.03];
    close(means(&ten, (-0.05, 0.05)).unwrap().equivalence.unwrap(), 0.029_430_332_021_260_743);
    close(means(&ten, (-0.05, 0.05)).unwrap().interval.unwrap().low, 0.007_028_719_706_625_164);
}

#[test]
fn no_difference_seen_is_no_proof_of_none() {
    let found = |users: usize| shares(&vec![0.0; users], 0.1, 1).unwrap();
    // Nothing in n users has a chance of 0.9^n if one in ten would differ.
    close(found(20).equivalence.unwrap(), 0.9_f64.powi(20));
    close(found(30).equivalence.unwrap(), 0.9_f64.powi(30));
    let interval = found(20).interval.unwrap();
    close(interval.high, 1.0 - 0.025_f64.powf(1.0 / 20.0));
    close(interval.low, -interval.high);
    assert_eq!(found(20).p, Some(1.0));
    // Everybody differs all the way: the interval ends at 1 and the sides are not equivalent.
    let all = shares(&[1.0; 20], 0.1, 1).unwrap();
    assert!(all.interval.unwrap().low > 0.7 && all.interval.unwrap().high == 1.0, "{all:?}");
    assert_eq!(all.equivalence, Some(1.0));
    assert_eq!(shares(&[0.0, 0.0], 0.1, 1), None);
    assert_eq!(shares(&[0.0, 0.0, 1.5], 0.1, 1), None);
}

#[test]
fn independent_sides_are_put_together() {
    // Newcombe's interval for 56/70 and 48/80, from Wilson's: 0.0524 to 0.3339.
    let side = |x, n| (x as f64 / n as f64, crate::rates::wilson(x, n).unwrap());
    let found = sides(side(56, 70), side(48, 80), 0.1);
    let interval = found.interval.unwrap();
    assert!((interval.low - 0.0524).abs() < 5e-5 && (interval.high - 0.3339).abs() < 5e-5, "{interval:?}");
    assert!(found.p.unwrap() < 0.01 && found.equivalence.unwrap() > 0.5);
}

#[test]
fn an_interval_ends_where_no_difference_can_be() {
    let all_but_one = shares(&[1.0, 1.0, 1.0, 1.0, 0.0], 0.1, 1).unwrap();
    let jackknifed =
        agreements((0.85, None), (0.1, None), &[(0.95, 0.0), (0.85, 0.2), (0.9, 0.1)], 0.1).unwrap();
    assert_eq!((all_but_one.rule, jackknifed.rule), (Rule::StudentT, Rule::Jackknife));
    let wide = sides((0.9, Interval { low: 0.1, high: 0.95 }), (0.1, Interval { low: 0.0, high: 0.9 }), 0.1);
    for found in [all_but_one, jackknifed] {
        let interval = found.interval.unwrap();
        assert!(interval.high == 1.0 && interval.low > -1.0 && interval.low < found.value, "{interval:?}");
    }
    assert!(wide.interval.unwrap().high <= 1.0);
    // Logarithms of lengths have no such ends.
    assert!(means(&[2.0, 2.5, 3.0], (-0.2, 0.2)).unwrap().interval.unwrap().high > 3.0);
}

/// How often an interval holds the truth, and how often two sides that differ by just the margin pass as equivalent.
fn simulated(
    users: usize,
    sessions: u32,
    rates: impl Fn(&mut ChaCha8Rng) -> (f64, f64),
    truth: f64,
) -> (f64, f64) {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut covered, mut passed) = (0.0, 0.0);
    let rounds = 2_000;
    for _ in 0..rounds {
        let differences: Vec<f64> = (0..users)
            .map(|_| {
                let (a, b) = rates(&mut rng);
                let mut share = |p: f64| {
                    (0..sessions).filter(|_| rng.random_bool(p)).count() as f64 / f64::from(sessions)
                };
                share(a) - share(b)
            })
            .collect();
        let found = limits(&differences, truth.abs());
        covered += f64::from(u8::from(found.interval.unwrap().contains(truth)));
        passed += f64::from(u8::from(found.equivalence.is_some_and(|p| p <= 0.05)));
    }
    (covered / f64::from(rounds), passed / f64::from(rounds))
}

#[test]
fn intervals_hold_the_difference_and_the_margin_is_kept() {
    let uniform = |rng: &mut ChaCha8Rng, from: f64, to: f64| rng.random_range(from..to);
    let check = |what: &str, found: (f64, f64)| {
        assert!(found.0 >= 0.935, "{what}: covered {}", found.0);
        assert!(found.1 <= 0.065, "{what}: passed as equivalent {}", found.1);
    };
    check("many refuse", simulated(20, 5, |rng| (uniform(rng, 0.3, 0.7), uniform(rng, 0.2, 0.6)), 0.1));
    check("few refuse", simulated(20, 5, |rng| (uniform(rng, 0.1, 0.16), uniform(rng, 0.0, 0.06)), 0.1));
    check("one in ten always", simulated(20, 5, |rng| (f64::from(u8::from(rng.random_bool(0.1))), 0.0), 0.1));
    check(
        "one in ten always, many users",
        simulated(60, 2, |rng| (f64::from(u8::from(rng.random_bool(0.1))), 0.0), 0.1),
    );
    check("one session", simulated(30, 1, |_| (0.15, 0.05), 0.1));
}
