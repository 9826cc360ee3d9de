//! Users that were not drawn: intervals that speak of these users, whose own shares are the truth.

use antiphon_stats::Population;

use super::labels::{design, levels, mixed, near_one};
use crate::population::{self, Users};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const FAMILY: &str = "Labels, fixed users";

/// All are boundary scenarios: what varies are few sessions of each user. A_S needs three sessions of every user.
fn scenario(name: &str, of: population::Scenario) -> Scenario {
    let has = [true, of.sessions.iter().all(|&sessions| sessions > 2), of.samples > 1, true];
    let kept: Vec<usize> = (0..4).filter(|&level| has[level]).collect();
    let all = ["A_B", "A_S", "A_W", "rate"];
    let measures = kept.iter().map(|&level| Measure::new(all[level], Gate::Boundary)).collect();
    Scenario::new(FAMILY, name, measures, move |random| {
        let outcomes: Vec<Outcome> = levels(&of.draw(random, Population::Fixed), Population::Fixed);
        kept.iter().map(|&level| outcomes[level]).collect()
    })
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let rare = |users, sessions: &[usize], samples| {
        let of = design(users, sessions, samples, Users::Alike(vec![0.98, 0.02]));
        population::Scenario { looseness: 0.001, ..of }
    };
    let rare_labels = |users, labels: u32| {
        design(users, &[4], 1, Users::Alike(vec![1.0 / f64::from(labels); labels as usize]))
    };
    let half = |users, sessions| design(users, &[sessions], 3, Users::Alike(vec![0.5, 0.5]));
    vec![
        scenario("10 mixed users, 4 sessions", design(10, &[4], 3, mixed())),
        scenario("54 mixed users, 2 sessions", design(54, &[2], 3, mixed())),
        scenario("3 mixed users, 3 sessions", design(3, &[3], 3, mixed())),
        scenario("12 mixed users, 3 to 12 sessions", design(12, &[3, 12, 5], 2, mixed())),
        scenario("10 users near 1, 4 sessions", design(10, &[4], 3, near_one())),
        scenario("10 users, rare whole sessions", rare(10, &[4], 3)),
        scenario("54 users, rare whole sessions", rare(54, &[2], 3)),
        scenario("12 users, rare, 3 to 12 sessions", rare(12, &[3, 12, 5], 2)),
        scenario("6 users all but unanimous", design(6, &[3], 3, Users::Alike(vec![0.999, 0.001]))),
        scenario("10 undecided users, 4 sessions", half(10, 4)),
        scenario("30 undecided users, 4 sessions", half(30, 4)),
        scenario("2 undecided users, 3 sessions", half(2, 3)),
        scenario("12 users, hardly two answers the same", rare_labels(12, 300)),
        scenario("10 users, one deviant", design(10, &[4], 3, Users::Deviant(0.99, 0.1))),
    ]
}
