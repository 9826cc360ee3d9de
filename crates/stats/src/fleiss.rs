//! Agreement of raters beyond chance, on a table of items by categories. For the reliability of judges; the
//! headline of a cell is its agreement, which does not collapse where nearly all answers are the same.

/// The kappas of one table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kappa {
    /// Fleiss (1971), chance from the categories' shares; `None` where only one category was used.
    pub fleiss: Option<f64>,
    /// Randolph (2005), chance `1 / K` for the K columns; `None` for a single column.
    pub randolph: Option<f64>,
}

/// `counts[item][category]`. `None` without items, or if the items do not all have the same number of ratings, two
/// or more, over the same columns.
#[must_use]
pub fn kappa(counts: &[Vec<u64>]) -> Option<Kappa> {
    let columns = counts.first()?.len();
    let ratings: u64 = counts[0].iter().sum();
    let regular = |item: &Vec<u64>| item.len() == columns && item.iter().sum::<u64>() == ratings;
    if ratings < 2 || !counts.iter().all(regular) {
        return None;
    }
    let (r, items) = (ratings as f64, counts.len() as f64);
    let agreement =
        |item: &Vec<u64>| (item.iter().map(|&c| (c as f64).powi(2)).sum::<f64>() - r) / (r * (r - 1.0));
    let observed = counts.iter().map(agreement).sum::<f64>() / items;
    let share = |k: usize| counts.iter().map(|item| item[k] as f64).sum::<f64>() / (items * r);
    let used = (0..columns).filter(|&k| share(k) > 0.0).count();
    let by_shares = (0..columns).map(|k| share(k).powi(2)).sum();
    let beyond = |chance: f64| (observed - chance) / (1.0 - chance);
    Some(Kappa {
        fleiss: (used > 1).then(|| beyond(by_shares)),
        randolph: (columns > 1).then(|| beyond(1.0 / columns as f64)),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Fleiss (1971): ten items, fourteen raters, five categories.
    pub(crate) const TABLE: [[u64; 5]; 10] = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ];

    #[test]
    fn the_published_table() {
        let found = kappa(&TABLE.map(|row| row.to_vec())).unwrap();
        assert!((found.fleiss.unwrap() - 0.209_930_704_421_955_22).abs() < 1e-14);
        assert!((found.randolph.unwrap() - 0.222_527_472_527_472_5).abs() < 1e-14);
    }

    #[test]
    fn it_collapses_where_nearly_all_agree() {
        let mut rows = vec![vec![0, 2]; 98];
        rows.extend([vec![1, 1], vec![1, 1]]);
        assert!((kappa(&rows).unwrap().fleiss.unwrap() + 0.010_101_010_1).abs() < 1e-10);
    }

    #[test]
    fn one_category_or_uneven_rows_have_no_kappa() {
        assert_eq!(kappa(&[vec![3, 0], vec![3, 0]]).unwrap().fleiss, None);
        assert_eq!(kappa(&[vec![3, 0], vec![1, 1]]), None);
        assert_eq!(kappa(&[vec![1, 0]]), None);
        assert_eq!(kappa(&[]), None);
    }
}
