//! How far numbers on a scale can be relied on across probes: Krippendorff's alpha, with probes as units and samples as raters.

use std::collections::BTreeMap;

use antiphon_core::TargetId;
use antiphon_core::summary::ScaleReliability;
use antiphon_stats::krippendorff::{self, Metric};

use crate::estimates::point;

/// Numbers by target, range and probe.
#[derive(Debug, Default)]
pub(crate) struct Scales {
    /// By place of the target, least and greatest number.
    scales: BTreeMap<(usize, i32, i32), Scale>,
}

#[derive(Debug)]
struct Scale {
    target: TargetId,
    /// The numbers of each probe, by its place.
    probes: BTreeMap<usize, Vec<f64>>,
}

impl Scales {
    /// Adds a number that was answered.
    pub(crate) fn add(
        &mut self,
        target: (usize, &TargetId),
        probe: usize,
        (from, to): (i32, i32),
        number: i32,
    ) {
        let new = || Scale { target: target.1.clone(), probes: BTreeMap::new() };
        let scale = self.scales.entry((target.0, from, to)).or_insert_with(new);
        scale.probes.entry(probe).or_default().push(f64::from(number));
    }

    /// Alpha over the probes of each target that share a range.
    pub(crate) fn reliability(self) -> Vec<ScaleReliability> {
        self.scales
            .into_iter()
            .map(|((_, from, to), Scale { target, probes })| {
                let units: Vec<Vec<f64>> = probes.into_values().collect();
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
                    target,
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
