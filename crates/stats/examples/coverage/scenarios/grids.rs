//! Users who share levels: the interval for users in general holds, and the rule for drawn users, read as if it spoke of
//! users in general, fails (rule R2b).

use std::sync::OnceLock;

use antiphon_stats::{Population, agreement, crossed};

use crate::grid::Grid;
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const FAMILY: &str = "Users in general";
const MIXED: &[f64] = &[0.6, 0.3, 0.1];
const NEAR_ONE: &[f64] = &[0.985, 0.01, 0.005];
const NEAR: &[f64] = &[0.97, 0.02, 0.01];
const HALF: &[f64] = &[0.5, 0.5];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let strong = &[1.5, 0.2];
    vec![
        holds("6 × 6, effects 0.5", grid(&[6, 6], &[0.5, 0.5], MIXED)),
        holds("6 × 6, effects 1.5 and 0.2", grid(&[6, 6], strong, MIXED)),
        holds("8 × 8, effects 1.5 and 0.2", grid(&[8, 8], strong, MIXED)),
        holds("9 × 6, effects 0.3", grid(&[9, 6], &[0.3, 0.3], MIXED)),
        holds("9 × 6, effects 1", grid(&[9, 6], &[1.0, 1.0], MIXED)),
        holds("6 × 6, no effects", Grid { user: 0.0, ..grid(&[6, 6], &[0.0, 0.0], MIXED) }),
        holds("6 × 6, users of their own", Grid { user: 1.0, ..grid(&[6, 6], &[0.0, 0.0], MIXED) }),
        holds("6 × 6 × 6, effects 0.5, 1 and 0.3", grid(&[6, 6, 6], &[0.5, 1.0, 0.3], MIXED)),
        holds("6 × 6 near 1, effects 1", grid(&[6, 6], &[1.0, 1.0], NEAR_ONE)),
        holds("8 × 8 near 1, effects 1.5 and 0.5", grid(&[8, 8], &[1.5, 0.5], NEAR)),
        holds("12 × 12 near 1, effects 1.5", grid(&[12, 12], &[1.5, 1.5], NEAR)).expensive(2),
        holds("24 × 24 near 1, effects 1.5 and 1", grid(&[24, 24], &[1.5, 1.0], NEAR)).expensive(2),
        holds("12 × 12, half and half", Grid { user: 0.0, ..grid(&[12, 12], &[0.0, 0.0], HALF) })
            .expensive(2),
        holds("8 × 8, half and half, effects 1", grid(&[8, 8], &[1.0, 1.0], HALF)),
        holds(
            "8 × 8, a tenth of the levels deviates",
            Grid { deviant: 0.1, ..grid(&[8, 8], &[0.2, 0.2], NEAR_ONE) },
        ),
        holds(
            "30 × 10, a twentieth of the levels deviates",
            Grid { deviant: 0.05, ..grid(&[30, 10], &[0.2, 0.2], NEAR_ONE) },
        )
        .expensive(2),
        holds(
            "8 × 8, a fifth of the users missing",
            Grid { missing: 0.2, ..grid(&[8, 8], &[1.0, 0.5], MIXED) },
        ),
        fails("3 × 3 × 6, effects 1.5", grid(&[3, 3, 6], &[1.5, 1.5, 1.5], MIXED)),
        fails("3 × 3 × 6, effects 0.5", grid(&[3, 3, 6], &[0.5, 0.5, 0.5], MIXED)),
        fails("6 × 6 × 6, effects 0.5, 1 and 0.3", grid(&[6, 6, 6], &[0.5, 1.0, 0.3], MIXED)),
    ]
}

fn grid(levels: &'static [usize], effects: &'static [f64], shares: &'static [f64]) -> Grid {
    Grid { levels, effects, user: 0.3, shares, deviant: 0.0, missing: 0.0 }
}

fn holds(name: &str, grid: Grid) -> Scenario {
    let truth = OnceLock::new();
    let measures = ["A_B", "share of the first answer"].map(|of| Measure::new(of, Gate::Boundary)).to_vec();
    Scenario::new(FAMILY, name, measures, move |random| {
        let truth = truth.get_or_init(|| grid.truth());
        let run = grid.draw(random);
        let agreement = agreement::labels(&run.labels, Population::Fixed);
        let general = crossed::labels(&run.labels, &run.design, Population::Fixed, &agreement).general;
        let first = run.labels.map(|&label| f64::from(u8::from(label == 0)));
        let share = crossed::mean_in_general(&first, &run.design);
        let outcome = |of: Option<antiphon_stats::Estimate>, truth| {
            Outcome::of(of.and_then(|estimate| estimate.interval), truth)
        };
        vec![outcome(general, truth.between), outcome(share, truth.first)]
    })
}

fn fails(name: &str, grid: Grid) -> Scenario {
    let truth = OnceLock::new();
    let name = format!("{name}: as if drawn");
    Scenario::new(FAMILY, name, vec![Measure::new("A_B", Gate::Fails)], move |random| {
        let truth = truth.get_or_init(|| grid.truth());
        let run = grid.draw(random);
        vec![Outcome::estimate(&agreement::labels(&run.labels, Population::Drawn).users, truth.between)]
    })
}
