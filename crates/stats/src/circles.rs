//! Whether a text comes back to itself: how a chain that goes in circles is found.

use std::collections::HashSet;

/// A text goes in circles where it has so many words in a row that it had before.
pub const RUN: usize = 30;
/// Or so many in a row that are a few words over and over.
const SHORT_RUN: usize = 20;
/// How many words are few.
const PERIOD: usize = 10;

/// Where a text begins to repeat itself: the first word of the first run, ending at `from` or later, of [`RUN`] words that stood before (the two may
/// overlap), or of 20 words that are at most ten words over and over, at least twice. `None` where it never does.
#[must_use]
pub fn repeats(text: &[u32], from: usize) -> Option<usize> {
    let long = {
        let mut seen: HashSet<&[u32]> = HashSet::new();
        text.windows(RUN).enumerate().find(|(start, run)| !seen.insert(run) && start + RUN > from)
    };
    let short = (1..=PERIOD).filter_map(|period| {
        let mut length = 0;
        (period..text.len()).find_map(|place| {
            length = if text[place] == text[place - period] { length + 1 } else { 0 };
            // The words themselves stand before what repeats them.
            (length + period >= SHORT_RUN && length >= period && place >= from).then(|| place + 1 - length)
        })
    });
    long.map(|(start, _)| start).into_iter().chain(short).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_run_that_comes_again_is_found_where_it_begins() {
        let fresh: Vec<u32> = (0..100).collect();
        assert_eq!(repeats(&fresh, 0), None);
        let again = [&fresh[..], &fresh[20..50]].concat();
        assert_eq!(repeats(&again, 0), Some(100));
        assert_eq!(repeats(&again[..129], 0), None, "29 words may come again");
        assert_eq!(repeats(&again, 130), None, "what was looked at before is not looked at again");
        assert_eq!(repeats(&again, 129), Some(100));
    }

    #[test]
    fn a_few_words_over_and_over_are_found() {
        let check = |head: usize, period: u32, words: usize, expected: Option<usize>| {
            let head = u32::try_from(head).unwrap();
            let text: Vec<u32> = (1_000..1_000 + head).chain((0..period).cycle().take(words)).collect();
            assert_eq!(repeats(&text, 0), expected, "{period}");
        };
        check(5, 1, 20, Some(6));
        check(5, 1, 19, None);
        check(5, 3, 20, Some(8));
        check(5, 10, 20, Some(15));
        check(5, 10, 19, None);
        check(5, 11, 40, None);
        check(5, 11, 41, Some(16));
    }

    proptest! {
        #[test]
        fn what_is_found_stood_before(text in proptest::collection::vec(0_u32..3, 0..120), from in 0_usize..60) {
            if let Some(start) = repeats(&text, from) {
                let rest = &text[start..];
                let long = text.len() >= start + RUN && text.windows(RUN).take(start).any(|run| *run == rest[..RUN]);
                let short = (1..=PERIOD).any(|period| {
                    period <= start && rest.iter().zip(&text[start - period..]).take(SHORT_RUN - period).all(|(a, b)| a == b)
                });
                prop_assert!(long || short);
            }
        }
    }
}
