//! The runs that two texts have in common, in the order of both: the longest, then the same on its left and on its right.
//!
//! Of equally long ones the first in the one text counts, of those the first in the other: the blocks are those of
//! `difflib.SequenceMatcher(None, a, b, autojunk=False)` of Python, which is after Ratcliff and Metzener 1988. Instead of looking
//! for the longest run anew in every rectangle that is left, all runs are listed once and taken by length; what a run
//! loses to those taken before it is cut off, and the rest waits for its turn. In large texts nearly all runs are of one
//! or two words, so long ones come first, by the names of word sequences of a power of two (Karp, Miller and Rosenberg 1972), and
//! short ones are only listed in the small rectangles that are left.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use crate::overlap::Run;

/// Texts whose lengths multiply to no more have few enough runs to list all at once.
const SMALL: usize = 1 << 18;
/// Longer texts are searched for runs of 16 words first.
const DOUBLINGS: usize = 4;

/// The blocks, in the order of both texts. They do not overlap and no two are adjacent in both.
#[must_use]
pub fn blocks(a: &[u32], b: &[u32]) -> Vec<Run> {
    let doublings = if a.len().saturating_mul(b.len()) > SMALL { DOUBLINGS } else { 0 };
    let mut names = vec![Names::of_words(a, b)];
    for doubling in 0..doublings {
        names.push(names[doubling].doubled());
    }
    by_names(a, b, &names)
}

/// The blocks by sequences of several lengths, shorter ones first.
fn by_names(a: &[u32], b: &[u32], names: &[Names]) -> Vec<Run> {
    let mut search = Search { a, b, rests: BTreeMap::new(), found: Vec::new() };
    search.leave(0, Rest { to_a: a.len(), from_b: 0, to_b: b.len() });
    for names in names.iter().rev() {
        search.take(names, names.length.max(2));
    }
    // Single words are listed last, in what is left of everything else.
    search.take(&names[0], 1);
    search.found.sort_unstable_by_key(|run| run.in_a);
    search.found
}

/// For each place the number of the word sequence of one length that begins there; the same in both texts.
struct Names {
    length: usize,
    a: Vec<u32>,
    b: Vec<u32>,
}

impl Names {
    fn of_words(a: &[u32], b: &[u32]) -> Self {
        Self { length: 1, a: a.to_vec(), b: b.to_vec() }
    }

    /// The names of sequences twice as long.
    fn doubled(&self) -> Self {
        let mut names: HashMap<(u32, u32), u32> = HashMap::new();
        let mut next = 0;
        let mut double = |halves: &[u32]| -> Vec<u32> {
            let pairs = halves.iter().zip(halves.get(self.length..).unwrap_or_default());
            let name = |(left, right): (&u32, &u32)| {
                *names.entry((*left, *right)).or_insert_with(|| {
                    next += 1;
                    next
                })
            };
            pairs.map(name).collect()
        };
        Self { a: double(&self.a), b: double(&self.b), length: 2 * self.length }
    }
}

/// What is left between two blocks: a rectangle, of which the first place in `a` is known.
#[derive(Clone, Copy)]
struct Rest {
    to_a: usize,
    from_b: usize,
    to_b: usize,
}

struct Search<'a> {
    a: &'a [u32],
    b: &'a [u32],
    /// By their first place in `a`; never empty on either side.
    rests: BTreeMap<usize, Rest>,
    found: Vec<Run>,
}

/// The longest first, then the first in `a`, then the first in `b`.
type Waiting = BinaryHeap<(usize, Reverse<usize>, Reverse<usize>)>;

impl Search<'_> {
    fn leave(&mut self, from_a: usize, rest: Rest) {
        if from_a < rest.to_a && rest.from_b < rest.to_b {
            self.rests.insert(from_a, rest);
        }
    }

    /// Takes all runs of at least so many words, which is no less than the named sequences have.
    fn take(&mut self, names: &Names, shortest: usize) {
        let mut waiting = self.runs(names, shortest);
        while let Some((length, Reverse(in_a), Reverse(in_b))) = waiting.pop() {
            let mut behind = in_a + length;
            while let Some((&from_a, &rest)) = self.rests.range(..behind).next_back()
                && rest.to_a > in_a
            {
                behind = from_a;
                // The part of the run inside of the rectangle, counted from where the run begins.
                let from = from_a.saturating_sub(in_a).max(rest.from_b.saturating_sub(in_b));
                let to = (rest.to_a - in_a).min(rest.to_b.saturating_sub(in_b)).min(length);
                if from == 0 && to == length {
                    self.rests.remove(&from_a);
                    self.leave(from_a, Rest { to_a: in_a, from_b: rest.from_b, to_b: in_b });
                    self.leave(in_a + length, Rest { from_b: in_b + length, ..rest });
                    self.found.push(Run { in_a, in_b, length });
                } else if to >= from + shortest {
                    waiting.push((to - from, Reverse(in_a + from), Reverse(in_b + from)));
                }
            }
        }
    }

    /// All runs of at least so many words inside of what is left, as long as they go.
    fn runs(&self, names: &Names, shortest: usize) -> Waiting {
        let mut of_b: Vec<(u32, usize)> = names.b.iter().copied().zip(0..).collect();
        of_b.sort_unstable();
        let mut waiting = Vec::new();
        for (&from_a, rest) in &self.rests {
            for in_a in from_a..(rest.to_a + 1).saturating_sub(names.length) {
                let name = names.a[in_a];
                let first = of_b.partition_point(|other| *other < (name, rest.from_b));
                let same = of_b[first..].iter().take_while(|(other, _)| *other == name);
                for in_b in same.map(|(_, in_b)| *in_b).take_while(|in_b| in_b + names.length <= rest.to_b) {
                    if in_a > from_a && in_b > rest.from_b && self.a[in_a - 1] == self.b[in_b - 1] {
                        continue; // a part of the run that began before
                    }
                    let pairs = self.a[in_a..rest.to_a].iter().zip(&self.b[in_b..rest.to_b]);
                    let length = pairs.take_while(|(x, y)| x == y).count();
                    if length >= shortest {
                        waiting.push((length, Reverse(in_a), Reverse(in_b)));
                    }
                }
            }
        }
        waiting.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::longest_common_run;
    use proptest::prelude::*;

    /// What is looked for again and again in every rectangle, as difflib does.
    fn plain(a: &[u32], b: &[u32]) -> Vec<Run> {
        let run = longest_common_run(a, b);
        if run.length == 0 {
            return Vec::new();
        }
        let (behind_a, behind_b) = (run.in_a + run.length, run.in_b + run.length);
        let mut all = plain(&a[..run.in_a], &b[..run.in_b]);
        all.push(run);
        all.extend(plain(&a[behind_a..], &b[behind_b..]).into_iter().map(|run| Run {
            in_a: run.in_a + behind_a,
            in_b: run.in_b + behind_b,
            ..run
        }));
        all
    }

    /// Texts with a common ancestor, of a vocabulary so small that runs are in each other's way.
    fn texts(words: u32, length: usize) -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
        let text = proptest::collection::vec(0..words, 0..length);
        let edits = proptest::collection::vec((0..length.max(1), 0..4_usize, 0..words), 0..length / 4 + 1);
        (text, edits).prop_map(|(text, edits)| {
            let mut other = text.clone();
            for (place, kind, word) in edits {
                let place = place % (other.len() + 1);
                match kind {
                    0 => other.insert(place, word),
                    1 => other.truncate(other.len().max(1) - 1),
                    2 => other.rotate_left(place),
                    _ => other.iter_mut().skip(place).take(1).for_each(|old| *old = word),
                }
            }
            (text, other)
        })
    }

    #[test]
    fn the_longest_comes_first_and_the_rest_beside_it() {
        // "b c d" beats "a b", though that comes first.
        assert_eq!(
            blocks(&[1, 2, 9, 2, 3, 4, 5], &[1, 2, 3, 4, 6, 5]),
            [
                Run { in_a: 0, in_b: 0, length: 1 },
                Run { in_a: 3, in_b: 1, length: 3 },
                Run { in_a: 6, in_b: 5, length: 1 },
            ]
        );
        assert_eq!(blocks(&[], &[1]), []);
        assert_eq!(blocks(&[1], &[2]), []);
    }

    #[test]
    fn large_texts_have_the_same_blocks() {
        // Above the limit for small ones, with runs of all lengths.
        let word = |i: u32| (i * i % 61 + i / 7) % 23;
        let a: Vec<u32> = (0..900).map(word).collect();
        let b: Vec<u32> = (0..800).map(|i| if i % 37 == 5 { 99 } else { word(i + i / 300) }).collect();
        assert!(a.len() * b.len() > SMALL);
        let found = blocks(&a, &b);
        assert_eq!(found, plain(&a, &b));
        assert!(found.iter().any(|run| run.length > 16) && found.iter().any(|run| run.length == 1));
    }

    proptest! {
        #[test]
        fn they_are_those_of_the_plain_search((a, b) in (1_u32..12).prop_flat_map(|words| texts(words, 90))) {
            prop_assert_eq!(blocks(&a, &b), plain(&a, &b));
        }

        #[test]
        fn by_names_of_longer_sequences_too((a, b) in (2_u32..6).prop_flat_map(|words| texts(words, 90))) {
            let words = Names::of_words(&a, &b);
            let (two, four) = (words.doubled(), words.doubled().doubled());
            prop_assert_eq!(by_names(&a, &b, &[words, two, four]), plain(&a, &b));
        }
    }
}
