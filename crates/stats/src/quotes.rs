//! What a text quotes: spans between quotation marks of many languages.

/// Marks that open a quotation, and what closes it. German and Scandinavian marks close with what opens an English one.
const PAIRS: [(char, &str); 9] = [
    ('\u{201C}', "\u{201D}"),
    ('\u{201D}', "\u{201D}"),
    ('\u{201E}', "\u{201C}\u{201D}"),
    ('\u{2018}', "\u{2019}"),
    ('\u{201A}', "\u{2018}\u{2019}"),
    ('«', "»"),
    ('»', "«»"),
    ('「', "」"),
    ('『', "』"),
];

/// Longest quotation, in characters: a mark that nothing closes must not swallow the rest.
const LONGEST: usize = 2_000;

/// The spans between quotation marks, without the marks, in the order in which they begin; of nested ones the outermost. A span does
/// not reach across a blank line. Straight double marks open and close in turn; straight single ones are apostrophes too often, and count as
/// none; a curly single mark closes only where no letter follows.
#[must_use]
pub fn spans(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut characters = text.char_indices();
    while let Some((at, mark)) = characters.next() {
        let from = at + mark.len_utf8();
        let Some(to) = closes(mark, &text[from..]).map(|length| from + length) else { continue };
        let span = text[from..to].trim();
        if !span.is_empty() {
            found.push(span);
        }
        let closing = text[to..].chars().next().map_or(0, char::len_utf8);
        let rest = to + closing;
        while characters.offset() < rest && characters.next().is_some() {}
    }
    found
}

/// How many bytes stand between a mark that opens, and what closes it.
fn closes(mark: char, rest: &str) -> Option<usize> {
    let straight = "\"";
    let pair = PAIRS.iter().find(|(open, _)| *open == mark).map(|(_, close)| *close);
    let close = pair.or((mark == '"').then_some(straight))?;
    let rest = rest.split("\n\n").next().unwrap_or(rest);
    // A mark at the end of a word opens nothing: inches, or one that closes what never opened.
    if pair.is_none_or(|_| mark == '\u{201D}' || mark == '»')
        && !rest.starts_with(|c: char| !c.is_whitespace())
    {
        return None;
    }
    let mut characters = rest.char_indices().take(LONGEST).peekable();
    while let Some((at, character)) = characters.next() {
        let word_goes_on = characters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if close.contains(character) && !(character == '\u{2019}' && word_goes_on) {
            return Some(at);
        }
    }
    None
}

/// The share of different quotations of either answer that both have, in `[0, 1]`; `None` where neither has any. Both sorted,
/// without repetitions. (Jaccard 1901)
#[must_use]
pub fn jaccard(a: &[u32], b: &[u32]) -> Option<f64> {
    let both = a.iter().filter(|quotation| b.binary_search(quotation).is_ok()).count() as f64;
    let either = (a.len() + b.len()) as f64 - both;
    (either > 0.0).then(|| both / either)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_of_many_languages() {
        for (text, expected) in [
            ("He said “be kind” and \"be true\".", vec!["be kind", "be true"]),
            (
                "Sie sagte: „Sei gut“, und «sois bon», 「善」 und »gut«.",
                vec!["Sei gut", "sois bon", "善", "gut"],
            ),
            ("‘It’s the users’ choice’ is one.", vec!["It’s the users"]),
            ("‘it’s fine’, she said", vec!["it’s fine"]),
            ("“a ‘b’ c” and 『d』", vec!["a ‘b’ c", "d"]),
            ("It's 'quoted', don't you think", vec![]),
            ("a 5\" disk and no more", vec![]),
            ("“ ” “never closed\n\nnext “x”", vec!["x"]),
            ("”Hej”, sa han; »ja», sa hon", vec!["Hej", "ja"]),
        ] {
            assert_eq!(spans(text), expected, "{text}");
        }
    }

    #[test]
    fn sets_of_quotations() {
        assert_eq!(jaccard(&[1, 2], &[2, 3]), Some(1.0 / 3.0));
        assert_eq!(
            (jaccard(&[], &[]), jaccard(&[], &[1]), jaccard(&[4], &[4])),
            (None, Some(0.0), Some(1.0))
        );
    }

    proptest! {
        #[test]
        fn every_text_can_be_read(text in "[a\"“”„«»‘’「」 \n]{0,40}") {
            for span in spans(&text) {
                prop_assert!(!span.is_empty() && text.contains(span));
            }
        }
    }
}
