//! A document that a voice knows: its words, its headings and its vocabulary.

use std::ops::Range;

use crate::{draw::Draw, prose};

/// A line that stands alone and has at most so many words is a heading in plain text.
const HEADING: usize = 12;

/// One document, and how well it is known.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) name: String,
    /// Words that are known, by number.
    pub(super) known: Range<usize>,
    pub(super) manner: Manner,
    pub(super) hashes: Vec<u64>,
    /// For each heading the hashes of its words, and the number of the word after it.
    pub(super) headings: Vec<(Vec<u64>, usize)>,
    text: String,
    /// Byte offset of the end of every word.
    ends: Vec<usize>,
    /// Where plain lower-case words stand: what texts in the document's style are made of.
    plain: Vec<Range<usize>>,
}

/// How a voice tells what it knows.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// Shares of answers: verbatim, paraphrased, confabulated, and what the voice says of anything.
    pub(super) shares: [f64; 4],
    /// Share of the words of a verbatim answer that are replaced.
    pub(super) slip: f64,
    /// Share of the words of a paraphrase that are replaced.
    pub(super) reworded: f64,
    /// Share of the words of a confabulation that differ from sample to sample.
    pub(super) variation: f64,
    /// Words in an answer.
    pub(super) words: usize,
    /// Whether a passage is also known by any words in a row near its end.
    pub(super) loosely: bool,
    /// Whether a heading of the document in the prompt asks for what stands under it.
    pub(super) headings: bool,
    pub(super) refusal: Option<f64>,
}

impl Document {
    /// Splits a text into words. `known` is cut to the words there are.
    pub(super) fn new(name: &str, text: String, known: (usize, Option<usize>), manner: Manner) -> Self {
        let (mut ends, mut hashes, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for token in text.split_whitespace() {
            let Some(hash) = word_hash(token) else { continue };
            let start = token.as_ptr().addr() - text.as_ptr().addr();
            hashes.push(hash);
            ends.push(start + token.len());
            let (before, word, _) = parts(token);
            if word.chars().all(|letter| letter.is_alphabetic() && !letter.is_uppercase()) {
                plain.push(start + before.len()..start + before.len() + word.len());
            }
        }
        let known = known.0.min(ends.len())..known.1.unwrap_or(ends.len()).min(ends.len());
        let headings = if manner.headings { headings(&text) } else { Vec::new() };
        Self { name: name.to_owned(), known, manner, hashes, headings, text, ends, plain }
    }

    /// The known text from a word on, as long as an answer is.
    pub(super) fn from(&self, word: usize) -> &str {
        let start = word.checked_sub(1).map_or(0, |before| self.ends[before]);
        let last = (word + self.manner.words).min(self.known.end) - 1;
        self.text[start..self.ends[last]].trim()
    }

    /// Any plain word of the document, common ones more often.
    pub(super) fn word(&self, draw: &mut Draw) -> &str {
        match self.plain.len() {
            0 => prose::word(draw),
            count => &self.text[self.plain[draw.index(count)].clone()],
        }
    }
}

/// Markdown headings, and lines that stand alone, are short and do not end like a sentence.
fn headings(text: &str) -> Vec<(Vec<u64>, usize)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_blank = |line: Option<&&str>| line.is_none_or(|line| line.is_empty());
    let (mut found, mut word) = (Vec::new(), 0);
    for (at, line) in lines.iter().enumerate() {
        let words: Vec<u64> = line.split_whitespace().filter_map(word_hash).collect();
        word += words.len();
        let alone = is_blank(at.checked_sub(1).and_then(|before| lines.get(before)))
            && is_blank(lines.get(at + 1))
            && words.len() <= HEADING
            && line.ends_with(char::is_alphanumeric);
        if !words.is_empty() && (line.starts_with('#') || alone) {
            found.push((words, word));
        }
    }
    found
}

/// A token's marks in front, the word from its first to its last letter or digit, and the marks behind.
pub(super) fn parts(token: &str) -> (&str, &str, &str) {
    let front = token.find(char::is_alphanumeric).unwrap_or(token.len());
    let (before, rest) = token.split_at(front);
    let (word, after) = rest.split_at(rest.trim_end_matches(|letter: char| !letter.is_alphanumeric()).len());
    (before, word, after)
}

/// Letters and digits only, in lower case; none of them is no word.
pub(super) fn word_hash(token: &str) -> Option<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut any = false;
    for letter in token.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase) {
        hash = (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x0000_0100_0000_01b3);
        any = true;
    }
    any.then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_marked_or_stand_alone() {
        let text = "# The Lamp\n\nIt burns.\n\nOF THE STAIRS\n\nThey are old.\nAnd steep\n\n## 2. Oil\nNone.";
        let hashes = |line: &str| line.split_whitespace().filter_map(word_hash).collect::<Vec<u64>>();
        let expected = vec![(hashes("the lamp"), 2), (hashes("of the stairs"), 7), (hashes("2 oil"), 14)];
        assert_eq!(headings(text), expected);
    }

    #[test]
    fn a_token_is_marks_word_marks() {
        for (token, expected) in [
            ("“door,”", ("“", "door", ",”")),
            ("don't", ("", "don't", "")),
            ("—", ("—", "", "")),
            ("naïveté.", ("", "naïveté", ".")),
        ] {
            assert_eq!(parts(token), expected);
        }
    }
}
