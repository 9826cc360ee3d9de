//! The tables of all results as Markdown, and what misses its gate.

use std::fmt::Write;

use crate::scenario::{Gate, Measure, Scenario};
use crate::simulate::Tally;

/// Measured widths: family, scenario, measure and mean width, separated by tabs.
const WIDTHS: &str = include_str!("widths.tsv");
/// No interval may be wider than this times what was measured when its method was settled.
const CEILING: f64 = 1.15;

type Result<'a> = (&'a Scenario, &'a Vec<Tally>);

/// One line for each measure that misses its gate.
pub(crate) fn misses(scenario: &Scenario, tallies: &[Tally]) -> Vec<String> {
    let of = |(measure, tally)| {
        let miss = miss(scenario, measure, tally)?;
        Some(format!("{}: {}, {}: {miss}", scenario.family, scenario.name, measure.of))
    };
    scenario.measures.iter().zip(tallies).filter_map(of).collect()
}

fn miss(scenario: &Scenario, measure: &Measure, tally: &Tally) -> Option<String> {
    if measure.gate == Gate::Shown {
        return None;
    }
    if tally.percent_given() < measure.given_at_least {
        return Some(format!("given in {:.1} % only", tally.percent_given()));
    }
    if tally.given == 0 {
        return None;
    }
    let (percent, width) = (tally.percent(), tally.mean_width());
    let outside = |low: f64, high: f64| {
        (percent < low || percent > high).then(|| format!("{percent:.1} % lies outside {low} to {high} %"))
    };
    let too_wide = || match recorded(scenario, measure) {
        None => Some(format!("widths.tsv has no width for it; {width:.4} was measured")),
        Some(known) => (width > CEILING * known)
            .then(|| format!("{width:.4} wide on average, beyond {CEILING} times {known}")),
    };
    match measure.gate {
        Gate::Regular => outside(93.5, 96.5),
        Gate::Boundary => outside(93.5, 100.0).or_else(too_wide),
        Gate::Selected => {
            let wrong = 100.0 * (tally.given - tally.hits) as f64 / tally.repetitions as f64;
            let often = (wrong > 6.5).then(|| format!("given and wrong in {wrong:.1} % of all, beyond 6.5"));
            often.or_else(too_wide)
        }
        Gate::Fails => (if tally.width_seen() { percent >= 90.0 } else { percent <= 10.0 })
            .then(|| format!("{percent:.1} %, though it should be seen to fail")),
        Gate::Size => outside(3.5, 6.5),
        Gate::SizeAtMost => outside(0.0, 6.5),
        Gate::Power(least) => outside(least, 100.0),
        Gate::Shown => None,
    }
}

fn recorded(scenario: &Scenario, measure: &Measure) -> Option<f64> {
    let key = key(scenario, measure);
    WIDTHS.lines().find_map(|line| line.strip_prefix(&key)?.strip_prefix('\t')?.parse().ok())
}

fn key(scenario: &Scenario, measure: &Measure) -> String {
    format!("{}\t{}\t{}", scenario.family, scenario.name, measure.of)
}

/// The lines of `widths.tsv`.
pub(crate) fn widths(results: &[Result<'_>]) -> String {
    let mut text = String::new();
    for (scenario, tallies) in results {
        for (measure, tally) in scenario.measures.iter().zip(*tallies) {
            if matches!(measure.gate, Gate::Boundary | Gate::Selected) && tally.given > 0 {
                let _ = writeln!(text, "{}\t{:.4}", key(scenario, measure), tally.mean_width());
            }
        }
    }
    text
}

const HEAD: &str = "\
# What the intervals and tests are worth

Written by `make coverage`, from a fixed seed. Each scenario draws data from a population whose truth is known, again
and again, and asks how often the 95 % interval holds the truth, or how often a test raises a false alarm.

* *Regular* scenarios are held to 93.5 to 96.5 %. *Boundary* ones (few users, near 1, degenerate, rare deviants) to
  93.5 % or more and to a width of at most 1.15 times the one that stands in the program.
* *Selected* intervals are withheld unless the data show enough. They are held to be given and wrong in at most 6.5 % of all
  repetitions, not of those in which they are given: where that is rare, the few are not typical, and `coverage` is low.
* *Controls* are methods that are known to be wrong. They must be seen to fail (below 90 %, or above 10 % for tests).
* Tests are held to 3.5 to 6.5 % false alarms at the level of 5 %; exact tests of counts, equivalence and e-processes
  to at most 6.5 %. The power of each stands beside, to show that it can reject.
* `below` and `above` say on which side of the interval the truth lay where it was missed, in percent. `given` is how
  often there was an interval at all; where it is withheld the report says why.
";

pub(crate) fn markdown(results: &[Result<'_>], repetitions: u64) -> String {
    let mut text = format!(
        "{HEAD}\nRepetitions: {repetitions}, where the table says nothing else: fewer where one is dear, ten times as many where a gate was missed by the first \
         ones.\n"
    );
    let mut family = "";
    for (scenario, tallies) in results {
        if scenario.family != family {
            family = scenario.family;
            let _ = write!(text, "\n## {family}\n\n{}", header(scenario));
        }
        for (measure, tally) in scenario.measures.iter().zip(*tallies) {
            text.push_str(&row(scenario, measure, tally, repetitions));
        }
    }
    text
}

fn header(scenario: &Scenario) -> &'static str {
    let is_test = |measure: &Measure| matches!(measure.gate, Gate::Size | Gate::SizeAtMost | Gate::Power(_));
    if scenario.measures.iter().any(is_test) {
        "| scenario | test | rejected % | gate | held |\n|---|---|---|---|---|\n"
    } else {
        "| scenario | of | coverage % | below % | above % | width | given % | gate | held |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    }
}

fn row(scenario: &Scenario, measure: &Measure, tally: &Tally, repetitions: u64) -> String {
    let name = match tally.repetitions == repetitions {
        true => scenario.name.clone(),
        false => format!("{} ({} repetitions)", scenario.name, tally.repetitions),
    };
    let (of, gate) = (&measure.of, gate(measure.gate));
    let held = if miss(scenario, measure, tally).is_none() { "yes" } else { "**no**" };
    if tally.given == 0 {
        return format!("| {name} | {of} | – | – | – | – | 0 | {gate} | {held} |\n");
    }
    if !tally.width_seen() {
        return format!("| {name} | {of} | {:.1} | {gate} | {held} |\n", tally.percent());
    }
    let side = |count: u64| 100.0 * count as f64 / tally.given as f64;
    let above = tally.given - tally.hits - tally.below;
    format!(
        "| {name} | {of} | {:.1} | {:.1} | {:.1} | {:.3} | {:.0} | {gate} | {held} |\n",
        tally.percent(),
        side(tally.below),
        side(above),
        tally.mean_width(),
        tally.percent_given()
    )
}

fn gate(gate: Gate) -> String {
    match gate {
        Gate::Regular => "regular".into(),
        Gate::Boundary => "boundary".into(),
        Gate::Selected => "selected".into(),
        Gate::Fails => "control".into(),
        Gate::Shown => "shown".into(),
        Gate::Size => "3.5 to 6.5".into(),
        Gate::SizeAtMost => "at most 6.5".into(),
        Gate::Power(least) => format!("power, at least {least}"),
    }
}
