//! ROUGE-L: how much of two texts is a common subsequence. (Lin 2004)

use crate::lcs;

/// F1 of the longest common subsequence, `2L / (|a| + |b|)`, symmetric, in `[0, 1]`. 1 if both texts are empty, 0
/// if one is.
#[must_use]
pub fn f1(a: &[u32], b: &[u32]) -> f64 {
    f1_of_length(lcs::length(a, b), a.len(), b.len())
}

pub(crate) fn f1_of_length(common: usize, a: usize, b: usize) -> f64 {
    if a + b == 0 { 1.0 } else { 2.0 * common as f64 / (a + b) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Case, Vocabulary};

    #[test]
    fn the_worked_pair() {
        let mut vocabulary = Vocabulary::default();
        let mut encode = |text| vocabulary.encode(text, Case::Kept);
        let a = encode("the quick brown fox jumps over the lazy dog");
        let b = encode("the fast brown fox leaps over a lazy dog");
        assert!((f1(&a, &b) - 2.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn two_empty_texts_are_alike_and_one_is_unlike_any_other() {
        assert_eq!(f1(&[], &[]), 1.0);
        assert_eq!(f1(&[], &[1]), 0.0);
        assert_eq!(f1(&[1], &[]), 0.0);
    }
}
