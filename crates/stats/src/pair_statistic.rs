//! The mean similarity of two different units (users, or the sessions of one user) and how far it may be off.

use crate::interval::{SCARCE_UNITS, Spread, few_units};
use crate::kernel::{Kernel, Profile};

/// What a U-statistic of order two and its variances are made of; linear in the number of units.
#[derive(Clone, Debug)]
pub(crate) struct PairStatistic {
    /// For each unit the sum of its similarities to the others.
    pub(crate) row_sums: Vec<f64>,
    /// Sum of squared similarities over the pairs.
    pub(crate) sum_of_squares: f64,
    /// Units with any answer that is not the cell's most frequent one.
    pub(crate) discordant: usize,
    /// Whether any two answers are partly alike, neither the same nor nothing of the kind.
    pub(crate) graded: bool,
    /// Each unit's similarity to the mean of the discordant ones (itself included where it is one of them); empty
    /// where it is not needed.
    pub(crate) toward_discordant: Vec<f64>,
}

impl PairStatistic {
    pub(crate) fn of_profiles(profiles: &[Profile], kernel: Kernel<'_>, mode: u32) -> Self {
        let mut total = vec![0.0; if profiles.len() > 1 { kernel.size() } else { 0 }];
        if profiles.len() < 2 {
            let discordant = profiles.iter().filter(|p| p.differs_from(mode)).count();
            let row_sums = vec![0.0; profiles.len()];
            let toward_discordant = Vec::new();
            return Self { row_sums, sum_of_squares: 0.0, discordant, graded: false, toward_discordant };
        }
        for profile in profiles {
            for &(value, weight) in profile.entries() {
                total[value as usize] += weight;
            }
        }
        let field = kernel.apply(&total);
        let odd: Vec<&Profile> = profiles.iter().filter(|p| p.differs_from(mode)).collect();
        let toward_discordant = if odd.is_empty() || odd.len() >= SCARCE_UNITS {
            Vec::new()
        } else {
            let mean = Profile::mean(odd.iter().copied());
            profiles.iter().map(|p| kernel.form(p, &mean)).collect()
        };
        Self {
            row_sums: profiles.iter().map(|p| p.dot(&field) - kernel.form(p, p)).collect(),
            sum_of_squares: kernel.sum_of_squares(profiles),
            discordant: odd.len(),
            graded: kernel.is_graded(),
            toward_discordant,
        }
    }

    fn units(&self) -> f64 {
        self.row_sums.len() as f64
    }

    /// The U-statistic; `None` for fewer than two units.
    pub(crate) fn value(&self) -> Option<f64> {
        let m = self.units();
        (m >= 2.0).then(|| self.row_sums.iter().sum::<f64>() / (m * (m - 1.0)))
    }

    /// The value without each unit; empty below three of them.
    pub(crate) fn without(&self) -> Vec<f64> {
        let m = self.units();
        let total: f64 = self.row_sums.iter().sum();
        let without = |row: &f64| (total - 2.0 * row) / ((m - 1.0) * (m - 2.0));
        if m < 3.0 { Vec::new() } else { self.row_sums.iter().map(without).collect() }
    }

    /// `v_J`, the delete-one-unit jackknife. At least three units.
    pub(crate) fn jackknife(&self) -> f64 {
        jackknife(&self.row_sums)
    }

    /// `v_D`, the variance that is left when the linear part vanishes, as for a 50/50 binary answer. It is the sum
    /// of squares of the U-centred similarities, written in sums so that no matrix is needed. 0 up to three units.
    pub(crate) fn degenerate(&self) -> f64 {
        let m = self.units();
        if m <= 3.0 {
            return 0.0;
        }
        let total: f64 = self.row_sums.iter().sum();
        let rows: f64 = self.row_sums.iter().map(|r| r * r).sum();
        let centred = self.sum_of_squares - rows / (m - 2.0) + total * total / (2.0 * (m - 1.0) * (m - 2.0));
        let zeta2 = centred.max(0.0) / (m * (m - 3.0) / 2.0);
        2.0 * zeta2 / (m * (m - 1.0))
    }

    /// `v* = v_J + 2 v_D`, the published rule. At least three units.
    pub(crate) fn variance(&self) -> f64 {
        self.jackknife() + 2.0 * self.degenerate()
    }

    /// `v*` as intervals take it: few units show too little of their spread. Of labels, `2 v_D` makes up for part of that; graded
    /// similarities have less of it, and need it less (docs/decisions/009). At least three units.
    pub(crate) fn variance_of_few(&self) -> f64 {
        let (m, jackknife) = (self.units(), self.jackknife());
        if self.graded {
            few_units(jackknife, m) + self.degenerate()
        } else {
            jackknife * m / (m - 1.0) + 2.0 * self.degenerate()
        }
    }

    /// `v+`: not less than `v*`, nor than `v_J` with one more unit equal to the mean of the discordant ones.
    pub(crate) fn augmented_variance(&self) -> f64 {
        if self.toward_discordant.is_empty() {
            return self.variance();
        }
        let mut rows: Vec<f64> =
            self.row_sums.iter().zip(&self.toward_discordant).map(|(r, t)| r + t).collect();
        rows.push(self.toward_discordant.iter().sum());
        self.variance().max(jackknife(&rows))
    }

    /// How far the value may be off for units drawn independently; `None` for fewer than three.
    pub(crate) fn spread(&self) -> Option<Spread> {
        let m = self.units();
        let value = self.value().filter(|_| m >= 3.0)?;
        let variance = self.variance_of_few();
        Some(Spread {
            value,
            variance,
            augmented: self.augmented_variance().max(variance),
            discordant: self.discordant,
            df: m - 1.0,
            skewness: None,
            // Unanimous units bound the share p of the mode; two of them then agree with p squared, which is as if
            // there were half as many units.
            cap: m / 2.0,
        })
    }
}

/// The jackknife variance of a U-statistic of order two from each unit's summed similarities.
fn jackknife(row_sums: &[f64]) -> f64 {
    let m = row_sums.len() as f64;
    let total: f64 = row_sums.iter().sum();
    let without = |r: &f64| (total - 2.0 * r) / ((m - 1.0) * (m - 2.0));
    let mean = row_sums.iter().map(without).sum::<f64>() / m;
    (m - 1.0) / m * row_sums.iter().map(|r| (without(r) - mean).powi(2)).sum::<f64>()
}
