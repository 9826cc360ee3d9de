//! Shannon entropy of categorical answers, in nats, from counts over labels. Labels with count 0 do not matter.
//!
//! [`estimate`] is the one to report. The others are known points of comparison: all but the plug-in correct for
//! the labels that were not seen.

use crate::categorical::total;
mod between_users;

use crate::estimate::Undefined;
use statrs::function::gamma::digamma;

pub use between_users::between_users;

/// The entropy of open answers after Chao, Wang and Jost (2013), refused where Good-Turing coverage is below one
/// half: then nothing in the counts tells how many answers there are.
///
/// # Errors
/// [`Undefined::NoSamples`] without answers, [`Undefined::Unseen`] where it is refused.
pub fn estimate(counts: &[u64]) -> Result<f64, Undefined> {
    match coverage(counts) {
        None => Err(Undefined::NoSamples),
        Some(coverage) if coverage < 0.5 => Err(Undefined::Unseen),
        Some(_) => chao_wang_jost(counts).ok_or(Undefined::NoSamples),
    }
}

/// Good-Turing coverage `1 - f1 / n`: the share of the distribution that belongs to labels seen. `None` for none.
#[must_use]
pub fn coverage(counts: &[u64]) -> Option<f64> {
    let n = total(counts);
    (n > 0.0).then(|| 1.0 - seen_exactly(1, counts) / n)
}

/// The plug-in `-sum p ln p`, biased downward; `None` without answers.
#[must_use]
pub fn maximum_likelihood(counts: &[u64]) -> Option<f64> {
    sum_over_labels(counts, |c, n| -c / n * (c / n).ln())
}

/// Plug-in plus `(K - 1) / 2n` for K labels seen, for a small closed set; `None` without answers. (Miller 1955)
#[must_use]
pub fn miller_madow(counts: &[u64]) -> Option<f64> {
    let seen = counts.iter().filter(|&&c| c > 0).count() as f64;
    Some(maximum_likelihood(counts)? + (seen - 1.0) / (2.0 * total(counts)))
}

/// Coverage-adjusted Horvitz-Thompson estimate; `None` without answers. (Chao & Shen 2003)
#[must_use]
pub fn chao_shen(counts: &[u64]) -> Option<f64> {
    let n = total(counts);
    let singletons = seen_exactly(1, counts);
    let singletons = if singletons >= n { n - 1.0 } else { singletons };
    let coverage = 1.0 - singletons / n;
    sum_over_labels(counts, |c, n| {
        let q = coverage * c / n;
        // A certain label contributes 0, which the quotient cannot say.
        if q >= 1.0 { 0.0 } else { -q * q.ln() / (1.0 - (1.0 - q).powf(n)) }
    })
}

/// `ln n - 1/n sum c G(c)`; `None` without answers. (Grassberger 2003)
#[must_use]
pub fn grassberger(counts: &[u64]) -> Option<f64> {
    let g = |c: f64| {
        let sign = if c % 2.0 == 0.0 { 1.0 } else { -1.0 };
        digamma(c) + sign / 2.0 * (digamma((c + 1.0) / 2.0) - digamma(c / 2.0))
    };
    Some(total(counts).ln() + sum_over_labels(counts, |c, n| -c / n * g(c))?)
}

/// Chao, Wang & Jost (2013) without the refusal of [`estimate`]; `None` without answers.
#[must_use]
pub fn chao_wang_jost(counts: &[u64]) -> Option<f64> {
    let seen = sum_over_labels(counts, |c, n| c / n * (digamma(n) - digamma(c)))?;
    Some(seen + unseen(total(counts), seen_exactly(1, counts), seen_exactly(2, counts)))
}

/// The part of the entropy that belongs to labels not seen, from singletons `f1` and doubletons `f2`.
fn unseen(n: f64, f1: f64, f2: f64) -> f64 {
    if f1 == 0.0 {
        return 0.0;
    }
    let a =
        if f2 > 0.0 { 2.0 * f2 / ((n - 1.0) * f1 + 2.0 * f2) } else { 2.0 / ((n - 1.0) * (f1 - 1.0) + 2.0) };
    f1 / n * scaled_tail(n, a)
}

/// `(1-A)^(1-n) (-ln A - sum_{r<n} (1-A)^r / r)`, which is `sum_{j>=0} (1-A)^(j+1) / (n+j)`.
fn scaled_tail(n: f64, a: f64) -> f64 {
    let rest = 1.0 - a;
    if n * a < 1.0 {
        // The tail would converge too slowly, and the difference is not small here.
        let (mut power, mut sum, mut r) = (1.0, 0.0, 1.0);
        while r < n {
            power *= rest;
            sum += power / r;
            r += 1.0;
        }
        return (-a.ln() - sum) * (-(n - 1.0) * (-a).ln_1p()).exp();
    }
    let (mut power, mut sum, mut j) = (rest, 0.0, 0.0);
    while power > 1e-18 {
        sum += power / (n + j);
        power *= rest;
        j += 1.0;
    }
    sum
}

fn seen_exactly(times: u64, counts: &[u64]) -> f64 {
    counts.iter().filter(|&&c| c == times).count() as f64
}

fn sum_over_labels(counts: &[u64], term: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let n = total(counts);
    (n > 0.0).then(|| counts.iter().filter(|&&c| c > 0).map(|&c| term(c as f64, n)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: [u64; 6] = [10, 5, 3, 0, 1, 1];

    fn check(found: Option<f64>, expected: f64) {
        assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
    }

    #[test]
    fn the_worked_example() {
        check(maximum_likelihood(&COUNTS), 1.277_288_405_648_227);
        check(miller_madow(&COUNTS), 1.377_288_405_648_227);
        check(chao_shen(&COUNTS), 1.446_832_132_543_776);
        check(grassberger(&COUNTS), 1.512_126_865_047_215);
        check(chao_wang_jost(&COUNTS), 1.422_411_359_428_279);
        check(estimate(&COUNTS).ok(), 1.422_411_359_428_279);
        assert!((unseen(20.0, 2.0, 0.0) - (1.422_411_359_428_279 - 1.387_422_196_826)).abs() < 1e-12);
    }

    #[test]
    fn both_forms_of_the_tail_agree_where_they_meet() {
        for n in [10.0, 300.0, 5000.0] {
            let (below, above) = (scaled_tail(n, (1.0 - 1e-9) / n), scaled_tail(n, (1.0 + 1e-9) / n));
            assert!((below / above - 1.0).abs() < 1e-6, "{n}: {below} {above}");
        }
    }

    #[test]
    fn a_large_sample_with_few_singletons_is_stable() {
        let counts = [500_000, 300_000, 199_990, 2, 2, 2, 1, 1, 1, 1];
        let (found, plain) = (chao_wang_jost(&counts).unwrap(), maximum_likelihood(&counts).unwrap());
        assert!(found > plain && found - plain < 1e-3, "{found} {plain}");
    }

    #[test]
    fn it_is_refused_where_most_answers_are_unseen() {
        assert_eq!(estimate(&[1; 10]), Err(Undefined::Unseen));
        assert_eq!(estimate(&[1]), Err(Undefined::Unseen));
        assert_eq!(estimate(&[0]), Err(Undefined::NoSamples));
        assert_eq!(estimate(&[7]), Ok(0.0));
        assert_eq!(maximum_likelihood(&[]), None);
    }
}
