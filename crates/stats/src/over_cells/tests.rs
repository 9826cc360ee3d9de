use super::*;
use crate::agreement::{self, Agreement};
use crate::nested::Nested;

/// Users, their sessions, one answer in each.
fn cell(labels: &[&[u32]], population: Population) -> (Agreement, CellShare) {
    let lists: Vec<Vec<Vec<u32>>> =
        labels.iter().map(|sessions| sessions.iter().map(|label| vec![*label]).collect()).collect();
    let agreement = agreement::labels(&Nested::from_lists(lists), population);
    let share = agreement.share(0..labels.len() as u64).expect("there are three users");
    (agreement, share)
}

fn over(cells: &[(&str, &CellShare)]) -> Estimate {
    let mut over = OverCells::default();
    cells.iter().for_each(|(conversation, share)| over.add(conversation, share));
    over.estimate()
}

fn width(estimate: &Estimate) -> f64 {
    let interval = estimate.interval.expect("an interval");
    interval.high - interval.low
}

const ONE: [&[u32]; 6] = [&[0, 0], &[0, 1], &[0, 0], &[1, 1], &[1, 0], &[0, 2]];
const TWO: [&[u32]; 6] = [&[2, 2], &[1, 2], &[2, 0], &[2, 2], &[0, 0], &[1, 1]];

#[test]
fn one_cell_has_the_interval_that_it_has_alone() {
    for population in [Population::Drawn, Population::Fixed] {
        let (agreement, share) = cell(&ONE, population);
        let (found, own) = (over(&[("one", &share)]), agreement.users);
        let (found_at, own_at) = (found.interval.unwrap(), own.interval.unwrap());
        assert!((found.value.unwrap() - own.value.unwrap()).abs() < 1e-12);
        assert!((found_at.low - own_at.low).abs() < 1e-9, "{population:?}: {found_at:?}, and {own_at:?}");
        assert!((found_at.high - own_at.high).abs() < 1e-9, "{population:?}: {found_at:?}, and {own_at:?}");
        assert_eq!(found.form, own.form);
    }
}

/// Texts have another rule for few users.
#[test]
fn one_cell_of_graded_similarities_has_its_own_interval_too() {
    let near = crate::kernel::SimilarityMatrix::from_pairs(3, |i, j| 1.0 - i.abs_diff(j) as f64 / 2.0);
    let lists = ONE.map(|sessions| sessions.iter().map(|label| vec![*label]).collect::<Vec<_>>());
    for population in [Population::Drawn, Population::Fixed] {
        let own = agreement::similarities(&Nested::from_lists(lists.to_vec()), &near, population);
        let found = over(&[("one", &own.share(0..6).unwrap())]).interval.unwrap();
        let own = own.users.interval.unwrap();
        assert!((found.low - own.low).abs() < 1e-9, "{population:?}: {found:?}, and {own:?}");
        assert!((found.high - own.high).abs() < 1e-9, "{population:?}: {found:?}, and {own:?}");
    }
}

/// A cell of few users weighs as much as one of many, and says as little as it does alone.
#[test]
fn a_cell_of_few_users_is_not_hidden_by_one_of_many() {
    let same = |users: usize| vec![&[0_u32, 0][..]; users];
    for population in [Population::Drawn, Population::Fixed] {
        let (_, many) = cell(&same(97), population);
        let (few, share) = cell(&same(3), population);
        let others = share.users.iter().map(|(user, adds)| (user + 97, *adds)).collect();
        let share = CellShare { users: others, ..share };
        let found = over(&[("many", &many), ("few", &share)]).interval.unwrap();
        // If all that is not known of the few is so, and all is the same with the many.
        let least = f64::midpoint(1.0, few.users.interval.unwrap().low);
        assert!(found.low < least + 0.02, "{population:?}: {found:?}, and {least}");
        // And where the many vary.
        let varied: Vec<&[u32]> =
            (0..97).map(|user| if user % 3 == 0 { &[1, 1][..] } else { &[0, 0] }).collect();
        let (_, many) = cell(&varied, population);
        let found = over(&[("many", &many), ("few", &share)]).interval.unwrap();
        assert!(found.high - found.low > 0.5, "{population:?}: {found:?}");
    }
}

#[test]
fn the_value_is_the_mean_over_cells_however_many_users_they_have() {
    let ((one, in_one), (two, in_two)) = (cell(&ONE, Population::Drawn), cell(&TWO[..4], Population::Drawn));
    let found = over(&[("one", &in_one), ("two", &in_two)]);
    let expected = (one.users.value.unwrap() + two.users.value.unwrap()) / 2.0;
    assert!((found.value.unwrap() - expected).abs() < 1e-12, "{found:?}, and {expected}");
}

/// The same cell once more is no second look at anything: users are odd in both.
#[test]
fn what_goes_together_is_no_narrower_than_one_cell() {
    let (_, share) = cell(&ONE, Population::Drawn);
    let once = width(&over(&[("one", &share)]));
    let twice = width(&over(&[("one", &share), ("two", &share)]));
    assert!((once - twice).abs() < 1e-9, "{once}, and {twice}");
    let (_, other) = cell(&TWO, Population::Drawn);
    let both = over(&[("one", &share), ("two", &other)]);
    assert!(width(&both) < 0.9 * once, "{once}, and {both:?}");
}

#[test]
fn sessions_of_one_conversation_are_no_further_ones() {
    let (_, share) = cell(&ONE, Population::Fixed);
    let once = width(&over(&[("one", &share)]));
    let turns = width(&over(&[("one", &share), ("one", &share)]));
    let probes = width(&over(&[("one", &share), ("two", &share)]));
    assert!((once - turns).abs() < 1e-9, "{once}, and {turns}");
    assert!(probes < 0.8 * once, "{once}, and {probes}");
}

#[test]
fn unanimous_users_are_not_sure() {
    let same: [&[u32]; 8] = [&[0, 0]; 8];
    for population in [Population::Drawn, Population::Fixed] {
        let (agreement, share) = cell(&same, population);
        let found = over(&[("one", &share), ("two", &share)]);
        let interval = found.interval.unwrap();
        assert_eq!((found.value, interval.high), (Some(1.0), 1.0));
        let alone = agreement.users.interval.unwrap();
        match population {
            // Who are odd may be odd wherever they are asked.
            Population::Drawn => assert!((interval.low - alone.low).abs() < 1e-9, "{interval:?}"),
            // Twice as many sessions.
            Population::Fixed => assert!(interval.low > alone.low && interval.low < 1.0, "{interval:?}"),
        }
    }
}

/// Such as those of two languages, of the same size: together they are as many as they are.
#[test]
fn unanimous_users_of_their_own_cells_count_together() {
    let same: [&[u32]; 16] = [&[0, 0]; 16];
    let (all, _) = cell(&same, Population::Drawn);
    let (_, share) = cell(&same[..8], Population::Drawn);
    let others = share.users.iter().map(|(user, adds)| (user + 8, *adds)).collect();
    let found = over(&[("one", &share), ("two", &CellShare { users: others, ..share.clone() })]);
    let (found, all) = (found.interval.unwrap(), all.users.interval.unwrap());
    assert!((found.low - all.low).abs() < 1e-9, "{found:?}, and {all:?}");
}

#[test]
fn what_is_not_known_is_not_said() {
    assert_eq!(OverCells::default().estimate(), Estimate::undefined(Undefined::NoSamples));
    let once: [&[u32]; 4] = [&[0], &[0], &[1], &[0]];
    let (_, share) = cell(&once, Population::Fixed);
    let found = over(&[("one", &share)]);
    assert_eq!((found.value, found.interval), (Some(0.5), None));
    assert_eq!(found.why, Some(Undefined::FewSessions { needed: 2 }));
    // Two users who were drawn say nothing of others; of two who were not, their sessions do.
    let two = Nested::from_lists(vec![vec![vec![0], vec![1]], vec![vec![1], vec![1]]]);
    assert_eq!(agreement::labels(&two, Population::Drawn).share(0..2), None);
    let fixed = agreement::labels(&two, Population::Fixed);
    let found = over(&[("one", &fixed.share(0..2).unwrap())]);
    assert_eq!((found.value, found.interval), (fixed.users.value, fixed.users.interval));
}
