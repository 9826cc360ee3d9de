//! A text in pieces of one word each, with nothing lost: what is written around a word stays with it.
//!
//! White space and marks in front of a word belong to it, and marks behind it up to the next white space. So texts can be compared word by
//! word and be put together again as they were.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::{Case, normalise};

/// A word with what is written around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// As it stands in the text.
    pub text: &'a str,
    /// The word itself, normalised and in lower case.
    pub word: String,
}

/// The pieces of a text, in order. Put together they are the text, up to white space and marks behind the last word that stand apart from
/// it. A text without a word has none.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut open): (usize, Option<&str>) = (0, None);
    let mut end = |open: &mut Option<&str>, at: usize| {
        if let Some(word) = open.take() {
            pieces.push(Piece { text: &text[from..at], word: normalise(word, Case::Folded) });
            from = at;
        }
    };
    for (at, segment) in text.split_word_bound_indices() {
        let is_word = segment.chars().any(char::is_alphanumeric);
        if is_word || segment.chars().all(char::is_whitespace) {
            end(&mut open, at);
        }
        if is_word {
            open = Some(segment);
        }
    }
    end(&mut open, text.len());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = pieces(text);
        let found: Vec<(&str, &str)> = found.iter().map(|piece| (piece.text, piece.word.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn what_is_written_around_a_word_stays_with_it() {
        check(
            "# On Doors\n\n\"It's\" (3.5), no.",
            &[
                ("# On", "on"),
                (" Doors", "doors"),
                ("\n\n\"It's\"", "it's"),
                (" (3.5),", "3.5"),
                (" no.", "no"),
            ],
        );
        check(
            "light \u{2014} for well-known\n* * *\nends ",
            &[
                ("light", "light"),
                (" \u{2014} for", "for"),
                (" well-", "well"),
                ("known", "known"),
                ("\n* * *\nends", "ends"),
            ],
        );
        check("我爱。 ok", &[("我", "我"), ("爱。", "爱"), (" ok", "ok")]);
        check(" + ", &[]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn put_together_they_are_the_text(text in any::<String>(), plain in "[a-c .,\\n\"-]{0,40}") {
            for text in [text, plain] {
                let joined: String = pieces(&text).iter().map(|piece| piece.text).collect();
                prop_assert!(text.starts_with(&joined));
                let rest = &text[joined.len()..];
                prop_assert!(!rest.chars().any(char::is_alphanumeric), "{:?} is lost", rest);
            }
        }
    }
}
