//! Agreement over several cells, such as all probes of a group: their mean, cells weighing the same, and how far it may be off. These cells are
//! meant and no others that could have been asked; whom else the interval speaks of is a matter of the users, as in one cell.
//!
//! Drawn users are the units: what a user adds to each cell is summed, so that users who are odd wherever they are asked count in full. The
//! variance is the jackknife's over users, and twice what no single user shows, `v_D` of each cell; of that as much is taken to go together
//! in all cells as of what users add, since users who are odd together are no chance of one cell.
//!
//! Of users who were not drawn the sessions are the units, and those of one conversation say nothing of another. Cells of one, such as its
//! turns, share their sessions: their errors are taken to go the same way, which is never too narrow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::estimate::{Estimate, Population, Undefined};
use crate::interval::{SCARCE_UNITS, Spread, mean, near_one, variance};
use crate::versus::pseudo_values;

/// Less than this is rounding.
const ROUNDING: f64 = 1e-9;

/// What one cell brings: a few numbers for each user and no answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellShare {
    /// User, and what the user adds to the agreement between users: their mean is the agreement of the cell.
    pub users: Vec<(u64, f64)>,
    /// `v_D`: the variance of the agreement that no single user shows.
    pub of_pairs: f64,
    /// Of users who were not drawn, how far their sessions may move it; `None` where a user has fewer than two.
    pub sessions: Option<OfSessions>,
    /// Whom intervals speak of.
    pub population: Population,
}

/// How far the sessions of given users may move the agreement of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfSessions {
    /// The variance of the agreement.
    pub variance: f64,
    /// By how much one more session that deviates would let the variance grow.
    pub growth: f64,
    /// Sessions that deviate from what is most frequent.
    pub deviating: u64,
    /// Degrees of freedom of the variance, positive.
    pub df: f64,
    /// Independent trials that unanimity of all sessions may stand for.
    pub cap: f64,
}

impl Agreement {
    /// What the cell brings to an agreement over several, `users` being its users in their order. `None` below three of them.
    pub fn share(&self, users: impl Iterator<Item = u64>) -> Option<CellShare> {
        let users: Vec<u64> = users.collect();
        let value = self.users.value.filter(|_| users.len() > 2 && self.without.len() == users.len())?;
        let sessions = |spread: &Spread| OfSessions {
            variance: spread.variance,
            growth: spread.augmented - spread.variance,
            deviating: spread.discordant as u64,
            df: spread.df,
            cap: spread.cap,
        };
        Some(CellShare {
            users: users.into_iter().zip(pseudo_values(value, &self.without)).collect(),
            of_pairs: self.of_pairs,
            sessions: self.spread.as_ref().filter(|_| self.population == Population::Fixed).map(sessions),
            population: self.population,
        })
    }
}

/// Agreement over all cells that were added. The order of cells is that of the sums, so that the same order gives the same bits.
#[derive(Clone, Debug, Default)]
pub struct OverCells {
    cells: f64,
    /// Agreements of cells, summed.
    agreements: f64,
    users: BTreeMap<u64, OfUser>,
    /// Standard deviations that no single user shows, and variances.
    of_pairs: Together,
    /// The same of what users add.
    of_users: Together,
    /// Of users who were not drawn.
    sessions: BTreeMap<String, Conversation>,
    is_fixed: bool,
    /// Cells of users who were not drawn, and have too few sessions.
    without_sessions: u64,
}

/// Of numbers whose sum is asked for, what they would come to if they went together, and if they did not.
#[derive(Clone, Copy, Debug, Default)]
struct Together {
    errors: f64,
    variances: f64,
}

impl Together {
    fn add(&mut self, variance: f64) {
        self.errors += variance.sqrt();
        self.variances += variance;
    }

    /// The variance of the sum, if as much of them goes together as `share` says, in `[0, 1]`.
    fn at(self, share: f64) -> f64 {
        self.variances + share * (self.errors.powi(2) - self.variances)
    }

    /// Which share goes together where the sum has this variance.
    fn share(self, variance: f64) -> f64 {
        let most = self.errors.powi(2) - self.variances;
        if most > ROUNDING * self.variances {
            ((variance - self.variances) / most).clamp(0.0, 1.0)
        } else {
            1.0
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct OfUser {
    /// By how much the user moves the agreements, summed over cells.
    moves: f64,
    deviates: bool,
}

#[derive(Clone, Debug, Default)]
struct Conversation {
    /// Standard deviations of its cells, summed.
    error: f64,
    cells: Vec<OfSessions>,
}

impl OverCells {
    /// Adds the next cell; cells of the same conversation share their sessions.
    pub fn add(&mut self, conversation: &str, share: &CellShare) {
        let count = share.users.len() as f64;
        let agreement = mean(share.users.iter().map(|(_, adds)| *adds));
        let most = share.users.iter().map(|(_, adds)| *adds).fold(f64::NEG_INFINITY, f64::max);
        self.cells += 1.0;
        self.agreements += agreement;
        for (user, adds) in &share.users {
            let of_user = self.users.entry(*user).or_default();
            of_user.moves += (adds - agreement) / count;
            // Who deviates is in fewer agreeing pairs than who does not.
            of_user.deviates |= *adds < most - ROUNDING;
        }
        self.of_pairs.add(share.of_pairs);
        let adds: Vec<f64> = share.users.iter().map(|(_, adds)| adds / count).collect();
        self.of_users.add(variance(&adds));
        if share.population == Population::Fixed {
            self.is_fixed = true;
            match share.sessions {
                Some(sessions) => self.sessions.entry(conversation.to_owned()).or_default().add(sessions),
                None => self.without_sessions += 1,
            }
        }
    }

    /// Users of any cell.
    #[must_use]
    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// The mean over cells with its 95 % interval; undefined without a cell.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        if self.users.is_empty() {
            return Estimate::undefined(Undefined::NoSamples);
        }
        let value = self.agreements / self.cells;
        let interval = match (self.is_fixed, self.without_sessions) {
            (false, _) => Ok(self.of_drawn(value).interval()),
            (true, 0) => Ok(self.of_fixed(value).interval()),
            (true, _) => Err(Undefined::FewSessions { needed: 2 }),
        };
        Estimate::formed(value, interval)
    }

    fn of_drawn(&self, value: f64) -> Spread {
        let m = self.users.len() as f64;
        let moved = |of_user: &OfUser| value + m * of_user.moves / self.cells;
        let values: Vec<f64> = self.users.values().map(moved).collect();
        let odd: Vec<f64> = self.users.values().filter(|of_user| of_user.deviates).map(moved).collect();
        let moves: Vec<f64> = self.users.values().map(|of_user| of_user.moves).collect();
        let together = self.of_users.share(variance(&moves));
        let of_pairs = 2.0 * self.of_pairs.at(together) / self.cells.powi(2);
        let jackknife = variance(&values) / m;
        let spread = jackknife * m / (m - 1.0) + of_pairs;
        let augmented = if odd.is_empty() || odd.len() >= SCARCE_UNITS {
            spread
        } else {
            let more: Vec<f64> = values.iter().copied().chain([mean(odd.iter().copied())]).collect();
            spread.max(variance(&more) / (m + 1.0) + of_pairs)
        };
        Spread {
            value,
            variance: spread,
            augmented,
            discordant: odd.len(),
            df: m - 1.0,
            skewness: None,
            // As for one cell, whether users are in all cells or each in one: who are odd in one cell only move the mean by little.
            cap: m / 2.0,
        }
    }

    fn of_fixed(&self, value: f64) -> Spread {
        let scale = self.cells.powi(2);
        let all = || self.sessions.values().flat_map(|conversation| &conversation.cells);
        let parts: Vec<f64> = self.sessions.values().map(|one| one.error.powi(2) / scale).collect();
        let spread: f64 = parts.iter().sum();
        let growth = all().map(|cell| cell.growth).fold(0.0, f64::max) / scale;
        let discordant = all().map(|cell| cell.deviating).sum::<u64>();
        let discordant = usize::try_from(discordant).unwrap_or(usize::MAX);
        let df = if near_one(value, discordant) {
            self.sessions.values().map(Conversation::df).sum()
        } else {
            let squares: f64 =
                self.sessions.values().zip(&parts).map(|(one, part)| part * part / one.df()).sum();
            if squares > 0.0 { spread * spread / squares } else { 1.0 }
        };
        Spread {
            value,
            variance: spread,
            augmented: spread + growth,
            discordant,
            df,
            skewness: None,
            cap: self.sessions.values().map(|one| mean(one.cells.iter().map(|cell| cell.cap))).sum(),
        }
    }
}

impl Conversation {
    fn add(&mut self, cell: OfSessions) {
        self.error += cell.variance.sqrt();
        self.cells.push(cell);
    }

    /// Those of its cell with the fewest.
    fn df(&self) -> f64 {
        self.cells.iter().map(|cell| cell.df).fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests;
