//! How often two answers agree: within a session, between sessions of a user, between users.
//!
//! With `h` the similarity of two answers, users weighing the same:
//! `A_W = mean_u mean_s mean_{r<r'} h`, `A_S = mean_u mean_{s<s'} mean_{r,r'} h`,
//! `A_B = mean_{u<v} mean_{s,s'} mean_{r,r'} h`. Each is an unbiased nested U-statistic. `A_B` is the headline.

use crate::estimate::{Estimate, Population, Undefined};
use crate::interval::{self, OfUser, Spread, fixed, fixed::Stratum, mean};
use crate::kernel::{Kernel, Profile, SimilarityMatrix};
use crate::nested::{CellSize, Nested, User};
use crate::pair_statistic::PairStatistic;
use crate::pairwise::PairsUsed;

/// The agreement of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// `A_W`, agreement within a session.
    pub within: Estimate,
    /// `A_S`, agreement between sessions of one user.
    pub sessions: Estimate,
    /// `A_B`, agreement between users.
    pub users: Estimate,
    /// `(A_S - A_B) / (1 - A_B)`; `None` where one is missing or `A_B = 1`. May be slightly negative.
    pub rho_user: Option<f64>,
    /// `(A_W - A_B) / (1 - A_B)`; `None` where one is missing or `A_B = 1`. May be slightly negative.
    pub rho_session: Option<f64>,
    /// The parts of the diversity `1 - A_B`.
    pub parts: Parts,
    /// What it is made of.
    pub size: CellSize,
    /// Whether every pair was compared.
    pub pairs: PairsUsed,
    /// `A_B` without each user, in the order of the cell: what a jackknife over several cells is made of. Empty below three users.
    pub without: Vec<f64>,
    /// Whom the intervals speak of.
    pub population: Population,
    /// How far `users` may be off, where that can be told.
    pub(crate) spread: Option<Spread>,
}

impl Agreement {
    /// `users` with the interval that misses with chance `miss` instead of 0.05: for a value that is looked at repeatedly, see
    /// [`crate::looks`].
    #[must_use]
    pub fn users_at(&self, miss: f64) -> Estimate {
        let interval = self.spread.as_ref().map(|spread| spread.interval_at(miss).interval);
        Estimate { interval: interval.or(self.users.interval), ..self.users }
    }
}

/// The parts of the diversity `1 - A_B`, which they sum to. The last two may be slightly negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// `1 - A_W`: the sampling of the model.
    pub sampling: Option<f64>,
    /// `A_W - A_S`: what a session adds.
    pub session: Option<f64>,
    /// `A_S - A_B`: what a user adds.
    pub user: Option<f64>,
}

/// What the three levels are computed from, whichever way the pairs were compared.
pub(crate) struct Levels {
    pub(crate) between: PairStatistic,
    pub(crate) users: Vec<UserLevel>,
}

/// One user's share in the three levels.
pub(crate) struct UserLevel {
    /// The pairs of this user's sessions.
    pub(crate) sessions: PairStatistic,
    /// Each session's agreement with itself; `None` for one sample.
    pub(crate) within: Vec<Option<f64>>,
    /// Each session's mean similarity to the other users, or why an interval cannot be had from it.
    pub(crate) stratum: Stratum,
}

/// The agreement of labels, in time linear in the samples. Labels are any ids; only equality matters.
#[must_use]
pub fn labels(cell: &Nested<u32>, population: Population) -> Agreement {
    let (dense, known) = dense(cell);
    of_kernel(&dense, Kernel::Identity { size: known.len() }, population)
}

/// The cell with its labels numbered from 0 in their order, and these.
pub(crate) fn dense(cell: &Nested<u32>) -> (Nested<u32>, Vec<u32>) {
    let mut known: Vec<u32> = cell.rows().map(|(_, &label)| label).collect();
    known.sort_unstable();
    known.dedup();
    let position = |label: &u32| u32::try_from(known.partition_point(|other| other < label));
    (cell.map(|label| position(label).expect("there are no more positions than labels")), known)
}

/// What each user answers, sessions weighing the same.
pub(crate) fn user_profiles(cell: &Nested<u32>) -> Vec<Profile> {
    cell.users().iter().map(|user| Profile::mean(&session_profiles(user))).collect()
}

/// The agreement of values of which any two may be partly alike.
///
/// # Panics
/// If a value of the cell is not an index into `similarities`.
#[must_use]
pub fn similarities(
    cell: &Nested<u32>,
    similarities: &SimilarityMatrix,
    population: Population,
) -> Agreement {
    of_kernel(cell, Kernel::Matrix(similarities), population)
}

fn of_kernel(cell: &Nested<u32>, kernel: Kernel<'_>, population: Population) -> Agreement {
    let levels = Levels::exact(cell, kernel);
    levels.agreement(population, cell.size(), PairsUsed::Exact)
}

impl Levels {
    fn exact(cell: &Nested<u32>, kernel: Kernel<'_>) -> Self {
        let sessions: Vec<Vec<Profile>> = cell.users().iter().map(session_profiles).collect();
        let users: Vec<Profile> = sessions.iter().map(Profile::mean).collect();
        let mode = Profile::mean(&users).heaviest();
        let between = PairStatistic::of_profiles(&users, kernel, mode);
        let field = kernel.apply(&sum(&users, kernel.size()));
        let levels = cell.users().iter().zip(&sessions).zip(&users).map(|((user, sessions), profile)| {
            let others = users.len() as f64 - 1.0;
            let toward = |session: &Profile| (session.dot(&field) - kernel.form(session, profile)) / others;
            let own: Vec<f64> = sessions.iter().map(|session| kernel.form(session, session)).collect();
            UserLevel::new(
                PairStatistic::of_profiles(sessions, kernel, mode),
                &counts(user),
                own,
                sessions.iter().map(toward).collect(),
                sessions.iter().map(|session| session.differs_from(mode)).collect(),
            )
        });
        Self { between, users: levels.collect() }
    }

    /// Puts values, intervals and parts together.
    pub(crate) fn agreement(&self, population: Population, size: CellSize, pairs: PairsUsed) -> Agreement {
        let (within, sessions) = (self.within(population), self.between_sessions(population));
        let (users, spread) = self.between_users(population);
        let (w, s, b) = (within.value, sessions.value, users.value);
        let diversity = b.map(|b| 1.0 - b).filter(|&rest| rest > 1e-12);
        let share = |a: Option<f64>| Some((a? - b?) / diversity?);
        let parts = Parts {
            sampling: w.map(|w| 1.0 - w),
            session: w.zip(s).map(|(w, s)| w - s),
            user: s.zip(b).map(|(s, b)| s - b),
        };
        let (rho_user, rho_session) = (share(s), share(w));
        let without = self.between.without();
        Agreement {
            within,
            sessions,
            users,
            rho_user,
            rho_session,
            parts,
            size,
            pairs,
            without,
            population,
            spread,
        }
    }

    fn within(&self, population: Population) -> Estimate {
        let users: Vec<Vec<f64>> =
            self.users.iter().map(|user| user.within.iter().flatten().copied().collect()).collect();
        let eligible: Vec<Vec<f64>> = users.into_iter().filter(|sessions| !sessions.is_empty()).collect();
        if eligible.is_empty() {
            return Estimate::undefined(self.missing(Undefined::OneSample));
        }
        interval::of_sessions(&eligible, population)
    }

    fn between_sessions(&self, population: Population) -> Estimate {
        let eligible: Vec<&PairStatistic> =
            self.users.iter().map(|user| &user.sessions).filter(|pairs| pairs.row_sums.len() >= 2).collect();
        if eligible.is_empty() {
            return Estimate::undefined(self.missing(Undefined::OneSession));
        }
        let values: Vec<f64> = eligible.iter().filter_map(|user| user.value()).collect();
        let interval = match population {
            Population::Drawn => interval::of_users(&values, OfUser::Pairs),
            Population::Fixed => fixed::pairs_of_sessions(&eligible),
        };
        Estimate::formed(mean(values.iter().copied()), interval)
    }

    fn between_users(&self, population: Population) -> (Estimate, Option<Spread>) {
        let Some(value) = self.between.value() else {
            return (Estimate::undefined(self.missing(Undefined::OneUser)), None);
        };
        let spread = match population {
            Population::Drawn => self.between.spread().ok_or(Undefined::FewUsers),
            Population::Fixed => {
                fixed::pairs_of_users(value, &self.users.iter().map(|user| &user.stratum).collect::<Vec<_>>())
            }
        };
        let interval = spread.as_ref().map(Spread::interval).map_err(|why| *why);
        (Estimate::formed(value, interval), spread.ok())
    }

    fn missing(&self, otherwise: Undefined) -> Undefined {
        if self.users.is_empty() { Undefined::NoSamples } else { otherwise }
    }
}

impl UserLevel {
    /// `own[s]` is the mean similarity of two draws, with replacement, from session `s`.
    pub(crate) fn new(
        sessions: PairStatistic,
        counts: &[f64],
        own: Vec<f64>,
        toward: Vec<f64>,
        discordant: Vec<bool>,
    ) -> Self {
        // A draw with replacement meets itself once in n times, and then agrees.
        let without = |(&n, &own): (&f64, &f64)| (n >= 2.0).then(|| (n * own - 1.0) / (n - 1.0));
        let within = counts.iter().zip(&own).map(without).collect();
        let excess = sessions.value().map_or(0.0, |between| mean(own.iter().copied()) - between);
        let wander = excess.max(0.0) / own.len() as f64;
        Self { sessions, within, stratum: Stratum { sessions: toward, discordant, wander } }
    }
}

fn session_profiles(user: &User<u32>) -> Vec<Profile> {
    user.sessions.iter().map(|session| Profile::of_session(session.samples.iter().map(|s| s.1))).collect()
}

pub(crate) fn counts(user: &User<u32>) -> Vec<f64> {
    user.sessions.iter().map(|session| session.samples.len() as f64).collect()
}

fn sum(profiles: &[Profile], size: usize) -> Vec<f64> {
    let mut total = vec![0.0; size];
    for &(value, weight) in profiles.iter().flat_map(Profile::entries) {
        total[value as usize] += weight;
    }
    total
}

#[cfg(test)]
mod tests;
