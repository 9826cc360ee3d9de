//! Krippendorff's alpha: the reliability of raters, with missing ratings allowed. (Krippendorff 2011)

use crate::estimate::{Estimate, Interval, Undefined};
use crate::interval::{few_units, variance};
use crate::quantile::{TAIL, student_t};

/// With fewer the jackknife was not seen to cover.
const LEAST_RATERS: usize = 8;

/// How far two ratings are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Same or not.
    Nominal,
    /// By the number of ratings between the two.
    Ordinal,
    /// The squared difference.
    Interval,
    /// The squared difference over the squared sum; 0 where both are 0.
    Ratio,
}

/// `1 - Do / De` from the ratings that each unit received, in any order; units with fewer than two are left out.
/// `None` where fewer than two ratings remain, where all are equal, or where one is not a finite number or, for
/// `Ratio`, negative. Linear in
/// the ratings, except that `Ratio` is quadratic in the number of different ones.
#[must_use]
pub fn alpha(units: &[Vec<f64>], metric: Metric) -> Option<f64> {
    let mut units: Vec<Vec<f64>> = units.iter().filter(|unit| unit.len() >= 2).cloned().collect();
    let unusable = |value: &f64| !value.is_finite() || (metric == Metric::Ratio && *value < 0.0);
    if units.iter().flatten().any(unusable) {
        return None;
    }
    // Zero has one meaning, whatever its sign, and the order of values is total from here on.
    units.iter_mut().flatten().for_each(|value| *value += 0.0);
    let mut all: Vec<f64> = units.concat();
    all.sort_by(f64::total_cmp);
    if metric == Metric::Ordinal {
        units.iter_mut().flatten().for_each(|value| *value = middle_rank(&all, *value));
        all = units.concat();
        all.sort_by(f64::total_cmp);
    }
    let n = all.len() as f64;
    let expected = disagreement(&all, metric) / (n - 1.0);
    let observed: f64 = units
        .iter_mut()
        .map(|unit| {
            unit.sort_by(f64::total_cmp);
            disagreement(unit, metric) / (unit.len() as f64 - 1.0)
        })
        .sum();
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

/// The same of ratings that come with their rater: `units[unit]` are pairs of a rater and a rating. The interval speaks of
/// other raters of these units. It is a jackknife over raters of the logarithm of `Do / De`, as `alpha` is at most 1, with
/// Student's t. The value is missing as for [`alpha`] (`Undefined::NoSamples`), the interval for fewer than
/// eight raters, where all raters agree on every unit, or where all ratings that one rater leaves are equal.
#[must_use]
pub fn alpha_of_raters(units: &[Vec<(u64, f64)>], metric: Metric) -> Estimate {
    let without = |left_out: Option<u64>| {
        let kept = |unit: &Vec<(u64, f64)>| {
            unit.iter().filter(|(rater, _)| Some(*rater) != left_out).map(|(_, rating)| *rating).collect()
        };
        alpha(&units.iter().map(kept).collect::<Vec<_>>(), metric)
    };
    let Some(value) = without(None) else {
        return Estimate::undefined(Undefined::NoSamples);
    };
    let mut raters: Vec<u64> = units.iter().flatten().map(|(rater, _)| *rater).collect();
    raters.sort_unstable();
    raters.dedup();
    if raters.len() < LEAST_RATERS {
        return Estimate::new(value, Err(Undefined::FewRaters { needed: LEAST_RATERS }));
    }
    let logs: Option<Vec<f64>> = raters
        .iter()
        .map(|rater| without(Some(*rater)).map(|alpha| (1.0 - alpha).ln()).filter(|log| log.is_finite()))
        .collect();
    let interval = logs.filter(|_| value < 1.0).ok_or(Undefined::NoSpread).map(|logs| {
        let m = logs.len() as f64;
        let variance = few_units(variance(&logs) * (m - 1.0).powi(2) / m, m);
        let half = student_t(TAIL, m - 1.0) * variance.sqrt();
        let distance = |by: f64| 1.0 - ((1.0 - value).ln() + by).exp();
        Interval { low: distance(half), high: distance(-half) }
    });
    Estimate::new(value, interval)
}

/// The ordinal metric is the interval metric on the middle of the ranks that equal ratings share.
fn middle_rank(sorted: &[f64], value: f64) -> f64 {
    let below = sorted.partition_point(|&other| other < value) as f64;
    let upto = sorted.partition_point(|&other| other <= value) as f64;
    f64::midpoint(below, upto)
}

/// The distances summed over all ordered pairs of sorted values.
fn disagreement(sorted: &[f64], metric: Metric) -> f64 {
    let n = sorted.len() as f64;
    match metric {
        Metric::Nominal => n * n - runs(sorted).map(|(_, count)| count * count).sum::<f64>(),
        Metric::Interval | Metric::Ordinal => {
            let mean = sorted.iter().sum::<f64>() / n;
            2.0 * n * sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
        }
        Metric::Ratio => {
            let runs: Vec<(f64, f64)> = runs(sorted).collect();
            let pairs = runs.iter().enumerate().flat_map(|(i, a)| runs[i + 1..].iter().map(move |b| (a, b)));
            2.0 * pairs.map(|(a, b)| a.1 * b.1 * ((b.0 - a.0) / (b.0 + a.0)).powi(2)).sum::<f64>()
        }
    }
}

fn runs(sorted: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn published() -> Vec<Vec<f64>> {
        let raters = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."];
        (0..12)
            .map(|unit| {
                let ratings = raters.iter().filter_map(|row| row.chars().nth(unit)?.to_digit(10));
                ratings.map(f64::from).collect()
            })
            .collect()
    }

    #[test]
    fn the_published_example() {
        for (metric, expected) in [
            (Metric::Nominal, 0.743_421_052_631_579),
            (Metric::Ordinal, 0.815_387_503_754_881_4),
            (Metric::Interval, 0.849_107_142_857_142_8),
            (Metric::Ratio, 0.797_402_774_711_612_1),
        ] {
            let found = alpha(&published(), metric).unwrap();
            assert!((found - expected).abs() < 1e-13, "{metric:?}: {found}");
        }
    }

    #[test]
    fn it_collapses_where_nearly_all_agree() {
        let mut units = vec![vec![1.0, 1.0]; 98];
        units.extend([vec![1.0, 0.0], vec![0.0, 1.0]]);
        assert!((alpha(&units, Metric::Nominal).unwrap() + 0.005_050_505_1).abs() < 1e-10);
    }

    #[test]
    fn without_disagreement_to_expect_there_is_no_value() {
        assert_eq!(alpha(&[vec![2.0, 2.0], vec![2.0, 2.0, 2.0]], Metric::Interval), None);
        assert_eq!(alpha(&[vec![1.0], vec![2.0]], Metric::Nominal), None);
        assert_eq!(alpha(&[], Metric::Ratio), None);
        assert_eq!(alpha(&[vec![0.0, 0.0], vec![-0.0, 0.0]], Metric::Ratio), None);
        assert_eq!(alpha(&[vec![-1.0, 1.0]], Metric::Ratio), None);
        assert_eq!(alpha(&[vec![f64::NAN, 1.0], vec![0.0, 1.0]], Metric::Interval), None);
    }

    fn rated() -> Vec<Vec<(u64, f64)>> {
        // Ten raters of four units, who are off by one in turns.
        let rating = |unit: u64, rater: u64| (unit * 2 + u64::from((unit + rater).is_multiple_of(3))) as f64;
        (0..4).map(|unit| (0..10).map(|rater| (rater, rating(unit, rater))).collect()).collect()
    }

    #[test]
    fn an_interval_comes_from_leaving_out_raters() {
        let found = alpha_of_raters(&rated(), Metric::Interval);
        let ratings: Vec<Vec<f64>> =
            rated().iter().map(|unit| unit.iter().map(|rating| rating.1).collect()).collect();
        assert_eq!(found.value, alpha(&ratings, Metric::Interval));
        let interval = found.interval.unwrap();
        assert!(interval.contains(found.value.unwrap()) && interval.high < 1.0, "{found:?}");
        // Who rates twice with the same outcome is one rater still.
        let twice: Vec<Vec<(u64, f64)>> =
            rated().iter().map(|unit| [unit.clone(), unit.clone()].concat()).collect();
        let twice = alpha_of_raters(&twice, Metric::Interval).interval.unwrap();
        assert!(twice.high - twice.low > 0.9 * (interval.high - interval.low), "{twice:?} {interval:?}");
    }

    #[test]
    fn an_interval_that_cannot_be_told_is_withheld() {
        let why = |units: &[Vec<(u64, f64)>]| alpha_of_raters(units, Metric::Nominal).why;
        let few: Vec<Vec<(u64, f64)>> = rated().iter().map(|unit| unit[..7].to_vec()).collect();
        assert_eq!(why(&few), Some(Undefined::FewRaters { needed: 8 }));
        let agreed: Vec<Vec<(u64, f64)>> =
            (0..4).map(|unit| (0..10).map(|rater| (rater, f64::from(unit))).collect()).collect();
        assert_eq!(why(&agreed), Some(Undefined::NoSpread));
        assert_eq!(why(&[]), Some(Undefined::NoSamples));
    }

    proptest! {
        #[test]
        fn the_ratio_metric_follows_its_definition(
            units in proptest::collection::vec(proptest::collection::vec(0_u8..6, 0..5), 2..12)
        ) {
            let units: Vec<Vec<f64>> = units.iter().map(|u| u.iter().map(|&x| f64::from(x)).collect()).collect();
            let paired: Vec<&Vec<f64>> = units.iter().filter(|unit| unit.len() > 1).collect();
            let all: Vec<f64> = paired.iter().flat_map(|unit| unit.iter().copied()).collect();
            let apart = |a: f64, b: f64| if a + b == 0.0 { 0.0 } else { ((a - b) / (a + b)).powi(2) };
            let sum = |v: &[f64]| v.iter().flat_map(|&a| v.iter().map(move |&b| apart(a, b))).sum::<f64>();
            let observed: f64 = paired.iter().map(|unit| sum(unit) / (unit.len() as f64 - 1.0)).sum();
            let expected = sum(&all) / (all.len() as f64 - 1.0);
            match alpha(&units, Metric::Ratio) {
                Some(found) => prop_assert!((found - (1.0 - observed / expected)).abs() < 1e-9),
                None => prop_assert!(all.is_empty() || expected == 0.0),
            }
        }
    }
}
