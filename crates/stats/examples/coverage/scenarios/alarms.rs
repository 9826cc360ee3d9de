//! Tests: how often each rejects where nothing is to be found, and where something is.

use antiphon_stats::distances::{Distances, SeparationTest};
use antiphon_stats::permutation::sign_flip;
use antiphon_stats::{Nested, Population, change, contingency, divergence};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::labels::{design, mixed};
use crate::population::{Users, dirichlet, pick};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const PAIRED: &str = "Tests of paired change";
const GROUPS: &str = "Tests of groups and models";
const TABLES: &str = "Tests of tables of independent rows";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        paired("20 users, no change", 20, 0.0, Gate::Size),
        paired("20 users, a change of 0.08", 20, 0.08, Gate::Power(50.0)),
        paired("60 users, no change", 60, 0.0, Gate::Size),
        equivalence("a change of the margin", 0.1, Gate::SizeAtMost),
        equivalence("no change", 0.0, Gate::Power(50.0)),
        groups("two models, the same", mixed(), mixed(), [Gate::Size; 4]),
        groups(
            "two models, apart",
            mixed(),
            Users::Around(vec![0.2, 0.3, 0.5], 4.0),
            [Gate::Power(50.0), Gate::Power(50.0), Gate::Power(50.0), Gate::Shown],
        ),
        groups(
            "two models, spread unequally",
            Users::Around(vec![0.9, 0.1], 20.0),
            Users::Around(vec![0.5, 0.5], 20.0),
            [Gate::Shown, Gate::Shown, Gate::Shown, Gate::Power(50.0)],
        ),
        rows(),
    ];
    let (null, least) = (Gate::SizeAtMost, Gate::Power(40.0));
    all.push(tables(
        "no difference",
        [0.5, 0.3, 0.2],
        [Gate::Size, Gate::Size, null, null, null, Gate::Size],
    ));
    all.push(tables("shares of 0.5 and 0.25", [0.25, 0.3, 0.45], [least; 6]));
    all
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

/// Each user's rate in two runs, its own chance being the same in both but for the change.
fn paired(name: &str, users: usize, change_by: f64, gate: Gate) -> Scenario {
    const ANSWERS: u32 = 12;
    // Up to 20 differences all signs are tried, and of rates of a dozen answers many are ties, which count as extreme.
    let exact = if gate == Gate::Size && users <= 20 { Gate::SizeAtMost } else { gate };
    let measures = vec![Measure::new("t of paired change", gate), Measure::new("sign flips", exact)];
    Scenario::new(PAIRED, name, measures, move |random| {
        let rate = |chance: f64, random: &mut ChaCha8Rng| {
            let hits = (0..ANSWERS).filter(|_| random.random_bool(chance)).count();
            hits as f64 / f64::from(ANSWERS)
        };
        let differences: Vec<f64> = (0..users)
            .map(|_| {
                let chance = dirichlet(&[0.7, 0.3], 6.0, random)[0];
                let (before, after) = (chance.min(1.0 - change_by), chance.min(1.0 - change_by) + change_by);
                rate(after.min(1.0), random) - rate(before, random)
            })
            .collect();
        vec![
            Outcome::p(change::paired_change(&differences).map(|found| found.p)),
            Outcome::p(sign_flip(&differences, random.random()).map(|found| found.p)),
        ]
    })
}

/// The margin is 0.1.
fn equivalence(name: &str, mean: f64, gate: Gate) -> Scenario {
    Scenario::new(
        PAIRED,
        format!("20 users, {name}"),
        vec![Measure::new("equivalence (TOST)", gate)],
        move |random| {
            let differences: Vec<f64> = (0..20).map(|_| mean + 0.15 * normal(random)).collect();
            vec![Outcome::p(change::equivalence(&differences, 0.1).map(|found| found.p))]
        },
    )
}

/// Six users of each of two models. Gates: of the gap, PERMANOVA, ANOSIM, PERMDISP.
fn groups(name: &str, one: Users, other: Users, gates: [Gate; 4]) -> Scenario {
    const EACH: usize = 6;
    let of = ["gap between models", "PERMANOVA", "ANOSIM", "PERMDISP"];
    // A rare cell does not vary at all, and has no test.
    let measure = |(of, gate): (&&str, Gate)| Measure::new(*of, gate).given_at_least(99.0);
    let measures = of.iter().zip(gates).map(measure).collect();
    let designs = [design(EACH, &[3], 3, one), design(EACH, &[3], 3, other)];
    Scenario::new(GROUPS, name, measures, move |random| {
        let cells = designs.each_ref().map(|design| design.draw(random, Population::Drawn).labels);
        let seed = random.random();
        let nested = separation(&cells, Unit::User, seed);
        let p = |of: fn(&SeparationTest) -> Option<f64>| Outcome::p(nested.as_ref().and_then(of));
        vec![
            Outcome::p(divergence::labels_gap(&cells[0], &cells[1], seed).map(|gap| gap.test.p)),
            p(|found| Some(found.permanova.p)),
            p(|found| Some(found.anosim.p)),
            p(|found| found.permdisp.map(|test| test.p)),
        ]
    })
}

/// The control: single answers exchanged, as if those of one user were independent.
fn rows() -> Scenario {
    let of = || design(5, &[2], 4, mixed());
    let designs = [of(), of()];
    let measures = vec![Measure::new("PERMANOVA, single answers exchanged", Gate::Fails)];
    let scenario = Scenario::new(GROUPS, "two models, the same", measures, move |random| {
        let cells = designs.each_ref().map(|design| design.draw(random, Population::Drawn).labels);
        vec![Outcome::p(separation(&cells, Unit::Row, random.random()).map(|found| found.permanova.p))]
    });
    scenario.expensive(20)
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    User,
    Row,
}

fn separation(cells: &[Nested<u32>; 2], unit: Unit, seed: u64) -> Option<SeparationTest> {
    let (mut labels, mut units, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for (model, cell) in cells.iter().enumerate() {
        for user in cell.users() {
            groups.extend((unit == Unit::User).then_some(model));
            for (_, label) in user.sessions.iter().flat_map(|session| &session.samples) {
                groups.extend((unit == Unit::Row).then_some(model));
                units.push(groups.len() - 1);
                labels.push(*label);
            }
        }
    }
    let row = |a: &u32| labels.iter().map(|b| f64::from(u8::from(a != b))).collect();
    Distances::new(labels.iter().map(row).collect())?.test(&units, &groups, &[], seed)
}

/// Gates: chi-square, G, Yates, Fisher, McNemar, Mantel-Haenszel. One row of each table has shares 0.5, 0.3, 0.2.
fn tables(name: &str, other: [f64; 3], gates: [Gate; 6]) -> Scenario {
    const ROWS: usize = 100;
    let of =
        ["chi-square", "G", "Yates", "Fisher, 50 a side", "McNemar, 60 pairs", "Mantel-Haenszel, 10 strata"];
    let measures =
        of.iter().zip(gates).map(|(of, gate)| Measure::new(*of, gate).given_at_least(99.0)).collect();
    Scenario::new(TABLES, name, measures, move |random| {
        let shares = [[0.5, 0.3, 0.2], other];
        let mut row = |side: usize, n: usize| {
            let mut counts = vec![0_u64; 3];
            (0..n).for_each(|_| counts[pick(&shares[side], random) as usize] += 1);
            counts
        };
        let whole = [row(0, ROWS), row(1, ROWS)];
        let mut binary = |n: usize| [row(0, n), row(1, n)].map(|counts| [counts[0], counts[1] + counts[2]]);
        let (small, large) = (binary(50), binary(ROWS));
        let strata: Vec<_> = (0..10).map(|_| binary(10)).collect();
        // About half of 60 pairs change, in the one direction as often as the other row has its first label.
        let changes = (0..60).filter(|_| random.random_bool(0.5)).count();
        let one = (0..changes).filter(|_| random.random_bool(other[0])).count() as u64;
        let dependence = contingency::dependence(&whole);
        vec![
            Outcome::p(dependence.map(|found| found.chi_square.p)),
            Outcome::p(dependence.map(|found| found.likelihood_ratio.p)),
            Outcome::p(contingency::yates(large).map(|found| found.p)),
            Outcome::p(Some(contingency::fisher_exact(small))),
            Outcome::p(Some(contingency::mcnemar_exact(one, changes as u64 - one))),
            Outcome::p(contingency::mantel_haenszel(&strata).map(|(found, _)| found.p)),
        ]
    })
}
