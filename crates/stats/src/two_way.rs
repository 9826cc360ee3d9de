//! The mean of a value over users and over questions, both drawn: an interval that speaks of other users and other questions.
//!
//! The variance is that of the means of users, plus that of questions, less that of single cells, which both contain. (Cameron, Gelbach and
//! Miller 2011) Tables may have holes.

pub mod items;

use crate::estimate::{Estimate, Interval, Undefined};
use crate::interval::{MISS, Spread, mean, variance};
use crate::quantile::{student_t, student_t_tail};

/// A mean over a table of users and questions; every value weighs the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoWay {
    /// The mean.
    pub mean: f64,
    /// Its variance; where it comes out as not positive, the larger of those by users and by questions.
    pub variance: f64,
    /// The variance that intervals take: with `G / (G - 1)` for few users and few questions, and never less than by either alone. Without both, normal
    /// values in 5 to 20 users and 5 to 12 questions, a fifth of them missing, were covered in 90 to 95 of 100 cases instead of 95; with
    /// them in 94 to 99.
    pub cautious: f64,
    /// Users with a value.
    pub users: usize,
    /// Questions with a value.
    pub questions: usize,
}

/// The mean of `values[user][question]`, where `None` is a hole. `None` for uneven rows, what is no finite number, or fewer than two users
/// or questions with a value.
#[must_use]
pub fn two_way(values: &[Vec<Option<f64>>]) -> Option<TwoWay> {
    let width = values.first()?.len();
    let all = || values.iter().flatten().flatten().copied();
    if values.iter().any(|row| row.len() != width) || all().any(|value| !value.is_finite()) {
        return None;
    }
    let (by_user, by_question) = (by_user(values), by_question(values, width));
    if by_user.len() < 2 || by_question.len() < 2 {
        return None;
    }
    let (n, mean) = (all().count() as f64, mean(all()));
    let squares = |groups: &[Vec<f64>]| -> f64 {
        groups.iter().map(|group| group.iter().map(|value| value - mean).sum::<f64>().powi(2)).sum()
    };
    let (of_users, of_questions) = (squares(&by_user) / (n * n), squares(&by_question) / (n * n));
    let of_cells = all().map(|value| (value - mean).powi(2)).sum::<f64>() / (n * n);
    let both = of_users + of_questions - of_cells;
    let few = |groups: &[Vec<f64>]| groups.len() as f64 / (groups.len() as f64 - 1.0);
    let (users, questions) = (of_users * few(&by_user), of_questions * few(&by_question));
    Some(TwoWay {
        mean,
        variance: if both > 0.0 { both } else { of_users.max(of_questions) },
        cautious: (users + questions - of_cells).max(users).max(questions),
        users: by_user.len(),
        questions: by_question.len(),
    })
}

fn by_user(values: &[Vec<Option<f64>>]) -> Vec<Vec<f64>> {
    let rows = values.iter().map(|row| row.iter().flatten().copied().collect());
    rows.filter(|row: &Vec<f64>| !row.is_empty()).collect()
}

fn by_question(values: &[Vec<Option<f64>>], width: usize) -> Vec<Vec<f64>> {
    let columns = (0..width).map(|question| values.iter().filter_map(|row| row[question]).collect());
    columns.filter(|column: &Vec<f64>| !column.is_empty()).collect()
}

impl TwoWay {
    /// Degrees of freedom: the fewer of users and questions, less one.
    fn df(&self) -> f64 {
        self.users.min(self.questions) as f64 - 1.0
    }

    /// The 95 % interval by Student's t, for differences and other values without an end near by; it may reach beyond what
    /// values can be.
    ///
    /// # Errors
    /// [`Undefined::NoSpread`] where no mean of a user or question differs.
    pub fn interval(&self) -> Result<Interval, Undefined> {
        if self.cautious <= f64::EPSILON * self.mean.abs() {
            return Err(Undefined::NoSpread);
        }
        let half = student_t(1.0 - MISS / 2.0, self.df()) * self.cautious.sqrt();
        Ok(Interval { low: self.mean - half, high: self.mean + half })
    }

    /// The one-sided p of "not above `margin`". `None` where no mean of a user or question differs.
    #[must_use]
    pub fn p_not_above(&self, margin: f64) -> Option<f64> {
        self.interval().ok()?;
        Some(student_t_tail((self.mean - margin) / self.cautious.sqrt(), self.df()))
    }
}

/// The mean of shares in `[0, 1]`, with the rule of [`crate::interval`] for its interval, the fewer of users and questions being the units: it stays inside of
/// `[0, 1]`, and unanimity does not make it a point.
#[must_use]
pub fn share(values: &[Vec<Option<f64>>]) -> Estimate {
    let all = || values.iter().flatten().flatten().copied();
    if all().next().is_none() {
        return Estimate::undefined(Undefined::NoSamples);
    }
    let point = mean(all());
    if all().any(|value| !(0.0..=1.0).contains(&value)) {
        let value = Some(point).filter(|point| point.is_finite());
        return Estimate { value, interval: None, why: Some(Undefined::OutOfRange), form: None };
    }
    let Some(found) = two_way(values).filter(|found| found.users.min(found.questions) > 2) else {
        return Estimate::new(point, Err(Undefined::FewUsersOrQuestions));
    };
    let interval = if point < 0.5 {
        let turned: Vec<Vec<Option<f64>>> = values
            .iter()
            .map(|row| row.iter().map(|value| value.map(|value| 1.0 - value)).collect())
            .collect();
        near_one(&turned, &TwoWay { mean: 1.0 - found.mean, ..found }).interval().mirrored()
    } else {
        near_one(values, &found).interval()
    };
    Estimate::formed(point, Ok(interval))
}

fn near_one(values: &[Vec<Option<f64>>], found: &TwoWay) -> Spread {
    let width = values.first().map_or(0, Vec::len);
    let means = |groups: Vec<Vec<f64>>| -> Vec<f64> {
        groups.into_iter().map(|group| mean(group.into_iter())).collect()
    };
    let groups = [means(by_user(values)), means(by_question(values, width))];
    let odd = |means: &[f64]| means.iter().copied().filter(|mean| *mean < 1.0).collect::<Vec<f64>>();
    // As if there were one more user, and one more question, that deviates.
    let with_one_more = groups.iter().map(|means| {
        let odd = odd(means);
        let more: Vec<f64> =
            means.iter().copied().chain((!odd.is_empty()).then(|| mean(odd.into_iter()))).collect();
        variance(&more) / more.len() as f64
    });
    let units = found.users.min(found.questions) as f64;
    Spread {
        value: found.mean,
        variance: found.cautious,
        augmented: found.cautious.max(with_one_more.sum()),
        discordant: groups.iter().map(|means| odd(means).len()).min().unwrap_or(0),
        df: units - 1.0,
        skewness: None,
        cap: units,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(values: &[&[f64]]) -> Vec<Vec<Option<f64>>> {
        values.iter().map(|row| row.iter().copied().map(Some).collect()).collect()
    }

    #[test]
    fn the_worked_example() {
        let values = full(&[&[1.0, 1.0, 0.0, 1.0], &[0.0, 1.0, 0.0, 1.0], &[1.0, 1.0, 1.0, 1.0]]);
        let found = two_way(&values).unwrap();
        assert!((found.variance - 0.017_361_111_1).abs() < 1e-10);
        assert!((found.variance.sqrt() - 0.131_761_569_17).abs() < 1e-11);
        // By users 0.0138888889 * 3 / 2, by questions 0.0190972222 * 4 / 3, less 0.015625; by questions alone it is more.
        let cautious: f64 = 0.020_833_333_333_333_33 + 0.025_462_962_962_962_96 - 0.015_625;
        assert!((found.cautious - cautious).abs() < 1e-15, "{found:?}");
        let half = 4.302_652_729_749_462 * cautious.sqrt();
        let interval = found.interval().unwrap();
        assert!(
            (interval.low - (0.75 - half)).abs() < 1e-12 && (interval.high - (0.75 + half)).abs() < 1e-12
        );
        assert_eq!(two_way(&values[..1]), None);
    }

    #[test]
    fn where_the_parts_cancel_the_larger_one_stands() {
        assert_eq!(two_way(&full(&[&[1.0, 0.0], &[0.0, 1.0]])).unwrap().variance, 0.0);
        // Squared sums: of users 1/8, of questions 1/6, of cells 29/24.
        let found = two_way(&full(&[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.5]])).unwrap();
        assert!((found.variance - 1.0 / 216.0).abs() < 1e-15, "{found:?}");
        assert_eq!(two_way(&full(&[&[1.0, f64::NAN], &[0.0, 1.0]])), None);
        assert_eq!(two_way(&full(&[&[1.0, 0.5], &[0.0]])), None);
    }

    #[test]
    fn holes_are_left_out_wherever_they_are() {
        // Deviations from 0.5 are 0.4, 0.1 | -0.1, -0.4: by users 0.25 + 0.25, by questions 0.16 + 0.01 + 0.01 + 0.16 ... each alone.
        let values = vec![
            vec![Some(0.9), Some(0.6), None, None, None],
            vec![None; 5],
            vec![None, None, Some(0.4), Some(0.1), None],
        ];
        let found = two_way(&values).unwrap();
        assert_eq!((found.users, found.questions), (2, 4));
        // Each question has one value, so that questions and cells cancel, and users remain: 2 (0.5 / 4)^2.
        assert!((found.variance - 0.031_25).abs() < 1e-15, "{found:?}");
        let dense: Vec<Vec<Option<f64>>> = values
            .iter()
            .filter(|row| row.iter().any(Option::is_some))
            .map(|row| row[..4].to_vec())
            .collect();
        assert_eq!(two_way(&dense), Some(found));
    }

    #[test]
    fn a_difference_has_a_one_sided_p() {
        let found = two_way(&full(&[&[0.2, 0.4, 0.3], &[0.1, 0.5, 0.3], &[0.3, 0.6, 0.2]])).unwrap();
        let (at, low) = (found.p_not_above(found.mean).unwrap(), found.interval().unwrap().low);
        assert!((at - 0.5).abs() < 1e-12);
        assert!((found.p_not_above(low).unwrap() - 0.025).abs() < 1e-12);
        let same = two_way(&full(&[&[0.2; 3][..]; 3])).unwrap();
        assert_eq!((same.interval(), same.p_not_above(0.0)), (Err(Undefined::NoSpread), None));
    }

    #[test]
    fn a_share_stays_in_its_range_and_unanimity_is_no_point() {
        let unanimous = share(&full(&[&[1.0; 6][..]; 10]));
        // As six trials that all succeed.
        let low = unanimous.interval.unwrap().low;
        assert!((low - 0.025_f64.powf(1.0 / 6.0)).abs() < 1e-12, "{low}");
        let mostly = full(&[&[1.0, 0.9, 1.0], &[1.0, 1.0, 1.0], &[0.8, 1.0, 1.0], &[1.0, 1.0, 1.0]]);
        let turned: Vec<Vec<Option<f64>>> = mostly
            .iter()
            .map(|row| row.iter().map(|value| value.map(|value| 1.0 - value)).collect())
            .collect();
        let (one, other) = (share(&mostly).interval.unwrap(), share(&turned).interval.unwrap());
        assert!((one.low - (1.0 - other.high)).abs() < 1e-12 && one.high <= 1.0 && other.low >= 0.0);
        assert!(one.contains(0.975) && one.low > 0.1, "{one:?}");
        assert_eq!(share(&full(&[&[1.0, 0.5], &[0.0, 1.0]])).why, Some(Undefined::FewUsersOrQuestions));
        assert_eq!(share(&full(&[&[1.5, 0.5], &[0.0, 1.0]])).why, Some(Undefined::OutOfRange));
        assert_eq!(share(&[vec![None]]).why, Some(Undefined::NoSamples));
    }
}
