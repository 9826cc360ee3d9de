//! Rank-biased overlap: how alike two ranked lists are, the first places counting most.

/// Extrapolated rank-biased overlap of two lists without repetitions, in `[0, 1]`; `persistence` is how likely a
/// reader goes on from one place to the next, in `(0, 1)`. `None` where both lists are empty, an entry repeats, or
/// `persistence` lies outside. (Webber, Moffat and Zobel 2010, equation 32)
#[must_use]
pub fn rank_biased_overlap<T: PartialEq>(a: &[T], b: &[T], persistence: f64) -> Option<f64> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let repeats = |list: &[T]| (1..list.len()).any(|i| list[..i].contains(&list[i]));
    if long.is_empty() || repeats(short) || repeats(long) || !(0.0 < persistence && persistence < 1.0) {
        return None;
    }
    if short.is_empty() {
        return Some(0.0);
    }
    let overlap = |depth: usize| {
        let of_short = &short[..depth.min(short.len())];
        long[..depth].iter().filter(|entry| of_short.contains(entry)).count() as f64
    };
    let (s, l) = (short.len() as f64, long.len() as f64);
    let (at_short, at_long) = (overlap(short.len()), overlap(long.len()));
    let mut sum = 0.0;
    let mut weight = 1.0;
    for depth in 1..=long.len() {
        weight *= persistence;
        let d = depth as f64;
        sum += overlap(depth) / d * weight;
        if depth > short.len() {
            sum += at_short * (d - s) / (s * d) * weight;
        }
    }
    Some((1.0 - persistence) / persistence * sum + ((at_long - at_short) / l + at_short / s) * weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_favourites() {
        let (a, b) = (["a", "b", "c", "d", "e", "f"], ["b", "a", "c", "x", "e", "f"]);
        assert!((rank_biased_overlap(&a, &b, 0.9).unwrap() - 0.770_238).abs() < 5e-7);
        assert_eq!(rank_biased_overlap(&a, &b, 0.9), rank_biased_overlap(&b, &a, 0.9));
        assert!((rank_biased_overlap(&a, &a, 0.9).unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_list_that_goes_on_alike_is_alike() {
        let found = rank_biased_overlap(&[1, 2, 3], &[1, 2, 3, 4, 5], 0.9).unwrap();
        assert!((found - 1.0).abs() < 1e-12, "{found}");
        assert_eq!(rank_biased_overlap(&[], &[1], 0.9), Some(0.0));
        assert_eq!(rank_biased_overlap::<u8>(&[], &[], 0.9), None);
        assert_eq!(rank_biased_overlap(&[1, 1], &[1], 0.9), None);
    }
}
