//! Likenesses of two texts besides [`crate::rouge_l`]: edits, shared runs of words, shared runs of characters.

use std::collections::{BTreeMap, HashSet};

/// `1 - d / max(|a|, |b|)` with `d` the fewest insertions, deletions and substitutions, in `[0, 1]`; 1 for two empty
/// sequences. Any tokens, or characters. (Levenshtein 1966)
#[must_use]
pub fn levenshtein<T: PartialEq>(a: &[T], b: &[T]) -> f64 {
    let longest = a.len().max(b.len());
    if longest == 0 {
        return 1.0;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = substituted.min(corner + 1).min(row[j] + 1);
        }
    }
    1.0 - row[b.len()] as f64 / longest as f64
}

/// The share of different `n`-grams of either text that both have, in `[0, 1]`; `None` where neither has any.
#[must_use]
pub fn jaccard(a: &[u32], b: &[u32], n: usize) -> Option<f64> {
    let (a, b) = (grams(a, n), grams(b, n));
    let both = a.intersection(&b).count() as f64;
    let either = (a.len() + b.len()) as f64 - both;
    (either > 0.0).then(|| both / either)
}

/// The share of different `n`-grams of `a` that `b` has, in `[0, 1]`; `None` where `a` has none.
#[must_use]
pub fn containment(a: &[u32], b: &[u32], n: usize) -> Option<f64> {
    let (a, b) = (grams(a, n), grams(b, n));
    (!a.is_empty()).then(|| a.intersection(&b).count() as f64 / a.len() as f64)
}

/// [`containment`] of `a` in `b`, of those `n`-grams that do not stand in `given`; `None` where none is left.
#[must_use]
pub fn containment_beyond(a: &[u32], b: &[u32], given: &[u32], n: usize) -> Option<f64> {
    let (b, given) = (grams(b, n), grams(given, n));
    let own: Vec<&[u32]> = grams(a, n).into_iter().filter(|gram| !given.contains(gram)).collect();
    let there = own.iter().filter(|gram| b.contains(*gram)).count();
    (!own.is_empty()).then(|| there as f64 / own.len() as f64)
}

/// [`containment`] of `a` in `b` for several lengths of `n`-grams: how fast it falls tells common words from common sentences.
#[must_use]
pub fn containment_curve(a: &[u32], b: &[u32], lengths: &[usize]) -> Vec<Option<f64>> {
    lengths.iter().map(|&n| containment(a, b, n)).collect()
}

fn grams(text: &[u32], n: usize) -> HashSet<&[u32]> {
    if n == 0 { HashSet::new() } else { text.windows(n).collect() }
}

/// A run that two sequences have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where it begins in the first.
    pub in_a: usize,
    /// Where it begins in the second.
    pub in_b: usize,
    /// Its length; 0 if they have nothing in common.
    pub length: usize,
}

/// The longest run of tokens that stands in both; of several the one that begins first in `a`, then in `b`. In
/// `|a| + |b|` steps, by a suffix automaton. (Blumer et al. 1985)
#[must_use]
pub fn longest_common_run(a: &[u32], b: &[u32]) -> Run {
    let automaton = Automaton::new(a);
    let (mut best, mut state, mut length) = (Run { in_a: 0, in_b: 0, length: 0 }, 0, 0);
    for (place, token) in b.iter().enumerate() {
        while state != 0 && !automaton.states[state].next.contains_key(token) {
            state = automaton.states[state].link;
            length = automaton.states[state].length;
        }
        if let Some(&next) = automaton.states[state].next.get(token) {
            state = next;
            length += 1;
        }
        let run = Run {
            in_a: (automaton.states[state].first_end + 1).saturating_sub(length),
            in_b: place + 1 - length,
            length,
        };
        if length > best.length || (length == best.length && (run.in_a, run.in_b) < (best.in_a, best.in_b)) {
            best = run;
        }
    }
    best
}

/// Knows all runs of one text. State 0 is the empty run.
struct Automaton {
    states: Vec<State>,
}

struct State {
    next: BTreeMap<u32, usize>,
    /// The state of the longest of its ends that is another state.
    link: usize,
    /// The longest run of the state.
    length: usize,
    /// Where its runs end first in the text.
    first_end: usize,
}

impl Automaton {
    fn new(text: &[u32]) -> Self {
        let mut states = vec![State { next: BTreeMap::new(), link: 0, length: 0, first_end: 0 }];
        let mut last = 0;
        for (place, &token) in text.iter().enumerate() {
            let new = states.len();
            let length = states[last].length + 1;
            states.push(State { next: BTreeMap::new(), link: 0, length, first_end: place });
            let mut from = Some(last);
            while let Some(state) = from.filter(|&state| !states[state].next.contains_key(&token)) {
                states[state].next.insert(token, new);
                from = (state != 0).then(|| states[state].link);
            }
            if let Some(state) = from {
                let target = states[state].next[&token];
                states[new].link = if states[target].length == states[state].length + 1 {
                    target
                } else {
                    Self::split(&mut states, state, token, target)
                };
            }
            last = new;
        }
        Self { states }
    }

    /// Gives the shorter runs of `target` a state of their own.
    fn split(states: &mut Vec<State>, from: usize, token: u32, target: usize) -> usize {
        let short = states.len();
        let State { next, link, first_end, .. } = &states[target];
        let state =
            State { next: next.clone(), link: *link, length: states[from].length + 1, first_end: *first_end };
        states.push(state);
        states[target].link = short;
        let mut from = Some(from);
        while let Some(state) = from.filter(|&state| states[state].next.get(&token) == Some(&target)) {
            states[state].next.insert(token, short);
            from = (state != 0).then(|| states[state].link);
        }
        short
    }
}

/// The longest character n-grams that count.
const CHARACTERS: usize = 6;
/// How much more recall weighs than precision.
const BETA: f64 = 2.0;

/// chrF of a hypothesis against a reference, in `[0, 100]`: the F score of the precision and the recall of character n-grams,
/// each averaged over the lengths from 1 to 6 that both have; spaces do not count. Not symmetric. (Popović 2015)
#[must_use]
pub fn chrf(reference: &str, hypothesis: &str) -> f64 {
    let characters = |text: &str| -> Vec<char> { text.chars().filter(|c| !c.is_whitespace()).collect() };
    let (reference, hypothesis) = (characters(reference), characters(hypothesis));
    f_over_lengths(&(1..=CHARACTERS).map(|n| matches(&reference, &hypothesis, n)).collect::<Vec<_>>())
}

/// Both directions of [`chrf`], averaged, in `[0, 1]`: a kernel.
#[must_use]
pub fn chrf_similarity(a: &str, b: &str) -> f64 {
    let characters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    if characters(a) == characters(b) { 1.0 } else { (chrf(a, b) + chrf(b, a)) / 200.0 }
}

/// `n`-grams of reference and hypothesis, and those in common, counting repetitions.
fn matches<T: Ord>(reference: &[T], hypothesis: &[T], n: usize) -> [f64; 3] {
    let mut left: BTreeMap<&[T], usize> = BTreeMap::new();
    reference.windows(n).for_each(|gram| *left.entry(gram).or_default() += 1);
    let common = hypothesis.windows(n).filter(|gram| {
        left.get_mut(gram).is_some_and(|count| {
            let is_left = *count > 0;
            *count -= usize::from(is_left);
            is_left
        })
    });
    let count = |text: &[T]| (text.len() + 1).saturating_sub(n) as f64;
    [count(reference), count(hypothesis), common.count() as f64]
}

/// The F score of mean precision and mean recall over the lengths that both have.
fn f_over_lengths(lengths: &[[f64; 3]]) -> f64 {
    let (mut precision, mut recall, mut effective) = (0.0, 0.0, 0.0);
    for [reference, hypothesis, common] in lengths {
        if *reference > 0.0 && *hypothesis > 0.0 {
            precision += common / hypothesis;
            recall += common / reference;
            effective += 1.0;
        }
    }
    if precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall, square) = (precision / effective, recall / effective, BETA * BETA);
    100.0 * (1.0 + square) * precision * recall / (square * precision + recall)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Case, Vocabulary};
    use proptest::prelude::*;

    const A: &str = "the quick brown fox jumps over the lazy dog";
    const B: &str = "the fast brown fox leaps over a lazy dog";

    fn worked() -> (Vec<u32>, Vec<u32>) {
        let mut vocabulary = Vocabulary::default();
        (vocabulary.encode(A, Case::Kept), vocabulary.encode(B, Case::Kept))
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found}, not {expected}");
    }

    #[test]
    fn what_was_given_is_left_out() {
        let (text, given) = ([1, 2, 3, 4, 5, 6], [1, 2, 3]);
        // Of 1-2, 2-3, 3-4, 4-9 the first two were given, and of the others one stands in the text.
        assert_eq!(containment_beyond(&[1, 2, 3, 4, 9], &text, &given, 2), Some(0.5));
        assert_eq!(
            containment_beyond(&[1, 2, 3, 4, 9], &text, &[], 2),
            containment(&[1, 2, 3, 4, 9], &text, 2)
        );
        assert_eq!(containment_beyond(&[1, 2, 3], &text, &given, 2), None);
        assert_eq!(containment_beyond(&[7, 8], &[], &given, 2), Some(0.0));
    }

    #[test]
    fn edits() {
        let (a, b) = worked();
        close(levenshtein(&a, &b), 2.0 / 3.0);
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        close(levenshtein(&characters(A), &characters(B)), 0.744_186_046_511_627_9);
        close(levenshtein(&characters("kitten"), &characters("sitting")), 0.571_428_571_428_571_4);
        close(levenshtein::<u8>(&[], &[]), 1.0);
        close(levenshtein(&[], &[1]), 0.0);
    }

    #[test]
    fn runs_of_words() {
        let (a, b) = worked();
        close(jaccard(&a, &b, 1).unwrap(), 6.0 / 11.0);
        close(jaccard(&a, &b, 2).unwrap(), 2.0 / 14.0);
        close(jaccard(&a, &b, 3).unwrap(), 0.0);
        close(containment(&a, &b, 1).unwrap(), 0.75);
        close(containment(&a, &b, 2).unwrap(), 0.25);
        assert_eq!(containment_curve(&a, &b, &[1, 2, 3, 99]), [Some(0.75), Some(0.25), Some(0.0), None]);
        assert_eq!((jaccard(&[1], &[2], 2), containment(&[1], &[2], 2)), (None, None));
        assert_eq!(longest_common_run(&a, &b), Run { in_a: 2, in_b: 2, length: 2 });
    }

    /// Values by sacrebleu 2.6.0.
    #[test]
    fn runs_of_characters() {
        close(chrf(A, B), 45.512_556_077_409_65);
        close(chrf(A, A), 100.0);
        close(chrf(A, ""), 0.0);
        close(chrf_similarity(A, B), chrf_similarity(B, A));
        close(chrf_similarity(" ", ""), 1.0);
    }

    fn slow(a: &[u32], b: &[u32]) -> Run {
        let mut best = Run { in_a: 0, in_b: 0, length: 0 };
        for in_a in 0..a.len() {
            for in_b in 0..b.len() {
                let length = a[in_a..].iter().zip(&b[in_b..]).take_while(|(x, y)| x == y).count();
                if length > best.length {
                    best = Run { in_a, in_b, length };
                }
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_longest_run_is_found(
            a in proptest::collection::vec(0_u32..4, 0..60),
            b in proptest::collection::vec(0_u32..4, 0..60),
        ) {
            prop_assert_eq!(longest_common_run(&a, &b), slow(&a, &b));
        }
    }
}
