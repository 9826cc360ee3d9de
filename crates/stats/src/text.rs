//! From an answer's text to tokens: normalise, split into words, number the words of a cell.
//!
//! Scores are functions of (normalised tokens, [`NORMALISER_VERSION`]); store the version beside every score. No
//! stemming, no stop words, no script is privileged.

use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Changes whenever [`normalise`] or [`tokens`] may give another result for some text.
pub const NORMALISER_VERSION: u32 = 1;

/// Whether upper and lower case are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They are.
    Kept,
    /// Everything becomes lower case by the Unicode rules that need no language.
    Folded,
}

/// NFC; every run of white space, line ends of all kinds included, is one space, and none is left at the ends;
/// curly quotation marks and apostrophes are straight. Doing it twice changes nothing more.
#[must_use]
pub fn normalise(text: &str, case: Case) -> String {
    let straight = || text.chars().map(straight_quote);
    let folded: String = match case {
        // The common case by far: nothing to compose, no quotation mark but straight ones.
        Case::Kept if text.is_ascii() => text.to_owned(),
        Case::Folded if text.is_ascii() => text.to_ascii_lowercase(),
        Case::Kept => straight().nfc().collect(),
        Case::Folded => straight().collect::<String>().to_lowercase().nfc().collect(),
    };
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.join(" ")
}

/// The words of a text by UAX 29, in order. Punctuation between words is no token; Han and Kana characters are
/// words one by one; scripts without spaces and without a rule in UAX 29, such as Thai, stay in runs. A text without
/// any word (`"+"`, an emoji) gives its symbols instead, so that different answers stay different.
#[must_use]
pub fn tokens(normalised: &str) -> Vec<&str> {
    let words: Vec<&str> = normalised.unicode_words().collect();
    if words.is_empty() {
        return normalised.split_word_bounds().filter(|part| !part.trim().is_empty()).collect();
    }
    words
}

/// The sentences of a text by UAX 29, in order, nothing left out: put together they are the text.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_sentence_bounds()
}

/// The numbers of the tokens of one cell, given in the order in which they are first seen.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// The token's number; a new token gets the next one.
    ///
    /// # Panics
    /// Beyond 2^32 different tokens, which no memory holds.
    pub fn id(&mut self, token: &str) -> u32 {
        if let Some(&id) = self.ids.get(token) {
            return id;
        }
        let id = u32::try_from(self.ids.len()).expect("fewer than 2^32 different tokens fit in memory");
        self.ids.insert(token.to_owned(), id);
        id
    }

    /// Normalises, splits and numbers a text.
    pub fn encode(&mut self, text: &str, case: Case) -> Vec<u32> {
        tokens(&normalise(text, case)).into_iter().map(|token| self.id(token)).collect()
    }

    /// The tokens in the order of their numbers.
    #[must_use]
    pub fn tokens(&self) -> Vec<&str> {
        let mut numbered: Vec<(&str, u32)> =
            self.ids.iter().map(|(token, id)| (token.as_str(), *id)).collect();
        numbered.sort_unstable_by_key(|(_, id)| *id);
        numbered.into_iter().map(|(token, _)| token).collect()
    }

    /// How many different tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

fn straight_quote(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' => '\'',
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' => '"',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_ends_quotes_and_composition() {
        let messy = " \u{201C}Cafe\u{301}\u{201D}\r\nIt\u{2019}s\t\u{a0} so ";
        assert_eq!(normalise(messy, Case::Kept), "\"Caf\u{e9}\" It's so");
        assert_eq!(normalise("\u{c9}T\u{c9}", Case::Folded), "\u{e9}t\u{e9}");
        assert_eq!(normalise(" \n ", Case::Kept), "");
    }

    #[test]
    fn words_of_several_scripts() {
        assert_eq!(tokens("It's 3.5, not (four)."), ["It's", "3.5", "not", "four"]);
        assert_eq!(tokens("我爱音乐。"), ["我", "爱", "音", "乐"]);
        assert_eq!(tokens("привет, мир"), ["привет", "мир"]);
        assert_eq!(tokens(""), Vec::<&str>::new());
    }

    #[test]
    fn sentences_are_the_whole_text() {
        let text = "Be kind. I am 3.5 years old!\n我爱音乐。谢谢";
        let found: Vec<&str> = sentences(text).collect();
        assert_eq!(found, ["Be kind. ", "I am 3.5 years old!\n", "我爱音乐。", "谢谢"]);
    }

    #[test]
    fn symbols_alone_are_still_told_apart() {
        assert_eq!(tokens("+"), ["+"]);
        assert_ne!(tokens("\u{1F642}"), tokens("\u{1F641}"));
    }

    #[test]
    fn the_same_token_has_the_same_number() {
        let mut vocabulary = Vocabulary::default();
        assert!(vocabulary.is_empty());
        assert_eq!(vocabulary.encode("The cat, the CAT", Case::Folded), [0, 1, 0, 1]);
        assert_eq!(vocabulary.len(), 2);
    }

    proptest! {
        #[test]
        fn words_are_those_of_the_whole_text(
            text in "[ a-z'.,0-9\u{301}\u{200d}\u{600}\u{5d0}\"\u{e9}\u{4e00}\u{30a2}\u{1f1e6}]{0,40}",
            any in any::<String>(),
        ) {
            for text in [text, any] {
                let text = normalise(&text, Case::Kept);
                let whole: Vec<&str> = text.unicode_words().collect();
                if !whole.is_empty() {
                    prop_assert_eq!(tokens(&text), whole);
                }
            }
        }

        #[test]
        fn ascii_is_normalised_as_all_text_is(text in "[ -~\\t\\r\\n]{0,40}", folded in any::<bool>()) {
            let case = if folded { Case::Folded } else { Case::Kept };
            // What is longer by a letter goes the long way.
            let long = normalise(&format!("{text} \u{e9}"), case);
            let long = long.strip_suffix('\u{e9}').expect("it ends so").trim_end();
            prop_assert_eq!(normalise(&text, case), long);
        }

        #[test]
        fn normalising_twice_changes_nothing(text in any::<String>(), folded in any::<bool>()) {
            let case = if folded { Case::Folded } else { Case::Kept };
            let once = normalise(&text, case);
            prop_assert_eq!(normalise(&once, case), once);
        }
    }
}
