//! A document as words, sentences, paragraphs and sections, and what is made of it for controls. Words are what white space separates.

mod controls;
mod ngrams;

use std::ops::Range;

pub use controls::{reworded, shuffled, twins};
pub use ngrams::Ngrams;

/// Most words of a sentence: what has no full stop, such as a table, is divided.
const LONGEST_SENTENCE: usize = 80;

/// A text and where its words lie.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    text: &'a str,
    /// Begin and end of every word, in bytes.
    words: Vec<(usize, usize)>,
}

/// A heading of Markdown, and the words of its section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading without its marks.
    pub title: String,
    /// The words under it, up to the next heading of any level.
    pub body: Range<usize>,
}

impl<'a> Document<'a> {
    /// Finds the words of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
        let words = text.split_whitespace().map(|word| (place(word), place(word) + word.len())).collect();
        Self { text, words }
    }

    /// How many words it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether it has no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words of that range with the white space between them.
    ///
    /// # Panics
    /// If the range is empty or reaches beyond the text.
    #[must_use]
    pub fn slice(&self, words: Range<usize>) -> &'a str {
        &self.text[self.words[words.start].0..self.words[words.end - 1].1]
    }

    /// One word.
    ///
    /// # Panics
    /// If there is no such word.
    #[must_use]
    pub fn word(&self, at: usize) -> &'a str {
        self.slice(at..at + 1)
    }

    /// All words.
    pub fn words(&self) -> impl Iterator<Item = &'a str> {
        self.words.iter().map(|&(from, to)| &self.text[from..to])
    }

    /// Where paragraphs begin: after blank lines.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<usize> {
        (0..self.len()).filter(|&at| at == 0 || self.breaks_before(at) > 1).collect()
    }

    /// Sentences, which together are all words: they end with a full stop, a question or exclamation mark before what is no small letter, with
    /// a paragraph, or after 80 words.
    #[must_use]
    pub fn sentences(&self) -> Vec<Range<usize>> {
        let (mut sentences, mut from) = (Vec::new(), 0);
        for at in 0..self.len() {
            let ends = at + 1 == self.len()
                || self.breaks_before(at + 1) > 1
                || is_heading(self.line_of(at)) && self.breaks_before(at + 1) > 0
                || at + 1 - from >= LONGEST_SENTENCE
                || is_end(self.word(at)) && !self.word(at + 1).starts_with(char::is_lowercase);
            if ends {
                sentences.push(from..at + 1);
                from = at + 1;
            }
        }
        sentences
    }

    /// Sections of Markdown that have a heading in `#` style and at least one word.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        let mut at = 0;
        while at < self.len() {
            let begins_line = at == 0 || self.breaks_before(at) > 0;
            let line = self.line_of(at);
            if begins_line && is_heading(line) {
                let words = line.split_whitespace().count();
                if let Some(last) = sections.last_mut() {
                    last.body.end = at;
                }
                let title = line.trim().trim_matches('#').trim().to_owned();
                sections.push(Section { title, body: at + words..self.len() });
                at += words;
            } else {
                at += 1;
            }
        }
        sections.retain(|section| !section.body.is_empty() && !section.title.is_empty());
        sections
    }

    /// Line breaks between a word and the one before it.
    fn breaks_before(&self, at: usize) -> usize {
        self.text[self.words[at - 1].1..self.words[at].0].matches('\n').count()
    }

    fn line_of(&self, at: usize) -> &'a str {
        let (from, to) = self.words[at];
        let begin = self.text[..from].rfind('\n').map_or(0, |place| place + 1);
        let end = self.text[to..].find('\n').map_or(self.text.len(), |place| to + place);
        &self.text[begin..end]
    }
}

fn is_heading(line: &str) -> bool {
    let marks = line.trim_start().bytes().take_while(|&byte| byte == b'#').count();
    (1..=6).contains(&marks) && line.trim_start()[marks..].starts_with(' ')
}

fn is_end(word: &str) -> bool {
    let bare = word.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']', '*', '_', '`']);
    bare.ends_with(['.', '?', '!', '…', '。', '？', '！'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# On doors\n\nOne came in. He said “no.” Nobody, e.g. the cat, minded!\n\nA list\n\n## Rest ##\nIt ends";

    #[test]
    fn words_are_cut_with_their_own_white_space() {
        let document = Document::new("  one\ntwo   three ");
        assert_eq!((document.len(), document.slice(0..3)), (3, "one\ntwo   three"));
    }

    #[test]
    fn sentences_are_all_words() {
        let document = Document::new(TEXT);
        let found: Vec<&str> = document.sentences().into_iter().map(|words| document.slice(words)).collect();
        let expected = [
            "# On doors",
            "One came in.",
            "He said “no.”",
            "Nobody, e.g. the cat, minded!",
            "A list",
            "## Rest ##",
            "It ends",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_section_is_what_stands_under_its_heading() {
        let document = Document::new(TEXT);
        let sections = document.sections();
        assert_eq!(sections[0].title, "On doors");
        assert!(document.slice(sections[0].body.clone()).ends_with("A list"));
        assert_eq!(
            (sections[1].title.as_str(), document.slice(sections[1].body.clone())),
            ("Rest", "It ends")
        );
        assert_eq!(sections.len(), 2);
    }

    #[test]
    fn paragraphs_begin_after_blank_lines() {
        let document = Document::new(TEXT);
        let firsts: Vec<&str> = document.paragraphs().into_iter().map(|at| document.word(at)).collect();
        assert_eq!(firsts, ["#", "One", "A", "##"]);
    }
}
