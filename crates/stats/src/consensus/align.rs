//! The fewest edits from one text to many others, 64 places at a time. (Myers 1999; in blocks: Hyyrö 2003)
//!
//! The table of edit distances is kept as differences of neighbours, which are -1, 0 or 1 and so two bits each. Which edit led to a
//! place can be read back from two of them: whether the distance is that of the place diagonally before, and whether it is one more
//! than that of the place above.

use std::collections::HashMap;

/// A text beside the one that it was aligned to.
pub(crate) struct Aligned {
    /// What stands at each place of that text.
    pub(crate) at: Vec<Option<u32>>,
    /// What stands before a place, or behind the last, by the place.
    pub(super) inserted: Vec<(usize, u32)>,
}

impl Aligned {
    /// What stands before a place.
    pub(super) fn before(&self, place: usize) -> &[(usize, u32)] {
        let from = self.inserted.partition_point(|(at, _)| *at < place);
        let inserted = &self.inserted[from..];
        &inserted[..inserted.partition_point(|(at, _)| *at == place)]
    }
}

/// A text that others are aligned to. All memory is reused.
pub(crate) struct Aligner<'a> {
    text: &'a [u32],
    words: usize,
    /// For each token of the text where its masks start.
    starts: HashMap<u32, usize>,
    /// `words` masks of the places of a token; the first ones are those of all tokens that the text does not have.
    masks: Vec<u64>,
    /// For each token of the other text and each word of places.
    steps: Vec<Step>,
}

/// What is remembered of 64 places.
#[derive(Clone, Copy)]
struct Step {
    /// Where the distance is that of the place diagonally before.
    diagonal: u64,
    /// Where it is one more than that of the place above.
    above: u64,
}

impl<'a> Aligner<'a> {
    pub(crate) fn new(text: &'a [u32]) -> Self {
        let words = text.len().div_ceil(64);
        let mut masks = vec![0; words];
        let mut starts = HashMap::new();
        for (place, token) in text.iter().enumerate() {
            let start = *starts.entry(*token).or_insert_with(|| {
                masks.resize(masks.len() + words, 0);
                masks.len() - words
            });
            masks[start + place / 64] |= 1 << (place % 64);
        }
        Self { text, words, starts, masks, steps: Vec::new() }
    }

    /// The fewest edits; read back from the end, a match or substitution is preferred to a deletion, that to an insertion.
    pub(crate) fn align(&mut self, other: &[u32]) -> Aligned {
        self.fill(other);
        let (mut i, mut j) = (self.text.len(), other.len());
        let mut aligned = Aligned { at: vec![None; i], inserted: Vec::new() };
        while i > 0 || j > 0 {
            let is = |bits: fn(&Step) -> u64| {
                let step = &self.steps[(j - 1) * self.words + (i - 1) / 64];
                bits(step) >> ((i - 1) % 64) & 1 == 1
            };
            let inside = i > 0 && j > 0;
            if inside && (self.text[i - 1] == other[j - 1] || !is(|step| step.diagonal)) {
                aligned.at[i - 1] = Some(other[j - 1]);
                (i, j) = (i - 1, j - 1);
            } else if i > 0 && (j == 0 || is(|step| step.above)) {
                i -= 1;
            } else {
                aligned.inserted.push((i, other[j - 1]));
                j -= 1;
            }
        }
        aligned.inserted.reverse();
        aligned
    }

    /// One column of the table for each token of the other text.
    fn fill(&mut self, other: &[u32]) {
        self.steps.clear();
        let (mut up, mut down) = (vec![u64::MAX; self.words], vec![0_u64; self.words]);
        for token in other {
            let start = self.starts.get(token).copied().unwrap_or(0);
            // Above the first place the distance grows by one with each token.
            let (mut more, mut less) = (1_u64, 0_u64);
            for word in 0..self.words {
                let (plus, minus) = (up[word], down[word]);
                let own = self.masks[start + word];
                let equal = own | less;
                let through = ((equal & plus).wrapping_add(plus) ^ plus) | equal;
                let right_more = minus | !(through | plus);
                let right_less = plus & through;
                let shifted_more = right_more << 1 | more;
                let shifted_less = right_less << 1 | less;
                (more, less) = (right_more >> 63, right_less >> 63);
                let crossing = own | minus;
                up[word] = shifted_less | !(crossing | shifted_more);
                down[word] = shifted_more & crossing;
                self.steps.push(Step { diagonal: through | minus, above: up[word] });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The whole table of distances, and the edits read back from it by the same rule.
    fn plain(text: &[u32], other: &[u32]) -> Aligned {
        let (n, m) = (text.len(), other.len());
        let mut cost = vec![vec![0; m + 1]; n + 1];
        for i in 0..=n {
            for j in 0..=m {
                cost[i][j] = match (i, j) {
                    (0, edits) | (edits, 0) => edits,
                    _ => (cost[i - 1][j - 1] + usize::from(text[i - 1] != other[j - 1]))
                        .min(cost[i - 1][j] + 1)
                        .min(cost[i][j - 1] + 1),
                };
            }
        }
        let mut aligned = Aligned { at: vec![None; n], inserted: Vec::new() };
        let (mut i, mut j) = (n, m);
        while i > 0 || j > 0 {
            let here = cost[i][j];
            if i > 0 && j > 0 && here == cost[i - 1][j - 1] + usize::from(text[i - 1] != other[j - 1]) {
                aligned.at[i - 1] = Some(other[j - 1]);
                (i, j) = (i - 1, j - 1);
            } else if i > 0 && here == cost[i - 1][j] + 1 {
                i -= 1;
            } else {
                aligned.inserted.push((i, other[j - 1]));
                j -= 1;
            }
        }
        aligned.inserted.reverse();
        aligned
    }

    fn text() -> impl Strategy<Value = Vec<u32>> {
        (1_u32..30).prop_flat_map(|words| proptest::collection::vec(0..words, 0..200))
    }

    proptest! {
        #[test]
        fn the_edits_are_those_of_the_whole_table(
            text in text(),
            others in proptest::collection::vec(text(), 1..4),
        ) {
            let mut aligner = Aligner::new(&text);
            for other in &others {
                let (found, expected) = (aligner.align(other), plain(&text, other));
                prop_assert_eq!(&found.at, &expected.at);
                prop_assert_eq!(&found.inserted, &expected.inserted);
            }
        }

        #[test]
        fn an_alignment_keeps_both_texts(a in text(), b in text()) {
            let aligned = Aligner::new(&a).align(&b);
            let mut read = Vec::new();
            for place in 0..=a.len() {
                read.extend(aligned.before(place).iter().map(|(_, token)| *token));
                read.extend(aligned.at.get(place).copied().flatten());
            }
            prop_assert_eq!(&read, &b);
            let edits = aligned.inserted.len()
                + aligned.at.iter().zip(&a).filter(|(at, own)| **at != Some(**own)).count();
            let expected = (1.0 - crate::overlap::levenshtein(&a, &b)) * a.len().max(b.len()) as f64;
            prop_assert!((edits as f64 - expected).abs() < 1e-9);
        }
    }
}
