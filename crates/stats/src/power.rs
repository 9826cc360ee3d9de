//! What a design can find, before it is paid for.

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

use crate::components::Components;
use crate::quantile::{TAIL, Z, student_t};

/// The standard normal quantile at 0.8.
const Z_POWER: f64 = 0.841_621_233_572_914_3;
/// Differences that nobody collects.
const MOST: f64 = 1e9;
/// The power that designs are made for.
pub const POWER: f64 = 0.8;

/// The smallest difference between the means of two independent runs of one design that is found with power 0.8 at a
/// two-sided level of 0.05, in units of the score.
#[must_use]
pub fn minimum_detectable_difference(parts: &Components, users: f64, sessions: f64, samples: f64) -> f64 {
    (Z + Z_POWER) * (2.0 * parts.variance_of_mean(users, sessions, samples)).sqrt()
}

/// The samples of a session that give the most for the money, from the cost of a session beyond its samples over
/// that of a sample; `None` where sessions do not differ.
#[must_use]
pub fn best_samples_per_session(parts: &Components, session_over_sample_cost: f64) -> Option<f64> {
    (parts.session > 0.0 && parts.sample >= 0.0)
        .then(|| (session_over_sample_cost * parts.sample / parts.session).sqrt())
}

/// The power of a two-sided t test at 0.05 of `n` differences (at least 2, need not be whole) whose mean is `effect`
/// standard deviations away from 0.
///
/// # Panics
/// For fewer than two differences.
#[must_use]
pub fn t_power(effect: f64, n: f64) -> f64 {
    assert!(n >= 2.0, "{n} differences have no t");
    let (df, shift) = (n - 1.0, effect.abs() * n.sqrt());
    let critical = student_t(TAIL, df);
    1.0 - noncentral_t(critical, df, shift) + noncentral_t(-critical, df, shift)
}

/// How many differences give that power; `None` for an effect of 0, or if it is beyond a billion.
#[must_use]
pub fn differences_for(effect: f64, power: f64) -> Option<f64> {
    if !effect.is_finite() || effect == 0.0 {
        return None;
    }
    let mut high = 4.0;
    while high < MOST && t_power(effect, high) < power {
        high = (2.0 * high).min(MOST);
    }
    (t_power(effect, high) >= power).then(|| bisect(2.0, high, |n| t_power(effect, n) >= power))
}

/// The effect, in standard deviations, that `n` differences find with that power.
#[must_use]
pub fn detectable_effect(n: f64, power: f64) -> f64 {
    let mut high = 1.0;
    while t_power(high, n) < power {
        high *= 2.0;
    }
    bisect(0.0, high, |effect| t_power(effect, n) >= power)
}

/// How many users, a whole number, must all agree before an agreement between users of at least `floor` can be stated.
#[must_use]
pub fn unanimous_users_for(floor: f64) -> Option<f64> {
    // Unanimity of m shows that the favourite's share is at least 0.025^(1/m); two users then agree with its square.
    (0.0 < floor && floor < 1.0).then(|| (2.0 * (1.0 - TAIL).ln() / floor.ln()).ceil().max(2.0))
}

/// Where `is_enough` begins to hold.
fn bisect(mut low: f64, mut high: f64, is_enough: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The distribution function of the noncentral t with `shift >= 0`. (Lenth 1989, algorithm AS 243)
fn noncentral_t(t: f64, df: f64, shift: f64) -> f64 {
    if t < 0.0 {
        return 1.0 - upper(-t, df, -shift);
    }
    upper(t, df, shift)
}

fn upper(t: f64, df: f64, shift: f64) -> f64 {
    let (x, half) = (t * t / (t * t + df), shift * shift / 2.0);
    let below = erfc(shift / std::f64::consts::SQRT_2) / 2.0;
    if t == 0.0 || x == 0.0 {
        return below;
    }
    // The weights are those of a Poisson distribution; what is ten of its standard deviations away from its mean weighs nothing.
    let far = 10.0 * half.sqrt() + 40.0;
    let (first, last) = ((half - far).max(0.0).floor(), half + far);
    let (mut sum, mut j) = (0.0, first);
    while j <= last {
        // In logarithms, since single factors are too small or too large for a number.
        let log = if j > 0.0 { j * half.ln() } else { 0.0 } - half;
        let even = (log - ln_gamma(j + 1.0)).exp();
        let odd = shift / std::f64::consts::SQRT_2 * (log - ln_gamma(j + 1.5)).exp();
        sum += even * beta_reg(j + 0.5, df / 2.0, x) + odd * beta_reg(j + 1.0, df / 2.0, x);
        j += 1.0;
    }
    below + sum / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() < tolerance, "{found}, not {expected}");
    }

    #[test]
    fn users_are_bought_before_sessions() {
        let parts = Components { mean_squares: [f64::NAN; 3], user: 0.02, session: 0.01, sample: 0.12 };
        for (users, sessions, expected) in [
            (10.0, 10.0, 0.1917),
            (50.0, 2.0, 0.1078),
            (100.0, 1.0, 0.0921),
            (50.0, 4.0, 0.0946),
            (50.0, 20.0, 0.0825),
        ] {
            close(minimum_detectable_difference(&parts, users, sessions, 5.0), expected, 5e-5);
        }
        close(best_samples_per_session(&parts, 3.0).unwrap(), 6.0, 1e-12);
    }

    /// statsmodels 0.15.0 over scipy 1.12 gives .7539647018397222, 33.3671314275208 and .5292357068515448, which are off in the eighth
    /// digit since its noncentral t is; these are by scipy 1.17, and the first by numerical integration with 30 digits, too.
    #[test]
    fn the_t_test() {
        close(t_power(0.5, 30.0), 0.753_964_715_743_790_5, 1e-12);
        close(differences_for(0.5, POWER).unwrap(), 33.367_128_953_330_81, 1e-9);
        close(detectable_effect(30.0, POWER), 0.529_235_615_112_955, 1e-11);
        close(t_power(0.0, 12.0), 0.05, 1e-12);
        assert_eq!(differences_for(0.0, POWER), None);
        assert_eq!(differences_for(f64::NAN, POWER), None);
        assert!(t_power(3.0, 400.0) > 1.0 - 1e-9, "a shift of 60");
    }

    #[test]
    fn unanimity_states_little() {
        assert_eq!(unanimous_users_for(0.95), Some(144.0));
        assert_eq!(unanimous_users_for(0.99), Some(735.0));
        assert_eq!(unanimous_users_for(1e-6), Some(2.0), "one alone agrees with nobody");
        assert_eq!(unanimous_users_for(1.0), None);
    }
}
