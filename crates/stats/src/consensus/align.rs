//! One text laid beside another.

/// A text beside the one that it was aligned to.
pub(super) struct Aligned {
    /// What stands at each place of that text.
    pub(super) at: Vec<Option<u32>>,
    /// What stands before each of its places, and behind the last.
    pub(super) inserted: Vec<Vec<u32>>,
}

/// The fewest edits; read back from the end, a match or substitution is preferred to a deletion, that to an insertion.
pub(super) fn align(text: &[u32], other: &[u32]) -> Aligned {
    let (n, m) = (text.len(), other.len());
    let mut cost = vec![0_u32; (n + 1) * (m + 1)];
    let cell = |i: usize, j: usize| i * (m + 1) + j;
    let count = |length: usize| u32::try_from(length).expect("texts are shorter than 2^32 tokens");
    for i in 0..=n {
        for j in 0..=m {
            cost[cell(i, j)] = match (i, j) {
                (0, j) => count(j),
                (i, 0) => count(i),
                (i, j) => {
                    let through = cost[cell(i - 1, j - 1)] + u32::from(text[i - 1] != other[j - 1]);
                    through.min(cost[cell(i - 1, j)] + 1).min(cost[cell(i, j - 1)] + 1)
                }
            };
        }
    }
    let mut aligned = Aligned { at: vec![None; n], inserted: vec![Vec::new(); n + 1] };
    let (mut i, mut j) = (n, m);
    while i > 0 || j > 0 {
        let here = cost[cell(i, j)];
        if i > 0 && j > 0 && here == cost[cell(i - 1, j - 1)] + u32::from(text[i - 1] != other[j - 1]) {
            aligned.at[i - 1] = Some(other[j - 1]);
            (i, j) = (i - 1, j - 1);
        } else if i > 0 && here == cost[cell(i - 1, j)] + 1 {
            i -= 1;
        } else {
            aligned.inserted[i].push(other[j - 1]);
            j -= 1;
        }
    }
    aligned.inserted.iter_mut().for_each(|inserted| inserted.reverse());
    aligned
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_alignment_keeps_both_texts(
            a in proptest::collection::vec(0_u32..5, 0..30),
            b in proptest::collection::vec(0_u32..5, 0..30),
        ) {
            let aligned = align(&a, &b);
            let mut read = Vec::new();
            for place in 0..=a.len() {
                read.extend(&aligned.inserted[place]);
                read.extend(aligned.at.get(place).copied().flatten());
            }
            prop_assert_eq!(&read, &b);
            let edits = aligned.inserted.iter().map(Vec::len).sum::<usize>()
                + aligned.at.iter().zip(&a).filter(|(at, own)| **at != Some(**own)).count();
            let expected = (1.0 - crate::overlap::levenshtein(&a, &b)) * a.len().max(b.len()) as f64;
            prop_assert!((edits as f64 - expected).abs() < 1e-9);
        }
    }
}
