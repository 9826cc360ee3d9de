//! How far numbers on a scale can be relied on across probes: Krippendorff's alpha, with probes as units and samples as raters.

use std::collections::BTreeMap;

use antiphon_core::Target;
use antiphon_core::summary::ScaleReliability;
use antiphon_stats::krippendorff::{self, Metric};
use serde::{Deserialize, Serialize};

use crate::estimates::point;

/// A target's place, least and greatest number.
type Range = (usize, i32, i32);
/// How often a probe, by its place, was answered with a number.
type Counts = BTreeMap<usize, BTreeMap<i32, u64>>;

/// Numbers by target, range and probe.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Scales {
    scales: BTreeMap<Range, Counts>,
}

impl Scales {
    /// Adds a number that was answered.
    pub(crate) fn add(&mut self, target: usize, probe: usize, (from, to): (i32, i32), number: i32) {
        let probes = self.scales.entry((target, from, to)).or_default();
        *probes.entry(probe).or_default().entry(number).or_default() += 1;
    }

    /// Adds those of other blocks.
    pub(crate) fn merge(&mut self, other: Self) {
        for (range, probes) in other.scales {
            let known = self.scales.entry(range).or_default();
            for (probe, numbers) in probes {
                let known = known.entry(probe).or_default();
                numbers.into_iter().for_each(|(number, count)| *known.entry(number).or_default() += count);
            }
        }
    }

    /// Alpha over the probes of each target that share a range.
    pub(crate) fn reliability(self, targets: &[Target]) -> Vec<ScaleReliability> {
        self.scales
            .into_iter()
            .map(|((target, from, to), probes)| {
                let units: Vec<Vec<f64>> = probes.values().map(numbers).collect();
                let alpha = |metric| {
                    if units.len() < 2 {
                        return point(
                            None,
                            "alpha compares probes, so it needs at least two with the same range",
                        );
                    }
                    match krippendorff::alpha(&units, metric) {
                        None => point(
                            None,
                            "all answers are the same number, so there is nothing to agree on by chance",
                        ),
                        value => point(value, "no interval: no rule for it has been validated yet"),
                    }
                };
                ScaleReliability {
                    target: targets[target].id.clone(),
                    from,
                    to,
                    probes: units.len() as u64,
                    alpha_ordinal: alpha(Metric::Ordinal),
                    alpha_interval: alpha(Metric::Interval),
                }
            })
            .collect()
    }
}

fn numbers(counts: &BTreeMap<i32, u64>) -> Vec<f64> {
    let times = |count: u64| usize::try_from(count).expect("answers fit in memory");
    counts.iter().flat_map(|(number, count)| std::iter::repeat_n(f64::from(*number), times(*count))).collect()
}
