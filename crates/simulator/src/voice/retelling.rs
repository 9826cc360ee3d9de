//! A text told again with single words replaced: the slips of a memory, and rewording.

use std::collections::HashSet;

use super::document::{Document, parts, word_hash};
use crate::{draw::Draw, prose};

/// Words of the document that are tried before a word from elsewhere is taken.
const TRIES: usize = 64;

/// Replaces each word of a text with probability `share`, independently.
///
/// No word that comes in has a part that stands anywhere in `text`. So the longest common subsequence of the two is
/// exactly the words that were kept, and its expected share of the text is `1 - share`.
pub(super) fn retell(text: &str, document: &Document, share: f64, synonyms: bool, draw: &mut Draw) -> String {
    if share <= 0.0 {
        return text.to_owned();
    }
    let taken: HashSet<u64> = runs(text).collect();
    let is_new = |word: &str| runs(word).all(|run| !taken.contains(&run));
    let mut told = String::with_capacity(text.len() + text.len() / 4);
    for piece in text.split_inclusive(char::is_whitespace) {
        let (before, word, after) = parts(piece);
        if word.is_empty() || !draw.chance(share) {
            told.push_str(piece);
            continue;
        }
        let known: Vec<&str> =
            if synonyms { self::synonyms(word).filter(|word| is_new(word)).collect() } else { Vec::new() };
        let other = match known.len() {
            0 => another(document, is_new, draw),
            count => known[draw.index(count)],
        };
        told.extend([before, other, after]);
    }
    told
}

/// A word of the document's vocabulary that is new, or one from elsewhere if the document has no such word.
fn another<'a>(document: &'a Document, is_new: impl Fn(&str) -> bool, draw: &mut Draw) -> &'a str {
    let mut words = (0..TRIES).map(|_| document.word(draw));
    let found = words.find(|word| is_new(word));
    found.unwrap_or_else(|| {
        let mut words = (0..TRIES).map(|_| prose::word(draw));
        words.find(|word| is_new(word)).unwrap_or("otherwise")
    })
}

/// Runs of letters and digits, as hashes: "lamp-oil" has two.
fn runs(text: &str) -> impl Iterator<Item = u64> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter_map(word_hash)
}

fn synonyms(word: &str) -> impl Iterator<Item = &'static str> {
    SYNONYMS.iter().filter(move |(from, _)| *from == word).flat_map(|(_, to)| to.iter().copied())
}

#[rustfmt::skip]
const SYNONYMS: [(&str, &[&str]); 56] = [
    ("the", &["this", "that", "our"]), ("a", &["one", "any"]), ("an", &["one", "any"]), ("and", &["as well as", "plus"]),
    ("or", &["or else", "or perhaps"]), ("but", &["yet", "though"]), ("of", &["belonging to", "from"]), ("in", &["inside", "within"]),
    ("on", &["upon", "atop"]), ("at", &["near", "by"]), ("to", &["towards", "so as to"]), ("for", &["on behalf of", "to serve"]),
    ("with", &["along with", "using"]), ("by", &["through", "by way of"]), ("from", &["out of", "off"]), ("is", &["remains", "stands"]),
    ("are", &["remain", "stay"]), ("was", &["had been", "used to be"]), ("be", &["become", "stay"]), ("has", &["holds", "possesses"]),
    ("have", &["hold", "possess"]), ("must", &["has to", "needs to"]), ("shall", &["will", "has to"]), ("may", &["can", "is free to"]),
    ("not", &["by no means", "never"]), ("no", &["not any", "not one"]), ("every", &["each", "any"]), ("all", &["each of", "the whole of"]),
    ("who", &["that", "whoever"]), ("which", &["that", "something that"]), ("that", &["which", "such as"]), ("it", &["the thing", "this"]),
    ("they", &["those people", "these"]), ("when", &["whenever", "once"]), ("if", &["whenever", "in case"]), ("before", &["ahead of", "prior to"]),
    ("after", &["following", "behind"]), ("until", &["till", "up to when"]), ("because", &["since", "for"]), ("so", &["thus", "hence"]),
    ("first", &["foremost", "initial"]), ("small", &["little", "slight"]), ("night", &["dark hours", "evening"]), ("light", &["glow", "brightness"]),
    ("open", &["unlocked", "ajar"]), ("write", &["note", "put down"]), ("says", &["states", "tells"]), ("keeps", &["holds", "retains"]),
    ("one", &["a single", "some"]), ("two", &["a pair of", "both"]), ("than", &["compared with", "rather than"]), ("then", &["afterwards", "next"]),
    ("what", &["whatever", "the thing"]), ("we", &["all of us", "us"]), ("our", &["the house's", "this house's"]), ("its", &["that thing's", "the"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::document::Manner;

    fn document() -> Document {
        let text: String = (0..4000).map(|n| format!("{} ", letters(n * 7919 % 900))).collect();
        let manner = Manner {
            shares: [1.0, 0.0, 0.0, 0.0],
            slip: 0.0,
            reworded: 0.0,
            variation: 0.0,
            words: 60,
            loosely: false,
            headings: false,
            refusal: None,
        };
        Document::new("d", text, (0, None), manner)
    }

    /// A word for a number, of letters only.
    fn letters(mut number: usize) -> String {
        let mut word = String::from("w");
        while number > 0 {
            word.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
            number /= 26;
        }
        word
    }

    /// The longest common subsequence of two lists of words.
    fn common(one: &[&str], two: &[&str]) -> usize {
        let mut row = vec![0; two.len() + 1];
        for left in one {
            let mut diagonal = 0;
            for (at, right) in two.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if left == right { diagonal + 1 } else { above.max(row[at]) };
                diagonal = above;
            }
        }
        row[two.len()]
    }

    #[test]
    fn the_words_that_are_kept_are_the_longest_common_subsequence_and_as_many_as_expected() {
        let document = document();
        let text = document.from(100);
        let words: Vec<&str> = text.split_whitespace().collect();
        for (share, synonyms) in [(0.05, false), (0.3, true), (0.7, false)] {
            let mut sum = 0;
            for seed in 0..400 {
                let told = retell(text, &document, share, synonyms, &mut Draw::new(seed, &[]));
                let told: Vec<&str> = told.split_whitespace().collect();
                let kept = words.iter().zip(&told).filter(|(old, new)| old == new).count();
                assert_eq!(common(&words, &told), kept, "{told:?}");
                sum += kept;
            }
            let kept = f64::from(u32::try_from(sum).unwrap()) / (400.0 * 60.0);
            // Four standard errors of 24,000 coins.
            let margin = 4.0 * (share * (1.0 - share) / 24_000.0f64).sqrt();
            assert!((kept - (1.0 - share)).abs() < margin, "{share}: {kept}");
        }
    }

    #[test]
    fn marks_and_lines_stay_and_words_of_the_text_never_come_in() {
        let (text, document) = ("# The lamp\n\nIt is, “after all”, of the house — and old.", document());
        for seed in 0..50 {
            let told = retell(text, &document, 1.0, true, &mut Draw::new(seed, &[]));
            assert!(
                told.starts_with("# ")
                    && told.contains("\n\n")
                    && told.contains(" — ")
                    && told.ends_with('.'),
                "{told}"
            );
            let taken: HashSet<u64> = runs(text).collect();
            assert!(runs(&told).all(|run| !taken.contains(&run)), "{told}");
        }
    }
}
