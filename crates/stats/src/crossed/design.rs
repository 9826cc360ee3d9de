//! Which users share which levels.

use crate::nested::Nested;
use std::collections::{BTreeMap, HashSet};

/// Factor → level of each user, in the order of the caller's user ids: `factors[f][id]`. No factors is fine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Design {
    factors: Vec<Vec<u32>>,
}

/// The factors that vary among the users of a cell, users in the cell's order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Crossing {
    pub(crate) factors: Vec<Factor>,
}

/// A division of users into at least two levels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factor {
    /// The caller's factors that divide the users so.
    pub(crate) names: Vec<usize>,
    /// User → level, numbered from 0 in the caller's order.
    pub(crate) of_user: Vec<usize>,
    /// Level → the first factor's level.
    pub(crate) callers: Vec<u32>,
    /// Level → users.
    pub(crate) sizes: Vec<usize>,
}

impl Design {
    /// `factors[f][id]` is the level at which user `id` of a cell stands. At most eight factors are told apart.
    #[must_use]
    pub fn new(mut factors: Vec<Vec<u32>>) -> Self {
        factors.truncate(8);
        Self { factors }
    }

    /// At which level of a factor a user stands.
    ///
    /// # Panics
    /// If there is no such factor or user.
    #[must_use]
    pub fn level(&self, factor: usize, user: u64) -> u32 {
        self.factors[factor][usize::try_from(user).expect("an id is a place in the design")]
    }

    /// How many different combinations of levels there are.
    #[must_use]
    pub fn combinations(&self) -> usize {
        let users = 0..self.factors.first().map_or(0, Vec::len);
        let of_user = |user: usize| self.factors.iter().map(|levels| levels[user]).collect::<Vec<_>>();
        users.map(of_user).collect::<HashSet<_>>().len()
    }
}

impl Crossing {
    /// # Panics
    /// If a user's id is beyond the design.
    pub(crate) fn of<T>(design: &Design, cell: &Nested<T>) -> Self {
        let mut factors: Vec<Factor> = Vec::new();
        for name in 0..design.factors.len() {
            let of_user: Vec<u32> = cell.users().iter().map(|user| design.level(name, user.id)).collect();
            let factor = Factor::new(name, &of_user);
            match factors.iter_mut().find(|known| known.divides_like(&factor)) {
                Some(known) => known.names.push(name),
                None if factor.sizes.len() >= 2 => factors.push(factor),
                None => {}
            }
        }
        Self { factors }
    }

    /// The set of factors whose level two users share, as bits.
    pub(crate) fn shared(&self, u: usize, v: usize) -> usize {
        let shares = |factor: &Factor| usize::from(factor.of_user[u] == factor.of_user[v]);
        self.factors.iter().enumerate().map(|(at, factor)| shares(factor) << at).sum()
    }
}

impl Factor {
    fn new(name: usize, levels: &[u32]) -> Self {
        let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
        levels.iter().for_each(|level| *sizes.entry(*level).or_default() += 1);
        let callers: Vec<u32> = sizes.keys().copied().collect();
        let number = |level: &u32| callers.partition_point(|known| known < level);
        let of_user = levels.iter().map(number).collect();
        Self { names: vec![name], of_user, callers, sizes: sizes.into_values().collect() }
    }

    /// Whether users who share a level here share one there.
    pub(crate) fn refines(&self, other: &Self) -> bool {
        let mut there: Vec<Option<usize>> = vec![None; self.sizes.len()];
        self.of_user
            .iter()
            .zip(&other.of_user)
            .all(|(&here, &level)| *there[here].get_or_insert(level) == level)
    }

    fn divides_like(&self, other: &Self) -> bool {
        self.sizes.len() == other.sizes.len() && self.refines(other)
    }

    /// How many levels of equal size would spread users as much: `(Σ n)² / Σ n²`.
    pub(crate) fn effective_levels(&self) -> f64 {
        let squares: f64 = self.sizes.iter().map(|&size| (size as f64).powi(2)).sum();
        (self.of_user.len() as f64).powi(2) / squares
    }
}
