//! Many nights after a baseline: has anything changed by now? May be looked at every night, for ever.
//!
//! A baseline is an estimate as well: its error is in every night's difference from it, so these are no independent looks, and a long
//! enough season would find nothing but that error. So a night is compared with the mean of the baseline and *all nights before it*, user
//! by user. These contrasts (Helmert's) do not correlate where nothing changes, and what users differ in for good cancels. Each comes as a
//! normal score ([`crate::versus::normal_score`], with a variance no smaller than that of the contrasts so far); their mixture sequential probability ratio is an e-value. When a change began is not
//! known: processes that begin on each night are added up with weights `1 / (j (j + 1))`, which come to 1. The sum exceeds `1 / alpha` at
//! any time with chance `alpha` at most where nothing changed. (Ville 1939; Robbins 1970; Shin, Ramdas and Rinaldo 2023)

use std::collections::BTreeMap;

use crate::interval::variance;
use crate::monitoring::msprt;
use crate::versus::{FEWEST, normal_score};

/// The variance of the scores' mean that is looked for: a change of one standard error of a night.
const MIXING: f64 = 1.0;

/// One series of nights: one measure of one target and group.
#[derive(Clone, Debug, Default)]
pub struct Season {
    /// User → sum over earlier nights, and how many.
    earlier: BTreeMap<u64, (f64, f64)>,
    /// Variance of each night's contrasts.
    variances: Vec<f64>,
    scores: Vec<f64>,
}

/// What a night came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Night {
    /// How far it is from all earlier ones, as a normal score; `None` where too few users were asked, or none differs.
    pub score: Option<f64>,
    /// The e-value of all nights so far against nothing having changed; 1 at the beginning.
    pub e: f64,
}

impl Season {
    /// Takes the next night: what each user differs in from the baseline. Users whom no earlier night has count from the next one on.
    pub fn push(&mut self, night: &BTreeMap<u64, f64>) -> Night {
        let contrast = |(user, value): (&u64, &f64)| {
            // The baseline itself is the first of the earlier nights, and differs from itself by nothing.
            let (sum, nights) = self.earlier.get(user).copied().unwrap_or((0.0, 1.0));
            (value - sum / nights) * (nights / (nights + 1.0)).sqrt()
        };
        let contrasts: Vec<f64> = night.iter().map(contrast).collect();
        if contrasts.len() >= FEWEST {
            self.variances.push(variance(&contrasts));
        }
        // A night's mean and its own variance depend on each other where what is counted is rare; that of all nights hardly does.
        let usual = self.variances.iter().sum::<f64>() / self.variances.len().max(1) as f64;
        let score = normal_score(&contrasts, usual);
        for (user, value) in night {
            let earlier = self.earlier.entry(*user).or_insert((0.0, 1.0));
            earlier.0 += value;
            earlier.1 += 1.0;
        }
        self.scores.extend(score);
        Night { score, e: self.e() }
    }

    /// The e-value so far.
    #[must_use]
    pub fn e(&self) -> f64 {
        let weighted = (0..self.scores.len()).map(|begin| {
            let place = begin as f64 + 1.0;
            let of =
                msprt(&self.scores[begin..], 1.0, MIXING).expect("scores are finite, variances positive");
            of.min(f64::MAX / 1e6) / (place * (place + 1.0))
        });
        // What has not begun yet is 1.
        weighted.sum::<f64>() + 1.0 / (self.scores.len() as f64 + 1.0)
    }
}

/// The level of the `look`-th comparison with one baseline, from 1, so that all together err no more often than with chance `alpha`,
/// however they depend on each other: `alpha / (look (look + 1))`.
#[must_use]
pub fn level_of_look(alpha: f64, look: u32) -> f64 {
    let look = f64::from(look.max(1));
    alpha / (look * (look + 1.0))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Twenty users, each with a rate of its own, of which each night sees ten answers; from night `begin` on rates are lower by `fall`.
    /// The baseline has an error of its own. The first night of an alarm at 20.
    fn alarm(begin: usize, fall: f64, random: &mut ChaCha8Rng) -> Option<usize> {
        let rates: Vec<f64> = (0..20).map(|_| 0.4 + 0.5 * random.random::<f64>()).collect();
        let mut night = |fall: f64| -> Vec<f64> {
            let mut hits = |rate: &f64| (0..10).filter(|_| random.random::<f64>() < rate - fall).count();
            rates.iter().map(|rate| hits(rate) as f64 / 10.0).collect()
        };
        let baseline = night(0.0);
        let mut season = Season::default();
        (1..=30).find(|number| {
            let now = night(if *number >= begin { fall } else { 0.0 });
            let differences = (0..).zip(now.iter().zip(&baseline).map(|(now, then)| now - then)).collect();
            season.push(&differences).e >= 20.0
        })
    }

    #[test]
    fn looking_every_night_raises_no_false_alarm_though_the_baseline_is_off() {
        let mut random = ChaCha8Rng::seed_from_u64(20_261_127);
        let alarms = (0..400).filter(|_| alarm(usize::MAX, 0.0, &mut random).is_some()).count();
        assert!(alarms <= 20, "{alarms} of 400 seasons without a change");
    }

    /// Refusals of one answer in fifty: by chance a night has next to none of them, and its users hardly differ.
    #[test]
    fn what_is_rare_raises_no_false_alarm() {
        let mut random = ChaCha8Rng::seed_from_u64(20_261_129);
        let mut most = |_| -> f64 {
            let mut night = || -> Vec<f64> {
                let mut hits = || (0..20).filter(|_| random.random::<f64>() < 0.02).count();
                (0..20).map(|_| hits() as f64 / 20.0).collect()
            };
            let baseline = night();
            let mut season = Season::default();
            let nights = (0..30).map(|_| {
                let now = night();
                let differences =
                    (0..).zip(now.iter().zip(&baseline).map(|(now, then)| now - then)).collect();
                season.push(&differences).e
            });
            nights.fold(0.0, f64::max)
        };
        let most: Vec<f64> = (0..1_000).map(&mut most).collect();
        // As a share of one in forty may, and of one in a thousand.
        let beyond = |e: f64| most.iter().filter(|most| **most >= e).count();
        assert!(beyond(40.0) <= 25 && beyond(1_000.0) <= 1, "{} {}", beyond(40.0), beyond(1_000.0));
    }

    #[test]
    fn a_change_is_found_within_three_nights_of_when_it_came() {
        let mut random = ChaCha8Rng::seed_from_u64(20_261_128);
        let found: Vec<Option<usize>> = (0..100).map(|_| alarm(20, 0.2, &mut random)).collect();
        let in_time = found.iter().flatten().filter(|night| (20..23).contains(*night)).count();
        assert!(in_time >= 90, "{in_time} of 100: {found:?}");
    }

    #[test]
    fn nothing_asked_is_nothing_found() {
        let mut season = Season::default();
        assert_eq!(season.push(&BTreeMap::new()), Night { score: None, e: 1.0 });
        assert_eq!(season.push(&(0..20).map(|user| (user, 0.0)).collect()), Night { score: None, e: 1.0 });
        let all_refuse = season.push(&(0..20).map(|user| (user, 1.0)).collect());
        assert!(all_refuse.e > 20.0, "{all_refuse:?}");
    }

    #[test]
    fn all_looks_together_have_the_level() {
        let all: f64 = (1..100_000).map(|look| level_of_look(0.05, look)).sum();
        assert!((all - 0.05).abs() < 1e-6, "{all}");
    }
}
