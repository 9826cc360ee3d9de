//! Users of a grid: the interval for users in general holds, and that for drawn users, read as if it spoke of users in
//! general, does not (rule R2b). From a fixed seed; more repetitions and more grids in `make coverage`.

mod grid;

use antiphon_stats::{Estimate, Population, agreement, crossed};
use grid::{Grid, InGeneral};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const REPETITIONS: u64 = 200;
const MIXED: &[f64] = &[0.6, 0.3, 0.1];
const NEAR_ONE: &[f64] = &[0.985, 0.01, 0.005];

fn grid(levels: &'static [usize], effects: &'static [f64], shares: &'static [f64]) -> Grid {
    Grid { levels, effects, user: 0.3, shares, deviant: 0.0, missing: 0.0 }
}

/// Percent of the repetitions in which the agreement and the share of the first answer of users in general, and the
/// agreement as if users were drawn, hold the truth.
fn coverages(grid: &Grid) -> [f64; 3] {
    let InGeneral { between, first } = grid.truth();
    let mut held = [0.0; 3];
    for repetition in 0..REPETITIONS {
        let mut random = ChaCha8Rng::seed_from_u64(20_261_126);
        random.set_stream(repetition);
        let run = grid.draw(&mut random);
        let drawn = agreement::labels(&run.labels, Population::Drawn);
        let general = crossed::labels(&run.labels, &run.design, Population::Fixed, &drawn).general;
        let is_first = run.labels.map(|&label| f64::from(u8::from(label == 0)));
        let share = crossed::mean_in_general(&is_first, &run.design);
        let holds = |of: Option<Estimate>, truth| {
            let interval = of.expect("something varies").interval;
            interval.map_or(f64::NAN, |interval| f64::from(u8::from(interval.contains(truth))))
        };
        held[0] += holds(general, between);
        held[1] += holds(share, first);
        held[2] += holds(Some(drawn.users), between);
    }
    held.map(|held| 100.0 * held / REPETITIONS as f64)
}

fn holds(name: &str, grid: &Grid) {
    let [agreement, share, _] = coverages(grid);
    assert!(agreement >= 93.5 && share >= 93.5, "{name}: {agreement} %, {share} %");
}

#[test]
fn users_in_general_are_covered() {
    holds("6 × 6", &grid(&[6, 6], &[0.5, 0.5], MIXED));
    holds("8 × 8, one factor strong", &grid(&[8, 8], &[1.5, 0.2], MIXED));
    holds("9 × 6, weak", &grid(&[9, 6], &[0.3, 0.3], MIXED));
    holds("6 × 6 × 6", &grid(&[6, 6, 6], &[0.5, 1.0, 0.3], MIXED));
    holds("6 × 6 near 1", &grid(&[6, 6], &[1.0, 1.0], NEAR_ONE));
    holds(
        "8 × 8, a tenth of the levels deviates",
        &Grid { deviant: 0.1, ..grid(&[8, 8], &[0.2, 0.2], NEAR_ONE) },
    );
    holds("8 × 8, a fifth of the users missing", &Grid { missing: 0.2, ..grid(&[8, 8], &[1.0, 0.5], MIXED) });
    holds("12 × 12, half and half", &Grid { user: 0.0, ..grid(&[12, 12], &[0.0, 0.0], &[0.5, 0.5]) });
}

/// The negative control.
#[test]
fn users_of_a_grid_taken_as_drawn_are_not() {
    let strong = coverages(&grid(&[3, 3, 6], &[1.5, 1.5, 1.5], MIXED));
    assert!(strong[2] < 60.0, "54 users, strong effects: {} %", strong[2]);
    let many = coverages(&grid(&[6, 6, 6], &[0.5, 1.0, 0.3], MIXED));
    assert!(many[2] < 50.0, "216 users: {} %", many[2]);
}
