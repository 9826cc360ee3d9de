//! Intervals for agreements and for means in `[0, 1]`, with the user as the independent unit.
//!
//! One rule serves all. Well inside `(0, 1)`: a t interval on the logit scale. Near 1 with few units that ever
//! deviate the variance is hardly visible in the data, so there the exact binomial interval is taken at an
//! effective number of units, which is capped: that unanimity alone never gives an interval of zero width. A mean
//! is treated at 0 as it is at 1. For text and other kernels a unit *deviates* if any of its answers is another
//! text than the one the cell gives most often; for labels that is the same rule.

pub(crate) mod fixed;

use crate::estimate::{Estimate, Form, Formed, Interval, Population, Undefined};
use crate::nested::{Nested, Session};
use crate::quantile::{normal, student_t};
use crate::rates::clopper_pearson_at;

/// Above this a value counts as near 1.
const SCARCE_ABOVE: f64 = 0.9;
/// With at least so many deviating units their spread can be estimated.
pub(crate) const SCARCE_UNITS: usize = 20;
/// Variances below this are rounding: no spread was seen at all.
pub(crate) const NO_SPREAD: f64 = 1e-15;

/// So many of Student's t, and each end of an interval on the logit scale is far enough away.
const MOST_ERRORS: f64 = 3.0;

/// How often a 95 % interval may miss.
pub(crate) const MISS: f64 = 0.05;

/// Everything that the rule looks at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) value: f64,
    /// The variance of the value.
    pub(crate) variance: f64,
    /// The variance with one more deviating unit, not less than `variance`.
    pub(crate) augmented: f64,
    /// Units that ever deviate from what is most frequent.
    pub(crate) discordant: usize,
    /// The degrees of freedom of the variance.
    pub(crate) df: f64,
    /// How lopsided the error of the value is: the skewness of what the units contribute, over the root of their number;
    /// `None` for the plain logit t interval.
    pub(crate) skewness: Option<f64>,
    /// The most that the effective number of units may be.
    pub(crate) cap: f64,
}

/// Whether the value is near 1 with too few deviating units to estimate a spread from.
pub(crate) fn near_one(value: f64, discordant: usize) -> bool {
    value > SCARCE_ABOVE && discordant < SCARCE_UNITS
}

impl Spread {
    /// The 95 % interval.
    pub(crate) fn interval(&self) -> Formed {
        self.interval_at(MISS)
    }

    /// The interval that misses with chance `miss`, both ends together.
    pub(crate) fn interval_at(&self, miss: f64) -> Formed {
        let scarce = near_one(self.value, self.discordant);
        let variance = if scarce { self.augmented } else { self.variance };
        let (form, interval) = if variance <= NO_SPREAD {
            (Form::Unanimous, clopper_pearson_at(self.value * self.cap, self.cap, miss))
        } else if scarce {
            let n = self.effective_units(miss);
            (Form::FewDeviants, clopper_pearson_at(self.value * n, n, miss))
        } else {
            (Form::LogitT, self.logit_t(miss))
        };
        Formed { interval, form }
    }

    /// The number of independent trials that would be as uncertain as the value is, at most the cap.
    fn effective_units(&self, miss: f64) -> f64 {
        let spread = self.value * (1.0 - self.value);
        if self.discordant == 0 || spread <= 0.0 {
            return self.cap;
        }
        (spread / self.augmented * (normal(1.0 - miss / 2.0) / self.t(miss)).powi(2)).min(self.cap)
    }

    fn t(&self, miss: f64) -> f64 {
        student_t(1.0 - miss / 2.0, self.df)
    }

    fn logit_t(&self, miss: f64) -> Interval {
        // Only rounding can bring a value with a spread to 0 or 1. A wider margin, such as 1 / 2m^2, would move small
        // agreements of open answers out of their own interval.
        let value = self.value.clamp(1e-12, 1.0 - 1e-12);
        let centre = (value / (1.0 - value)).ln();
        let error = self.variance.sqrt() / (value * (1.0 - value));
        let (below, above) = self.quantiles(value, error, self.t(miss));
        let back = |x: f64| 1.0 / (1.0 + (-x).exp());
        // The logarithm of what is hardly there has no spread to speak of, and its interval says nothing. No end needs to be
        // farther away than that of a single event that was seen, which is 4.6 of its errors above it (Garwood 1936).
        let far = MOST_ERRORS * self.t(miss) * self.variance.sqrt();
        Interval {
            low: back(centre - error * below).max(self.value - far),
            high: back(centre - error * above).min(self.value + far),
        }
    }

    /// How many errors the ends lie below the value. The t of lopsided values is, to first order, a normal variable
    /// with a quadratic term, of which the logit takes back a part; the ends are where Hall's (1992) cubic, which undoes
    /// that term, has its quantiles. What so few units say of their skewness is not trusted beyond `MOST_BENT`.
    fn quantiles(&self, value: f64, error: f64, t: f64) -> (f64, f64) {
        const MOST_BENT: f64 = 0.3;
        const MOST_SHIFTED: f64 = 0.5;
        let Some(skewness) = self.skewness else {
            return (t, -t);
        };
        let most = MOST_BENT / t;
        let bend = (error * (1.0 - 2.0 * value) / 2.0 - skewness / 3.0).clamp(-most, most);
        let shift = (skewness / 6.0).clamp(-MOST_SHIFTED, MOST_SHIFTED);
        let quantile = |t: f64| {
            let t = t - shift;
            if bend.abs() < 1e-9 { t } else { (1.0 - (1.0 - 3.0 * bend * t).cbrt()) / bend }
        };
        (quantile(t), quantile(-t))
    }
}

/// The mean over users of a value in `[0, 1]` (a refusal rate, a fidelity), users and then sessions weighing the
/// same. No samples: no value. Drawn users: a point from one or two, an interval from three. Fixed users: an
/// interval if each has two sessions. Values outside `[0, 1]` give the point only.
#[must_use]
pub fn proportion(cell: &Nested<f64>, population: Population) -> Estimate {
    let users = session_means(cell);
    if users.is_empty() {
        return Estimate::undefined(Undefined::NoSamples);
    }
    if cell.rows().any(|(_, value)| !(0.0..=1.0).contains(value)) {
        let value = mean(users.iter().map(|sessions| mean(sessions.iter().copied())));
        let value = Some(value).filter(|value| value.is_finite());
        return Estimate { value, interval: None, why: Some(Undefined::OutOfRange), form: None };
    }
    of_sessions(&users, population)
}

fn session_means(cell: &Nested<f64>) -> Vec<Vec<f64>> {
    let of_session = |session: &Session<f64>| mean(session.samples.iter().map(|sample| sample.1));
    cell.users().iter().map(|user| user.sessions.iter().map(of_session).collect()).collect()
}

/// Each user's mean over sessions.
pub(crate) fn user_means(cell: &Nested<f64>) -> Vec<f64> {
    session_means(cell).into_iter().map(|sessions| mean(sessions.into_iter())).collect()
}

/// The mean over users of the mean over sessions; at least one user, at least one session each, all in `[0, 1]`.
pub(crate) fn of_sessions(users: &[Vec<f64>], population: Population) -> Estimate {
    let means: Vec<f64> = users.iter().map(|sessions| mean(sessions.iter().copied())).collect();
    let interval = match population {
        Population::Drawn => of_users(&means, OfUser::Mean),
        Population::Fixed => fixed::mean_of_sessions(users),
    };
    Estimate::formed(mean(means.iter().copied()), interval)
}

/// What the value of one user is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum OfUser {
    /// A mean.
    Mean,
    /// A mean over pairs of few sessions, which is lopsided: most often a little too low, at times much too high.
    Pairs,
}

/// The interval of the mean of one value per drawn user.
pub(crate) fn of_users(values: &[f64], of: OfUser) -> Result<Formed, Undefined> {
    if values.len() < 3 {
        return Err(Undefined::FewUsers);
    }
    if mean(values.iter().copied()) < 0.5 {
        let mirrored: Vec<f64> = values.iter().map(|value| 1.0 - value).collect();
        return Ok(of_users_near_one(&mirrored, of).mirrored());
    }
    Ok(of_users_near_one(values, of))
}

fn of_users_near_one(values: &[f64], of: OfUser) -> Formed {
    let m = values.len() as f64;
    let odd: Vec<f64> = values.iter().copied().filter(|&value| value < 1.0).collect();
    let variance = variance(values) / m;
    let augmented = if odd.is_empty() {
        variance
    } else {
        let more: Vec<f64> = values.iter().copied().chain([mean(odd.iter().copied())]).collect();
        variance.max(self::variance(&more) / (m + 1.0))
    };
    let spread = Spread {
        value: mean(values.iter().copied()),
        variance: if of == OfUser::Pairs { few_units(variance, m) } else { variance },
        augmented,
        discordant: odd.len(),
        df: m - 1.0,
        skewness: (of == OfUser::Pairs).then(|| lopsidedness(values)),
        cap: m,
    };
    spread.interval()
}

/// The variance as if it had been seen in two units fewer: of lopsided values the few at hand show too little.
pub(crate) fn few_units(variance: f64, units: f64) -> f64 {
    variance * units / (units - 2.0)
}

/// The skewness of values over the root of their number; 0 where they do not vary.
pub(crate) fn lopsidedness(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    let moment = |power: i32| mean(values.iter().map(|value| (value - centre).powi(power)));
    let variance = moment(2);
    if variance > NO_SPREAD { moment(3) / variance.powf(1.5) / (values.len() as f64).sqrt() } else { 0.0 }
}

/// The mean of at least one value.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
}

/// The sample variance of at least two values.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

#[cfg(test)]
mod tests;
