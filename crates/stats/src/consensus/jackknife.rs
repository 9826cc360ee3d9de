//! How far the mean agreement on a consensus may be off: the vote is held again without each user.

use super::Consensus;
use super::ballot::Ballot;
use crate::estimate::{Estimate, Interval, Population, Undefined};
use crate::nested::{Nested, SampleId};
use crate::quantile::{TAIL, student_t};

/// The mean agreement with its interval; no interval without the medoids of `without`, or where it takes more than `most` steps.
pub(super) fn mean_agreement(
    ballot: &mut Ballot,
    consensus: &Consensus,
    texts: &Nested<Vec<u32>>,
    without: Option<&[SampleId]>,
    population: Population,
    most: usize,
) -> Estimate {
    let Some(value) = consensus.mean_agreement() else { return Estimate::undefined(Undefined::NoConsensus) };
    let interval = match (population, without) {
        (Population::Fixed, _) => Err(Undefined::FixedUsers),
        _ if texts.users().len() < 3 => Err(Undefined::FewUsers),
        (Population::Drawn, None) => Err(Undefined::TooMuch),
        (Population::Drawn, Some(without)) => interval(ballot, value, texts, without, most),
    };
    Estimate::new(value, interval)
}

fn interval(
    ballot: &mut Ballot,
    value: f64,
    texts: &Nested<Vec<u32>>,
    without: &[SampleId],
    most: usize,
) -> Result<Interval, Undefined> {
    let most = ballot.steps.saturating_add(most);
    let mut left = Vec::with_capacity(without.len());
    for (user, centre) in without.iter().enumerate() {
        if ballot.steps > most {
            return Err(Undefined::TooMuch);
        }
        let centre = texts.rows().find(|(id, _)| id == centre).ok_or(Undefined::NoSamples)?.1;
        let held = ballot.hold(centre, Some(user)).ok_or(Undefined::TooMuch)?;
        left.push(held.mean_agreement().ok_or(Undefined::NoConsensus)?);
    }
    let m = left.len() as f64;
    let mean = left.iter().sum::<f64>() / m;
    let variance = (m - 1.0) / m * left.iter().map(|without| (without - mean).powi(2)).sum::<f64>();
    if variance <= 1e-15 || value >= 1.0 {
        return Err(Undefined::NoSpread);
    }
    // On the logit scale, as other agreements: an interval of a share does not reach beyond 1.
    let half = student_t(TAIL, m - 1.0) * variance.sqrt() / (value * (1.0 - value));
    let centre = (value / (1.0 - value)).ln();
    let back = |x: f64| 1.0 / (1.0 + (-x).exp());
    Ok(Interval { low: back(centre - half), high: back(centre + half) })
}
