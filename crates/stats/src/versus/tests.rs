//! Hand-made differences, and how often nothing is called out though nothing moved.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::between;
use crate::estimate::Population;
use crate::nested::Nested;

#[test]
fn pseudo_values_come_to_the_agreement_and_its_jackknife() {
    let cell = Nested::from_lists([1, 1, 1, 2, 2, 1, 3].map(|label| vec![vec![label; 2]]));
    let found = crate::agreement::labels(&cell, Population::Drawn);
    let value = found.users.value.unwrap();
    let pseudo = pseudo_values(value, &found.without);
    let mean = pseudo.iter().sum::<f64>() / 7.0;
    assert!((mean - value).abs() < 1e-12, "{mean}, not {value}");
}

#[test]
fn no_p_is_smaller_than_exchanging_nights_allows() {
    // All of six users fell by nearly the same: t is in the hundreds.
    let fell = [-0.5, -0.501, -0.499, -0.5, -0.502, -0.498];
    let found = shares(&fell, 0.1, 1).unwrap();
    assert_eq!(found.p, Some(2.0 / 64.0));
    assert_eq!(exchanged(&fell, 1), Some(2.0 / 64.0));
    let score = normal_score(&fell, 0.0).unwrap();
    assert!((score + 2.153_874).abs() < 1e-5, "{score}");
    assert_eq!(normal_score(&fell[..5], 0.0), None, "five users can show nothing");
    assert_eq!(normal_score(&[0.0; 9], 0.0), None);
    assert!(normal_score(&[1.0; 9], 0.0).unwrap() > 2.6, "all moved by the same, which is no accident");
}

#[test]
fn unanimous_users_show_no_more_than_their_number_allows() {
    let same = |users: usize, margin: f64| agreements(&vec![0.0; users], [1.0, 1.0], margin, 1).unwrap();
    let found = same(40, 0.1);
    let interval = found.interval.unwrap();
    assert!(interval.low < -0.15 && interval.high > 0.15, "{interval:?}");
    assert!(found.equivalence.unwrap() > 0.05, "40 users who all agree do not show agreement within 0.1");
    assert!(same(80, 0.1).equivalence.unwrap() < 0.05);
    assert_eq!(agreements(&[0.0; 2], [1.0, 1.0], 0.1, 1), None);
}

#[test]
fn lengths_are_compared_by_their_ratio() {
    let doubled: Vec<f64> =
        [1.9_f64, 2.0, 2.1, 2.0, 1.95, 2.05, 2.0].iter().map(|ratio| ratio.ln()).collect();
    let found = ratios(&doubled, 0.2).unwrap();
    assert!((found.value.exp() - 2.0).abs() < 0.02 && found.equivalence.unwrap() > 0.99, "{found:?}");
    assert!(ratios(&[0.01, -0.01, 0.02, 0.0, -0.02, 0.01], 0.2).unwrap().equivalence.unwrap() < 0.01);
}

fn draw(shares: [f64; 2], users: usize, random: &mut ChaCha8Rng) -> Nested<u32> {
    Nested::from_lists(
        (0..users)
            .map(|_| (0..3).map(|_| vec![u32::from(random.random::<f64>() < shares[1])]).collect::<Vec<_>>()),
    )
}

#[test]
fn a_shift_is_what_the_shares_moved_by() {
    let mut random = ChaCha8Rng::seed_from_u64(20_261_127);
    let (mut held, mut equivalent, mut far) = (0, 0, 0);
    const TIMES: u32 = 300;
    for _ in 0..TIMES {
        let night = |share: f64, random: &mut ChaCha8Rng| draw([1.0 - share, share], 40, random);
        let (first, same, other) =
            (night(0.5, &mut random), night(0.5, &mut random), night(0.8, &mut random));
        // Both shares moved by 0.3.
        let moved = between::labels(&first, &other, Population::Drawn, 1).unwrap();
        let found = shift(&moved.apart, 0.02).unwrap();
        assert!((found.value - moved.gap).abs() < 1e-12);
        held += u32::from(found.interval.unwrap().contains(2.0 * 0.3 * 0.3));
        far += u32::from(found.equivalence.unwrap() < 0.05);
        let nothing = between::labels(&first, &same, Population::Drawn, 1).unwrap();
        equivalent += u32::from(shift(&nothing.apart, 0.02).unwrap().equivalence.unwrap() < 0.05);
    }
    assert!(held >= TIMES * 92 / 100, "{held} of {TIMES} intervals hold the truth");
    assert!(far == 0 && equivalent > TIMES / 10, "{equivalent} shown to be equal, {far} wrongly");
}

#[test]
fn where_not_one_user_moved_a_distance_can_be_ruled_out() {
    let none = |users: usize| shift(&(0..users).map(|u| vec![0.0; u]).collect::<Vec<_>>(), 0.02).unwrap();
    // A margin of 0.02 is a share of a tenth: (1 - 0.1)^n.
    assert!((none(30).equivalence.unwrap() - 0.9_f64.powi(30)).abs() < 1e-12);
    assert!(none(28).equivalence.unwrap() > 0.05 && none(29).equivalence.unwrap() < 0.05);
    // All moved alike: nothing to estimate a spread from, and no sign of having stayed.
    let all = shift(&(0..30).map(|u| vec![2.0; u]).collect::<Vec<_>>(), 0.02).unwrap();
    assert_eq!((all.value, all.equivalence), (2.0, None));
}
