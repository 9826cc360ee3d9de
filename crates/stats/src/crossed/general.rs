//! Users in general: as if the levels of every factor were a random sample of all that there could be.
//!
//! Users who share a level are not independent, so that each factor's levels are the units: the rule for drawn users is
//! applied to the levels of each factor in turn (users of two levels being compared only if they share nothing), and
//! the variances are added. That is multiway clustering (Cameron, Gelbach and Miller 2011) without taking away what
//! two factors have in common, which counts combinations of levels twice and is never too small, as in the pigeonhole
//! bootstrap (Owen 2007). The degrees of freedom and the guard near 1 are those of the factor with the fewest levels.

use super::{Crossing, Tables};
use crate::crossed::design::Factor;
use crate::estimate::{Estimate, Formed, Undefined};
use crate::interval::{self, SCARCE_UNITS, Spread, mean, variance};
use crate::nested::Nested;
use crate::pair_statistic::PairStatistic;

/// Levels that every factor needs.
pub(crate) const FEWEST_LEVELS: usize = 6;
/// Tables of more levels would not fit into memory.
pub(crate) const MOST_LEVELS: usize = 2_000;

/// The agreement of two users who share no level.
pub(super) fn agreement(tables: &Tables<'_>, own: &[f64], odd: &[bool]) -> Estimate {
    let Some(value) = tables.patterns[0].mean() else {
        return Estimate::undefined(Undefined::AlwaysSharing);
    };
    let units = match units(tables.crossing) {
        Ok(units) => units,
        Err(why) => return Estimate::formed(value, Err(why)),
    };
    let of_levels: Vec<PairStatistic> =
        units.iter().map(|&at| pairs_of_levels(tables, at, value, own, odd)).collect();
    let spread = Spread {
        value,
        variance: of_levels.iter().map(PairStatistic::variance_of_few).sum(),
        augmented: of_levels
            .iter()
            .map(|levels| levels.augmented_variance().max(levels.variance_of_few()))
            .sum(),
        discordant: of_levels.iter().map(|levels| levels.discordant).min().unwrap_or(0),
        df: fewest(tables.crossing, &units) - 1.0,
        skewness: None,
        cap: fewest(tables.crossing, &units) / 2.0,
    };
    Estimate::formed(value, Ok(spread.interval()))
}

/// The factors whose levels are the units: where one divides users further than another, the other holds both.
fn units(crossing: &Crossing) -> Result<Vec<usize>, Undefined> {
    let has_few = |factor: &Factor| {
        factor.sizes.len() < FEWEST_LEVELS || factor.effective_levels() < FEWEST_LEVELS as f64 / 2.0
    };
    if crossing.factors.iter().any(has_few) {
        return Err(Undefined::FewLevels { needed: FEWEST_LEVELS });
    }
    let coarsest = |at: &usize| {
        let factor = &crossing.factors[*at];
        crossing.factors.iter().enumerate().all(|(other, coarser)| other == *at || !factor.refines(coarser))
    };
    let units: Vec<usize> = (0..crossing.factors.len()).filter(coarsest).collect();
    if units.iter().any(|&at| crossing.factors[at].sizes.len() > MOST_LEVELS) {
        return Err(Undefined::ManyLevels { most: MOST_LEVELS });
    }
    Ok(units)
}

fn fewest(crossing: &Crossing, units: &[usize]) -> f64 {
    units.iter().map(|&at| crossing.factors[at].effective_levels()).fold(f64::INFINITY, f64::min)
}

/// The levels of one factor as the units of the mean similarity of two users.
fn pairs_of_levels(tables: &Tables<'_>, at: usize, value: f64, own: &[f64], odd: &[bool]) -> PairStatistic {
    let factor = &tables.crossing.factors[at];
    let levels = factor.sizes.len();
    // No two users of these levels who share nothing else: nothing is known that moves the mean.
    let between = |k: usize, l: usize| tables.apart(at, k, l).unwrap_or(value);
    let mut deviates = vec![false; levels];
    factor.of_user.iter().zip(odd).filter(|(_, odd)| **odd).for_each(|(&level, _)| deviates[level] = true);
    let discordant = deviates.iter().filter(|&&odd| odd).count();
    let others = |k: usize| (0..levels).filter(move |&l| l != k);
    let toward = |k: usize| {
        let to_others: f64 = others(k).filter(|&l| deviates[l]).map(|l| between(k, l)).sum();
        let itself = if deviates[k] { itself(tables, at, k, own) } else { 0.0 };
        (to_others + itself) / discordant as f64
    };
    let needed = discordant > 0 && discordant < SCARCE_UNITS;
    PairStatistic {
        row_sums: (0..levels).map(|k| others(k).map(|l| between(k, l)).sum()).collect(),
        sum_of_squares: (0..levels).map(|l| (0..l).map(|k| between(k, l).powi(2)).sum::<f64>()).sum(),
        graded: false,
        discordant,
        toward_discordant: if needed { (0..levels).map(toward).collect() } else { Vec::new() },
    }
}

/// The mean similarity of two users of a level drawn with replacement.
fn itself(tables: &Tables<'_>, at: usize, level: usize, own: &[f64]) -> f64 {
    let factor = &tables.crossing.factors[at];
    let n = factor.sizes[level] as f64;
    let own = mean(own.iter().zip(&factor.of_user).filter(|(_, of)| **of == level).map(|(own, _)| *own));
    (own + (n - 1.0) * tables.within(at, level).unwrap_or(own)) / n
}

/// The mean over users of a value in `[0, 1]`, with the interval for users in general. `None` where no factor varies.
#[must_use]
pub fn mean_in_general(cell: &Nested<f64>, design: &super::Design) -> Option<Estimate> {
    let crossing = Crossing::of(design, cell);
    if crossing.factors.is_empty() || cell.rows().any(|(_, value)| !(0.0..=1.0).contains(value)) {
        return None;
    }
    let users = interval::user_means(cell);
    let value = mean(users.iter().copied());
    let interval = units(&crossing).map(|units| match value < 0.5 {
        true => {
            let mirrored: Vec<f64> = users.iter().map(|value| 1.0 - value).collect();
            mean_near_one(&crossing, &units, &mirrored).mirrored()
        }
        false => mean_near_one(&crossing, &units, &users),
    });
    Some(Estimate::formed(value, interval))
}

fn mean_near_one(crossing: &Crossing, units: &[usize], users: &[f64]) -> Formed {
    let of_levels: Vec<Vec<f64>> =
        units.iter().map(|&at| level_means(&crossing.factors[at], users)).collect();
    let with_one_more = |levels: &Vec<f64>| {
        let odd: Vec<f64> = levels.iter().copied().filter(|&value| value < 1.0).collect();
        let now = variance(levels) / levels.len() as f64;
        if odd.is_empty() {
            return now;
        }
        let more: Vec<f64> = levels.iter().copied().chain([mean(odd.into_iter())]).collect();
        now.max(variance(&more) / more.len() as f64)
    };
    let deviating = |levels: &Vec<f64>| levels.iter().filter(|&&value| value < 1.0).count();
    let spread = Spread {
        value: mean(users.iter().copied()),
        variance: of_levels.iter().map(|levels| variance(levels) / levels.len() as f64).sum(),
        augmented: of_levels.iter().map(with_one_more).sum(),
        discordant: of_levels.iter().map(deviating).min().unwrap_or(0),
        df: fewest(crossing, units) - 1.0,
        skewness: None,
        cap: fewest(crossing, units),
    };
    spread.interval()
}

fn level_means(factor: &Factor, users: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; factor.sizes.len()];
    factor.of_user.iter().zip(users).for_each(|(&level, value)| sums[level] += value);
    sums.iter().zip(&factor.sizes).map(|(sum, &size)| sum / size as f64).collect()
}
