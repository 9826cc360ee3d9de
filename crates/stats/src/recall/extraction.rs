//! How likely a text comes out of a model that is asked `n` times: (n, p)-discoverable extraction.
//!
//! Hayes et al. 2024, "Measuring memorization through probabilistic discoverable extraction", arXiv 2410.19482. Samples must be
//! independent: with sessions of several samples the number of sessions is what counts.

use crate::estimate::Interval;
use crate::interval::MISS;
use crate::pass;
use crate::rates::{clopper_pearson, clopper_pearson_at};

/// What samples say of the chance to get the text at least once in `n` tries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extraction {
    /// From the share of samples that had it; too low on average where few did.
    pub plug_in: f64,
    /// Without bias: `1 - C(N - c, n) / C(N, n)`; `None` where `n` is more than there are samples.
    pub unbiased: Option<f64>,
    /// The 95 % interval: Clopper and Pearson's of the share, carried over.
    pub interval: Interval,
}

/// The chance to get the text at least once in `n` tries, where one gives it with chance `p` in `[0, 1]`: `1 - (1 - p)^n`. `None` for another `p`.
#[must_use]
pub fn within(p: f64, n: u64) -> Option<f64> {
    (0.0..=1.0).contains(&p).then(|| if n == 0 { 0.0 } else { -((-p).ln_1p() * n as f64).exp_m1() })
}

/// The fewest tries that give the text with chance `at_least`, which is below 1, where one gives it with chance `p`. `None` where no number does, for
/// what is no chance, or beyond 2^53.
#[must_use]
pub fn tries(p: f64, at_least: f64) -> Option<u64> {
    if !(0.0..=1.0).contains(&p) || !(0.0..1.0).contains(&at_least) {
        return None;
    }
    let needed = ((-at_least).ln_1p() / (-p).ln_1p()).ceil();
    const MOST: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 0 to 2^53"
    )]
    let whole = (0.0..=MOST).contains(&needed).then_some(needed as u64);
    // -0 / -infinity is 0, which is right for a sure thing that need not happen; one that must takes one try.
    whole.map(|tries| if at_least > 0.0 { tries.max(1) } else { tries })
}

/// The chance in `n` tries, from `found` of `samples` independent ones. `None` without samples, or with more found than there are.
#[must_use]
pub fn of_samples(found: u64, samples: u64, n: u64) -> Option<Extraction> {
    if found > samples {
        return None;
    }
    let interval = clopper_pearson(found, samples)?;
    Some(Extraction {
        plug_in: within(found as f64 / samples as f64, n)?,
        unbiased: pass::pass_at_k(samples, found, n),
        interval: Interval { low: within(interval.low, n)?, high: within(interval.high, n)? },
    })
}

/// The chance that one try gives the text is below this with 95 % confidence, one-sided: what can be said where none of the samples had it. `None` as
/// for [`of_samples`].
#[must_use]
pub fn upper_bound(found: u64, samples: u64) -> Option<f64> {
    (samples > 0 && found <= samples)
        .then(|| clopper_pearson_at(found as f64, samples as f64, 2.0 * MISS).high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("it is defined");
        assert!((found - expected).abs() < 1e-13, "{found}, not {expected}");
    }

    #[test]
    fn from_a_known_chance() {
        close(within(0.01, 100), 0.633_967_658_726_770_9);
        close(within(0.001, 1_000), 0.632_304_575_229_036_3);
        close(within(0.05, 10), 0.401_263_060_761_621_3);
        assert_eq!((within(0.0, 9), within(1.0, 1), within(1.0, 0)), (Some(0.0), Some(1.0), Some(0.0)));
        assert_eq!((within(1.1, 1), within(f64::NAN, 1)), (None, None));
    }

    #[test]
    fn tries_needed() {
        assert_eq!((tries(0.01, 0.9), tries(0.001, 0.5), tries(0.3, 0.99)), (Some(230), Some(693), Some(13)));
        assert_eq!((tries(0.0, 0.5), tries(0.5, 1.0), tries(1.0, 0.9)), (None, None, Some(1)));
        assert_eq!((tries(0.5, 0.0), tries(1e-300, 0.5)), (Some(0), None));
    }

    #[test]
    fn from_samples() {
        let found = of_samples(3, 200, 100).unwrap();
        close(Some(found.plug_in), 0.779_391_089_530_612_8);
        close(found.unbiased, 0.876_884_422_110_552_7);
        close(Some(found.interval.low), 0.267_208_112_089_411);
        close(Some(found.interval.high), 0.987_929_069_650_739_6);
        let none = of_samples(0, 200, 1).unwrap();
        close(Some(none.interval.high), 0.018_275_340_355_136_244);
        close(upper_bound(0, 200), 0.014_867_039_231_272_083);
        assert_eq!((of_samples(1, 5, 6).unwrap().unbiased, of_samples(0, 0, 1)), (None, None));
        assert_eq!((of_samples(2, 1, 1), upper_bound(0, 0), upper_bound(1, 1)), (None, None, Some(1.0)));
    }
}
