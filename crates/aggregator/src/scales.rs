//! How far numbers on a scale can be relied on across probes: Krippendorff's alpha, with probes as units and samples as ratings of their users.

use std::collections::BTreeMap;

use antiphon_core::Target;
use antiphon_core::summary::{Estimate, ScaleReliability};
use antiphon_stats::Population;
use antiphon_stats::krippendorff::{Metric, alpha_of_raters};
use serde::{Deserialize, Serialize};

use crate::estimates::{estimate, point};

/// So many users are left out one by one to see how far alpha may be off; of more, so many groups of them (Kott 2001).
const LEFT_OUT: u64 = 200;

/// A target's place, least and greatest number.
type Range = (usize, i32, i32);
/// How often a probe, by its place, was answered with a number, user by user.
type Counts = BTreeMap<usize, BTreeMap<(u64, i32), u64>>;

/// Numbers by target, range and probe.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Scales {
    scales: BTreeMap<Range, Counts>,
}

impl Scales {
    /// Adds a number that was answered.
    pub(crate) fn add(
        &mut self,
        (target, probe, user): (usize, usize, u64),
        (from, to): (i32, i32),
        number: i32,
    ) {
        let probes = self.scales.entry((target, from, to)).or_default();
        *probes.entry(probe).or_default().entry((user, number)).or_default() += 1;
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
    pub(crate) fn reliability(self, targets: &[Target], population: Population) -> Vec<ScaleReliability> {
        self.scales
            .into_iter()
            .map(|((target, from, to), probes)| {
                let units: Vec<Vec<(u64, f64)>> = probes.values().map(ratings).collect();
                ScaleReliability {
                    target: targets[target].id.clone(),
                    from,
                    to,
                    probes: units.len() as u64,
                    alpha_ordinal: alpha(&units, Metric::Ordinal, population),
                    alpha_interval: alpha(&units, Metric::Interval, population),
                }
            })
            .collect()
    }
}

fn alpha(units: &[Vec<(u64, f64)>], metric: Metric, population: Population) -> Estimate {
    if units.len() < 2 {
        return point(None, "alpha compares probes, so it needs at least two with the same range");
    }
    let found = alpha_of_raters(units, metric);
    match (found.value, population) {
        (None, _) => {
            point(None, "all answers are the same number, so there is nothing to agree on by chance")
        }
        (value, Population::Fixed) => point(value, "the interval of alpha is for users who were drawn"),
        (_, Population::Drawn) => estimate(found),
    }
}

/// A user and a number, as often as it was answered.
fn ratings(counts: &BTreeMap<(u64, i32), u64>) -> Vec<(u64, f64)> {
    let times = |count: u64| usize::try_from(count).expect("answers fit in memory");
    let rating = |((user, number), count): (&(u64, i32), &u64)| {
        std::iter::repeat_n((user % LEFT_OUT, f64::from(*number)), times(*count))
    };
    counts.iter().flat_map(rating).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two probes, which each of the users calls once about 2 and once about 6.
    fn scales(users: u64) -> Scales {
        let mut scales = Scales::default();
        for user in 0..users {
            let off = i32::from(blake3::hash(&user.to_le_bytes()).as_bytes()[0] % 3) - 1;
            scales.add((0, 0, user), (1, 7), 2 + off);
            scales.add((0, 1, user), (1, 7), 6 - off);
        }
        scales
    }

    fn of(scales: &Scales, population: Population) -> Estimate {
        let units: Vec<_> = scales.scales.values().flat_map(BTreeMap::values).map(ratings).collect();
        alpha(&units, Metric::Interval, population)
    }

    #[test]
    fn alpha_has_an_interval_over_drawn_users() {
        let drawn = of(&scales(12), Population::Drawn);
        let (value, low, high) = (drawn.value.unwrap(), drawn.low.unwrap(), drawn.high.unwrap());
        assert!(low < value && value < high && high < 1.0, "{drawn:?}");
        let fixed = of(&scales(12), Population::Fixed);
        assert_eq!((fixed.value, fixed.low), (drawn.value, None));
        assert!(fixed.note.is_some());
        assert_eq!(of(&scales(7), Population::Drawn).low, None);
    }

    /// Users in groups tell as much as users one by one, as nearly as so many can.
    #[test]
    fn many_users_are_left_out_in_groups() {
        let one_by_one = of(&scales(200), Population::Drawn);
        let in_groups = of(&scales(800), Population::Drawn);
        let width = |of: &Estimate| of.high.unwrap() - of.low.unwrap();
        let ratio = width(&one_by_one) / width(&in_groups);
        assert!((1.5..2.7).contains(&ratio), "four times the users: {ratio} times as wide");
        let ratings = ratings(&scales(800).scales[&(0, 1, 7)][&0]);
        let left_out: std::collections::BTreeSet<u64> = ratings.iter().map(|(group, _)| *group).collect();
        assert_eq!((ratings.len(), left_out.len()), (800, 200));
    }
}
