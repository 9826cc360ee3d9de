//! Two models that the same users asked: how often they say the same, and how far they are apart.
//!
//! Every user brings a persona, a language and a wording to both, so that two answers to one user are alike for more reasons than the
//! models. Compared are therefore answers to *different* users, within a model and across, and what is exchanged under the null
//! hypothesis are the answers of one user, not users. Both must then have the same number of answers: where one model has more of a user,
//! those are left out to which the other has no counterpart (the same session and sample). With 20 answers against 2 a true null
//! hypothesis would be rejected in one of eight cases.

use std::collections::BTreeSet;

use crate::estimate::{Estimate, Population, Undefined};
use crate::exchange::exchange_pairs;
use crate::interval::Spread;
use crate::kernel::{Kernel, Profile, SimilarityMatrix};
use crate::nested::{Nested, Row, SampleId};
use crate::pair_statistic::PairStatistic;
use crate::permutation::PermutationTest;

/// Two models on one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// Users who have answers of both in the same places.
    pub users: usize,
    /// Places in which both have an answer: so many of each are compared.
    pub answers: usize,
    /// The mean similarity of an answer of one model to a user and one of the other model to another user, in `[0, 1]`. The interval
    /// speaks of users drawn as these were; where they were not drawn there is none.
    pub agreement: Estimate,
    /// The same within each model.
    pub own: [f64; 2],
    /// `own[0] + own[1] - 2 agreement`: an unbiased estimate of `sum (p - q)^2` for labels, and of a squared distance for other
    /// similarities (Gretton and others 2012, the squared maximum mean discrepancy, where the similarity is positive definite). 0
    /// where both say the same, and 2 where each has one answer and they differ. May be slightly negative.
    pub gap: f64,
    /// How likely a gap at least as large is if the models' answers are exchanged user by user.
    pub test: PermutationTest,
    /// The users, as the caller names them.
    pub ids: Vec<u64>,
    /// What each pair of them adds to the gap: `apart[u][v]` for `v < u`, so that the mean over pairs is the gap.
    pub apart: Vec<Vec<f64>>,
    spread: Option<Spread>,
}

impl Between {
    /// `agreement` with the interval that misses with chance `miss` instead of 0.05: for a value that is looked at repeatedly, see
    /// [`crate::looks`].
    #[must_use]
    pub fn agreement_at(&self, miss: f64) -> Estimate {
        let interval = self.spread.as_ref().map(|spread| spread.interval_at(miss).interval);
        Estimate { interval: interval.or(self.agreement.interval), ..self.agreement }
    }
}

/// Two models by their labels; any ids, only equality matters. `None` below two users who have answers of both.
#[must_use]
pub fn labels(p: &Nested<u32>, q: &Nested<u32>, population: Population, seed: u64) -> Option<Between> {
    let (p, q) = in_common(p, q);
    between(&p, &q, Kernel::Identity { size: 0 }, population, seed)
}

/// Two models by values of which any two may be partly alike. `None` below two users who have answers of both.
///
/// # Panics
/// If a value is not an index into `similarities`.
#[must_use]
pub fn similarities(
    p: &Nested<u32>,
    q: &Nested<u32>,
    similarities: &SimilarityMatrix,
    population: Population,
    seed: u64,
) -> Option<Between> {
    let (p, q) = in_common(p, q);
    // What other models said must not decide how these two are looked at.
    let mut values: Vec<u32> = Vec::new();
    let mut place = |value: &u32| {
        let at = values.iter().position(|known| known == value).unwrap_or_else(|| {
            values.push(*value);
            values.len() - 1
        });
        u32::try_from(at).expect("they are numbered")
    };
    let (p, q) = (p.map(&mut place), q.map(&mut place));
    let alike = |i: usize, j: usize| similarities.row(values[i] as usize)[values[j] as usize];
    let matrix = SimilarityMatrix::from_pairs(values.len(), alike);
    between(&p, &q, Kernel::Matrix(&matrix), population, seed)
}

/// The answers of each to which the other has a counterpart.
fn in_common(p: &Nested<u32>, q: &Nested<u32>) -> (Nested<u32>, Nested<u32>) {
    let places = |cell: &Nested<u32>| -> BTreeSet<SampleId> { cell.rows().map(|(id, _)| id).collect() };
    let (of_p, of_q) = (places(p), places(q));
    let both = |cell: &Nested<u32>| {
        let rows = cell.rows().filter(|(id, _)| of_p.contains(id) && of_q.contains(id));
        Nested::from_rows(rows.map(|(id, value)| Row { id, value: *value }))
    };
    (both(p), both(q))
}

/// Of cells that have answers in the same places.
fn between(
    p: &Nested<u32>,
    q: &Nested<u32>,
    kernel: Kernel<'_>,
    population: Population,
    seed: u64,
) -> Option<Between> {
    let (ids, users): (Vec<u64>, Vec<[Profile; 2]>) = common_users(p, q).into_iter().unzip();
    let n = users.len();
    if n < 2 {
        return None;
    }
    let pairs = (n * (n - 1) / 2) as f64;
    let mut own = [0.0; 2];
    // `across[u][v]`: an answer to u of one model and one to v of the other, either way round. The diagonal is one user's two answers.
    let mut across = vec![vec![0.0; n]; n];
    let mut apart = Vec::with_capacity(n);
    for (u, [p_u, q_u]) in users.iter().enumerate() {
        across[u][u] = kernel.form(p_u, q_u);
        let mut row = Vec::with_capacity(u);
        for (v, [p_v, q_v]) in users[..u].iter().enumerate() {
            let within = [kernel.form(p_u, p_v), kernel.form(q_u, q_v)];
            let both_ways = kernel.form(p_u, q_v) + kernel.form(q_u, p_v);
            own[0] += within[0];
            own[1] += within[1];
            across[u][v] = both_ways / 2.0;
            across[v][u] = both_ways / 2.0;
            row.push((within[0] + within[1] - both_ways) / pairs);
        }
        apart.push(row);
    }
    own = own.map(|sum| sum / pairs);
    let test = exchange_pairs(&apart, seed)?;
    apart.iter_mut().flatten().for_each(|part| *part *= pairs);
    let answers = p.size().samples;
    let (agreement, spread) = agreement(&users, &across, kernel.is_graded(), population);
    Some(Between { users: n, answers, agreement, own, gap: test.statistic, test, ids, apart, spread })
}

/// What each user who has answers of both got, as a mean over sessions.
fn common_users(p: &Nested<u32>, q: &Nested<u32>) -> Vec<(u64, [Profile; 2])> {
    let of = |user: &crate::User<u32>| {
        let session =
            |one: &crate::Session<u32>| Profile::of_session(one.samples.iter().map(|sample| sample.1));
        let sessions: Vec<Profile> = user.sessions.iter().map(session).collect();
        Profile::mean(&sessions)
    };
    let of_q =
        |id: u64| q.users().binary_search_by_key(&id, |user| user.id).ok().map(|at| of(&q.users()[at]));
    p.users().iter().filter_map(|user| Some((user.id, [of(user), of_q(user.id)?]))).collect()
}

/// A U-statistic of order two whose units are users, as the agreement within a model is, and with the same interval.
fn agreement(
    users: &[[Profile; 2]],
    across: &[Vec<f64>],
    graded: bool,
    population: Population,
) -> (Estimate, Option<Spread>) {
    let mode = Profile::mean(users.iter().flatten()).heaviest();
    let odd: Vec<usize> =
        (0..users.len()).filter(|u| users[*u].iter().any(|profile| profile.differs_from(mode))).collect();
    let all = 0..users.len();
    let toward = |u: usize| odd.iter().map(|v| across[u][*v]).sum::<f64>() / odd.len() as f64;
    let statistic = PairStatistic {
        row_sums: all.clone().map(|u| across[u].iter().sum::<f64>() - across[u][u]).collect(),
        sum_of_squares: all.clone().flat_map(|u| &across[u][..u]).map(|alike| alike * alike).sum(),
        discordant: odd.len(),
        graded,
        toward_discordant: if odd.is_empty() { Vec::new() } else { all.map(toward).collect() },
    };
    let spread = match population {
        Population::Drawn => statistic.spread().ok_or(Undefined::FewUsers),
        Population::Fixed => Err(Undefined::FixedUsers),
    };
    let why = spread.as_ref().err().copied();
    let spread = spread.ok();
    let formed = spread.as_ref().map(Spread::interval);
    let estimate = Estimate {
        value: statistic.value(),
        interval: formed.map(|formed| formed.interval),
        why,
        form: formed.map(|formed| formed.form),
    };
    (estimate, spread)
}

#[cfg(test)]
mod tests;
