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
use crate::quantile::{TAIL, Z, student_t};
use crate::rates::clopper_pearson_real;

/// Above this a value counts as near 1.
const SCARCE_ABOVE: f64 = 0.9;
/// With at least so many deviating units their spread can be estimated.
pub(crate) const SCARCE_UNITS: usize = 20;
/// Variances below this are rounding: no spread was seen at all.
const NO_SPREAD: f64 = 1e-15;

/// Everything that the rule looks at.
pub(crate) struct Spread {
    pub(crate) value: f64,
    /// The variance of the value.
    pub(crate) variance: f64,
    /// The variance with one more deviating unit, not less than `variance`.
    pub(crate) augmented: f64,
    /// Units that ever deviate from what is most frequent.
    pub(crate) discordant: usize,
    /// The t quantile for the degrees of freedom of the variance.
    pub(crate) t: f64,
    /// The most that the effective number of units may be.
    pub(crate) cap: f64,
}

/// Whether the value is near 1 with too few deviating units to estimate a spread from.
fn near_one(value: f64, discordant: usize) -> bool {
    value > SCARCE_ABOVE && discordant < SCARCE_UNITS
}

impl Spread {
    pub(crate) fn interval(&self) -> Formed {
        let scarce = near_one(self.value, self.discordant);
        let variance = if scarce { self.augmented } else { self.variance };
        let (form, interval) = if variance <= NO_SPREAD {
            (Form::Unanimous, clopper_pearson_real(self.value * self.cap, self.cap))
        } else if scarce {
            let n = self.effective_units();
            (Form::FewDeviants, clopper_pearson_real(self.value * n, n))
        } else {
            (Form::LogitT, self.logit_t())
        };
        Formed { interval, form }
    }

    /// The number of independent trials that would be as uncertain as the value is, at most the cap.
    fn effective_units(&self) -> f64 {
        let spread = self.value * (1.0 - self.value);
        if self.discordant == 0 || spread <= 0.0 {
            return self.cap;
        }
        (spread / self.augmented * (Z / self.t).powi(2)).min(self.cap)
    }

    fn logit_t(&self) -> Interval {
        // Only rounding can bring a value with a spread to 0 or 1. A wider margin, such as 1 / 2m^2, would move small
        // agreements of open answers out of their own interval.
        let value = self.value.clamp(1e-12, 1.0 - 1e-12);
        let centre = (value / (1.0 - value)).ln();
        let half = self.t * self.variance.sqrt() / (value * (1.0 - value));
        let back = |x: f64| 1.0 / (1.0 + (-x).exp());
        Interval { low: back(centre - half), high: back(centre + half) }
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
        Population::Drawn => of_users(&means),
        Population::Fixed => fixed::mean_of_sessions(users),
    };
    Estimate::formed(mean(means.iter().copied()), interval)
}

/// The interval of the mean of one value per drawn user.
pub(crate) fn of_users(values: &[f64]) -> Result<Formed, Undefined> {
    if values.len() < 3 {
        return Err(Undefined::FewUsers);
    }
    if mean(values.iter().copied()) < 0.5 {
        let mirrored: Vec<f64> = values.iter().map(|value| 1.0 - value).collect();
        return Ok(of_users_near_one(&mirrored).mirrored());
    }
    Ok(of_users_near_one(values))
}

fn of_users_near_one(values: &[f64]) -> Formed {
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
        variance,
        augmented,
        discordant: odd.len(),
        t: student_t(TAIL, m - 1.0),
        cap: m,
    };
    spread.interval()
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
