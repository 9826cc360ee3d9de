//! Intervals for one rate of independent trials. Clustered data (samples of sessions of users) never belong here:
//! see [`crate::interval`].

use crate::estimate::Interval;
use crate::interval::MISS;
use crate::quantile::{self, Z};

/// Wilson's score interval for `successes` of `trials`; `None` without trials. (Wilson 1927)
#[must_use]
pub fn wilson(successes: u64, trials: u64) -> Option<Interval> {
    let n = (trials > 0).then_some(trials as f64)?;
    let p = successes as f64 / n;
    let shrink = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / shrink;
    let half = Z / shrink * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At the ends the formula gives 0 and 1 exactly, but not in floating point.
    let low = if successes == 0 { 0.0 } else { centre - half };
    let high = if successes == trials { 1.0 } else { centre + half };
    Some(Interval { low, high })
}

/// The exact interval of Clopper and Pearson (1934); `None` without trials.
#[must_use]
pub fn clopper_pearson(successes: u64, trials: u64) -> Option<Interval> {
    (trials > 0).then(|| clopper_pearson_at(successes as f64, trials as f64, MISS))
}

/// Jeffreys' equal-tailed interval, Beta(x + 1/2, n - x + 1/2), with 0 and 1 at the ends; `None` without trials.
#[must_use]
pub fn jeffreys(successes: u64, trials: u64) -> Option<Interval> {
    let n = (trials > 0).then_some(trials as f64)?;
    let (a, b) = (successes as f64 + 0.5, n - successes as f64 + 0.5);
    let low = if successes == 0 { 0.0 } else { quantile::beta(0.025, a, b) };
    let high = if successes == trials { 1.0 } else { quantile::beta(0.975, a, b) };
    Some(Interval { low, high })
}

/// Clopper-Pearson with real-valued counts, for effective sample sizes. `0 <= x <= n`, `n > 0`. It misses with chance `miss` at most,
/// both ends together.
pub(crate) fn clopper_pearson_at(x: f64, n: f64, miss: f64) -> Interval {
    let missing = n - x;
    let low = if x <= 1e-12 { 0.0 } else { quantile::beta(miss / 2.0, x, missing + 1.0) };
    let high = if missing <= 1e-12 { 1.0 } else { quantile::beta(1.0 - miss / 2.0, x + 1.0, missing) };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: Option<Interval>, low: f64, high: f64) {
        let found = found.unwrap();
        assert!((found.low - low).abs() < 1e-12 && (found.high - high).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn wilson_matches_the_published_digits() {
        check(wilson(0, 10), 0.0, 0.277_532_799_862_889_26);
        check(wilson(10, 10), 0.722_467_200_137_110_6, 1.0);
        check(wilson(8, 10), 0.490_162_471_536_641_83, 0.943_317_848_545_624_7);
        check(wilson(81, 263), 0.255_288_519_878_274_2, 0.366_209_576_982_800_04);
        check(wilson(975, 1000), 0.963_354_710_732_156_6, 0.983_009_868_706_565_9);
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn the_exact_interval_of_a_large_sample_is_nearly_wilsons() {
        let (exact, score) =
            (clopper_pearson(300_000, 1_000_000).unwrap(), wilson(300_000, 1_000_000).unwrap());
        assert!((exact.low - score.low).abs() < 2e-6 && (exact.high - score.high).abs() < 2e-6, "{exact:?}");
    }

    #[test]
    fn exact_and_jeffreys_match_the_published_digits() {
        check(clopper_pearson(8, 10), 0.443_904_537_692_358_5, 0.974_789_273_673_166_6);
        check(clopper_pearson(0, 10), 0.0, 0.308_497_107_818_760_83);
        check(jeffreys(8, 10), 0.497_225_503_560_006_9, 0.955_940_586_447_369_2);
        assert_eq!(clopper_pearson(0, 0), None);
        assert_eq!(jeffreys(0, 0), None);
    }
}
