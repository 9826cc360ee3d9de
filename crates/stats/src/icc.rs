//! Intraclass correlations of a table of subjects by raters. (Shrout and Fleiss 1979; McGraw and Wong 1996)

use crate::estimate::Interval;
use crate::quantile::{self, TAIL};

/// The six forms. Single ratings first, then means of all `k` raters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Icc {
    /// ICC(1,1): each subject has raters of its own.
    pub one_way: f64,
    /// The 95 % interval of ICC(1,1).
    pub one_way_interval: Interval,
    /// ICC(A,1): absolute agreement of raters that rate all subjects.
    pub agreement: f64,
    /// ICC(C,1): consistency, whatever the raters' own levels are.
    pub consistency: f64,
    /// ICC(1,k).
    pub one_way_mean: f64,
    /// ICC(A,k).
    pub agreement_mean: f64,
    /// ICC(C,k).
    pub consistency_mean: f64,
}

/// `ratings[subject][rater]`. `None` for fewer than two of either, for uneven rows, or where no rating differs within
/// a subject or none between subjects.
#[must_use]
pub fn icc(ratings: &[Vec<f64>]) -> Option<Icc> {
    let (subjects, raters) = (ratings.len(), ratings.first()?.len());
    if subjects < 2 || raters < 2 || ratings.iter().any(|row| row.len() != raters) {
        return None;
    }
    let (n, k) = (subjects as f64, raters as f64);
    let rows: Vec<f64> = ratings.iter().map(|row| row.iter().sum::<f64>() / k).collect();
    let columns: Vec<f64> = (0..raters).map(|j| ratings.iter().map(|row| row[j]).sum::<f64>() / n).collect();
    let grand = rows.iter().sum::<f64>() / n;
    let of_rows = k * rows.iter().map(|row| (row - grand).powi(2)).sum::<f64>();
    let of_columns = n * columns.iter().map(|column| (column - grand).powi(2)).sum::<f64>();
    let total = ratings.iter().flatten().map(|value| (value - grand).powi(2)).sum::<f64>();
    let between = of_rows / (n - 1.0);
    let raters = of_columns / (k - 1.0);
    let within = (total - of_rows) / (n * (k - 1.0));
    let error = (total - of_rows - of_columns) / ((n - 1.0) * (k - 1.0));
    // What is left by rounding is no variance; and what is no number is not above it.
    let rounding = 1e-13 * ratings.iter().flatten().map(|value| value * value).sum::<f64>();
    if !(between > rounding && within > rounding) {
        return None;
    }
    let f = between / within;
    let (d1, d2) = (n - 1.0, n * (k - 1.0));
    let end = |f: f64| (f - 1.0) / (f + k - 1.0);
    Some(Icc {
        one_way: (between - within) / (between + (k - 1.0) * within),
        one_way_interval: Interval {
            low: end(f / quantile::f(TAIL, d1, d2)),
            high: end(f * quantile::f(TAIL, d2, d1)),
        },
        agreement: (between - error) / (between + (k - 1.0) * error + k / n * (raters - error)),
        consistency: (between - error) / (between + (k - 1.0) * error),
        one_way_mean: (between - within) / between,
        agreement_mean: (between - error) / (between + (raters - error) / n),
        consistency_mean: (between - error) / between,
    })
}

/// The reliability of `k` times as many ratings. (Spearman 1910; Brown 1910)
#[must_use]
pub fn spearman_brown(reliability: f64, k: f64) -> f64 {
    k * reliability / (1.0 + (k - 1.0) * reliability)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shrout and Fleiss print .17, .29, .71, .44, .62, .91; the digits are of pingouin 0.6.1.
    #[test]
    fn the_published_table() {
        let rows = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]];
        let found = icc(&rows.map(|row| row.map(f64::from).to_vec())).unwrap();
        assert!((found.one_way - 0.165_741_768_405_475_44).abs() < 1e-14);
        for (value, expected) in [
            (found.agreement, 0.289_764),
            (found.consistency, 0.714_841),
            (found.one_way_mean, 0.442_797),
            (found.agreement_mean, 0.620_051),
            (found.consistency_mean, 0.909_316),
        ] {
            assert!((value - expected).abs() < 5e-7, "{value}, not {expected}");
        }
        assert!((found.one_way_interval.low + 0.132_932_324_874_750_98).abs() < 1e-10, "{found:?}");
        assert!((found.one_way_interval.high - 0.722_560_062_328_121_1).abs() < 1e-10, "{found:?}");
        assert!((spearman_brown(0.6, 3.0) - 0.818_181_818).abs() < 1e-9);
    }

    #[test]
    fn tables_without_spread_or_shape_have_none() {
        assert_eq!(icc(&[]), None);
        assert_eq!(icc(&[vec![1.0, 1.0], vec![2.0, 2.0]]), None);
        assert_eq!(icc(&[vec![1.0, 2.0], vec![1.0, 2.0]]), None);
        assert_eq!(icc(&[vec![1.0, 2.0], vec![1.0]]), None);
        assert_eq!(icc(&[vec![0.1; 3], vec![0.7; 3], vec![0.3; 3]]), None);
        assert_eq!(icc(&[vec![1.0, f64::NAN], vec![2.0, 3.0]]), None);
    }
}
