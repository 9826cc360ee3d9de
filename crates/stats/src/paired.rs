//! Two sides that the same users answered: how far they differ, and whether that is less than matters.
//!
//! The unit is the user; a difference is side a minus side b. Shares that hardly ever differ between the sides show no
//! spread to speak of, so there the exact binomial limits of both directions are put together (MOVER: Zou and Donner
//! 2008), as the intervals of single shares are near 0 and 1.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::beta_reg;

use crate::change::{equivalence, paired_change};
use crate::contingency::mcnemar_exact;
use crate::estimate::Interval;
use crate::interval::MISS;
use crate::permutation::sign_flip;
use crate::quantile::{TAIL, Z, student_t, student_t_tail};
use crate::rates::clopper_pearson_at;

/// Mean differences of shares below this are rare.
const RARE: f64 = 0.1;
/// With so many users that differ, their spread can be estimated.
const ENOUGH: usize = 20;

/// A difference between two sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Side a minus side b.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// p that there is none, two-sided.
    pub p: Option<f64>,
    /// p that it lies beyond the margin: the larger of two one-sided tests.
    pub equivalence: Option<f64>,
    /// How the interval was made.
    pub rule: Rule,
}

impl Difference {
    /// With an interval that holds nothing that no difference of shares or agreements can be; the value stays unbiased.
    pub(crate) fn of_shares(self) -> Self {
        let possible =
            |at: Interval| Interval { low: at.low.clamp(-1.0, 1.0), high: at.high.clamp(-1.0, 1.0) };
        Self { interval: self.interval.map(possible), ..self }
    }
}

/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Student's t over the differences of users.
    StudentT,
    /// Exact binomial limits of both directions, since hardly any user differs (or hardly any does not).
    Exact,
    /// The intervals of both sides put together, as independent.
    Sides,
    /// The jackknife over users of both sides together.
    Jackknife,
}

/// One difference of shares per drawn user, each in `[-1, 1]`. The p-value is that of t; by flipping signs where hardly any user differs;
/// and McNemar's exact one where every user says yes or no on each side. `None` for fewer than three users, or a difference out of
/// range.
#[must_use]
pub fn shares(differences: &[f64], margin: f64, seed: u64) -> Option<Difference> {
    if differences.len() < 3 || differences.iter().any(|d| !(-1.0..=1.0).contains(d)) {
        return None;
    }
    let found = limits(differences, margin).of_shares();
    if differences.iter().all(|d| [-1.0, 0.0, 1.0].contains(d)) {
        let count = |sign: f64| differences.iter().filter(|d| **d == sign).count() as u64;
        return Some(Difference { p: Some(mcnemar_exact(count(1.0), count(-1.0))), ..found });
    }
    // A difference of 0 has no sign to flip.
    let flipped = || -> Vec<f64> { differences.iter().copied().filter(|d| *d != 0.0).collect() };
    let p = found.p.or_else(|| sign_flip(&flipped(), seed).map(|test| test.p));
    Some(Difference { p, ..found })
}

/// All but the p-value of rare differences.
fn limits(differences: &[f64], margin: f64) -> Difference {
    let m = differences.len() as f64;
    let value = differences.iter().sum::<f64>() / m;
    let sizes = differences.iter().map(|d| d.abs());
    let size = sizes.clone().sum::<f64>() / m;
    let rare = size < RARE && sizes.clone().filter(|size| *size > 0.0).count() < ENOUGH;
    let constant = size > 1.0 - RARE && sizes.filter(|size| *size < 1.0).count() < ENOUGH;
    if let Some(change) = paired_change(differences).filter(|_| !rare && !constant) {
        return Difference {
            value,
            interval: Some(change.interval),
            p: Some(change.p),
            equivalence: equivalence(differences, margin).map(|test| test.p),
            rule: Rule::StudentT,
        };
    }
    let sum = |sign: f64| differences.iter().map(|d| (d * sign).max(0.0)).sum::<f64>();
    let (up, down) = (sum(1.0), sum(-1.0));
    let (above, below) = (clopper_pearson_at(up, m, MISS), clopper_pearson_at(down, m, MISS));
    Difference {
        value,
        interval: Some(mover((up / m, above), (down / m, below))),
        p: None,
        // Each direction alone bounds the difference that way.
        equivalence: (margin > 0.0).then(|| at_most(up, m, margin).max(at_most(down, m, margin))),
        rule: Rule::Exact,
    }
}

/// One difference per drawn user on any scale, such as logarithms of lengths; `None` as for [`paired_change`].
#[must_use]
pub fn means(differences: &[f64], margin: (f64, f64)) -> Option<Difference> {
    let change = paired_change(differences)?;
    // Margins need not lie evenly around 0: the centre is moved there.
    let centre = f64::midpoint(margin.0, margin.1);
    let moved: Vec<f64> = differences.iter().map(|d| d - centre).collect();
    Some(Difference {
        value: change.mean,
        interval: Some(change.interval),
        p: Some(change.p),
        equivalence: equivalence(&moved, (margin.1 - margin.0) / 2.0).map(|test| test.p),
        rule: Rule::StudentT,
    })
}

/// A difference with a known standard error and many degrees of freedom.
#[must_use]
pub fn of_error(value: f64, standard_error: f64, margin: f64) -> Option<Difference> {
    (standard_error > 0.0).then(|| {
        let half = Z * standard_error;
        let interval = Interval { low: value - half, high: value + half };
        by_width(value, interval, margin, Rule::Sides)
    })
}

/// Two shares or agreements that vary independently, each with its 95 % interval: as for users that were not drawn, whose sessions are
/// all that could have come out differently. The p-values are those of normal errors as wide as the interval.
#[must_use]
pub fn sides(a: (f64, Interval), b: (f64, Interval), margin: f64) -> Difference {
    by_width(a.0 - b.0, mover(a, b), margin, Rule::Sides).of_shares()
}

/// Two agreements between users, with what each would be without each user of both, in the same order. The jackknife takes a user out of
/// both sides at once. Near 1, where it sees no spread, the sides' own intervals are put together instead. `None` below
/// three users, or where no rule applies.
#[must_use]
pub fn agreements(
    a: (f64, Option<Interval>),
    b: (f64, Option<Interval>),
    without: &[(f64, f64)],
    margin: f64,
) -> Option<Difference> {
    let m = without.len() as f64;
    if without.len() < 3 {
        return None;
    }
    let value = a.0 - b.0;
    let differences: Vec<f64> = without.iter().map(|(a, b)| a - b).collect();
    let mean = differences.iter().sum::<f64>() / m;
    let variance = (m - 1.0) / m * differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>();
    if a.0.max(b.0) > 1.0 - RARE || variance < 1e-15 {
        return Some(sides((a.0, a.1?), (b.0, b.1?), margin));
    }
    let (error, df) = (variance.sqrt(), m - 1.0);
    let half = student_t(TAIL, df) * error;
    let found = Difference {
        value,
        interval: Some(Interval { low: value - half, high: value + half }),
        p: Some(2.0 * student_t_tail(value.abs() / error, df)),
        equivalence: (margin > 0.0).then(|| student_t_tail((margin - value.abs()) / error, df)),
        rule: Rule::Jackknife,
    };
    Some(found.of_shares())
}

/// The chance of `x` or fewer in `n` trials that each succeed with `p`; counts may be fractions.
fn at_most(x: f64, n: f64, p: f64) -> f64 {
    if n - x <= 1e-12 || p >= 1.0 {
        f64::from(u8::from(n - x <= 1e-12))
    } else {
        beta_reg(n - x, x + 1.0, 1.0 - p)
    }
}

/// The interval of a difference from those of its parts.
fn mover((a, of_a): (f64, Interval), (b, of_b): (f64, Interval)) -> Interval {
    let value = a - b;
    Interval {
        low: value - (a - of_a.low).hypot(of_b.high - b),
        high: value + (of_a.high - a).hypot(b - of_b.low),
    }
}

fn by_width(value: f64, interval: Interval, margin: f64, rule: Rule) -> Difference {
    let (down, up) = ((value - interval.low) / Z, (interval.high - value) / Z);
    let tail = |distance: f64, error: f64| match error > 0.0 {
        true => Normal::standard().sf(distance / error),
        false => f64::from(u8::from(distance <= 0.0)),
    };
    let toward_zero = if value > 0.0 { down } else { up };
    Difference {
        value,
        interval: Some(interval),
        p: Some((2.0 * tail(value.abs(), toward_zero)).min(1.0)),
        equivalence: (margin > 0.0).then(|| tail(margin - value, up).max(tail(margin + value, down))),
        rule,
    }
}

#[cfg(test)]
mod tests;
