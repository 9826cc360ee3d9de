//! Looking every night without crying wolf. All of these may be looked at after each value and acted upon at once;
//! a test made for one look would raise a false alarm in a third of all seasons.
//!
//! One value goes in per independent unit and night (the mean of a user or of a probe), never single samples.

use crate::estimate::Interval;

/// Stakes of the betting process, as shares of the largest one that cannot go broke.
const STAKES: usize = 9;

/// Bets against the mean of values in `[0, 1]` being `null`: while it is, the wealth stays below `1 / alpha` for ever
/// with probability `1 - alpha`. No variance and no distribution are assumed. (Waudby-Smith and Ramdas 2024)
#[derive(Clone, Debug)]
pub struct Betting {
    null: f64,
    above: [f64; STAKES],
    below: [f64; STAKES],
}

impl Betting {
    /// `None` unless `null` lies strictly between 0 and 1.
    #[must_use]
    pub fn new(null: f64) -> Option<Self> {
        (0.0 < null && null < 1.0).then_some(Self { null, above: [1.0; STAKES], below: [1.0; STAKES] })
    }

    /// Takes the next value; one outside `[0, 1]`, on which nobody may bet, is left out and gives `false`.
    pub fn push(&mut self, value: f64) -> bool {
        if !(0.0..=1.0).contains(&value) {
            return false;
        }
        bet(&mut self.above, value, self.null);
        bet(&mut self.below, 1.0 - value, 1.0 - self.null);
        true
    }

    /// The e-value against the mean being `null` or less.
    #[must_use]
    pub fn above(&self) -> f64 {
        average(&self.above)
    }

    /// The e-value against the mean being `null` or more.
    #[must_use]
    pub fn below(&self) -> f64 {
        average(&self.below)
    }

    /// The e-value against the mean being `null`.
    #[must_use]
    pub fn two_sided(&self) -> f64 {
        f64::midpoint(self.above(), self.below())
    }
}

fn bet(wealth: &mut [f64; STAKES], value: f64, null: f64) {
    for (i, wealth) in wealth.iter_mut().enumerate() {
        let stake = (i as f64 + 1.0) / (STAKES as f64 + 1.0) / null;
        *wealth *= 1.0 + stake * (value - null);
    }
}

fn average(wealth: &[f64; STAKES]) -> f64 {
    wealth.iter().sum::<f64>() / STAKES as f64
}

/// The mixture sequential probability ratio test that the mean of normal differences with known `variance` is 0, with
/// `mixing` the variance of the changes that are expected: an e-value. With a variance estimated from the data it holds
/// only for some thirty of them or more. `None` unless the variance is positive and the mixing not negative. (Robbins 1970)
#[must_use]
pub fn msprt(differences: &[f64], variance: f64, mixing: f64) -> Option<f64> {
    if !(variance > 0.0 && mixing >= 0.0) || differences.iter().any(|difference| !difference.is_finite()) {
        return None;
    }
    let n = differences.len() as f64;
    let sum: f64 = differences.iter().sum();
    let spread = variance + n * mixing;
    Some((variance / spread).sqrt() * (mixing * sum * sum / (2.0 * variance * spread)).exp())
}

/// An interval for the mean of values in `[0, 1]` that holds at all times together with probability `1 - alpha`:
/// the predictable plug-in empirical Bernstein sequence. (Waudby-Smith and Ramdas 2024)
#[derive(Clone, Debug)]
pub struct ConfidenceSequence {
    /// `ln(2 / alpha)`.
    price: f64,
    count: f64,
    sum: f64,
    squares: f64,
    weights: f64,
    weighted: f64,
    penalty: f64,
}

impl ConfidenceSequence {
    /// `None` unless `alpha` lies strictly between 0 and 1.
    #[must_use]
    pub fn new(alpha: f64) -> Option<Self> {
        (0.0 < alpha && alpha < 1.0).then(|| Self {
            price: (2.0 / alpha).ln(),
            count: 0.0,
            sum: 0.0,
            squares: 0.0,
            weights: 0.0,
            weighted: 0.0,
            penalty: 0.0,
        })
    }

    /// Takes the next value; one outside `[0, 1]` is left out and gives `false`.
    pub fn push(&mut self, value: f64) -> bool {
        if !(0.0..=1.0).contains(&value) {
            return false;
        }
        let (mean, variance) = (self.mean(), (0.25 + self.squares) / (self.count + 1.0));
        self.count += 1.0;
        let weight = (2.0 * self.price / (variance * self.count * (1.0 + self.count).ln())).sqrt().min(0.75);
        self.weights += weight;
        self.weighted += weight * value;
        self.penalty += (value - mean).powi(2) * (-(-weight).ln_1p() - weight);
        self.sum += value;
        self.squares += (value - self.mean()).powi(2);
        true
    }

    /// The centre, and the interval, which may reach beyond 0 and 1; `None` before the first value.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, Interval)> {
        (self.count > 0.0).then(|| {
            let (centre, half) = (self.weighted / self.weights, (self.price + self.penalty) / self.weights);
            (centre, Interval { low: centre - half, high: centre + half })
        })
    }

    fn mean(&self) -> f64 {
        (0.5 + self.sum) / (self.count + 1.0)
    }
}

/// The one-sided cumulative sum of standardised values after each of them: an early warning, no inference.
/// (Page 1954) A sum beyond about 5 with a `slack` of half a standard deviation is worth a look. What is no number leaves the sum as it was.
#[must_use]
pub fn cusum(standardised: &[f64], slack: f64) -> Vec<f64> {
    standardised
        .iter()
        .scan(0.0_f64, |sum, z| {
            if !z.is_nan() {
                *sum = (*sum + z - slack).max(0.0);
            }
            Some(*sum)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found}, not {expected}");
    }

    #[test]
    fn eight_of_ten_against_a_half() {
        let mut betting = Betting::new(0.5).unwrap();
        for value in [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0] {
            assert!(betting.push(value));
        }
        close(betting.above(), 4.384_645_265_833_333);
        assert!(betting.below() < 0.5);
        close(betting.two_sided(), f64::midpoint(betting.above(), betting.below()));
        assert!(!betting.push(1.5) && !betting.push(f64::NAN));
        close(betting.above(), 4.384_645_265_833_333);
        assert!(Betting::new(1.0).is_none());
    }

    #[test]
    fn a_mirrored_process_is_the_same_the_other_way_round() {
        let (mut one, mut other) = (Betting::new(0.3).unwrap(), Betting::new(0.7).unwrap());
        for value in [0.2, 0.9, 0.4, 0.0] {
            one.push(value);
            other.push(1.0 - value);
        }
        close(one.above(), other.below());
        close(one.below(), other.above());
    }

    #[test]
    fn ten_differences() {
        let differences = [0.05, -0.02, 0.03, 0.08, 0.01, 0.04, -0.01, 0.06, 0.02, 0.03];
        let e = msprt(&differences, 0.001, 0.001).unwrap();
        assert_eq!(msprt(&differences, 0.0, 0.001), None);
        close(e, 13.787_737_860_533_758);
        assert!((1.0 / e - 0.072_528_213_845_899_7).abs() < 1e-12);
    }

    #[test]
    fn two_hundred_values() {
        let mut sequence = ConfidenceSequence::new(0.05).unwrap();
        assert_eq!(sequence.interval(), None);
        for _ in 0..20 {
            for value in [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0] {
                assert!(sequence.push(value));
            }
        }
        let (centre, interval) = sequence.interval().unwrap();
        close(centre, 0.797_585_720_434_032);
        close(interval.low, 0.674_004_279_473_963_9);
        close(interval.high, 0.921_167_161_394_1);
        assert!(!sequence.push(-0.1));
    }

    #[test]
    fn a_rise_adds_up() {
        assert_eq!(cusum(&[1.0, f64::NAN, 1.0], 0.5), [0.5, 0.5, 1.0]);
        let sums = cusum(&[0.2, -0.1, 0.4, 1.2, 1.5, 0.9, 2.0], 0.5);
        for (sum, expected) in sums.into_iter().zip([0.0, 0.0, 0.0, 0.7, 1.7, 2.1, 3.6]) {
            close(sum, expected);
        }
    }
}
