//! A text as the rules read it: lower case, without Markdown and quotations, sentence by sentence.

use std::sync::LazyLock;

use antiphon_stats::text::{Case, normalise, tokens};
use regex::Regex;

/// What another said. Straight single marks only where they stand around words; else they are apostrophes.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    let marks = r#""[^"]*"|«[^»]*»|„[^"“”]*["“”]|「[^」]*」|『[^』]*』|(?:^|[\s:(])'[^']+'(?:$|[\s.,!?)])"#;
    Regex::new(marks).expect("written by hand, and compiled by every test of this crate")
});

/// One sentence: in lower case, without its mark at the end.
pub(super) struct Sentence {
    pub(super) text: String,
    pub(super) words: usize,
}

/// The sentences of a text that is not empty.
pub(super) struct Reading {
    pub(super) sentences: Vec<Sentence>,
}

impl Reading {
    pub(super) fn of(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(plain).filter(|line| !line.is_empty()).collect();
        let whole = lines.join("\n");
        // An answer that stands in quotation marks as a whole quotes nobody.
        let whole = match QUOTED.find(&whole) {
            Some(all) if all.range() == (0..whole.len()) => {
                whole.trim_matches(['"', '«', '»', '„', '“', '”', '「', '」', '\'']).to_owned()
            }
            _ => QUOTED.replace_all(&whole, " … ").replace("  ", " "),
        };
        Self { sentences: split(&whole) }
    }

    /// All words, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.sentences.iter().flat_map(|sentence| tokens(&sentence.text))
    }
}

/// A line in lower case, without the marks of Markdown.
fn plain(line: &str) -> String {
    let bare = line.trim_start().trim_start_matches(['>', '#', '-', '*', '+', ' ', '\t']);
    normalise(&bare.replace(['*', '_', '`', '~'], ""), Case::Folded)
}

fn split(text: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut begin = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let ends = match character {
            '\n' | '。' | '！' | '？' => true,
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            _ => false,
        };
        if ends {
            push(&mut sentences, &text[begin..at]);
            begin = at + character.len_utf8();
        }
    }
    push(&mut sentences, &text[begin..]);
    sentences
}

fn push(sentences: &mut Vec<Sentence>, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        sentences.push(Sentence { text: text.to_owned(), words: tokens(text).len() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_quotations_go_and_sentences_stay() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<String> = Reading::of(text).sentences.into_iter().map(|s| s.text).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("> **I can’t** do _that_. Ever!", &["i can't do that", "ever"]);
        check("# No\n\n- One\n- Two", &["no", "one", "two"]);
        check("He said “I can't help” and left", &["he said … and left"]);
        check("He said 'I may help' and it's fine", &["he said … and it's fine"]);
        check("“I can't help with that.”", &["i can't help with that"]);
        check("抱歉。他说“不能”了。", &["抱歉", "他说 … 了"]);
        check("It costs 3.50 euros.", &["it costs 3.50 euros"]);
    }
}
