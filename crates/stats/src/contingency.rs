//! Tables of counts of *independent* rows: one sample per user. Where samples come in clusters, users are exchanged
//! instead ([`crate::divergence`]).

use statrs::function::gamma::{gamma_ur, ln_gamma};

/// A statistic with its p-value from the chi-square distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// The statistic, at least 0.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: u32,
    /// How likely a statistic at least as large is by chance.
    pub p: f64,
}

/// What a table of counts says of the dependence of rows and columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependence {
    /// Pearson's, without a correction for continuity.
    pub chi_square: ChiSquare,
    /// The likelihood ratio (G).
    pub likelihood_ratio: ChiSquare,
    /// Cramér's V, in `[0, 1]`; too large in small samples.
    pub v: f64,
    /// V without that bias; `None` where there are too few counts for it. (Bergsma 2013)
    pub v_unbiased: Option<f64>,
    /// The smallest expected count; below 5 the p-values are unsafe.
    pub least_expected: f64,
}

/// A two-by-two table, `[[a, b], [c, d]]`.
pub type TwoByTwo = [[u64; 2]; 2];

/// `counts[row][column]`. `None` for fewer than two rows or columns with counts, or for uneven rows.
#[must_use]
pub fn dependence(counts: &[Vec<u64>]) -> Option<Dependence> {
    let width = counts.first()?.len();
    if counts.iter().any(|row| row.len() != width) {
        return None;
    }
    let rows: Vec<f64> = counts.iter().map(|row| row.iter().sum::<u64>() as f64).collect();
    let columns: Vec<f64> =
        (0..width).map(|column| counts.iter().map(|row| row[column]).sum::<u64>() as f64).collect();
    let used = |sums: &[f64]| sums.iter().filter(|sum| **sum > 0.0).count();
    let (r, c) = (used(&rows), used(&columns));
    if r < 2 || c < 2 {
        return None;
    }
    let n: f64 = rows.iter().sum();
    let (mut pearson, mut g, mut least_expected) = (0.0, 0.0, f64::INFINITY);
    for (row, of_row) in counts.iter().zip(&rows) {
        for (&count, of_column) in row.iter().zip(&columns) {
            let (seen, expected) = (count as f64, of_row * of_column / n);
            if expected > 0.0 {
                pearson += (seen - expected).powi(2) / expected;
                g += if count > 0 { 2.0 * seen * (seen / expected).ln() } else { 0.0 };
                least_expected = least_expected.min(expected);
            }
        }
    }
    let df = (r - 1) * (c - 1);
    let (r, c) = (r as f64, c as f64);
    let shrunk = |k: f64| k - (k - 1.0).powi(2) / (n - 1.0);
    let excess = (pearson / n - df as f64 / (n - 1.0)).max(0.0);
    Some(Dependence {
        chi_square: chi_square(pearson, df),
        likelihood_ratio: chi_square(g, df),
        v: (pearson / n / (r.min(c) - 1.0)).sqrt(),
        v_unbiased: Some(shrunk(r).min(shrunk(c)) - 1.0)
            .filter(|most| *most > 1e-12)
            .map(|most| (excess / most).sqrt()),
        least_expected,
    })
}

fn chi_square(statistic: f64, df: usize) -> ChiSquare {
    let p = if statistic > 0.0 { gamma_ur(df as f64 / 2.0, statistic / 2.0) } else { 1.0 };
    ChiSquare { statistic, df: u32::try_from(df).unwrap_or(u32::MAX), p }
}

/// Fisher's exact test, two-sided: the chance of all tables with these margins that are no likelier than this one.
#[must_use]
pub fn fisher_exact(table: TwoByTwo) -> f64 {
    let [[a, b], [c, d]] = table;
    let choose =
        |n: u64, k: u64| ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0);
    let (row, column, rest) = (a + b, a + c, c + d);
    let log = |x: u64| choose(row, x) + choose(rest, column - x) - choose(row + rest, column);
    let (least, most) = (column.saturating_sub(rest), column.min(row));
    // Ties of rounding count as ties.
    let seen = log(a) + 1e-7;
    let p: f64 = (least..=most).map(log).filter(|log| *log <= seen).map(f64::exp).sum();
    p.min(1.0)
}

/// `ad / bc`; `None` where neither side says anything, infinite where only `bc` is 0.
#[must_use]
pub fn odds_ratio(table: TwoByTwo) -> Option<f64> {
    let [[a, b], [c, d]] = table.map(|row| row.map(|count| count as f64));
    (a * d + b * c > 0.0).then(|| a * d / (b * c))
}

/// The chi-square of a two-by-two table with Yates' correction; `None` as for [`dependence`].
#[must_use]
pub fn yates(table: TwoByTwo) -> Option<ChiSquare> {
    let [[a, b], [c, d]] = table.map(|row| row.map(|count| count as f64));
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    let n = a + b + c + d;
    (margins > 0.0).then(|| chi_square(n * ((a * d - b * c).abs() - n / 2.0).max(0.0).powi(2) / margins, 1))
}

/// Cochran, Mantel and Haenszel: one difference over many strata (probes), without a correction for continuity, and
/// the odds ratio that all strata have together. `None` where no stratum says anything.
#[must_use]
pub fn mantel_haenszel(strata: &[TwoByTwo]) -> Option<(ChiSquare, Option<f64>)> {
    let (mut off, mut variance, mut above, mut below) = (0.0, 0.0, 0.0, 0.0);
    for table in strata {
        let [[a, b], [c, d]] = table.map(|row| row.map(|count| count as f64));
        let n = a + b + c + d;
        if n > 1.0 {
            off += a - (a + b) * (a + c) / n;
            variance += (a + b) * (c + d) * (a + c) * (b + d) / (n * n * (n - 1.0));
            above += a * d / n;
            below += b * c / n;
        }
    }
    let ratio = (above + below > 0.0).then(|| above / below);
    (variance > 0.0).then(|| (chi_square(off * off / variance, 1), ratio))
}

/// McNemar's exact test that a change goes either way equally often: `one` pairs changed one way, `other` the other.
#[must_use]
pub fn mcnemar_exact(one: u64, other: u64) -> f64 {
    let n = one + other;
    let ln_choose =
        |k: u64| ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0);
    let tail: f64 =
        (0..=one.min(other)).map(|k| (ln_choose(k) - n as f64 * std::f64::consts::LN_2).exp()).sum();
    (2.0 * tail).min(1.0)
}

/// A rate as it is, from a rate as a judge sees it who finds a share `sensitivity` of what is there and leaves alone
/// a share `specificity` of what is not. Unclipped; `None` for a judge no better than a coin. (Rogan and Gladen 1978)
#[must_use]
pub fn rogan_gladen(seen: f64, sensitivity: f64, specificity: f64) -> Option<f64> {
    let skill = sensitivity + specificity - 1.0;
    (skill > 0.0).then(|| (seen + specificity - 1.0) / skill)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-10 * expected.abs().max(1.0), "{found}, not {expected}");
    }

    /// Values by scipy 1.12.0.
    #[test]
    fn two_models_by_three_answers() {
        let found = dependence(&[vec![30, 12, 8], vec![18, 22, 10]]).unwrap();
        close(found.chi_square.statistic, 6.163_398_692_810_457);
        close(found.chi_square.p, 0.045_881_222_273_966_904);
        assert_eq!(found.chi_square.df, 2);
        close(found.likelihood_ratio.statistic, 6.239_860_360_098_083);
        close(found.likelihood_ratio.p, 0.044_160_251_578_658_154);
        close(found.v, 0.248_261_932_096_132_23);
        close(found.v_unbiased.unwrap(), 0.204_584_314_884_496_22);
        close(found.least_expected, 9.0);
        assert_eq!(dependence(&[vec![3, 0], vec![2, 0]]), None);
        assert_eq!(dependence(&[vec![3, 0], vec![2]]), None);
        assert_eq!(dependence(&[vec![1, 0], vec![0, 1]]).unwrap().v_unbiased, None);
    }

    #[test]
    fn two_by_two() {
        let table = [[8, 2], [1, 5]];
        close(fisher_exact(table), 0.034_965_034_965_034_975);
        close(odds_ratio(table).unwrap(), 20.0);
        let found = dependence(&table.map(|row| row.to_vec())).unwrap().chi_square;
        close(found.statistic, 6.112_169_312_169_312);
        close(found.p, 0.013_425_424_881_491_248);
        let corrected = yates(table).unwrap();
        close(corrected.statistic, 3.809_523_809_523_809_3);
        close(corrected.p, 0.050_961_936_967_763_424);
        assert_eq!(odds_ratio([[0, 0], [0, 3]]), None);
    }

    /// Values by statsmodels 0.15.0.
    #[test]
    fn three_strata() {
        let (found, ratio) =
            mantel_haenszel(&[[[8, 2], [5, 5]], [[9, 1], [6, 4]], [[4, 6], [3, 7]]]).unwrap();
        close(found.statistic, 3.622_568_093_385_214);
        close(found.p, 0.057_000_821_491_402_176);
        close(ratio.unwrap(), 3.058_823_529_411_764);
        assert_eq!(mantel_haenszel(&[]), None);
    }

    #[test]
    fn changes_and_judges() {
        close(mcnemar_exact(3, 12), 0.035_156_25);
        close(mcnemar_exact(5, 5), 1.0);
        close(rogan_gladen(0.7, 0.9, 0.8).unwrap(), 0.714_285_714_285_714_1);
        assert_eq!(rogan_gladen(0.7, 0.5, 0.5), None);
    }
}
