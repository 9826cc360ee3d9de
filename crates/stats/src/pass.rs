//! How likely some or all of `k` answers are right, without bias, from `n` of which `c` were.

/// The chance that at least one of `k` is right: `1 - C(n - c, k) / C(n, k)`. `None` for `k` of 0 or above `n`, or
/// for `c` above `n`. (Chen et al. 2021, "Evaluating large language models trained on code")
#[must_use]
pub fn pass_at_k(n: u64, c: u64, k: u64) -> Option<f64> {
    is_drawable(n, c, k).then(|| 1.0 - all_of(n, n - c, k))
}

/// The chance that all `k` are right: `C(c, k) / C(n, k)`. `None` as for [`pass_at_k`]. (Yao et al. 2024, "tau-bench")
#[must_use]
pub fn pass_hat_k(n: u64, c: u64, k: u64) -> Option<f64> {
    is_drawable(n, c, k).then(|| all_of(n, c, k))
}

fn is_drawable(n: u64, c: u64, k: u64) -> bool {
    (1..=n).contains(&k) && c <= n
}

/// The chance that `k` draws without replacement all come from `part` of `n`.
fn all_of(n: u64, part: u64, k: u64) -> f64 {
    if part < k { 0.0 } else { (0..k).map(|i| (part - i) as f64 / (n - i) as f64).product() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values() {
        for (n, c, k, at, hat) in [
            (200, 30, 10, 0.811_058_678_738_434_8, 1.338_248_150_793_770_6e-9),
            (20, 13, 5, 0.998_645_510_835_913_4, 0.083_010_835_913_312_7),
            (5, 3, 3, 1.0, 0.1),
            (10, 10, 4, 1.0, 1.0),
            (10, 0, 4, 0.0, 0.0),
        ] {
            assert!((pass_at_k(n, c, k).unwrap() - at).abs() < 1e-13, "{n} {c} {k}");
            assert!((pass_hat_k(n, c, k).unwrap() - hat).abs() < 1e-13 * (hat + 1e-9), "{n} {c} {k}");
        }
    }

    #[test]
    fn more_than_there_are_cannot_be_drawn() {
        assert_eq!((pass_at_k(3, 1, 4), pass_hat_k(3, 1, 0), pass_at_k(3, 4, 1)), (None, None, None));
    }
}
