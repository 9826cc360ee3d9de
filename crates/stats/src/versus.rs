//! Two nights on which the same users were asked the same: what moved, one difference per user going in.
//!
//! The unit is the user. A difference is the later night minus the earlier one. Users who were not drawn are taken alike: that nothing
//! changed means that no user's answers did, and then their differences are independent whoever they are; an interval that allows for
//! users who change differently is never too narrow for these users alone.
//!
//! A t of few users whose differences are far from normal has tails that it does not know. So no p-value is ever taken to be smaller than
//! exchanging the nights of each user could give: `2^(1 - n)` for `n` users that differ at all.

use crate::estimate::Interval;
use crate::interval::variance;
use crate::paired::{self, Difference};
use crate::permutation::sign_flip;
use crate::quantile::{TAIL, student_t, student_t_tail};

/// Agreements above this, and few users who deviate, have hardly any spread to see.
const NEAR_ONE: f64 = 0.9;
/// With so many users that differ, their spread can be estimated.
const ENOUGH: usize = 20;
/// Fewer users cannot reach a p of 0.05 by exchanging nights.
pub const FEWEST: usize = 6;

/// What moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// The mean difference, on the scale of the differences.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Two-sided p that nothing moved, never below what exchanging nights could give.
    pub p: Option<f64>,
    /// p that it moved by the margin or more: the larger of two one-sided tests.
    pub equivalence: Option<f64>,
    /// The standard deviation of the differences; `None` where they do not differ.
    pub spread: Option<f64>,
    /// Users with a difference.
    pub users: usize,
}

/// Differences of shares, in `[-1, 1]`: refusals, recall. `None` below three users, or for a difference out of range.
#[must_use]
pub fn shares(differences: &[f64], margin: f64, seed: u64) -> Option<Moved> {
    Some(moved(differences, paired::shares(differences, margin, seed)?))
}

/// Differences of logarithms, such as of lengths; `margin` is a part, so that 0.2 lets one be 1.2 times the other. `None` below three users,
/// or where none differs from another.
#[must_use]
pub fn ratios(differences: &[f64], margin: f64) -> Option<Moved> {
    let limit = margin.ln_1p();
    let found = paired::means(differences, (-limit, limit)).filter(|_| differences.len() >= 3)?;
    Some(moved(differences, found))
}

/// Differences of the pseudo-values ([`pseudo_values`]) of two agreements between users, which are these. Their mean is the change of the
/// agreement, and their spread its jackknife. Near 1, where hardly any user deviates, the exact limits of shares are taken instead: a user
/// who deviates is in pairs with all others, and moves agreement twice as far as the share of those who do. `None` below three users.
#[must_use]
pub fn agreements(differences: &[f64], levels: [f64; 2], margin: f64, seed: u64) -> Option<Moved> {
    if differences.len() < 3 {
        return None;
    }
    let deviant = differences.iter().filter(|difference| difference.abs() > 1e-9).count();
    let scarce = levels[0].max(levels[1]) > NEAR_ONE && deviant < ENOUGH;
    let found = match paired::means(differences, (-margin, margin)).filter(|_| !scarce) {
        Some(found) => found,
        None => {
            let halves: Vec<f64> = differences.iter().map(|d| (d / 2.0).clamp(-1.0, 1.0)).collect();
            let half = paired::shares(&halves, margin / 2.0, seed)?;
            let twice = |at: Interval| Interval { low: 2.0 * at.low, high: 2.0 * at.high };
            let value = differences.iter().sum::<f64>() / differences.len() as f64;
            Difference { value, interval: half.interval.map(twice), ..half }
        }
    };
    Some(moved(differences, found.of_shares()))
}

fn moved(differences: &[f64], found: Difference) -> Moved {
    let deviant = differences.iter().filter(|difference| difference.abs() > 1e-12).count();
    let spread = variance(differences).sqrt();
    Moved {
        value: found.value,
        interval: found.interval,
        p: found.p.map(|p| p.max(least_p(deviant))),
        equivalence: found.equivalence,
        spread: (spread > 1e-12).then_some(spread),
        users: differences.len(),
    }
}

/// The smallest two-sided p that exchanging the nights of so many users can give.
#[must_use]
pub fn least_p(users: usize) -> f64 {
    i32::try_from(users).map_or(0.0, |users| 2.0_f64.powi(1 - users).min(1.0))
}

/// The p-value by exchanging the nights of users who differ at all; `None` where none does.
#[must_use]
pub fn exchanged(differences: &[f64], seed: u64) -> Option<f64> {
    let differing: Vec<f64> = differences.iter().copied().filter(|d| d.abs() > 1e-12).collect();
    sign_flip(&differing, seed).map(|test| test.p)
}

/// What each user adds to an agreement between `without.len()` users, with `without[u]` the agreement without that user: their mean is the
/// agreement. (Quenouille 1956; for a U-statistic nothing is biased)
#[must_use]
pub fn pseudo_values(agreement: f64, without: &[f64]) -> Vec<f64> {
    let m = without.len() as f64;
    without.iter().map(|without| m * agreement - (m - 1.0) * without).collect()
}

/// How far two nights are apart in what was answered, as a squared distance, from parts of pairs of users.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The mean of the parts: 0 where nothing moved (it may be slightly negative), 2 where each night has one answer and they differ. Users
    /// who never agree with each other have a distance of 0 from anything: see [`crate::between::Between::own`].
    pub value: f64,
    /// Its 95 % interval. Both ends lie above the truth's least, 0, only where something moved.
    pub interval: Option<Interval>,
    /// p that it is the square of a distance of the margin or more; one-sided.
    pub equivalence: Option<f64>,
}

/// `apart[u][v]`, for `v < u`, is what a pair of users adds, as [`crate::between::Between::apart`] has it. The variance is that of a
/// U-statistic: the jackknife's, and twice that of pairs, which is all there is where nothing moved. `None` below four users. `margin` is
/// on the scale of the value. (The equivalence is one-sided since a distance cannot be too small.)
///
/// # Panics
/// If a row is shorter than its place.
#[must_use]
pub fn shift(apart: &[Vec<f64>], margin: f64) -> Option<Shift> {
    let n = apart.len();
    if n < 4 || apart.iter().enumerate().any(|(u, row)| row[..u].iter().any(|part| !part.is_finite())) {
        return None;
    }
    let m = n as f64;
    let mut rows = vec![0.0; n];
    for (u, row) in apart.iter().enumerate() {
        for (v, part) in row[..u].iter().enumerate() {
            rows[u] += part;
            rows[v] += part;
        }
    }
    let total: f64 = rows.iter().sum();
    let value = total / (m * (m - 1.0));
    let without: Vec<f64> = rows.iter().map(|row| (total - 2.0 * row) / ((m - 1.0) * (m - 2.0))).collect();
    let mean = without.iter().sum::<f64>() / m;
    let jackknife = (m - 1.0) / m * without.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let centred = |u: usize, v: usize, part: f64| {
        part - (rows[u] + rows[v]) / (m - 2.0) + total / ((m - 1.0) * (m - 2.0))
    };
    let squares: f64 = (0..n)
        .flat_map(|u| (0..u).map(move |v| (u, v)))
        .map(|(u, v)| centred(u, v, apart[u][v]).powi(2))
        .sum();
    let of_pairs = 2.0 * (squares / (m * (m - 3.0) / 2.0)) / (m * (m - 1.0));
    let error = (jackknife + 2.0 * of_pairs).sqrt();
    if error < 1e-12 {
        // Where not one user moved, as of a model that says the same for ever: with a share x of movers, whose squared distance is 2 x²,
        // there would be none with chance (1 - x)^n.
        let share = (margin / 2.0).sqrt().min(1.0);
        let equivalence = (value.abs() < 1e-12 && margin > 0.0).then(|| (1.0 - share).powf(m));
        return Some(Shift { value, interval: None, equivalence });
    }
    let half = student_t(TAIL, m - 1.0) * error;
    Some(Shift {
        value,
        interval: Some(Interval { low: value - half, high: value + half }),
        equivalence: (margin > 0.0).then(|| student_t_tail((margin - value) / error, m - 1.0)),
    })
}

/// What one night differs from the mean of earlier ones, user by user, as a normal score: 0 on average and with variance 1 where nothing
/// changed. Where these users' own variance is smaller than `least`, that is taken: of what is rare a night with next to none of it would
/// else look sure of itself. `None` below [`FEWEST`] users, or where none differs.
#[must_use]
pub fn normal_score(differences: &[f64], least: f64) -> Option<f64> {
    let differing = differences.iter().filter(|difference| difference.abs() > 1e-12).count();
    if differences.len() < FEWEST || differing == 0 {
        return None;
    }
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let error = (variance(differences).max(least) / n).sqrt();
    // Without an error all moved by the same.
    let by_t = if error > 0.0 { student_t_tail(mean.abs() / error, n - 1.0) } else { 0.0 };
    // Half of a two-sided p.
    let tail = by_t.max(least_p(differing) / 2.0).clamp(f64::MIN_POSITIVE, 0.5);
    Some(mean.signum() * std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(2.0 * tail))
}

#[cfg(test)]
mod tests;
