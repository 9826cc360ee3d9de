//! What the drawn pairs of units say about each of them.

use super::sampled::CAP;
use crate::estimate::Population;
use crate::interval::{SCARCE_UNITS, fixed, mean};
use crate::pair_statistic::PairStatistic;

/// The drawing may add this share to the variance,
const NOISE: f64 = 0.01;
/// or this much: a standard deviation of 0.0005, which no reader of an agreement sees.
const INVISIBLE: f64 = 2.5e-7;

/// The sum and number of some similarities.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    sum: f64,
    count: f64,
}

/// What the drawn pairs say about each unit.
pub(super) struct Draws<'a> {
    odd: &'a [bool],
    rows: Vec<Tally>,
    toward_odd: Vec<Tally>,
    /// For each pair `u < v` at `v (v - 1) / 2 + u`; empty for so many units that no pair is visited twice.
    pairs: Vec<Tally>,
    squares: f64,
    all: Tally,
}

impl Tally {
    pub(crate) fn add(&mut self, h: f64) {
        self.sum += h;
        self.count += 1.0;
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }

    pub(crate) fn count(&self) -> f64 {
        self.count
    }
}

impl<'a> Draws<'a> {
    pub(super) fn new(odd: &'a [bool]) -> Self {
        let none = vec![Tally::default(); odd.len()];
        let pairs = odd.len() * odd.len().saturating_sub(1) / 2;
        let pairs = vec![Tally::default(); if pairs <= CAP { pairs } else { 0 }];
        Self { odd, rows: none.clone(), toward_odd: none, pairs, squares: 0.0, all: Tally::default() }
    }

    pub(super) fn add(&mut self, u: usize, v: usize, h: f64) {
        self.squares += h * h;
        self.all.add(h);
        if let Some(pair) = self.pairs.get_mut(v * v.saturating_sub(1) / 2 + u) {
            pair.add(h);
        }
        for (one, other) in [(u, v), (v, u)] {
            self.rows[one].add(h);
            if self.odd[other] {
                self.toward_odd[one].add(h);
            }
        }
    }

    /// Pairs drawn so far.
    pub(super) fn count(&self) -> f64 {
        self.all.count
    }

    /// The variance that drawing adds to the mean, at most.
    fn noise(&self) -> f64 {
        let mean = self.all.mean().unwrap_or(0.0);
        (self.squares / self.all.count - mean * mean).max(0.0) / self.all.count
    }

    /// Whether drawing on would hardly make the mean more certain.
    pub(super) fn enough(&self, population: Population, own: &[f64], sessions: &[Vec<Tally>]) -> bool {
        let noise = self.noise();
        noise <= INVISIBLE
            || self.variance(population, own, sessions).is_some_and(|variance| noise <= NOISE * variance)
    }

    /// The variance of the mean that drawing should be small against; `None` where there is no interval.
    fn variance(&self, population: Population, own: &[f64], sessions: &[Vec<Tally>]) -> Option<f64> {
        match population {
            Population::Drawn if own.len() >= 3 => Some(self.statistic(own).variance()),
            Population::Drawn => None,
            Population::Fixed => {
                let means = |user: &Vec<Tally>| user.iter().filter_map(Tally::mean).collect::<Vec<f64>>();
                fixed::first_order(&sessions.iter().map(means).collect::<Vec<_>>())
            }
        }
    }

    /// The mean over pairs of units of their squared mean similarity. Single draws are too widely spread, which can
    /// only widen an interval, and hardly does where there are so many units.
    fn mean_square(&self) -> f64 {
        let visited: Vec<f64> = self.pairs.iter().filter_map(Tally::mean).collect();
        if visited.is_empty() {
            return self.squares / self.all.count.max(1.0);
        }
        mean(visited.iter().map(|h| h * h))
    }

    /// The statistic as if every pair of units had the mean similarity that its drawn pairs have.
    pub(super) fn statistic(&self, own: &[f64]) -> PairStatistic {
        let units = self.rows.len() as f64;
        let discordant = self.odd.iter().filter(|&&odd| odd).count();
        let rows: Vec<f64> = self.rows.iter().map(|row| row.mean().unwrap_or(0.0)).collect();
        let needed = discordant > 0 && discordant < SCARCE_UNITS && units >= 3.0;
        let toward = |u: usize| {
            let others = discordant as f64 - f64::from(u8::from(self.odd[u]));
            let to_others = self.toward_odd[u].mean().unwrap_or(rows[u]);
            let itself = if self.odd[u] { own[u] } else { 0.0 };
            (others * to_others + itself) / discordant as f64
        };
        PairStatistic {
            sum_of_squares: self.mean_square() * units * (units - 1.0) / 2.0,
            discordant,
            graded: true,
            toward_discordant: if needed { (0..rows.len()).map(toward).collect() } else { Vec::new() },
            row_sums: rows.iter().map(|row| row * (units - 1.0)).collect(),
        }
    }
}
