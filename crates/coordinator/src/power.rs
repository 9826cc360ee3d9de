//! What change between two nights a run could find, and what finding half of it would cost.

use std::collections::BTreeMap;

use antiphon_core::summary::{Agreement, Summary};
use antiphon_core::{Manifest, TargetId, UserMode};
use antiphon_stats::components::Components;
use antiphon_stats::nights::{AGREEMENT, MEAN, Noise};
use antiphon_stats::power::{best_samples_per_session, unanimous_users_for};
use serde::Serialize;

use crate::Forecast;

/// Standard deviation that similarities of texts are taken to have where no run tells: half of what labels have that agree in 80 %.
const TEXTS: f64 = 0.12;

/// What is taken for granted where no run tells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Assumptions {
    /// A share, in (0, 1).
    pub share: f64,
    /// Agreement between users, in (0, 1).
    pub agreement: f64,
    /// The part of the variance that users account for.
    pub user_part: f64,
    /// The part that sessions of a user account for.
    pub session_part: f64,
    /// The part of the variance between users by which a night moves them.
    pub drift: f64,
    /// What a session costs besides its samples, in samples.
    pub session_cost: f64,
}

/// What a suite could find.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// Users that ask.
    pub users: u32,
    /// Sessions of each.
    pub sessions: u32,
    /// Samples of each session.
    pub repeats: u32,
    /// What is taken for granted, also beside a run: it cannot tell how a night moves users.
    pub assumptions: Assumptions,
    /// The samples of a session that give the most for the money, a whole number from 1; `None` where sessions are taken not to differ.
    pub best_repeats: Option<f64>,
    /// Users who all have to agree before an agreement of at least 0.95, and of at least 0.99, can be stated.
    pub unanimous_users: [Option<f64>; 2],
    /// Calls of a night.
    pub calls: u64,
    /// Dollars of a night, where all targets have a price.
    pub dollars: Option<f64>,
    /// Each thing that can change.
    pub rows: Vec<PowerRow>,
}

/// What change of one thing could be found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PowerRow {
    /// What changes.
    pub what: String,
    /// Of which target; `None` for all, where it is assumed.
    pub target: Option<TargetId>,
    /// Of which kind of probes; `None` for all.
    pub kind: Option<String>,
    /// Whether its variance is assumed instead of taken from a run.
    pub assumed: bool,
    /// The smallest change that is found with power 0.8 by a two-sided test at 0.05, for one probe.
    pub detectable: f64,
    /// Users and sessions that find half of it; `None` if none do.
    pub half: Option<Design>,
}

/// A larger design, and what a night of it costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Design {
    /// Users.
    pub users: f64,
    /// Sessions of each.
    pub sessions: f64,
    /// Calls.
    pub calls: f64,
    /// Dollars, where all targets have a price.
    pub dollars: Option<f64>,
}

/// What a suite could find, by its forecast; with the variance of the run that `from` sums up, or as assumed. `None` for fewer than two
/// users, who cannot be compared night by night.
#[must_use]
pub fn power(
    manifest: &Manifest,
    forecast: &Forecast,
    assumptions: Assumptions,
    from: Option<&Summary>,
) -> Option<Power> {
    let base = manifest.base();
    if base.users < 2 {
        return None;
    }
    let noise = |variance: f64, user: f64, session: f64| Noise {
        drift: assumptions.drift * user.max(0.0) * variance,
        session: session.max(0.0) * variance,
        sample: (1.0 - user - session).clamp(0.0, 1.0) * variance,
    };
    let assumed = |variance: f64| noise(variance, assumptions.user_part, assumptions.session_part);
    let row = |(what, target, kind): (&str, Option<&TargetId>, Option<&str>), slope: f64, noise: Noise| {
        let (users, sessions) = (f64::from(base.users), f64::from(base.sessions));
        let repeats = f64::from(manifest.sampling.repeats);
        let detectable = noise.detectable(slope, users, sessions, repeats);
        let more = match manifest.users.mode {
            UserMode::Drawn => {
                noise.users_for(detectable / 2.0, slope, sessions, repeats).map(|users| (users, sessions))
            }
            UserMode::Grid | UserMode::Listed => {
                noise.sessions_for(detectable / 2.0, slope, users, repeats).map(|sessions| (users, sessions))
            }
        };
        // Tokens and so dollars of a forecast grow as sessions do.
        let design = |(more_users, more_sessions): (f64, f64)| {
            let times = more_users / users * (more_sessions / sessions);
            Design {
                users: more_users,
                sessions: more_sessions,
                calls: (times * calls(forecast)).round(),
                dollars: forecast.dollars.map(|dollars| dollars * times),
            }
        };
        PowerRow {
            what: what.to_owned(),
            target: target.cloned(),
            kind: kind.map(str::to_owned),
            assumed: target.is_none(),
            detectable,
            half: (detectable > 0.0).then(|| more.map(design)).flatten(),
        }
    };
    let share = assumptions.share * (1.0 - assumptions.share);
    let mut rows = vec![row(("a share", None, None), MEAN, assumed(share))];
    match from {
        None => {
            rows.push(row(
                ("agreement of labels", None, None),
                AGREEMENT,
                assumed(of_two(assumptions.agreement)),
            ));
            rows.push(row(("agreement of texts", None, None), AGREEMENT, assumed(TEXTS * TEXTS)));
        }
        Some(summary) => {
            for ((target, kind), parts) in measured(summary) {
                let mean =
                    |of: fn(&[f64; 3]) -> f64| parts.iter().map(of).sum::<f64>() / counted(parts.len());
                let (variance, user, session) = (mean(|p| p[0]), mean(|p| p[1]), mean(|p| p[2]));
                rows.push(row(
                    ("agreement", Some(&target), Some(&kind)),
                    AGREEMENT,
                    noise(variance, user, session),
                ));
            }
        }
    }
    let part = |session, sample| Components { mean_squares: [f64::NAN; 3], user: 0.0, session, sample };
    let Assumptions { user_part, session_part, session_cost, .. } = assumptions;
    let best = best_samples_per_session(&part(session_part, 1.0 - user_part - session_part), session_cost);
    Some(Power {
        users: base.users,
        sessions: base.sessions,
        repeats: manifest.sampling.repeats,
        assumptions,
        best_repeats: best.map(|repeats| repeats.round().max(1.0)),
        unanimous_users: [0.95, 0.99].map(unanimous_users_for),
        calls: forecast.calls,
        dollars: forecast.dollars,
        rows,
    })
}

/// The variance of the similarity of an answer to others, where there are two answers and users agree so often.
fn of_two(agreement: f64) -> f64 {
    // Shares p and q give agreement A = p² + q², and similarities p and q.
    (1.0 - agreement) / 2.0 * (2.0 * agreement - 1.0).max(0.0)
}

/// Target and kind → for each cell: variance of an answer's similarity to others, the parts of users and of sessions in it.
fn measured(summary: &Summary) -> BTreeMap<(TargetId, String), Vec<[f64; 3]>> {
    let mut found: BTreeMap<_, Vec<[f64; 3]>> = BTreeMap::new();
    for cell in &summary.cells {
        let labels = cell.labels.iter().filter_map(|labels| {
            let shares: Vec<f64> = labels.distribution.iter().filter_map(|label| label.share.value).collect();
            let power = |of: i32| shares.iter().map(|share| share.powi(of)).sum::<f64>();
            // The similarity of an answer to others is the share of its label.
            with_parts(&labels.agreement, power(3) - power(2).powi(2))
        });
        let wording = cell.wording.iter().filter_map(|wording| {
            let agreement = &wording.answered;
            with_parts(
                agreement,
                of_interval(agreement, cell.asked.as_ref().map_or(0.05, |asked| asked.miss))?,
            )
        });
        let parts: Vec<[f64; 3]> = labels.chain(wording).collect();
        if !parts.is_empty() {
            found.entry((cell.target.clone(), cell.kind.clone())).or_default().extend(parts);
        }
    }
    found
}

fn with_parts(agreement: &Agreement, variance: f64) -> Option<[f64; 3]> {
    let user = agreement.rho_user?;
    // Without repeats, sessions cannot be told from samples.
    let session = agreement.rho_session.map_or(0.0, |both| both - user);
    Some([variance.max(0.0), user, session])
}

/// The variance that the interval of an agreement shows, as that of one answer's similarity to others.
fn of_interval(agreement: &Agreement, miss: f64) -> Option<f64> {
    let estimate = &agreement.between_users;
    let (value, low, high) = (estimate.value?, estimate.low?, estimate.high?);
    if !(low > 0.0 && high < 1.0) || agreement.users < 3 {
        return None;
    }
    let logit = |x: f64| (x / (1.0 - x)).ln();
    let (users, sessions) =
        (counted(agreement.users), counted(agreement.sessions) / counted(agreement.users));
    let quantile = antiphon_stats::nights::two_sided(miss, users - 1.0);
    let error = (logit(high) - logit(low)) / (2.0 * quantile) * value * (1.0 - value);
    let of_user = users * (error / AGREEMENT).powi(2);
    let samples = counted(agreement.samples) / counted(agreement.sessions);
    let user = agreement.rho_user?.clamp(0.0, 1.0);
    let session = agreement.rho_session.map_or(0.0, |both| (both - user).clamp(0.0, 1.0 - user));
    let of_one = user + session / sessions + (1.0 - user - session) / (sessions * samples);
    (of_one > 0.0).then(|| of_user / of_one)
}

fn calls(forecast: &Forecast) -> f64 {
    counted(forecast.calls)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
fn counted(number: impl TryInto<u64>) -> f64 {
    number.try_into().unwrap_or(u64::MAX) as f64
}
