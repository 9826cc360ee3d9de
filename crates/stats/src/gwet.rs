//! Gwet's AC1: agreement of raters beyond chance that does not collapse where nearly all ratings are the same.
//! (Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high agreement")

/// AC1 of one table, with what it is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ac1 {
    /// `(observed - chance) / (1 - chance)`.
    pub value: f64,
    /// Agreement of pairs of ratings, averaged over the items that have two or more.
    pub observed: f64,
    /// Agreement that chance would give.
    pub chance: f64,
    /// Standard error for items drawn at random; `None` for a single item.
    pub standard_error: Option<f64>,
}

/// `counts[item][category]` over the *declared* categories, whether they occur or not; items may have different
/// numbers of ratings. `None` where no item has two ratings, for fewer than two categories, or for uneven rows.
#[must_use]
pub fn ac1(counts: &[Vec<u64>]) -> Option<Ac1> {
    let categories = counts.first()?.len();
    if categories < 2 || counts.iter().any(|item| item.len() != categories) {
        return None;
    }
    let k = categories as f64;
    let rated: Vec<&Vec<u64>> = counts.iter().filter(|item| ratings(item) >= 1.0).collect();
    let n = rated.len() as f64;
    let paired = rated.iter().filter(|item| ratings(item) >= 2.0).count() as f64;
    if paired == 0.0 {
        return None;
    }
    let shares: Vec<f64> = (0..categories)
        .map(|c| rated.iter().map(|item| item[c] as f64 / ratings(item)).sum::<f64>() / n)
        .collect();
    let chance = shares.iter().map(|share| share * (1.0 - share)).sum::<f64>() / (k - 1.0);
    let observed = rated.iter().filter_map(|item| agreement(item)).sum::<f64>() / paired;
    let value = (observed - chance) / (1.0 - chance);
    // What each item adds to the value: by its own agreement, and by the shares that it moves.
    let pull = |item: &Vec<u64>| {
        let own = agreement(item).map_or(0.0, |own| n / paired * (own - chance) / (1.0 - chance));
        let moved: f64 =
            item.iter().zip(&shares).map(|(&c, share)| c as f64 / ratings(item) * (1.0 - share)).sum();
        own - 2.0 * (1.0 - value) * (moved / (k - 1.0) - chance) / (1.0 - chance)
    };
    let squares: f64 = rated.iter().map(|item| (pull(item) - value).powi(2)).sum();
    let standard_error = (n > 1.0).then(|| (squares / (n * (n - 1.0))).sqrt());
    Some(Ac1 { value, observed, chance, standard_error })
}

fn ratings(item: &[u64]) -> f64 {
    item.iter().sum::<u64>() as f64
}

/// The share of pairs of one item's ratings that agree; `None` for fewer than two.
fn agreement(item: &[u64]) -> Option<f64> {
    let r = ratings(item);
    (r >= 2.0).then(|| item.iter().map(|&c| c as f64 * (c as f64 - 1.0)).sum::<f64>() / (r * (r - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-10, "{found}, not {expected}");
    }

    /// Krippendorff (2011): four raters, twelve units, 0 where a rating is missing. Values by irrCAC 0.4.4.
    #[test]
    fn the_published_ratings() {
        let raters = [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
            [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
        ];
        let counts: Vec<Vec<u64>> = (0..12)
            .map(|unit| {
                (1..=5).map(|c| raters.iter().filter(|rater| rater[unit] == c).count() as u64).collect()
            })
            .collect();
        let found = ac1(&counts).unwrap();
        close(found.value, 0.775_444_068_1);
        close(found.observed, 0.818_181_818_2);
        close(found.chance, 0.190_321_180_6);
        close(found.standard_error.unwrap(), 0.142_949_950_6);
    }

    #[test]
    fn the_table_of_fleiss() {
        let found = ac1(&crate::fleiss::tests::TABLE.map(|row| row.to_vec())).unwrap();
        close(found.value, 0.225_614_150_8);
        close(found.chance, 0.196_811_224_5);
    }

    #[test]
    fn it_does_not_collapse_where_nearly_all_agree() {
        let mut rows = vec![vec![0, 2]; 98];
        rows.extend([vec![1, 1], vec![1, 1]]);
        close(ac1(&rows).unwrap().value, 0.979_596_000_8);
    }

    #[test]
    fn what_has_no_pairs_has_no_agreement() {
        assert_eq!(ac1(&[]), None);
        assert_eq!(ac1(&[vec![1, 0], vec![0, 1]]), None);
        assert_eq!(ac1(&[vec![3]]), None);
        assert_eq!(ac1(&[vec![1, 1], vec![2]]), None);
    }
}
