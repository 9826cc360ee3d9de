//! Users that share levels of factors (persona, system prompt, wording, language, ..): how much of their disagreement
//! goes with which factor, the levels side by side, and what can be said of users in general.
//!
//! Write `k(T)` for the mean similarity of two users who share exactly the levels of the factors in `T`. If levels are
//! independent draws, `k(T) = k(∅) + Σ v(A)` over the non-empty sets `A ⊆ T`, where `v(A)` is the variance that goes with
//! the combination `A`: squared differences for a score, disagreement for labels and any other similarity. So
//! `v(A) = Σ (-1)^{|A| - |T|} k(T)` over `T ⊆ A`, each `k` an unbiased mean over pairs: of a complete grid these are the
//! components of the analysis of variance (Cornfield and Tukey 1956), and users may also be drawn, listed or missing.
//! Two users differ in `A` with the share `d(A)` of all pairs, and `v(A) d(A)` is what `A` adds to the disagreement: over
//! all `A` these sum to `A_S - A_B`. Parts may be negative, and none is clipped.

mod design;
mod general;
mod parts;
mod tables;

use crate::agreement::{self, Agreement, dense};
use crate::estimate::{Estimate, Population, Undefined};
use crate::kernel::{Kernel, Profile, SimilarityMatrix};
use crate::nested::Nested;
use crate::pairwise::{Circle, Drawn};

pub(crate) use design::Crossing;
pub use design::Design;
pub use general::mean_in_general;
pub use parts::Part;
pub(crate) use tables::Tables;

/// Factors of so many levels at most have their levels side by side.
const SIDE_BY_SIDE: usize = 12;
/// Of more pairs of users, so many are visited: their means are then known to 0.001.
const PAIRS: usize = 2_000_000;

/// What the factors of the users of one cell make of its agreement. All empty where nothing varies between users.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crossed {
    /// The factors that vary, in the caller's order; those that never vary apart are one.
    pub factors: Vec<FactorLevels>,
    /// Each factor, then each two of them; as far as there are users to tell from, else `None` in it.
    pub parts: Vec<Part>,
    /// `A_S - A_B` less all parts: combinations of three or more factors, and what no factor names. `None` where one of
    /// them is, or where it is zero by construction.
    pub rest: Option<f64>,
    /// The agreement of two users in general, who share no level: `k(∅)`. Its interval takes the levels for a random
    /// sample of all that there could be. `None` for drawn users, whose population is their pools.
    pub general: Option<Estimate>,
}

/// One factor with its levels.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorLevels {
    /// The caller's factors that this one stands for: several if they never vary apart.
    pub names: Vec<usize>,
    /// How many levels there are.
    pub levels: usize,
    /// The levels in ascending order; empty for more than a dozen.
    pub side_by_side: Vec<LevelAgreement>,
}

/// The users at one level.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelAgreement {
    /// The caller's level, of the first factor that is meant.
    pub level: u32,
    /// Users at it.
    pub users: usize,
    /// The agreement of two users at this level; the interval is that of the whole cell's population.
    pub within: Estimate,
    /// The mean similarity of a user at this level and one at another.
    pub others: Option<f64>,
}

/// The agreement of labels by factor. `agreement` is that of [`agreement::labels`] for the same cell.
#[must_use]
pub fn labels(cell: &Nested<u32>, design: &Design, population: Population, agreement: &Agreement) -> Crossed {
    let (dense, known) = dense(cell);
    of_kernel(&dense, Kernel::Identity { size: known.len() }, design, population, agreement)
}

/// The agreement of partly alike values by factor. `agreement` is that of [`agreement::similarities`] for the same cell.
///
/// # Panics
/// If a value of the cell is not an index into `similarities`.
#[must_use]
pub fn similarities(
    cell: &Nested<u32>,
    similarities: &SimilarityMatrix,
    design: &Design,
    population: Population,
    agreement: &Agreement,
) -> Crossed {
    of_kernel(cell, Kernel::Matrix(similarities), design, population, agreement)
}

fn of_kernel(
    cell: &Nested<u32>,
    kernel: Kernel<'_>,
    design: &Design,
    population: Population,
    agreement: &Agreement,
) -> Crossed {
    let crossing = Crossing::of(design, cell);
    if crossing.factors.is_empty() {
        return Crossed::default();
    }
    let users: Vec<Profile> = agreement::user_profiles(cell);
    let mode = Profile::mean(&users).heaviest();
    let mut tables = Tables::new(&crossing, population);
    for_each_pair(users.len(), |u, v| tables.add(u, v, kernel.form(&users[u], &users[v])));
    let own: Vec<f64> = users.iter().map(|user| kernel.form(user, user)).collect();
    let odd: Vec<bool> = users.iter().map(|user| user.differs_from(mode)).collect();
    let within = |users: &[bool]| {
        let some = cell.of_users(|at| users[at]);
        match kernel {
            Kernel::Identity { .. } => agreement::labels(&some, population).users,
            Kernel::Matrix(matrix) => {
                let (some, part) = matrix.part_for(&some);
                agreement::similarities(&some, &part, population).users
            }
        }
    };
    finish(&tables, &own, &odd, population, agreement, within)
}

/// The same from drawn pairs of texts, all of which `tables` has seen.
pub(crate) fn of_drawn_pairs(tables: &Tables<'_>, drawn: &Drawn, population: Population) -> Crossed {
    if tables.crossing.factors.is_empty() {
        return Crossed::default();
    }
    let mut crossed = finish(tables, &drawn.own, &drawn.odd, population, &drawn.agreement, |_| {
        Estimate::undefined(Undefined::DrawnPairs)
    });
    for (at, factor) in crossed.factors.iter_mut().enumerate() {
        for (level, of_level) in factor.side_by_side.iter_mut().enumerate().filter(|(_, of)| of.users > 1) {
            of_level.within.value = tables.within(at, level);
        }
    }
    crossed
}

/// Puts together what the pairs that `tables` has seen say. `within` is asked for the agreement of some users.
fn finish(
    tables: &Tables<'_>,
    own: &[f64],
    odd: &[bool],
    population: Population,
    agreement: &Agreement,
    within: impl Fn(&[bool]) -> Estimate,
) -> Crossed {
    let (parts, rest) = parts::parts(tables, agreement);
    let factors = (0..tables.crossing.factors.len()).map(|at| side_by_side(tables, at, &within)).collect();
    let general = (population == Population::Fixed).then(|| general::agreement(tables, own, odd));
    Crossed { factors, parts, rest, general }
}

fn side_by_side(tables: &Tables<'_>, at: usize, within: &impl Fn(&[bool]) -> Estimate) -> FactorLevels {
    let factor = &tables.crossing.factors[at];
    let shown = if factor.sizes.len() <= SIDE_BY_SIDE { factor.sizes.len() } else { 0 };
    let level = |level: usize| LevelAgreement {
        level: factor.callers[level],
        users: factor.sizes[level],
        within: match factor.sizes[level] {
            1 => Estimate::undefined(Undefined::OneUser),
            _ => within(&factor.of_user.iter().map(|&of| of == level).collect::<Vec<bool>>()),
        },
        others: tables.across(at, level),
    };
    FactorLevels {
        names: factor.names.clone(),
        levels: factor.sizes.len(),
        side_by_side: (0..shown).map(level).collect(),
    }
}

/// Each pair of units once, the lower first; of very many, some that meet each unit equally often.
fn for_each_pair(units: usize, mut visit: impl FnMut(usize, usize)) {
    if units * units.saturating_sub(1) / 2 <= PAIRS {
        (0..units).for_each(|v| (0..v).for_each(|u| visit(u, v)));
        return;
    }
    let circle = Circle::new(units, 0, 0);
    (0..PAIRS.div_ceil(units)).flat_map(|sweep| circle.sweep(sweep)).for_each(|(u, v, _)| visit(u, v));
}

#[cfg(test)]
mod tests;
