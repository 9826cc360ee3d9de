use super::*;
use crate::nested::{Row, SampleId};
use crate::pairwise::{Answer, PairPolicy, texts, texts_by_factor};
use proptest::prelude::*;

/// Users → sessions → samples for a grid of `rows` × `columns`, columns running fastest.
fn grid(rows: u32, columns: u32, label: impl Fn(u32, u32, u32) -> u32) -> (Nested<u32>, Design) {
    let users: Vec<(u32, u32)> = (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).collect();
    let sessions = |&(r, c): &(u32, u32)| (0..2).map(|session| vec![label(r, c, session)]).collect();
    let lists: Vec<Vec<Vec<u32>>> = users.iter().map(sessions).collect();
    let design = Design::new(vec![
        users.iter().map(|user| user.0).collect(),
        users.iter().map(|user| user.1).collect(),
    ]);
    (Nested::from_lists(lists), design)
}

fn crossed(cell: &Nested<u32>, design: &Design, population: Population) -> (Agreement, Crossed) {
    let agreement = agreement::labels(cell, population);
    let crossed = labels(cell, design, population, &agreement);
    (agreement, crossed)
}

fn close(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-12), "{found:?}, not {expected}");
}

/// Two rows that never agree with each other: the row is all that matters. Pairs that share the row agree (2 of 15
/// pairs in each of 2 rows of 3), others do not.
#[test]
fn a_factor_that_decides_everything_has_the_whole_part() {
    let (cell, design) = grid(2, 3, |row, _, _| row);
    let (agreement, found) = crossed(&cell, &design, Population::Fixed);
    let [row, column, both] = &found.parts[..] else { panic!("{found:?}") };
    close(row.component, 1.0);
    close(row.part, 1.0 - 6.0 / 15.0);
    close(column.component, 0.0);
    close(both.component, 0.0);
    close(row.part, agreement.parts.user.unwrap());
    assert_eq!(found.rest, None);
    assert_eq!(both.factors, [0, 1]);
}

/// Rows and columns decide together, neither alone (an exclusive or): everything is interaction.
#[test]
fn what_only_the_combination_decides_is_interaction() {
    let (cell, design) = grid(2, 2, |row, column, _| (row + column) % 2);
    let (agreement, found) = crossed(&cell, &design, Population::Fixed);
    // Sharing one factor and not the other means another answer; sharing nothing means the same one.
    close(found.parts[0].component, -1.0);
    close(found.parts[2].component, 3.0 - 1.0 + 0.0);
    let sum: f64 = found.parts.iter().map(|part| part.part.unwrap()).sum();
    close(Some(sum), agreement.parts.user.unwrap());
}

/// The components of the analysis of variance of a 2 × 3 table of means with two values a cell, worked out by mean
/// squares. A kernel of `1 - (x - y)^2 / 2` makes a component a variance.
#[test]
fn a_complete_grid_gives_the_components_of_the_analysis_of_variance() {
    let values = [[[0.1, 0.3], [0.5, 0.6], [0.2, 0.1]], [[0.7, 0.4], [0.9, 1.0], [0.8, 0.6]]];
    let flat: Vec<f64> = values.iter().flatten().flatten().copied().collect();
    let (cell, design) = grid(2, 3, |row, column, session| (row * 3 + column) * 2 + session);
    let matrix = SimilarityMatrix::from_pairs(12, |i, j| 1.0 - (flat[i] - flat[j]).powi(2) / 2.0);
    let agreement = agreement::similarities(&cell, &matrix, Population::Fixed);
    let found = similarities(&cell, &matrix, &design, Population::Fixed, &agreement);

    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let cells: Vec<Vec<f64>> = values.iter().map(|row| row.iter().map(|cell| mean(cell)).collect()).collect();
    let grand = mean(&flat);
    let rows: Vec<f64> = cells.iter().map(|row| mean(row)).collect();
    let columns: Vec<f64> = (0..3).map(|c| mean(&[cells[0][c], cells[1][c]])).collect();
    let ms_row = 6.0 * rows.iter().map(|row| (row - grand).powi(2)).sum::<f64>();
    let ms_column = 4.0 * columns.iter().map(|column| (column - grand).powi(2)).sum::<f64>() / 2.0;
    let interaction = |r: usize, c: usize| cells[r][c] - rows[r] - columns[c] + grand;
    let ms_both =
        2.0 * (0..2).flat_map(|r| (0..3).map(move |c| interaction(r, c).powi(2))).sum::<f64>() / 2.0;
    let ms_error = values.iter().flatten().map(|[a, b]| (a - b).powi(2) / 2.0).sum::<f64>() / 6.0;
    close(found.parts[0].component, (ms_row - ms_both) / 6.0);
    close(found.parts[1].component, (ms_column - ms_both) / 4.0);
    close(found.parts[2].component, (ms_both - ms_error) / 2.0);
}

#[test]
fn factors_that_never_vary_apart_are_one_and_what_is_constant_is_none() {
    let (cell, design) = grid(3, 2, |row, _, _| row);
    let rows: Vec<u32> = (0..6).map(|user| user / 2).collect();
    let tripled = Design::new(vec![
        rows.clone(),
        vec![7; 6],
        rows.iter().map(|row| 9 - row).collect(),
        (0..6).map(|user| user % 2).collect(),
    ]);
    let (_, found) = crossed(&cell, &tripled, Population::Fixed);
    assert_eq!(
        found.factors.iter().map(|factor| factor.names.clone()).collect::<Vec<_>>(),
        [vec![0, 2], vec![3]]
    );
    assert_eq!(found.parts, crossed(&cell, &design, Population::Fixed).1.parts);
    let nothing = Design::new(vec![vec![1; 6]]);
    assert_eq!(crossed(&cell, &nothing, Population::Fixed).1, Crossed::default());
    assert_eq!(crossed(&cell, &Design::default(), Population::Fixed).1, Crossed::default());
}

#[test]
fn what_cannot_be_told_is_undefined() {
    // Each user has levels of its own: nothing is shared, and one session each tells no user from its session.
    let cell = Nested::from_lists((0..4).map(|user| vec![vec![user]]));
    let own = Design::new(vec![vec![0, 1, 2, 3]]);
    let (_, found) = crossed(&cell, &own, Population::Drawn);
    assert_eq!((found.parts[0].component, found.parts[0].part, found.general), (None, None, None));
    // Rows and columns vary together but for one user: no two users share a column and not the row.
    let almost = Design::new(vec![vec![0, 0, 1, 1], vec![0, 2, 1, 1]]);
    let cell = Nested::from_lists((0..4).map(|user| vec![vec![user / 2], vec![user / 2]]));
    let (_, found) = crossed(&cell, &almost, Population::Drawn);
    close(found.parts[0].component, 1.0);
    assert_eq!((found.parts[1].component, found.parts[2].component, found.rest), (None, None, None));
    assert_eq!(crossed(&Nested::from_lists(Vec::new()), &own, Population::Fixed).1, Crossed::default());
}

#[test]
fn levels_stand_side_by_side() {
    let (cell, design) = grid(2, 3, |row, column, _| if row == 0 { 0 } else { column });
    let (_, found) = crossed(&cell, &design, Population::Fixed);
    let [unanimous, divided] = &found.factors[0].side_by_side[..] else { panic!("{found:?}") };
    assert_eq!((unanimous.users, unanimous.within.value, divided.within.value), (3, Some(1.0), Some(0.0)));
    assert!(unanimous.within.interval.unwrap().low > 0.0, "these users only: an interval of their sessions");
    close(unanimous.others, 1.0 / 3.0);
    let many = Design::new(vec![(0..26).map(|user| user % 13).collect()]);
    let cell = Nested::from_lists((0..26).map(|_| vec![vec![0]]));
    let (_, found) = crossed(&cell, &many, Population::Fixed);
    assert_eq!((found.factors[0].levels, found.factors[0].side_by_side.len()), (13, 0));
}

#[test]
fn users_in_general_need_six_levels_of_every_factor() {
    let of = |rows, columns| {
        let (cell, design) = grid(rows, columns, |row, column, session| (row * column + session) % 3);
        crossed(&cell, &design, Population::Fixed).1.general.unwrap()
    };
    let (few, enough) = (of(12, 5), of(6, 6));
    assert_eq!((few.interval, few.why), (None, Some(Undefined::FewLevels { needed: 6 })));
    assert!(few.value.is_some() && enough.interval.is_some() && enough.why.is_none());
    // Six levels of which one has nearly everybody are few.
    let cell = Nested::from_lists((0..30).map(|user| vec![vec![user % 2], vec![0]]));
    let skewed = Design::new(vec![(0..30).map(|user: u32| user.saturating_sub(24)).collect()]);
    assert_eq!(crossed(&cell, &skewed, Population::Fixed).1.general.unwrap().interval, None);
    // Every user drawn: their pools are the population, and the rule for drawn users speaks of it.
    let (cell, design) = grid(6, 6, |row, _, _| row);
    assert_eq!(crossed(&cell, &design, Population::Drawn).1.general, None);
}

/// Where each user is a level of its own, users in general are drawn users.
#[test]
fn one_factor_with_a_level_for_each_user_is_the_rule_for_drawn_users() {
    let lists: Vec<Vec<Vec<u32>>> = (0..9).map(|user| vec![vec![user % 3, 0], vec![0, user % 2]]).collect();
    let cell = Nested::from_lists(lists);
    let design = Design::new(vec![(0..9).collect(), (0..9).map(|user| user * 2).collect()]);
    let (_, found) = crossed(&cell, &design, Population::Fixed);
    let drawn = agreement::labels(&cell, Population::Drawn).users;
    let general = found.general.unwrap();
    close(general.value, drawn.value.unwrap());
    close(general.interval.map(|interval| interval.low), drawn.interval.unwrap().low);
    close(general.interval.map(|interval| interval.high), drawn.interval.unwrap().high);
}

/// A factor that divides users further than another adds nothing to the variance.
#[test]
fn a_finer_factor_hides_no_coarser_one() {
    let (cell, design) = grid(6, 2, |row, column, session| (row + column * session) % 3);
    let rows: Vec<u32> = (0..12).map(|user| user / 2).collect();
    let nested = Design::new(vec![rows.clone(), (0..12).collect()]);
    let coarse = Design::new(vec![rows]);
    let general = |design: &Design| crossed(&cell, design, Population::Fixed).1.general.unwrap();
    let (fine, alone) = (general(&nested), general(&coarse));
    close(fine.interval.map(|interval| interval.low), alone.interval.unwrap().low);
    assert_eq!(general(&design).why, Some(Undefined::FewLevels { needed: 6 }));
}

#[test]
fn means_of_users_in_general() {
    let (cell, design) = grid(6, 6, |row, _, _| u32::from(row == 0));
    let found = mean_in_general(&cell.map(|&label| f64::from(label)), &design).unwrap();
    close(found.value, 1.0 / 6.0);
    let interval = found.interval.unwrap();
    assert!(interval.low < 0.05 && interval.high > 0.5, "one of six levels decides: {interval:?}");
    let none = mean_in_general(&cell.map(|_| 0.0), &design).unwrap().interval.unwrap();
    // Clopper and Pearson's of none of six.
    assert!(none.low == 0.0 && (none.high - (1.0 - 0.025_f64.powf(1.0 / 6.0))).abs() < 1e-12, "{none:?}");
    assert_eq!(mean_in_general(&cell.map(|_| 0.0), &Design::default()), None);
}

/// Drawn pairs say what all pairs say, but for the drawing.
#[test]
fn drawn_pairs_of_texts_find_the_same_parts() {
    let (labels, design) = grid(8, 8, |row, column, session| row * 1000 + column * 10 + session);
    let words = |label: u32| {
        let (row, column) = (label / 1000, label / 10 % 100);
        Answer::Text(vec![row, row + 100, row + 200, 300 + column, 400, 500, 600 + label])
    };
    let cell = labels.map(|&label| words(label));
    let of = |exact_up_to| {
        texts_by_factor(&cell, &design, Population::Fixed, PairPolicy { exact_up_to, seed: 1, deviants: 0 })
    };
    let (exact, drawn) = (of(1000), of(0));
    assert!(exact.crossed.parts[0].component.unwrap() > 0.3);
    for (all, some) in exact.crossed.parts.iter().zip(&drawn.crossed.parts) {
        assert!((all.component.unwrap() - some.component.unwrap()).abs() < 0.02, "{all:?} {some:?}");
    }
    let general = |found: &Crossed| found.general.unwrap().interval.unwrap();
    assert!((general(&exact.crossed).low - general(&drawn.crossed).low).abs() < 0.02);
    assert_eq!(drawn.crossed.factors[0].side_by_side[0].within.why, Some(Undefined::DrawnPairs));
    assert!(drawn.crossed.factors[0].side_by_side[0].within.value.is_some());
    let without = texts(&cell, Population::Fixed, PairPolicy { exact_up_to: 0, seed: 1, deviants: 0 });
    assert_eq!((without.crossed, without.answered), (Crossed::default(), drawn.answered));
}

proptest! {
    /// Whatever is missing, the parts and the rest add up, and neither names of labels nor of levels matter.
    #[test]
    fn parts_add_up_and_names_do_not_matter(
        answers in proptest::collection::vec((0_u32..3, 0_u32..3, 0_u32..2, proptest::collection::vec(0_u32..3, 2)), 4..30)
    ) {
        let rows = |rename: &dyn Fn(u32) -> u32| {
            let samples = answers.iter().enumerate().flat_map(|(user, (.., labels))| {
                labels.iter().enumerate().map(move |(session, label)| (user as u64, session as u64, *label))
            });
            Nested::from_rows(samples.map(|(user, session, label)| {
                Row { id: SampleId { user, session, sample: 0 }, value: rename(label) }
            }))
        };
        let design = |rename: &dyn Fn(u32) -> u32| Design::new(vec![
            answers.iter().map(|answer| rename(answer.0)).collect(),
            answers.iter().map(|answer| rename(answer.1)).collect(),
            answers.iter().map(|answer| rename(answer.2)).collect(),
        ]);
        let (agreement, found) = crossed(&rows(&|label| label), &design(&|level| level), Population::Fixed);
        if let Some(rest) = found.rest {
            let sum: f64 = found.parts.iter().map(|part| part.part.unwrap()).sum();
            prop_assert!((sum + rest - agreement.parts.user.unwrap()).abs() < 1e-12);
        }
        let (_, renamed) = crossed(&rows(&|label| 7 - label), &design(&|level| level), Population::Fixed);
        for (one, other) in found.parts.iter().zip(&renamed.parts) {
            prop_assert_eq!(one.component.is_some(), other.component.is_some());
            prop_assert!((one.component.unwrap_or(0.0) - other.component.unwrap_or(0.0)).abs() < 1e-12);
        }
        let (_, relevelled) = crossed(&rows(&|label| label), &design(&|level| level + 5), Population::Fixed);
        prop_assert_eq!(found.parts, relevelled.parts);
    }
}
