//! Quantiles to full double precision, by bisection on the regularised incomplete beta function.
//!
//! Ready-made inverses stop at about nine digits, which is as many as the published vectors are printed with.

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc_inv;

/// The level of both ends of a two-sided 95 % interval.
pub(crate) const TAIL: f64 = 0.975;
/// The standard normal quantile at 0.975.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// The `p` quantile of the standard normal distribution, for `p` in `(0, 1)`.
pub(crate) fn normal(p: f64) -> f64 {
    if p == TAIL { Z } else { std::f64::consts::SQRT_2 * erfc_inv(2.0 * (1.0 - p)) }
}

/// The `p` quantile of Beta(a, b), for `a, b > 0` and `p` in `(0, 1)`.
pub(crate) fn beta(p: f64, a: f64, b: f64) -> f64 {
    // Doubles are too coarse close to 1, so the quantile is measured from the end that it lies nearer to.
    if beta_reg(a, b, 0.5) < p { 1.0 - lower_half(1.0 - p, b, a) } else { lower_half(p, a, b) }
}

/// The `p` quantile of Student's t with `df > 0` degrees of freedom, for `p > 0.5`.
pub(crate) fn student_t(p: f64, df: f64) -> f64 {
    let tail = 2.0 * (1.0 - p);
    // The central mass and the tails are the two ends of one beta variable; the smaller one is the more exact.
    if beta_reg(0.5, df / 2.0, 0.5) < 1.0 - tail {
        let x = lower_half(tail, df / 2.0, 0.5);
        (df * (1.0 - x) / x).sqrt()
    } else {
        let y = lower_half(1.0 - tail, 0.5, df / 2.0);
        (df * y / (1.0 - y)).sqrt()
    }
}

/// The chance that Student's t with `df > 0` degrees of freedom is `t` or more.
pub(crate) fn student_t_tail(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let tail = beta_reg(df / 2.0, 0.5, df / (df + t * t)) / 2.0;
    if t >= 0.0 { tail } else { 1.0 - tail }
}

/// The `p` quantile of F with `d1` and `d2` degrees of freedom, for `p` in `(0, 1)`.
pub(crate) fn f(p: f64, d1: f64, d2: f64) -> f64 {
    let x = beta(p, d1 / 2.0, d2 / 2.0);
    d2 * x / (d1 * (1.0 - x))
}

/// The `p` quantile of Beta(a, b) where it is at most one half. The bit patterns of positive doubles are in their
/// order, so halving between patterns ends at neighbouring doubles after some sixty steps, however small they are.
fn lower_half(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (f64::MIN_POSITIVE.to_bits(), 0.5_f64.to_bits());
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if beta_reg(a, b, f64::from_bits(middle)) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::from_bits(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_have_twelve_digits() {
        for (df, expected) in [
            (1.0, 12.706_204_736_174_694),
            (2.0, 4.302_652_729_749_462),
            (4.0, 2.776_445_105_197_793),
            (9.0, 2.262_157_162_798_205),
            (30.0, 2.042_272_456_301_238),
        ] {
            let found = student_t(0.975, df);
            assert!((found - expected).abs() < 1e-11 * expected, "df {df}: {found}");
        }
        assert!((student_t(0.975, 1e6) - 1.959_966_356_8).abs() < 1e-9);
    }

    #[test]
    fn beta_quantiles_invert_the_distribution_where_it_is_steep_and_where_it_is_flat() {
        for (p, a, b) in [(0.025, 8.0, 0.2), (0.975, 5.9, 0.1), (0.025, 0.3, 12.0), (0.5, 200.0, 300.0)] {
            let x = beta(p, a, b);
            assert!(x >= 1.0 - 1e-12 || (beta_reg(a, b, x) - p).abs() < 1e-9, "{p} {a} {b}: {x}");
        }
        // Beta(n, 1) has the closed form p^(1/n).
        assert!((beta(0.025, 5.0, 1.0) - 0.025_f64.powf(0.2)).abs() < 1e-14);
    }
}
