//! Did something change between two runs of the same users and probes? One difference per independent unit goes in:
//! a user's mean over what it was asked, or a probe's mean over users.

use crate::estimate::Interval;
use crate::interval::{mean, variance};
use crate::quantile::{self, TAIL};

/// The mean of paired differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedChange {
    /// The mean difference.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Student's t with `units - 1` degrees of freedom.
    pub t: f64,
    /// Two-sided.
    pub p: f64,
    /// The 95 % interval.
    pub interval: Interval,
}

/// Whether a change is smaller than what matters: two one-sided tests. (Schuirmann 1987)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// t of the test against a change of `-margin` or less.
    pub t_above_lower: f64,
    /// t of the test against a change of `margin` or more; negative where the change is smaller.
    pub t_below_upper: f64,
    /// The larger p of both: equivalent within the margin where it is small. The 90 % interval then lies within.
    pub p: f64,
}

/// `None` for fewer than two differences, for one that is no finite number, or where none differs from another: a spread
/// that was not seen says nothing of how far the mean may be off. ([`crate::permutation::sign_flip`] needs none.)
#[must_use]
pub fn paired_change(differences: &[f64]) -> Option<PairedChange> {
    let (mean, standard_error, df) = moments(differences)?;
    let t = mean / standard_error;
    let half = quantile::student_t(TAIL, df) * standard_error;
    Some(PairedChange {
        mean,
        standard_error,
        t,
        p: 2.0 * quantile::student_t_tail(t.abs(), df),
        interval: Interval { low: mean - half, high: mean + half },
    })
}

/// Tests that the mean difference lies within `-margin` and `margin`, which must have been set before the data was
/// seen. `None` as for [`paired_change`], or without a positive margin.
#[must_use]
pub fn equivalence(differences: &[f64], margin: f64) -> Option<Equivalence> {
    let (mean, standard_error, df) = moments(differences).filter(|_| margin > 0.0)?;
    let t_above_lower = (mean + margin) / standard_error;
    let t_below_upper = (mean - margin) / standard_error;
    let p = quantile::student_t_tail(t_above_lower, df).max(quantile::student_t_tail(-t_below_upper, df));
    Some(Equivalence { t_above_lower, t_below_upper, p })
}

/// Mean, its standard error, and degrees of freedom.
fn moments(differences: &[f64]) -> Option<(f64, f64, f64)> {
    let n = differences.len() as f64;
    let is_fine = differences.len() >= 2 && differences.iter().all(|difference| difference.is_finite());
    let found =
        is_fine.then(|| (mean(differences.iter().copied()), (variance(differences) / n).sqrt(), n - 1.0));
    // What is left by rounding is no spread.
    found.filter(|(mean, standard_error, _)| *standard_error > 1e-14 * mean.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFFERENCES: [f64; 10] = [0.05, -0.02, 0.03, 0.08, 0.01, 0.04, -0.01, 0.06, 0.02, 0.03];

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-11 * expected.abs().max(0.1), "{found}, not {expected}");
    }

    #[test]
    fn ten_differences() {
        let found = paired_change(&DIFFERENCES).unwrap();
        close(found.mean, 0.029);
        close(found.standard_error, 0.009_712_534_856_222_308);
        close(found.t, 2.985_832_270_287_425);
        close(found.p, 0.015_304_051_052_633_143);
        close(found.interval.low, 0.007_028_719_706_625_164);
        close(found.interval.high, 0.050_971_280_293_374_846);
    }

    #[test]
    fn within_a_margin_of_a_twentieth() {
        let found = equivalence(&DIFFERENCES, 0.05).unwrap();
        close(found.p, 0.029_430_332_021_260_743);
        close(found.t_above_lower, 8.133_818_943_196_777);
        close(found.t_below_upper, -2.162_154_402_621_927_5);
        assert!(equivalence(&DIFFERENCES, 0.01).unwrap().p > 0.5, "the change is larger than that");
    }

    #[test]
    fn where_nothing_varies_nothing_is_known() {
        for same in [0.0, 0.5, 0.1] {
            assert_eq!(paired_change(&[same; 7]), None);
            assert_eq!(equivalence(&[same; 7], 0.1), None);
        }
        assert_eq!(paired_change(&[0.5]), None);
        assert_eq!(paired_change(&[0.5, f64::NAN]), None);
        assert_eq!(equivalence(&[0.5, 0.4], 0.0), None);
        assert_eq!(paired_change(&[-0.1, 0.1]).unwrap().p, 1.0);
    }
}
