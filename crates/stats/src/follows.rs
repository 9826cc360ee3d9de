//! How a text that was grown goes along with a document: in place from where it began, and elsewhere in stretches.

use std::collections::HashMap;

use crate::overlap::Run;

/// Words in a row by which a text is found to be in place again after it differed.
const BACK: usize = 5;
/// Words that either may have meanwhile.
const APART: usize = 8;

/// How far a text goes along with a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Along {
    /// Words of the text, up to the last that both have.
    pub text: usize,
    /// Words of the document that it went along with, counted from where it began.
    pub document: usize,
}

/// How far `text` goes along with `document` from the word `from` on. It may differ by up to 8 words on either side, if 5 in a row are the same
/// again behind them.
#[must_use]
pub fn along(text: &[u32], document: &[u32], from: usize) -> Along {
    let rest = document.get(from..).unwrap_or_default();
    let (mut i, mut j, mut along) = (0, 0, Along::default());
    while i < text.len() && j < rest.len() {
        if text[i] == rest[j] {
            (i, j) = (i + 1, j + 1);
            along = Along { text: i, document: j };
            continue;
        }
        let gaps = (1..=2 * APART)
            .flat_map(|gap| (gap.saturating_sub(APART)..=gap.min(APART)).map(move |x| (x, gap - x)));
        let is_back = |&(x, y): &(usize, usize)| matches!((text.get(i + x..i + x + BACK), rest.get(j + y..j + y + BACK)), (Some(a), Some(b)) if a == b);
        let Some((x, y)) = gaps.into_iter().find(is_back) else { break };
        (i, j) = (i + x, j + y);
    }
    along
}

/// Stretches of at least `least` words that the text has from anywhere in the document, in the order of the text (`in_a`) and not overlapping there. Of several
/// places the one of the longest stretch counts, of equal ones the first behind the stretch before, else the first. With 0 there are none.
#[must_use]
pub fn stretches(text: &[u32], document: &[u32], least: usize) -> Vec<Run> {
    let mut places: HashMap<&[u32], Vec<usize>> = HashMap::new();
    if least > 0 {
        document
            .windows(least)
            .zip(0..)
            .for_each(|(gram, place)| places.entry(gram).or_default().push(place));
    }
    let mut found: Vec<Run> = Vec::new();
    let mut at = 0;
    while least > 0 && at + least <= text.len() {
        let behind = found.last().map_or(0, |run| run.in_b + run.length);
        let run = places.get(&text[at..at + least]).into_iter().flatten().map(|&place| {
            let pairs = text[at..].iter().zip(&document[place..]);
            Run { in_a: at, in_b: place, length: pairs.take_while(|(a, b)| a == b).count() }
        });
        let longest = run.max_by_key(|run| (run.length, run.in_b >= behind, std::cmp::Reverse(run.in_b)));
        at += longest.map_or(1, |run| run.length);
        found.extend(longest);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document() -> Vec<u32> {
        (0..200).collect()
    }

    #[test]
    fn a_text_goes_along_until_it_does_not() {
        let check = |text: &[u32], from: usize, expected: (usize, usize)| {
            let found = along(text, &document(), from);
            assert_eq!((found.text, found.document), expected, "{text:?}");
        };
        let run = |from: u32, to: u32| (from..to).collect::<Vec<u32>>();
        check(&run(50, 80), 50, (30, 30));
        check(&run(50, 80), 51, (30, 29));
        check(&[run(50, 60), run(900, 950)].concat(), 50, (10, 10));
        check(&[run(50, 60), vec![900, 901], run(63, 70)].concat(), 50, (19, 20));
        check(&[run(50, 60), vec![900], run(60, 64)].concat(), 50, (10, 10));
        check(&[run(50, 60), run(900, 909), run(60, 70)].concat(), 50, (10, 10));
        check(&run(190, 200), 190, (10, 10));
        check(&[], 50, (0, 0));
        check(&run(50, 60), 500, (0, 0));
    }

    #[test]
    fn stretches_are_found_wherever_they_stand() {
        let text: Vec<u32> = (100..120).chain(900..910).chain(20..35).chain(60..70).collect();
        let found = stretches(&text, &document(), 13);
        let run = |in_a, in_b, length| Run { in_a, in_b, length };
        assert_eq!(found, [run(0, 100, 20), run(30, 20, 15)]);
        assert_eq!(stretches(&text, &document(), 0), []);
        let twice: Vec<u32> = (0..20).chain(0..20).collect();
        assert_eq!(stretches(&twice, &twice, 13), [run(0, 0, 40)]);
        assert_eq!(stretches(&[twice.clone(), vec![7]].concat()[20..], &twice, 13), [run(0, 0, 20)]);
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_both(
            text in proptest::collection::vec(0_u32..3, 0..60),
            document in proptest::collection::vec(0_u32..3, 0..60),
            from in 0_usize..60,
        ) {
            let mut end = 0;
            for run in stretches(&text, &document, 4) {
                prop_assert!(run.in_a >= end && run.length >= 4);
                prop_assert_eq!(&text[run.in_a..run.in_a + run.length], &document[run.in_b..run.in_b + run.length]);
                end = run.in_a + run.length;
            }
            let found = along(&text, &document, from);
            if found.text > 0 {
                prop_assert_eq!(text[found.text - 1], document[from + found.document - 1]);
            }
        }
    }
}
