//! Intervals that speak of the given users only: their sessions are what could have come out differently.
//!
//! The variance is the stratified delete-one-session jackknife, users being the strata. Unanimity is guarded by the
//! number of sessions: `N` sessions that all agree bound the mean share of the mode by `0.025^(1/N)`, whatever the
//! users' own shares are (the mean of numbers is at least their geometric mean), and the mean product of two users'
//! shares by its square (Maclaurin's inequality). Users weigh the same, so `N` counts the fewest sessions that any
//! user has, times the users. `docs/decisions/001-interval-for-fixed-users.md` has the measured coverage.

use super::{Spread, mean, near_one, variance};
use crate::estimate::{Formed, Undefined};
use crate::pair_statistic::PairStatistic;

/// The sessions of one user in a statistic that is a mean over users.
pub(crate) struct Stratum {
    /// What each session contributes: the statistic moves as the mean of these does.
    pub(crate) sessions: Vec<f64>,
    /// Which sessions deviate from what is most frequent.
    pub(crate) discordant: Vec<bool>,
    /// Trace of the covariance of the user's mean profile: how far chance moved it, all directions together.
    pub(crate) wander: f64,
}

/// The variance of one user's part and how many sessions it was seen in.
struct Part {
    variance: f64,
    sessions: f64,
}

/// The interval for the mean over users of the mean over sessions. Every user needs two sessions.
pub(crate) fn mean_of_sessions(users: &[Vec<f64>]) -> Result<Formed, Undefined> {
    let near_zero = mean(users.iter().map(|sessions| mean(sessions.iter().copied()))) < 0.5;
    let turn = |value: f64| if near_zero { 1.0 - value } else { value };
    let strata: Vec<Stratum> = users
        .iter()
        .map(|user| {
            let sessions: Vec<f64> = user.iter().map(|&value| turn(value)).collect();
            let discordant = sessions.iter().map(|&value| value < 1.0).collect();
            Stratum { sessions, discordant, wander: 0.0 }
        })
        .collect();
    let value = mean(strata.iter().map(|user| mean(user.sessions.iter().copied())));
    let interval = linear(value, 1.0, &strata.iter().collect::<Vec<_>>(), 1.0)?.interval();
    Ok(if near_zero { interval.mirrored() } else { interval })
}

/// How far the mean similarity of two different users may be off. Every user needs two sessions.
pub(crate) fn pairs_of_users(value: f64, strata: &[&Stratum]) -> Result<Spread, Undefined> {
    linear(value, 2.0, strata, 0.5)
}

/// The variance of the mean similarity of two users as its sessions show it; `None` where a user has fewer than two.
pub(crate) fn first_order(users: &[Vec<f64>]) -> Option<f64> {
    let scale = (2.0 / users.len() as f64).powi(2);
    users.iter().map(|user| (user.len() >= 2).then(|| part(user, scale).variance)).sum()
}

/// `slope / users` is how far the statistic moves with the mean of one user's sessions.
fn linear(value: f64, slope: f64, strata: &[&Stratum], cap: f64) -> Result<Spread, Undefined> {
    let fewest = strata.iter().map(|user| user.sessions.len()).min().unwrap_or(0);
    if fewest < 2 {
        return Err(Undefined::FewSessions { needed: 2 });
    }
    let m = strata.len() as f64;
    let scale = (slope / m).powi(2);
    let parts: Vec<Part> = strata.iter().map(|user| part(&user.sessions, scale)).collect();
    let first: f64 = parts.iter().map(|part| part.variance).sum();
    let base = first + second_order(strata);
    let units = m * fewest as f64;
    let discordant = strata.iter().flat_map(|user| &user.discordant).filter(|odd| **odd).count();
    Ok(Spread {
        value,
        variance: base,
        augmented: base + largest_growth(strata, &parts, scale),
        discordant,
        df: degrees_of_freedom(&parts, near_one(value, discordant)),
        skewness: None,
        cap: cap * units,
    })
}

fn part(sessions: &[f64], scale: f64) -> Part {
    let count = sessions.len() as f64;
    Part { variance: scale * variance(sessions) / count, sessions: count }
}

/// What the jackknife cannot see where all users answer alike and undecidedly: the variance of the product of two
/// users' errors, summed over pairs. The product of traces is exact for binary answers and else too large.
fn second_order(strata: &[&Stratum]) -> f64 {
    let m = strata.len() as f64;
    if m < 2.0 {
        return 0.0;
    }
    let sum: f64 = strata.iter().map(|user| user.wander).sum();
    let squares: f64 = strata.iter().map(|user| user.wander * user.wander).sum();
    (2.0 / (m * (m - 1.0))).powi(2) * (sum * sum - squares) / 2.0
}

/// How much the variance grows at most if one user had one more session like the mean of the deviating ones.
fn largest_growth(strata: &[&Stratum], parts: &[Part], scale: f64) -> f64 {
    let odd: Vec<f64> = strata
        .iter()
        .flat_map(|user| user.sessions.iter().zip(&user.discordant))
        .filter_map(|(&value, &odd)| odd.then_some(value))
        .collect();
    if odd.is_empty() {
        return 0.0;
    }
    let pseudo = mean(odd.iter().copied());
    let growth = strata.iter().zip(parts).map(|(user, now)| {
        let more: Vec<f64> = user.sessions.iter().copied().chain([pseudo]).collect();
        part(&more, scale).variance - now.variance
    });
    growth.fold(0.0, f64::max)
}

/// Satterthwaite's degrees of freedom, with the correction that makes each squared variance unbiased; at least 1.
/// Where few sessions deviate, which users they belong to says nothing, and all sessions count.
fn degrees_of_freedom(parts: &[Part], scarce: bool) -> f64 {
    if scarce {
        return parts.iter().map(|part| part.sessions - 1.0).sum();
    }
    let sum: f64 = parts.iter().map(|part| part.variance).sum();
    let squares: f64 = parts.iter().map(|part| part.variance.powi(2) / (part.sessions + 1.0)).sum();
    if squares > 0.0 { (sum * sum / squares - 2.0).max(1.0) } else { 1.0 }
}

/// The interval for the mean over users of the agreement between sessions of one user. Deleting one session must
/// leave a pair, so every user needs three.
pub(crate) fn pairs_of_sessions(users: &[&PairStatistic]) -> Result<Formed, Undefined> {
    let fewest = users.iter().map(|user| user.row_sums.len()).min().unwrap_or(0);
    if fewest < 3 {
        return Err(Undefined::FewSessions { needed: 3 });
    }
    let m = users.len() as f64;
    let parts: Vec<Part> = users
        .iter()
        .map(|user| Part { variance: user.variance() / (m * m), sessions: user.row_sums.len() as f64 })
        .collect();
    let base: f64 = parts.iter().map(|part| part.variance).sum();
    let growth = users.iter().map(|user| (user.augmented_variance() - user.variance()) / (m * m));
    let units = m * fewest as f64;
    let value = mean(users.iter().filter_map(|user| user.value()));
    let discordant = users.iter().map(|user| user.discordant).sum();
    Ok(Spread {
        value,
        variance: base,
        augmented: base + growth.fold(0.0, f64::max),
        discordant,
        df: degrees_of_freedom(&parts, near_one(value, discordant)),
        skewness: None,
        cap: units / 2.0,
    }
    .interval())
}
