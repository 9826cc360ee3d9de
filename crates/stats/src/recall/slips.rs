//! How often an answer slips off its reference, and how often it finds back: verbatim memory with noise against other words.
//!
//! Two states, on and off the reference, with one chance each to leave them. What is stored slips rarely and returns in
//! step; what is told anew slips often; what is made up does not return.

use std::iter::Sum;

/// Steps from one word of the reference to the next, by whether the first and the second were matched. Counts of several answers
/// may be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slips {
    /// From a matched word to a matched one.
    pub held: u64,
    /// From a matched word to a missed one.
    pub slipped: u64,
    /// From a missed word to a matched one.
    pub recovered: u64,
    /// From a missed word to a missed one.
    pub lost: u64,
}

/// How often a bound at 95 % may be exceeded.
const MISS: f64 = 0.05;

impl Slips {
    /// Counts the steps. `matched` has one entry for each word of the reference ([`super::Runs::matched`]); words that the answer had no
    /// room for must not be among them, or its end counts as a slip.
    #[must_use]
    pub fn of(matched: &[bool]) -> Self {
        let mut slips = Self::default();
        for step in matched.windows(2) {
            *match (step[0], step[1]) {
                (true, true) => &mut slips.held,
                (true, false) => &mut slips.slipped,
                (false, true) => &mut slips.recovered,
                (false, false) => &mut slips.lost,
            } += 1;
        }
        slips
    }

    /// `delta`, the chance to slip: missed words right after a matched one, in `[0, 1]`; `None` if no step begins at a matched word.
    #[must_use]
    pub fn slip(&self) -> Option<f64> {
        share(self.slipped, self.held)
    }

    /// `rho`, the chance to recover: matched words right after a missed one; `None` if no step begins at a missed word.
    #[must_use]
    pub fn recovery(&self) -> Option<f64> {
        share(self.recovered, self.lost)
    }

    /// `rho / (rho + delta)`: the share of words matched in the long run; `None` where either is undefined, or both are 0.
    #[must_use]
    pub fn stationary(&self) -> Option<f64> {
        let (slip, recovery) = (self.slip()?, self.recovery()?);
        (slip + recovery > 0.0).then(|| recovery / (slip + recovery))
    }

    /// `1 / delta`: the mean length of a run, in words; `None` where nothing slipped, or nothing was matched.
    #[must_use]
    pub fn mean_run(&self) -> Option<f64> {
        self.slip().filter(|slip| *slip > 0.0).map(|slip| 1.0 / slip)
    }

    /// Where nothing slipped: the chance to slip is below this with 95 % confidence, `1 - 0.05^(1/n)`, if steps are independent. `None`
    /// where something did, or no step begins at a matched word.
    #[must_use]
    pub fn slip_bound(&self) -> Option<f64> {
        (self.slipped == 0 && self.held > 0).then(|| 1.0 - MISS.powf(1.0 / self.held as f64))
    }
}

fn share(of: u64, others: u64) -> Option<f64> {
    let all = of + others;
    (all > 0).then(|| of as f64 / all as f64)
}

impl Sum for Slips {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            held: sum.held + one.held,
            slipped: sum.slipped + one.slipped,
            recovered: sum.recovered + one.recovered,
            lost: sum.lost + one.lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<bool> {
        text.chars().map(|label| label == 'M').collect()
    }

    #[test]
    fn the_worked_example() {
        let slips = Slips::of(&labels("MMMMMMMXMMMMXXMMMMMM"));
        assert_eq!((slips.slip(), slips.recovery()), (Some(0.125), Some(2.0 / 3.0)));
        assert!((slips.stationary().unwrap() - 0.842_105_263_157_894_7).abs() < 1e-15);
        assert_eq!((slips.mean_run(), slips.slip_bound()), (Some(8.0), None));
    }

    #[test]
    fn without_a_slip_there_is_a_bound_and_no_recovery() {
        let slips = Slips::of(&[true; 61]);
        assert_eq!((slips.slip(), slips.recovery(), slips.stationary()), (Some(0.0), None, None));
        assert_eq!(slips.mean_run(), None);
        assert!((slips.slip_bound().unwrap() - (1.0 - 0.05_f64.powf(1.0 / 60.0))).abs() < 1e-15);
        assert_eq!(Slips::of(&[true]).slip_bound(), None);
    }

    #[test]
    fn what_never_returns_has_recovery_zero() {
        let slips = Slips::of(&labels("MMMXXXX"));
        assert_eq!(
            (slips.slip(), slips.recovery(), slips.stationary()),
            (Some(1.0 / 3.0), Some(0.0), Some(0.0))
        );
        assert_eq!(Slips::of(&labels("XXX")).slip(), None);
    }

    #[test]
    fn answers_add_up_without_a_step_between_them() {
        let all: Slips = ["MMX", "XM"].iter().map(|text| Slips::of(&labels(text))).sum();
        assert_eq!(all, Slips { held: 1, slipped: 1, recovered: 1, lost: 0 });
    }
}
