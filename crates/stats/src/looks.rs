//! An interval that is looked at repeatedly: how wide it must be at each look, so that it holds the truth at all of them together.
//!
//! Whoever asks on until an interval is narrow, or until it says what was hoped for, chooses the moment by the data, and a 95 %
//! interval at a moment chosen so holds the truth less often. The remedy is that of group-sequential trials: the numbers of users at
//! which one may look are fixed beforehand, and the same, smaller, chance to miss is used at each look, such that the chance to miss at
//! any of them is 5 % (Pocock 1977). Then the interval is valid at whichever look one stops, for whatever reason.
//!
//! Looks overlap: the users of one are among those of the next. So the chances are far from adding up, and this costs less than
//! dividing 5 % by the number of looks (Armitage, McPherson and Rowe 1969 for the recursion over looks).

use crate::interval::MISS;
use crate::quantile::normal;

/// Half the number of points at which the recursion keeps its density. Doubling it changes the result in the eighth digit.
const HALF_POINTS: usize = 80;
/// Halvings of the search for the level.
const HALVINGS: usize = 40;

/// How often the interval at a single look may miss, both ends together, so that those of all looks together miss with chance 0.05.
/// `sizes` are the numbers of independent units at the looks, growing; one look gives 0.05. The estimate is taken to be about normal
/// with a variance that goes down as units go up; where it goes down slower (as with sessions of the same users) the chance to miss is
/// smaller still.
///
/// # Panics
/// If there is no look, or sizes do not grow from above 0.
#[must_use]
pub fn miss_at_each(sizes: &[f64]) -> f64 {
    assert!(
        sizes.first().is_some_and(|&first| first > 0.0) && sizes.windows(2).all(|pair| pair[0] < pair[1]),
        "looks grow: {sizes:?}"
    );
    if sizes.len() == 1 {
        return MISS;
    }
    // Between dividing by the number of looks, which is always enough, and not dividing at all.
    let (mut low, mut high) = (MISS / sizes.len() as f64, MISS);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if misses_somewhere(sizes, normal(1.0 - middle / 2.0)) > MISS {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// The chance that a Brownian motion, looked at at these times, is ever further from 0 than `z` of its standard deviations.
fn misses_somewhere(times: &[f64], z: f64) -> f64 {
    // The density of those paths that were never outside, at the points of the look before.
    let mut inside: Vec<(f64, f64)> = Vec::new();
    let mut before = 0.0;
    for &time in times {
        let (edge, step) = (z * time.sqrt(), (time - before).sqrt());
        let spacing = edge / HALF_POINTS as f64;
        let points = (0..=2 * HALF_POINTS).map(|at| (at as f64 - HALF_POINTS as f64) * spacing);
        let density = |point: f64| match &inside[..] {
            [] => bell(point / step) / step,
            inside => inside.iter().map(|(from, mass)| mass * bell((point - from) / step) / step).sum(),
        };
        // Simpson's rule: each point's density times its weight is the mass that it stands for.
        let mass = |(at, point): (usize, f64)| {
            let weight = if at == 0 || at == 2 * HALF_POINTS {
                1.0
            } else if at % 2 == 1 {
                4.0
            } else {
                2.0
            };
            (point, density(point) * weight * spacing / 3.0)
        };
        inside = points.enumerate().map(mass).collect();
        before = time;
    }
    1.0 - inside.iter().map(|(_, mass)| mass).sum::<f64>()
}

fn bell(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pocock's constants for looks at equal distances, as tabulated (Jennison and Turnbull 2000, table 2.1, alpha 0.05).
    #[test]
    fn equal_distances_give_the_constants_in_print() {
        for (looks, z) in [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413), (10, 2.555)] {
            let sizes: Vec<f64> = (1..=looks).map(f64::from).collect();
            let found = normal(1.0 - miss_at_each(&sizes) / 2.0);
            assert!((found - z).abs() < 6e-4, "{looks} looks: {found}, not {z}");
        }
    }

    #[test]
    fn looks_far_apart_are_nearly_independent_and_one_look_is_free() {
        assert_eq!(miss_at_each(&[20.0]), 0.05);
        let apart = miss_at_each(&[1.0, 1e6, 1e12]);
        let independent = 1.0 - 0.95_f64.powf(1.0 / 3.0);
        assert!((apart - independent).abs() < 1e-4, "{apart}, not {independent}");
        assert!(miss_at_each(&[20.0, 30.0, 45.0]) > apart);
    }
}
