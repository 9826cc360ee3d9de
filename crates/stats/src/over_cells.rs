//! Agreement over several cells, such as all probes of a group: their mean, cells weighing the same, and how far it may be off. These cells are
//! meant and no others that could have been asked; whom else the interval speaks of is a matter of the users, as in one cell.
//!
//! Drawn users are the units: what a user adds to each cell is summed, so that users who are odd wherever they are asked count in full. The
//! variance is the jackknife's over users, and what a cell adds to its own; of that as much is taken to go together
//! in all cells as of what users add, since users who are odd together are no chance of one cell. A user of a cell of few moves the mean by more
//! than one of many, so that users count by their weights: there are effectively `1 / Σ w²` of them (Kish 1965).
//!
//! Of users who were not drawn the sessions are the units, and those of one conversation say nothing of another. Cells of one, such as its
//! turns, share their sessions: their errors are taken to go the same way, which is never too narrow.
//!
//! A cell near 1 with few users, or few sessions of given ones, of which few ever deviate shows hardly any spread. It is taken to have what one more that
//! deviates would give it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::estimate::{Estimate, Population, Undefined};
use crate::interval::{NO_SPREAD, SCARCE_UNITS, Spread, mean, near_one, variance};
use crate::quantile::TAIL;
use crate::versus::pseudo_values;

/// Less than this is rounding.
const ROUNDING: f64 = 1e-9;

/// What one cell brings: a few numbers for each user and no answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellShare {
    /// User, and what the user adds to the agreement between users: their mean is the agreement of the cell.
    pub users: Vec<(u64, f64)>,
    /// Of drawn users, the variance of the agreement beyond what single users show, such as `2 v_D` of labels.
    pub beyond: f64,
    /// By how much the variance would grow with one more who deviates, where agreement is near 1 and few do.
    pub growth: f64,
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
    /// Sessions that deviate from what is most frequent.
    pub deviating: u64,
    /// Degrees of freedom of the variance, positive.
    pub df: f64,
    /// Independent trials that unanimity of all sessions may stand for.
    pub cap: f64,
}

impl Agreement {
    /// What the cell brings to an agreement over several, `users` being its users in their order. `None` below two of them, and below three who
    /// were drawn.
    pub fn share(&self, users: impl Iterator<Item = u64>) -> Option<CellShare> {
        let users: Vec<u64> = users.collect();
        let (value, count) = (self.users.value?, users.len());
        let population = self.population;
        let spread = self.spread.as_ref();
        if population == Population::Fixed {
            let sessions = |spread: &Spread| OfSessions {
                variance: spread.variance,
                deviating: spread.discordant as u64,
                df: spread.df,
                cap: spread.cap,
            };
            return Some(CellShare {
                // How users differ from one another is no matter of chance.
                users: users.into_iter().map(|user| (user, value)).collect(),
                beyond: 0.0,
                growth: spread.map_or(0.0, growth),
                sessions: spread.map(sessions),
                population,
            });
        }
        let spread = spread.filter(|_| count > 2 && self.without.len() == count)?;
        let values = pseudo_values(value, &self.without);
        // The jackknife with the factor for few users, as `of_drawn` has it.
        let alone = variance(&values) / (count as f64 - 1.0);
        Some(CellShare {
            users: users.into_iter().zip(values).collect(),
            beyond: (spread.variance - alone).max(0.0),
            // Of more users enough is seen.
            growth: if count < SCARCE_UNITS { growth(spread) } else { 0.0 },
            sessions: None,
            population,
        })
    }
}

/// By how much a variance would grow with one more unit that deviates, where few do from an agreement near 1. Where no spread is seen at all, what the
/// interval of the cell alone has: one who agrees with nobody joins `n` who all agree, of which the jackknife is `4 / (n + 1)²`; or the variance of so
/// many trials as unanimity may stand for.
fn growth(spread: &Spread) -> f64 {
    if spread.variance <= NO_SPREAD {
        let binomial = spread.value * (1.0 - spread.value) / spread.cap;
        binomial.max(4.0 / (2.0 * spread.cap + 1.0).powi(2))
    } else if near_one(spread.value, spread.discordant) {
        spread.augmented - spread.variance
    } else {
        0.0
    }
}

/// Agreement over all cells that were added. The order of cells is that of the sums, so that the same order gives the same bits.
#[derive(Clone, Debug, Default)]
pub struct OverCells {
    cells: f64,
    /// Agreements of cells, summed.
    agreements: f64,
    users: BTreeMap<u64, OfUser>,
    /// What cells have beyond what single users show.
    beyond: Together,
    /// The squares of what users add.
    of_users: Together,
    /// By how much cells may vary more than they show, summed.
    growth: f64,
    /// Trials that unanimity of the smallest cell may stand for.
    fewest: Option<f64>,
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
    /// Which part of the cells the user is, summed over cells.
    weight: f64,
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
        let mut squares = 0.0;
        for (user, adds) in &share.users {
            let of_user = self.users.entry(*user).or_default();
            let moves = (adds - agreement) / count;
            of_user.moves += moves;
            of_user.weight += 1.0 / count;
            squares += moves * moves;
            // Who deviates is in fewer agreeing pairs than who does not.
            of_user.deviates |= *adds < most - ROUNDING;
        }
        self.of_users.add(squares);
        self.beyond.add(share.beyond);
        self.growth += share.growth;
        let trials = share.sessions.map_or(count / 2.0, |sessions| sessions.cap);
        self.fewest = Some(self.fewest.map_or(trials, |fewest| fewest.min(trials)));
        if share.population == Population::Fixed {
            self.is_fixed = true;
            match share.sessions {
                Some(sessions) => {
                    let conversation = self.sessions.entry(conversation.to_owned()).or_default();
                    conversation.add(sessions, share.growth);
                }
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
        let users = || self.users.values();
        let scale = self.cells.powi(2);
        let power = |power: i32| users().map(|of| (of.weight / self.cells).powi(power)).sum::<f64>();
        let effective = 1.0 / power(2);
        let df = power(2).powi(2) / power(4) - 1.0;
        let few = (df + 1.0) / df;
        let squares: f64 = users().map(|of| of.moves * of.moves).sum();
        let beyond = self.beyond.at(self.of_users.share(squares)) / scale;
        let discordant = users().filter(|of| of.deviates).count();
        // Where nobody deviates anywhere there is another bound.
        let growth = if discordant == 0 { 0.0 } else { self.growth / scale };
        let spread = few.powi(2) * squares / scale + beyond;
        Spread {
            value,
            variance: spread + growth,
            augmented: (spread + growth).max(self.with_one_more(discordant)),
            discordant,
            df,
            skewness: None,
            // As for one cell: half of the users, by their weights.
            cap: (effective / 2.0).min(self.trials_of_the_smallest()),
        }
    }

    /// The jackknife with one more user, who is as odd as those who are odd are on average.
    fn with_one_more(&self, odd: usize) -> f64 {
        if odd == 0 || odd >= SCARCE_UNITS {
            return 0.0;
        }
        let m = self.users.len() as f64;
        let moved = |of: &OfUser| m * of.moves / self.cells;
        let odd = mean(self.users.values().filter(|of| of.deviates).map(moved));
        let values: Vec<f64> = self.users.values().map(moved).chain([odd]).collect();
        variance(&values) / (m + 1.0)
    }

    fn of_fixed(&self, value: f64) -> Spread {
        let scale = self.cells.powi(2);
        let all = || self.sessions.values().flat_map(|conversation| &conversation.cells);
        let parts: Vec<f64> = self.sessions.values().map(|one| one.error.powi(2) / scale).collect();
        let spread: f64 = parts.iter().sum();
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
            augmented: spread,
            discordant,
            df,
            skewness: None,
            cap: (scale / self.sessions.values().map(Conversation::per_trial).sum::<f64>())
                .min(self.trials_of_the_smallest()),
        }
    }

    /// So many trials that all agree leave open what unanimity of the smallest cell does, by its part of all cells.
    fn trials_of_the_smallest(&self) -> f64 {
        let open = |trials: f64| 1.0 - (1.0 - TAIL).powf(1.0 / trials);
        self.fewest.map_or(f64::INFINITY, |fewest| (1.0 - TAIL).ln() / (1.0 - open(fewest) / self.cells).ln())
    }
}

impl Conversation {
    fn add(&mut self, cell: OfSessions, growth: f64) {
        self.error += (cell.variance + growth).sqrt();
        self.cells.push(cell);
    }

    /// Those of its cell with the fewest.
    fn df(&self) -> f64 {
        self.cells.iter().map(|cell| cell.df).fold(f64::INFINITY, f64::min)
    }

    /// The square of its weight for each independent trial.
    fn per_trial(&self) -> f64 {
        let fewest = self.cells.iter().map(|cell| cell.cap).fold(f64::INFINITY, f64::min);
        (self.cells.len() as f64).powi(2) / fewest
    }
}

#[cfg(test)]
mod tests;
