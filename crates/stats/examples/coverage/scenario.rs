//! What is simulated: a scenario draws one set of data per repetition and says what each method made of it.

use antiphon_stats::{Estimate, Interval};
use rand_chacha::ChaCha8Rng;

/// Draws one set of data, and says what became of each measure.
type Draw = dyn Fn(&mut ChaCha8Rng) -> Vec<Outcome> + Send + Sync;

/// One row of a table, or several: what is drawn, and what is looked at.
pub(crate) struct Scenario {
    /// The table that it stands in.
    pub(crate) family: &'static str,
    /// Unique within its family. Seeds the random numbers.
    pub(crate) name: String,
    /// What is looked at, in the order in which `draw` answers.
    pub(crate) measures: Vec<Measure>,
    /// One repetition: what became of each measure.
    pub(crate) draw: Box<Draw>,
    /// Only every so many of the repetitions asked for are made, where one is expensive.
    pub(crate) every: u64,
}

/// One number that is held to a gate.
#[derive(Clone)]
pub(crate) struct Measure {
    /// What the interval is of, or which test it is.
    pub(crate) of: String,
    pub(crate) gate: Gate,
    /// An interval may be withheld in the other repetitions, in percent of all.
    pub(crate) given_at_least: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Gate {
    /// Coverage from 93.5 to 96.5 %.
    Regular,
    /// Coverage of 93.5 % or more, and no interval wider on average than 1.15 times what `widths.tsv` says.
    Boundary,
    /// An interval that is withheld unless the data show enough: given and wrong in at most 6.5 % of all repetitions, and no wider than
    /// at the boundary. (The false coverage rate of a single parameter, Benjamini and Yekutieli 2005.)
    Selected,
    /// A method that must be seen to fail: coverage below 90 %, or false alarms above 10 %.
    Fails,
    /// Only shown, beside the method that is used.
    Shown,
    /// False alarms from 3.5 to 6.5 %.
    Size,
    /// False alarms in at most 6.5 %: exact tests of counts, equivalence, e-processes.
    SizeAtMost,
    /// Rejections in at least so many percent: the test is not one that never rejects.
    Power(f64),
}

/// What became of one measure in one repetition.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// No interval was given, or no test was possible.
    Withheld,
    /// An interval: whether it held the truth, whether the truth lay below it, how wide it was.
    Interval { held: bool, below: bool, width: f64 },
    /// A test, and whether it rejected.
    Test { rejected: bool },
}

impl Scenario {
    pub(crate) fn new(
        family: &'static str,
        name: impl Into<String>,
        measures: Vec<Measure>,
        draw: impl Fn(&mut ChaCha8Rng) -> Vec<Outcome> + Send + Sync + 'static,
    ) -> Self {
        Self { family, name: name.into(), measures, draw: Box::new(draw), every: 1 }
    }

    /// Makes only every `every`th repetition.
    pub(crate) fn expensive(self, every: u64) -> Self {
        Self { every, ..self }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.family.contains(text) || self.name.contains(text)
    }
}

impl Measure {
    pub(crate) fn new(of: impl Into<String>, gate: Gate) -> Self {
        Self { of: of.into(), gate, given_at_least: 100.0 }
    }

    /// An interval that may be withheld, though not in more than the rest.
    pub(crate) fn given_at_least(self, percent: f64) -> Self {
        Self { given_at_least: percent, ..self }
    }
}

impl Outcome {
    pub(crate) fn of(interval: Option<Interval>, truth: f64) -> Self {
        interval.map_or(Self::Withheld, |interval| Self::Interval {
            held: interval.contains(truth),
            below: truth < interval.low,
            width: interval.high - interval.low,
        })
    }

    pub(crate) fn estimate(estimate: &Estimate, truth: f64) -> Self {
        Self::of(estimate.interval, truth)
    }

    /// A test at the 5 % level.
    pub(crate) fn p(p: Option<f64>) -> Self {
        p.map_or(Self::Withheld, |p| Self::Test { rejected: p <= 0.05 })
    }
}
