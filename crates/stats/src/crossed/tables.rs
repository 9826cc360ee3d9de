//! Sums of similarities of pairs of users by what they share; filled pair by pair, whichever pairs are seen.

use super::Crossing;
use super::general::MOST_LEVELS;
use crate::estimate::Population;
use crate::pairwise::Tally;

/// The sums that everything about factors is made of.
pub(crate) struct Tables<'a> {
    pub(crate) crossing: &'a Crossing,
    /// Set of shared factors → pairs that share exactly these.
    pub(crate) patterns: Vec<Tally>,
    factors: Vec<OfFactor>,
}

struct OfFactor {
    /// Level → pairs of users at it.
    within: Vec<Tally>,
    /// Level → pairs of which one is at it.
    across: Vec<Tally>,
    /// Pairs of levels `k < l` at `l (l - 1) / 2 + k` → pairs of users who share nothing; empty if nobody asks.
    apart: Vec<Tally>,
}

impl<'a> Tables<'a> {
    pub(crate) fn new(crossing: &'a Crossing, population: Population) -> Self {
        let factors = crossing.factors.iter().map(|factor| {
            let levels = factor.sizes.len();
            let wanted = population == Population::Fixed && levels <= MOST_LEVELS;
            let apart = if wanted { levels * (levels - 1) / 2 } else { 0 };
            let none = |count| vec![Tally::default(); count];
            OfFactor { within: none(levels), across: none(levels), apart: none(apart) }
        });
        let patterns = vec![Tally::default(); 1 << crossing.factors.len()];
        Self { crossing, patterns, factors: factors.collect() }
    }

    /// Two users are alike by `h`.
    pub(crate) fn add(&mut self, u: usize, v: usize, h: f64) {
        let shared = self.crossing.shared(u, v);
        self.patterns[shared].add(h);

        for (of, factor) in self.factors.iter_mut().zip(&self.crossing.factors) {
            let (k, l) = (factor.of_user[u], factor.of_user[v]);
            if k == l {
                of.within[k].add(h);
                continue;
            }
            of.across[k].add(h);
            of.across[l].add(h);
            if let (0, Some(apart)) = (shared, of.apart.get_mut(pair(k, l))) {
                apart.add(h);
            }
        }
    }

    /// The mean similarity of a user at this level of a factor and one at another level.
    pub(crate) fn across(&self, factor: usize, level: usize) -> Option<f64> {
        self.factors[factor].across[level].mean()
    }

    /// The mean similarity of two users at this level.
    pub(crate) fn within(&self, factor: usize, level: usize) -> Option<f64> {
        self.factors[factor].within[level].mean()
    }

    /// The mean similarity of users at two levels who share nothing else.
    pub(crate) fn apart(&self, factor: usize, k: usize, l: usize) -> Option<f64> {
        self.factors[factor].apart.get(pair(k, l))?.mean()
    }
}

fn pair(k: usize, l: usize) -> usize {
    let (low, high) = (k.min(l), k.max(l));
    high * high.saturating_sub(1) / 2 + low
}
