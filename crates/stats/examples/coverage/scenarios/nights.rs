//! Looking every night, and many tests at once: how often anything is called out though nothing changed.

use antiphon_stats::change;
use antiphon_stats::monitoring::{Betting, ConfidenceSequence, msprt};
use antiphon_stats::multiplicity::{Adjustment, adjust, e_bh};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::population::dirichlet;
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const NIGHTS: &str = "Looking on each of 60 nights";
const MANY: &str = "Many tests at once";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let (null, found) = (Gate::SizeAtMost, Gate::Power(40.0));
    vec![
        nights("no change", 0.0, [null, null, null, Gate::Fails]),
        nights("a change of a third of the spread", 0.33, [Gate::Shown, found, Gate::Shown, Gate::Shown]),
        nights("a change of the whole spread", 1.0, [found, found, found, Gate::Shown]),
        many("40 true null hypotheses", 0, [Gate::Size, null, null, null]),
        many("30 of 40 true: is one that falls, by lot, true?", 10, [null, null, null, null]),
        discoveries(),
    ]
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

/// One value a night; `shift` in standard deviations of it.
fn nights(name: &str, shift: f64, gates: [Gate; 4]) -> Scenario {
    let of = ["betting", "mixture SPRT", "confidence sequence", "t test on each night"];
    let measures = of.iter().zip(gates).map(|(of, gate)| Measure::new(*of, gate)).collect();
    Scenario::new(NIGHTS, name, measures, move |random| {
        // Rates around 0.7 with a standard deviation of about 0.14, and normal differences.
        let mean = 0.7 + 0.14 * shift;
        let (mut betting, mut sequence) =
            (Betting::new(0.7).expect("inside"), ConfidenceSequence::new(0.05).expect("inside"));
        let mut differences = Vec::new();
        let mut alarms = [false; 4];
        for _ in 0..60 {
            let rate = dirichlet(&[mean, 1.0 - mean], 9.7, random)[0];
            betting.push(rate);
            sequence.push(rate);
            differences.push(shift + normal(random));
            let excludes = sequence.interval().is_some_and(|(_, interval)| !interval.contains(0.7));
            let t = change::paired_change(&differences).is_some_and(|found| found.p <= 0.05);
            let sprt = msprt(&differences, 1.0, 0.1).is_some_and(|e| e >= 20.0);
            let now = [betting.two_sided() >= 20.0, sprt, excludes, t];
            alarms.iter_mut().zip(now).for_each(|(alarm, now)| *alarm |= now);
        }
        alarms.map(|rejected| Outcome::Test { rejected }).to_vec()
    })
}

/// p-values and e-values of one-sided normal tests, the first `false_ones` with a mean of 3.
fn hypotheses(false_ones: usize, random: &mut ChaCha8Rng) -> (Vec<Option<f64>>, Vec<f64>) {
    const ALL: usize = 40;
    const STAKE: f64 = 3.0;
    let z: Vec<f64> = (0..ALL).map(|i| normal(random) + if i < false_ones { 3.0 } else { 0.0 }).collect();
    let p = z.iter().map(|z| Some(upper_tail(*z))).collect();
    (p, z.iter().map(|z| (STAKE * z - STAKE * STAKE / 2.0).exp()).collect())
}

/// Of the standard normal distribution, as Student's t with very many degrees of freedom would be. (West 2005, by a continued
/// fraction in the tail)
fn upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z < 3.0 {
        // The series of the distribution function around 0.
        let (mut term, mut sum) = (z, z);
        for k in 1..80 {
            term *= z * z / (2.0 * f64::from(k) + 1.0);
            sum += term;
        }
        return 0.5 - density * sum;
    }
    let fraction = (1..60).rev().fold(0.0, |below, k| f64::from(k) / (z + below));
    density / (z + fraction)
}

fn rejections(false_ones: usize, random: &mut ChaCha8Rng) -> [Vec<usize>; 4] {
    let (p, e) = hypotheses(false_ones, random);
    let below = |adjustment| {
        let adjusted = adjust(&p, adjustment);
        (0..p.len()).filter(|&i| adjusted[i].is_some_and(|p| p <= 0.05)).collect()
    };
    [
        below(Adjustment::BenjaminiHochberg),
        below(Adjustment::BenjaminiYekutieli),
        below(Adjustment::Holm),
        e_bh(&e, 0.05),
    ]
}

const ADJUSTMENTS: [&str; 4] = ["Benjamini-Hochberg", "Benjamini-Yekutieli", "Holm", "e-BH"];

/// Whether a rejected hypothesis that is drawn by lot is a true one: its chance is the false discovery rate.
fn many(name: &str, false_ones: usize, gates: [Gate; 4]) -> Scenario {
    let measures = ADJUSTMENTS.iter().zip(gates).map(|(of, gate)| Measure::new(*of, gate)).collect();
    Scenario::new(MANY, name, measures, move |random| {
        let found = rejections(false_ones, random);
        let is_true = |rejected: &Vec<usize>| {
            let lot = random.random_range(0..rejected.len().max(1));
            Outcome::Test { rejected: rejected.get(lot).is_some_and(|i| *i >= false_ones) }
        };
        found.iter().map(is_true).collect()
    })
}

fn discoveries() -> Scenario {
    let measures = ADJUSTMENTS.iter().map(|of| Measure::new(*of, Gate::Power(30.0))).collect();
    Scenario::new(MANY, "10 of 40 false: does the first of them fall?", measures, |random| {
        rejections(10, random).map(|rejected| Outcome::Test { rejected: rejected.contains(&0) }).to_vec()
    })
}
