use super::*;
use crate::estimate::Interval;
use proptest::prelude::*;

/// One session a user, with so many answers of each label.
fn users(counts: &[&[usize]]) -> Nested<u32> {
    Nested::from_lists(counts.iter().map(|user| {
        vec![(0..).zip(user.iter()).flat_map(|(label, &n)| std::iter::repeat_n(label, n)).collect()]
    }))
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

fn check_interval(cell: &Nested<u32>, value: f64, low: f64, high: f64) {
    let found = labels(cell, Population::Drawn).users;
    near(found.value.unwrap(), value, 1e-12);
    near(found.interval.unwrap().low, low, 1e-9);
    near(found.interval.unwrap().high, high, 1e-9);
}

fn vec1() -> Nested<u32> {
    users(&[&[8, 2], &[6, 3, 1], &[10], &[2, 1, 1], &[9, 1]])
}

fn unanimous_but_one(unanimous: usize) -> Nested<u32> {
    let mut counts: Vec<&[usize]> = vec![&[10]; unanimous];
    counts.push(&[9, 1]);
    users(&counts)
}

fn between(cell: &Nested<u32>) -> PairStatistic {
    Levels::exact(cell, Kernel::Identity { size: 3 }).between
}

#[test]
fn the_three_levels_of_the_worked_example() {
    let (a, b) = (7, 3);
    let cell = Nested::from_lists(vec![
        vec![vec![a, a], vec![a, b]],
        vec![vec![a, a], vec![a, a]],
        vec![vec![b, a], vec![b, b]],
    ]);
    let found = labels(&cell, Population::Drawn);
    near(found.within.value.unwrap(), 2.0 / 3.0, 1e-15);
    near(found.sessions.value.unwrap(), 2.0 / 3.0, 1e-15);
    near(found.users.value.unwrap(), 11.0 / 24.0, 1e-15);
    near(found.rho_user.unwrap(), 5.0 / 13.0, 1e-14);
    near(found.rho_session.unwrap(), 5.0 / 13.0, 1e-14);
    near(found.parts.sampling.unwrap(), 1.0 / 3.0, 1e-15);
    near(found.parts.session.unwrap(), 0.0, 1e-15);
    near(found.parts.user.unwrap(), 5.0 / 24.0, 1e-15);
}

#[test]
fn vec_1_and_its_components() {
    let pairs = between(&vec1());
    near(pairs.jackknife(), 0.014_941_111_111_111_13, 1e-15);
    near(pairs.degenerate(), 0.000_360_916_666_666_7, 1e-15);
    near(pairs.variance(), 0.015_662_944_444_444_46, 1e-15);
    let spread = pairs.spread().unwrap();
    let published = Spread { variance: pairs.variance(), augmented: pairs.variance(), ..spread.clone() };
    let Interval { low, high } = published.interval().interval;
    near(low, 0.259_265_759_112_682_9, 1e-9);
    near(high, 0.862_937_667_065_874, 1e-9);
    // Ours is the published one with `v_J` as if it had been seen in one user fewer.
    near(spread.variance, pairs.variance() + pairs.jackknife() / 4.0, 1e-15);
    let ours = labels(&vec1(), Population::Drawn).users;
    assert_eq!((ours.value, ours.interval), (pairs.value(), Some(spread.interval().interval)));
    assert!(ours.interval.unwrap().low < low && ours.interval.unwrap().high > high);
}

#[test]
fn vec_2_3_4_the_scarce_branch() {
    check_interval(&unanimous_but_one(9), 0.98, 0.454_813_444_044_317_56, 1.0);
    check_interval(&unanimous_but_one(19), 0.99, 0.675_935_729_509_034_7, 1.0);
    check_interval(&users(&[[10].as_slice(); 10]), 1.0, 0.478_176_249_895_018_5, 1.0);
    let pairs = between(&unanimous_but_one(9));
    near(pairs.jackknife(), 0.0004, 1e-15);
    near(pairs.degenerate(), 0.0, 1e-15);
    near(pairs.augmented_variance(), 0.000_568_888_888_888_882, 1e-15);
    assert_eq!(pairs.discordant, 1);
    near(between(&unanimous_but_one(19)).augmented_variance(), 0.000_168_726_578_350_635_62, 1e-15);
}

#[test]
fn few_users_have_no_interval_and_one_has_no_value() {
    let nobody = labels(&users(&[]), Population::Drawn);
    assert_eq!(nobody.users.why, Some(Undefined::NoSamples));
    let one = labels(&users(&[&[2]]), Population::Drawn);
    assert_eq!((one.users.value, one.users.why), (None, Some(Undefined::OneUser)));
    assert_eq!((one.within.value, one.within.why), (Some(1.0), Some(Undefined::FewUsers)));
    assert_eq!(one.sessions.why, Some(Undefined::OneSession));
    let two = labels(&users(&[&[1], &[1]]), Population::Drawn);
    assert_eq!((two.users.value, two.users.why), (Some(1.0), Some(Undefined::FewUsers)));
    assert_eq!(two.within.why, Some(Undefined::OneSample));
    assert_eq!(two.rho_user, None);
}

#[test]
fn fixed_users_need_sessions() {
    let found = labels(&vec1(), Population::Fixed);
    assert_eq!(found.users.why, Some(Undefined::FewSessions { needed: 2 }));
    let cell = Nested::from_lists(vec![vec![vec![1], vec![1]]; 4]);
    let found = labels(&cell, Population::Fixed);
    assert_eq!(found.sessions.why, Some(Undefined::FewSessions { needed: 3 }));
    // Eight unanimous sessions are as good as four independent pairs.
    let Interval { low, high } = found.users.interval.unwrap();
    near(low, 0.025_f64.powf(1.0 / 4.0), 1e-12);
    near(high, 1.0, 0.0);
}

#[test]
fn users_who_never_agree_still_have_an_upper_bound() {
    let cell = Nested::from_lists((0..10).map(|user| vec![vec![user]]));
    let Interval { low, high } = labels(&cell, Population::Drawn).users.interval.unwrap();
    near(low, 0.0, 0.0);
    near(high, 1.0 - 0.025_f64.powf(1.0 / 5.0), 1e-12);
}

#[test]
fn duplicating_every_sample_does_not_narrow_the_interval() {
    let width = |times: usize| {
        let counts: Vec<Vec<usize>> = [[8, 2, 0], [6, 3, 1], [10, 0, 0], [5, 3, 2], [9, 1, 0]]
            .iter()
            .map(|user| user.iter().map(|n| n * times).collect())
            .collect();
        let slices: Vec<&[usize]> = counts.iter().map(Vec::as_slice).collect();
        let Interval { low, high } = labels(&users(&slices), Population::Drawn).users.interval.unwrap();
        high - low
    };
    near(width(7), width(1), 1e-12);
}

#[test]
fn the_interval_of_a_small_agreement_holds_its_value() {
    // Sixty users who each spread evenly over fifty of a thousand answers.
    let cell =
        Nested::from_lists((0..60).map(|user| vec![(0..50).map(|k| (user * 37 + k * 19) % 1000).collect()]));
    let found = labels(&cell, Population::Drawn).users;
    let value = found.value.unwrap();
    assert!(value < 0.002 && found.interval.unwrap().contains(value), "{found:?}");
}

fn cells() -> impl Strategy<Value = Vec<Vec<Vec<u32>>>> {
    let session = proptest::collection::vec(0_u32..5, 0..4);
    let user = proptest::collection::vec(session, 0..4);
    proptest::collection::vec(user, 0..7)
}

fn numbers(found: &Agreement) -> Vec<f64> {
    let estimates = [found.within, found.sessions, found.users];
    let ends = |e: &Estimate| {
        let interval = e.interval.map_or([-1.0; 2], |i| [i.low, i.high]);
        [e.value.unwrap_or(-1.0), interval[0], interval[1]]
    };
    estimates.iter().flat_map(ends).collect()
}

fn all_close(a: &Agreement, b: &Agreement) -> bool {
    numbers(a).iter().zip(numbers(b)).all(|(x, y)| (x - y).abs() < 1e-9)
}

/// The definition, pair by pair.
fn slow_between(cell: &Nested<u32>) -> Option<f64> {
    let users = cell.users();
    let mut pairs = Vec::new();
    for (i, u) in users.iter().enumerate() {
        for v in &users[i + 1..] {
            let sessions = u.sessions.iter().flat_map(|s| v.sessions.iter().map(move |t| (s, t)));
            pairs.push(mean(sessions.map(|(s, t)| {
                let samples = s.samples.iter().flat_map(|x| t.samples.iter().map(move |y| (x.1, y.1)));
                mean(samples.map(|(x, y)| f64::from(u8::from(x == y))))
            })));
        }
    }
    (!pairs.is_empty()).then(|| mean(pairs.into_iter()))
}

proptest! {
    #[test]
    fn the_closed_form_is_the_mean_over_pairs(lists in cells()) {
        let cell = Nested::from_lists(lists);
        match (labels(&cell, Population::Drawn).users.value, slow_between(&cell)) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12),
            (a, b) => prop_assert_eq!(a, b),
        }
    }

    #[test]
    fn labels_and_similarities_agree(lists in cells(), fixed in any::<bool>()) {
        let population = if fixed { Population::Fixed } else { Population::Drawn };
        let cell = Nested::from_lists(lists);
        let identity = SimilarityMatrix::from_pairs(5, |_, _| 0.0);
        prop_assert!(all_close(&labels(&cell, population), &similarities(&cell, &identity, population)));
    }

    #[test]
    fn names_and_order_of_labels_users_and_sessions_do_not_matter(
        lists in cells(), shift in 0_u32..5, turn in 0_usize..7, fixed in any::<bool>()
    ) {
        let population = if fixed { Population::Fixed } else { Population::Drawn };
        let before = labels(&Nested::from_lists(lists.clone()), population);
        let mut moved = lists;
        let places = moved.len().max(1);
        moved.rotate_left(turn % places);
        for user in &mut moved {
            user.reverse();
            user.iter_mut().flatten().for_each(|label| *label = (*label + shift) % 5 * 1000);
        }
        prop_assert!(all_close(&before, &labels(&Nested::from_lists(moved), population)));
    }
}
