//! Held by hand-worked cells, by brute force, and by how often it is wrong where the truth is known.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::permutation::permute;

fn cell(users: &[&[u32]]) -> Nested<u32> {
    Nested::from_lists(users.iter().map(|samples| vec![samples.to_vec()]))
}

#[test]
fn models_that_never_meet_are_two_apart() {
    let (p, q) = (cell(&[&[1, 1], &[1], &[1], &[1]]), cell(&[&[2], &[2], &[2, 2], &[2]]));
    let found = labels(&p, &q, Population::Drawn, 1).unwrap();
    assert_eq!((found.users, found.own, found.agreement.value), (4, [1.0, 1.0], Some(0.0)));
    assert!((found.gap - 2.0).abs() < 1e-15, "{found:?}");
    // Of the 8 ways two leave the models as far apart as they are.
    assert_eq!((found.test.p, found.test.arrangements), (0.125, 8));
    let interval = found.agreement.interval.unwrap();
    assert!(interval.low == 0.0 && interval.high > 0.3 && interval.high < 1.0, "{interval:?}");
}

#[test]
fn two_answers_to_one_user_are_never_compared() {
    // Each user has a favourite of its own, the same in both models: only the user makes them alike.
    let own = cell(&[&[1], &[2], &[3], &[4]]);
    let found = labels(&own, &own, Population::Drawn, 1).unwrap();
    assert_eq!((found.agreement.value, found.own, found.gap), (Some(0.0), [0.0, 0.0], 0.0));
}

#[test]
fn only_users_with_answers_of_both_count() {
    let q = Nested::from_rows(
        [1, 2, 9].map(|user| crate::Row { id: crate::SampleId { user, session: 0, sample: 0 }, value: 1 }),
    );
    let p = cell(&[&[1], &[1], &[2]]);
    let found = labels(&p, &q, Population::Drawn, 1).unwrap();
    assert_eq!((found.users, found.agreement.value), (2, Some(0.5)));
    assert_eq!(found.agreement.why, Some(Undefined::FewUsers));
    assert_eq!(labels(&p, &cell(&[&[1]]), Population::Drawn, 1), None);
    let listed = labels(&p, &p, Population::Fixed, 1).unwrap();
    assert_eq!((listed.agreement.interval, listed.agreement.why), (None, Some(Undefined::FixedUsers)));
}

fn drawn(rng: &mut ChaCha8Rng, users: usize, size: u32) -> Nested<u32> {
    Nested::from_lists((0..users).map(|_| {
        (0..rng.random_range(1..3)).map(|_| (0..2).map(|_| rng.random_range(0..size)).collect()).collect()
    }))
}

#[test]
fn it_is_what_all_pairs_and_all_exchanges_give() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let alike = SimilarityMatrix::from_pairs(3, |i, j| 1.0 / (2 + i + j) as f64);
    for kernel in [Kernel::Identity { size: 3 }, Kernel::Matrix(&alike)] {
        let (p, q) = (drawn(&mut rng, 5, 3), drawn(&mut rng, 5, 2));
        let found = between(&p, &q, kernel, Population::Drawn, 1).unwrap();
        let users = common_users(&p, &q);
        let mean = |halves: &dyn Fn(usize, usize) -> [usize; 2]| {
            let mut sum = 0.0;
            for u in 0..5 {
                for v in (0..5).filter(|v| *v != u) {
                    let [a, b] = halves(u, v);
                    sum += kernel.form(&users[u].1[a], &users[v].1[b]);
                }
            }
            sum / 20.0
        };
        let gap = |exchanged: &[usize]| {
            let half = |of: usize, side: usize| exchanged[2 * of + side];
            mean(&|u, v| [half(u, 0), half(v, 0)]) + mean(&|u, v| [half(u, 1), half(v, 1)])
                - 2.0 * mean(&|u, v| [half(u, 0), half(v, 1)])
        };
        let as_they_are: Vec<usize> = (0..10).map(|unit| unit % 2).collect();
        let strata: Vec<usize> = (0..10).map(|unit| unit / 2).collect();
        let test = permute(&as_they_are, &strata, 1, gap).unwrap();
        assert!((found.gap - test.statistic).abs() < 1e-14, "{found:?} {test:?}");
        assert!((found.test.p - test.p).abs() < 1e-14, "{found:?} {test:?}");
        assert!((found.agreement.value.unwrap() - mean(&|_, _| [0, 1])).abs() < 1e-14);
        assert!((found.own[1] - mean(&|_, _| [1, 1])).abs() < 1e-14);
    }
}

#[test]
fn drawn_exchanges_come_close_to_all_of_them() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let apart: Vec<Vec<f64>> =
        (0..14).map(|u| (0..u).map(|_| rng.random_range(-1.0..1.1)).collect()).collect();
    let exact = exchange_pairs(&apart, 1).unwrap();
    // A unit that adds nothing doubles the ways beyond those that are all tried.
    let more: Vec<Vec<f64>> = apart.iter().cloned().chain([vec![0.0; 14]]).collect();
    let drawn = exchange_pairs(&more, 1).unwrap();
    assert!(exact.exact && !drawn.exact && (exact.p - drawn.p).abs() < 0.02, "{exact:?} {drawn:?}");
}

/// Users lean one way or the other, and both models follow them: what one user gets of two models is alike.
#[test]
fn leanings_of_users_are_no_difference_of_models() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    // Four of five say one thing nine times of ten, the others as often the other thing.
    let leaning: f64 = 0.8 * 0.8 - 0.2 * 0.8;
    let truth = f64::midpoint(1.0, leaning * leaning);
    let (mut rejected, mut held) = (0, 0);
    for seed in 0..1_000 {
        let leanings: Vec<f64> = (0..20).map(|_| if rng.random_bool(0.8) { 0.9 } else { 0.1 }).collect();
        let mut answers = |_| -> Nested<u32> {
            let of = |share: &f64| vec![(0..3).map(|_| u32::from(rng.random_bool(*share))).collect()];
            Nested::from_lists(leanings.iter().map(of))
        };
        let [p, q] = [0, 1].map(&mut answers);
        let found = labels(&p, &q, Population::Drawn, seed).unwrap();
        rejected += u32::from(found.test.p <= 0.05);
        held += u32::from(found.agreement.interval.unwrap().contains(truth));
    }
    // Few answers have many ties, which count as extreme, so it may be below 5 %; four standard errors above, and below 95 %.
    assert!(rejected <= 78, "{rejected}");
    assert!(held >= 922, "{held}");
}

/// One model was asked ten times as often, and both say something rare equally often.
#[test]
fn more_answers_of_one_are_no_difference() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let mut rejected = 0;
    for seed in 0..500 {
        let mut answers = |each: usize| -> Nested<u32> {
            Nested::from_lists(
                (0..20).map(|_| (0..each).map(|_| vec![u32::from(rng.random_bool(0.05))]).collect()),
            )
        };
        let (p, q) = (answers(20), answers(2));
        let found = labels(&p, &q, Population::Drawn, seed).unwrap();
        assert_eq!(found.answers, 40);
        rejected += u32::from(found.test.p <= 0.05);
    }
    assert!(rejected <= 45, "{rejected}");
}

#[test]
fn what_a_third_model_says_changes_nothing() {
    let (p, q) = (cell(&[&[0, 1], &[1], &[0]]), cell(&[&[1], &[1], &[0, 0]]));
    let alone = SimilarityMatrix::from_pairs(2, |_, _| 0.0);
    // The same two values, numbered otherwise, beside one that is like both.
    let beside = SimilarityMatrix::from_pairs(3, |i, j| if i == 0 || j == 0 { 0.5 } else { 0.0 });
    let renumbered = |cell: &Nested<u32>| cell.map(|value| 2 - value);
    let with = similarities(&renumbered(&p), &renumbered(&q), &beside, Population::Drawn, 1);
    assert_eq!(similarities(&p, &q, &alone, Population::Drawn, 1), with);
}

#[test]
fn a_difference_is_found() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut found = 0;
    for seed in 0..200 {
        let mut answers = |share: f64| -> Nested<u32> {
            Nested::from_lists(
                (0..20).map(|_| vec![(0..3).map(|_| u32::from(rng.random_bool(share))).collect()]),
            )
        };
        let (p, q) = (answers(0.8), answers(0.5));
        found += u32::from(labels(&p, &q, Population::Drawn, seed).unwrap().test.p <= 0.05);
    }
    assert!(found >= 160, "{found}");
}
