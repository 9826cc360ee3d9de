//! Do groups differ, where all that is known are distances? PERMANOVA (Anderson 2001), ANOSIM (Clarke 1993), and
//! PERMDISP (Anderson 2006): the first two ask whether groups lie apart, the third whether they are spread unequally.
//! A difference in spread is one in consistency.

use crate::permutation::{PermutationTest, permute};

/// Square, symmetric, 0 on the diagonal: `rows[i][j]` is how far row `i` is from row `j`.
#[derive(Clone, Debug)]
pub struct Distances {
    rows: Vec<Vec<f64>>,
}

/// What groups of rows look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Separation {
    /// Pseudo-F of PERMANOVA.
    pub f: f64,
    /// The share of the squared distances that groups explain.
    pub r2: f64,
    /// R of ANOSIM, in `[-1, 1]`.
    pub anosim: f64,
    /// F of the distances of rows to the centroid of their group; `None` where they do not vary.
    pub dispersion: Option<f64>,
}

/// The separation, with a permutation test for each of its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeparationTest {
    /// What was found.
    pub found: Separation,
    /// Of the pseudo-F.
    pub permanova: PermutationTest,
    /// Of R.
    pub anosim: PermutationTest,
    /// Of the difference in spread. Its statistic is the variance, over the groups, of the mean squared distance of two
    /// rows of different units; `None` for a group with rows of one unit only, or where nothing is spread within groups.
    pub permdisp: Option<PermutationTest>,
}

impl Distances {
    /// `None` if it is not square, or not symmetric, or holds what is negative or no finite number, or is not 0 on its
    /// diagonal.
    #[must_use]
    pub fn new(rows: Vec<Vec<f64>>) -> Option<Self> {
        let n = rows.len();
        let is_fine = rows.iter().enumerate().all(|(i, row)| {
            row.len() == n
                && row[i] == 0.0
                && (0..i).all(|j| row[j].is_finite() && row[j] >= 0.0 && row[j] == rows[j][i])
        });
        is_fine.then_some(Self { rows })
    }

    /// Rows with the same group belong together. `None` unless there are two groups or more, fewer than there are rows, and as many
    /// entries as rows; or where all distances are 0.
    #[must_use]
    pub fn separation(&self, groups: &[usize]) -> Option<Separation> {
        if groups.len() != self.rows.len() {
            return None;
        }
        let sums = Sums::new(self, &(0..self.rows.len()).collect::<Vec<_>>());
        let (f, r2) = sums.permanova(groups)?;
        let dispersion = dispersion(&self.spreads(groups), groups);
        Some(Separation { f, r2, anosim: sums.anosim(groups)?, dispersion })
    }

    /// The same, and how likely each part is by chance if whole units are exchanged between groups: `units[row]` is
    /// the unit of a row, numbered from 0 without gaps, `groups[unit]` its group, `strata[unit]` that within which it may be
    /// exchanged (none: all are one). `None` as above, or where these lists do not fit together.
    ///
    /// Spread is measured anew for each arrangement, as a difference of mean squares. Measured once, from the centroids
    /// of the groups at hand, it would differ by what the centroids owe to chance (16 % false alarms for six users
    /// each); as a ratio, groups that only lie apart would seem to be spread unequally.
    #[must_use]
    pub fn test(
        &self,
        units: &[usize],
        groups: &[usize],
        strata: &[usize],
        seed: u64,
    ) -> Option<SeparationTest> {
        let fits = units.len() == self.rows.len()
            && (0..groups.len()).all(|unit| units.contains(&unit))
            && units.iter().all(|unit| *unit < groups.len())
            && (strata.is_empty() || strata.len() == groups.len());
        if !fits {
            return None;
        }
        let of_rows = |groups: &[usize]| -> Vec<usize> { units.iter().map(|&unit| groups[unit]).collect() };
        let found = self.separation(&of_rows(groups))?;
        let sums = Sums::new(self, units);
        let never = f64::NEG_INFINITY;
        let spread = |groups: &[usize]| sums.spread(groups).unwrap_or(never);
        Some(SeparationTest {
            found,
            permanova: permute(groups, strata, seed, |groups| {
                sums.permanova(groups).map_or(never, |(f, _)| f)
            })?,
            anosim: permute(groups, strata, seed, |groups| sums.anosim(groups).unwrap_or(never))?,
            permdisp: found
                .dispersion
                .and(sums.spread(groups))
                .and_then(|_| permute(groups, strata, seed, spread)),
        })
    }

    /// How far each row lies from the centroid of its group, in the space that the distances span.
    fn spreads(&self, groups: &[usize]) -> Vec<f64> {
        let mut spreads = vec![0.0; groups.len()];
        for group in members(groups) {
            let n = group.len() as f64;
            let squares = |i: usize| group.iter().map(|&j| self.rows[i][j].powi(2)).sum::<f64>();
            let inner = group.iter().map(|&i| squares(i)).sum::<f64>() / (2.0 * n * n);
            // Distances that fit no space of real numbers may lead below 0.
            group.iter().for_each(|&i| spreads[i] = (squares(i) / n - inner).max(0.0).sqrt());
        }
        spreads
    }
}

/// One-way F of the rows' spreads; `None` where they do not vary within groups.
fn dispersion(spreads: &[f64], groups: &[usize]) -> Option<f64> {
    let members = members(groups);
    let (n, a) = (spreads.len() as f64, members.len() as f64);
    let mean = spreads.iter().sum::<f64>() / n;
    let (mut between, mut within) = (0.0, 0.0);
    for group in &members {
        let own = group.iter().map(|&row| spreads[row]).sum::<f64>() / group.len() as f64;
        between += group.len() as f64 * (own - mean).powi(2);
        within += group.iter().map(|&row| (spreads[row] - own).powi(2)).sum::<f64>();
    }
    // What is left by rounding is no variance.
    let is_rounding = within <= 1e-24 * spreads.iter().map(|spread| spread * spread).sum::<f64>();
    (a > 1.0 && n > a && !is_rounding).then(|| between / (a - 1.0) / (within / (n - a)))
}

/// The rows of each group that occurs.
fn members(groups: &[usize]) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); groups.iter().max().map_or(0, |most| most + 1)];
    groups.iter().enumerate().for_each(|(row, &group)| members[group].push(row));
    members.retain(|group| !group.is_empty());
    members
}

/// Sums over the pairs of rows of two units, so that an arrangement of units costs nothing per row.
struct Sums {
    /// Squared distances; a pair of one unit's own rows once.
    squares: Vec<Vec<f64>>,
    /// Middle ranks of the distances.
    ranks: Vec<Vec<f64>>,
    /// Rows of each unit.
    sizes: Vec<f64>,
    all_squares: f64,
    all_ranks: f64,
}

impl Sums {
    fn new(distances: &Distances, units: &[usize]) -> Self {
        let rows = &distances.rows;
        let count = units.iter().max().map_or(0, |most| most + 1);
        let mut sums = Self {
            squares: vec![vec![0.0; count]; count],
            ranks: vec![vec![0.0; count]; count],
            sizes: vec![0.0; count],
            all_squares: 0.0,
            all_ranks: 0.0,
        };
        let mut pairs: Vec<(f64, usize, usize)> = (0..rows.len())
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| (rows[i][j], units[i].min(units[j]), units[i].max(units[j])))
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut before = 0.0;
        for ties in pairs.chunk_by(|a, b| a.0 == b.0) {
            let rank = before + (ties.len() as f64 + 1.0) / 2.0;
            before += ties.len() as f64;
            for &(distance, a, b) in ties {
                sums.squares[a][b] += distance * distance;
                sums.ranks[a][b] += rank;
                sums.all_squares += distance * distance;
                sums.all_ranks += rank;
            }
        }
        units.iter().for_each(|&unit| sums.sizes[unit] += 1.0);
        sums
    }

    fn rows(&self) -> f64 {
        self.sizes.iter().sum()
    }

    /// For each group the sum of `of` over its own pairs, and its number of rows.
    fn within(&self, of: &[Vec<f64>], groups: &[usize]) -> Vec<(f64, f64)> {
        let sum_of = |units: &Vec<usize>| {
            let pairs = units.iter().enumerate().flat_map(|(i, &a)| units[i..].iter().map(move |&b| (a, b)));
            let sum = pairs.map(|(a, b)| of[a][b]).sum::<f64>();
            (sum, units.iter().map(|&unit| self.sizes[unit]).sum::<f64>())
        };
        members(groups).iter().map(sum_of).collect()
    }

    fn permanova(&self, groups: &[usize]) -> Option<(f64, f64)> {
        let within = self.within(&self.squares, groups);
        let (n, a) = (self.rows(), within.len() as f64);
        let total = self.all_squares / n;
        let inside: f64 = within.iter().map(|(sum, size)| sum / size).sum();
        (a > 1.0 && n > a && total > 0.0)
            .then(|| ((total - inside) / (a - 1.0) / (inside / (n - a)), 1.0 - inside / total))
    }

    /// The variance of the groups' mean squared distances between rows of different units.
    fn spread(&self, groups: &[usize]) -> Option<f64> {
        let of_group = |units: &Vec<usize>| {
            let pairs =
                || units.iter().enumerate().flat_map(|(i, &a)| units[i + 1..].iter().map(move |&b| (a, b)));
            let count: f64 = pairs().map(|(a, b)| self.sizes[a] * self.sizes[b]).sum();
            let sum: f64 = pairs().map(|(a, b)| self.squares[a.min(b)][a.max(b)]).sum();
            (count > 0.0).then(|| sum / count)
        };
        let spreads: Vec<f64> = members(groups).iter().map(of_group).collect::<Option<_>>()?;
        let mean = spreads.iter().sum::<f64>() / spreads.len() as f64;
        Some(spreads.iter().map(|spread| (spread - mean).powi(2)).sum::<f64>() / spreads.len() as f64)
    }

    fn anosim(&self, groups: &[usize]) -> Option<f64> {
        let within = self.within(&self.ranks, groups);
        let n = self.rows();
        let pairs = n * (n - 1.0) / 2.0;
        let inner: f64 = within.iter().map(|(_, size)| size * (size - 1.0) / 2.0).sum();
        let inside: f64 = within.iter().map(|(sum, _)| sum).sum();
        (inner > 0.0 && inner < pairs)
            .then(|| ((self.all_ranks - inside) / (pairs - inner) - inside / inner) / (pairs / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn distances(rows: &[&[f64]]) -> Distances {
        Distances::new(rows.iter().map(|row| row.to_vec()).collect()).unwrap()
    }

    fn six() -> Distances {
        distances(&[
            &[0.0, 1.0, 1.0, 4.0, 5.0, 4.0],
            &[1.0, 0.0, 1.0, 5.0, 4.0, 4.0],
            &[1.0, 1.0, 0.0, 4.0, 5.0, 5.0],
            &[4.0, 5.0, 4.0, 0.0, 1.0, 2.0],
            &[5.0, 4.0, 5.0, 1.0, 0.0, 1.0],
            &[4.0, 4.0, 5.0, 2.0, 1.0, 0.0],
        ])
    }

    /// Values by scikit-bio 0.7.0.
    #[test]
    fn the_two_tables() {
        let found = six().separation(&[0, 0, 0, 1, 1, 1]).unwrap();
        assert!(
            (found.f - 38.0).abs() < 1e-12 && (found.r2 - 0.904_761_904_761_904_8).abs() < 1e-14,
            "{found:?}"
        );
        assert_eq!(found.anosim, 1.0);
        let four = distances(&[
            &[0.0, 7.0, 5.0, 9.0],
            &[7.0, 0.0, 6.0, 4.0],
            &[5.0, 6.0, 0.0, 3.0],
            &[9.0, 4.0, 3.0, 0.0],
        ]);
        let found = four.separation(&[0, 0, 1, 1]).unwrap();
        assert!((found.f - 1.724_137_931_034_482_7).abs() < 1e-14, "{found:?}");
        assert!((found.anosim - 0.25).abs() < 1e-15, "{found:?}");
    }

    #[test]
    fn three_and_three_never_come_below_a_tenth() {
        let found = six().test(&[0, 1, 2, 3, 4, 5], &[0, 0, 0, 1, 1, 1], &[], 1).unwrap();
        assert_eq!((found.permanova.p, found.permanova.arrangements), (0.1, 20));
        assert_eq!(found.anosim.p, 0.1);
    }

    #[test]
    fn units_of_several_rows_are_exchanged_whole() {
        let found = six().test(&[0, 0, 1, 1, 2, 2], &[0, 0, 1], &[], 1).unwrap();
        assert_eq!(found.permanova.arrangements, 3);
        let of_rows = six().separation(&[0, 0, 0, 0, 1, 1]).unwrap();
        assert_eq!(found.found, of_rows);
        assert!((found.permanova.statistic - of_rows.f).abs() < 1e-12, "sums of units are sums of rows");
        assert!((found.anosim.statistic - of_rows.anosim).abs() < 1e-12);
    }

    #[test]
    fn unequal_spread_is_seen() {
        // On a line: one group within a unit, the other over ten.
        let places = [0.0, 0.1, 0.3, 0.4, 0.9, -5.0, -3.0, 0.5, 3.0, 6.0];
        let rows = places.iter().map(|a| places.iter().map(|b: &f64| (a - b).abs()).collect()).collect();
        let all = Distances::new(rows).unwrap();
        let groups = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
        let found = all.test(&(0..10).collect::<Vec<_>>(), &groups, &[], 1).unwrap();
        assert!(found.permdisp.unwrap().p < 0.05, "{found:?}");
        assert!(found.permanova.p > 0.2, "{found:?}");
    }

    /// Rejected in 15 to 22 % of cases if an F of distances from the centroids is found anew for each arrangement.
    #[test]
    fn groups_that_only_lie_apart_are_not_spread_unequally() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let groups: Vec<usize> = (0..14).map(|row| usize::from(row >= 7)).collect();
        let units: Vec<usize> = (0..14).collect();
        let rejected = (0..200).filter(|_| {
            // The sum of twelve uniform numbers is normal enough.
            let normal = |random: &mut ChaCha8Rng| (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            let places: Vec<f64> =
                groups.iter().map(|group| 10.0 * *group as f64 + normal(&mut random)).collect();
            let rows = places.iter().map(|a| places.iter().map(|b| (a - b).abs()).collect()).collect();
            Distances::new(rows).unwrap().test(&units, &groups, &[], 1).unwrap().permdisp.unwrap().p <= 0.05
        });
        let rejected = rejected.count();
        assert!(rejected <= 20, "{rejected} of 200 where 10 are meant");
    }

    #[test]
    fn models_that_each_always_say_the_same_differ() {
        let group = |row: usize| row / 6;
        let rows = (0..12)
            .map(|i| (0..12).map(|j| if group(i) == group(j) { 0.0 } else { 0.8 }).collect())
            .collect();
        let groups: Vec<usize> = (0..12).map(group).collect();
        let found =
            Distances::new(rows).unwrap().test(&(0..12).collect::<Vec<_>>(), &groups, &[], 1).unwrap();
        assert_eq!(found.permanova.statistic, f64::INFINITY);
        assert_eq!((found.permanova.p, found.anosim.p), (2.0 / 924.0, 2.0 / 924.0));
        assert_eq!(found.permdisp, None, "nothing is spread");
    }

    #[test]
    fn lists_that_do_not_fit_are_refused() {
        assert_eq!(six().separation(&[0, 0, 1, 1, 1]), None);
        assert_eq!(six().test(&[0, 1, 3, 4, 5, 6], &[0, 0, 1, 1, 1, 1, 1], &[], 1), None);
        assert_eq!(six().test(&[0, 1, 2, 3, 4, 5], &[0, 0, 0, 1, 1, 1], &[0], 1), None);
    }

    #[test]
    fn what_is_no_distance_is_refused() {
        assert!(Distances::new(vec![vec![0.0, 1.0], vec![2.0, 0.0]]).is_none());
        assert!(Distances::new(vec![vec![1.0]]).is_none());
        assert!(Distances::new(vec![vec![0.0, f64::NAN], vec![f64::NAN, 0.0]]).is_none());
        assert_eq!(six().separation(&[0; 6]), None);
    }
}
