use super::*;

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

fn vec1(discordant: usize, cap: f64) -> Spread {
    let variance = 0.014_941_111_111_111_13;
    Spread { value: 0.5975, variance, augmented: variance, discordant, df: 4.0, skewness: None, cap }
}

#[test]
fn the_logit_t_of_the_jackknife_variance_alone() {
    let found = vec1(5, 2.5).logit_t(MISS);
    near(found.low, 0.265_787_301_685_313_1);
    near(found.high, 0.858_904_499_408_067_6);
}

#[test]
fn the_effective_number_of_units_without_a_cap() {
    let spread = vec1(5, 100.0);
    near(spread.effective_units(MISS), 8.021_191_751_633_252);
    let n = spread.effective_units(MISS);
    let found = clopper_pearson_at(spread.value * n, n, MISS);
    near(found.low, 0.224_616_791_278_414_4);
    near(found.high, 0.900_148_560_025_771_6);
    near(vec1(5, 2.5).effective_units(MISS), 2.5);
}

fn rates(users: &[f64]) -> Nested<f64> {
    Nested::from_lists(users.iter().map(|&rate| vec![vec![rate]]))
}

#[test]
fn unanimous_users_are_as_many_trials() {
    let never = proportion(&rates(&[0.0; 10]), Population::Drawn);
    let always = proportion(&rates(&[1.0; 10]), Population::Drawn);
    near(never.interval.unwrap().high, 0.308_497_107_818_760_83);
    assert_eq!(never.interval.unwrap().mirrored(), always.interval.unwrap());
}

#[test]
fn a_rate_and_its_complement_have_mirrored_intervals() {
    for users in [&[0.1, 0.0, 0.0, 0.2, 0.0][..], &[0.4, 0.3, 0.6, 0.2]] {
        let complement: Vec<f64> = users.iter().map(|rate| 1.0 - rate).collect();
        let one = proportion(&rates(users), Population::Drawn).interval.unwrap();
        let other = proportion(&rates(&complement), Population::Drawn).interval.unwrap();
        near(one.low, 1.0 - other.high);
        near(one.high, 1.0 - other.low);
    }
}

#[test]
fn a_point_without_an_interval_says_why() {
    assert_eq!(proportion(&rates(&[]), Population::Drawn).why, Some(Undefined::NoSamples));
    let two = proportion(&rates(&[0.5, 1.0]), Population::Drawn);
    assert_eq!((two.value, two.interval, two.why), (Some(0.75), None, Some(Undefined::FewUsers)));
    let wide = proportion(&rates(&[0.5, 1.5, 1.0]), Population::Drawn);
    assert_eq!((wide.value, wide.why), (Some(1.0), Some(Undefined::OutOfRange)));
    let lost = proportion(&rates(&[0.5, f64::NAN, 1.0]), Population::Drawn);
    assert_eq!((lost.value, lost.why), (None, Some(Undefined::OutOfRange)));
    let fixed = proportion(&rates(&[0.5, 1.0, 1.0]), Population::Fixed);
    assert_eq!(fixed.why, Some(Undefined::FewSessions { needed: 2 }));
}

#[test]
fn fixed_users_who_differ_widely_are_no_cause_of_uncertainty() {
    let cell = Nested::from_lists(vec![vec![vec![0.2], vec![0.3]], vec![vec![0.9], vec![0.8]]]);
    let found = proportion(&cell, Population::Fixed);
    assert_eq!(found.value, Some(0.55));
    let width = found.interval.map(|i| i.high - i.low).unwrap();
    assert!(width > 0.05 && width < 0.5, "{width}");
}

/// Hardly two answers are the same, and one pair is: the logarithm of that has no spread to speak of.
#[test]
fn near_nothing_no_interval_is_everything() {
    let spread = |value: f64, error: f64| Spread {
        value,
        variance: error * error,
        augmented: error * error,
        discordant: 50,
        df: 49.0,
        skewness: None,
        cap: 25.0,
    };
    let found = spread(2e-6, 1.4e-3).interval().interval;
    assert!(found.low >= 0.0 && found.high < 0.01, "{found:?}");
    // Of one event that was seen, Poisson's exact limit is 5.57 of it.
    let one = spread(1e-4, 1e-4).interval().interval;
    assert!((5.57e-4..1e-3).contains(&one.high), "{one:?}");
}
