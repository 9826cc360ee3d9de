//! Documents that a voice knows, and where in them a passage ends.

use std::{
    cmp::Reverse,
    collections::HashMap,
    fmt::{self, Display, Formatter},
};

use super::document::{Document, word_hash};

/// A passage is found by this many words in a row.
const GRAM: usize = 8;
/// A caller may add this many words of instruction after the passage.
const TAIL: usize = 40;
/// Words further back that tell places apart where the same words stand twice.
const CONTEXT: usize = 100;

/// All documents of a voice, behind one index of their word sequences.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    documents: Vec<Document>,
    /// Hash of `GRAM` words to each document and the number of the word that follows them.
    index: HashMap<u64, Vec<(usize, usize)>>,
}

/// A place in a document, from where it is to be continued.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) document: &'a Document,
    pub(super) word: usize,
}

/// One word at the end of a prompt.
struct Tail {
    hash: u64,
    /// Whether a passage may end here: at the end of a line, or before a closing quotation mark.
    ends: bool,
    /// Words that follow in its line.
    left: usize,
}

impl Knowledge {
    pub(super) fn new(documents: Vec<Document>) -> Self {
        let mut index: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
        for (number, document) in documents.iter().enumerate() {
            for (start, gram) in document.hashes.windows(GRAM).enumerate() {
                index.entry(gram_hash(gram.iter().copied())).or_default().push((number, start + GRAM));
            }
        }
        Self { documents, index }
    }

    pub(super) fn document(&self, name: &str) -> Option<&Document> {
        self.documents.iter().find(|document| document.name == name)
    }

    /// The place behind the last passage in `text`, if it stands at the end or shortly before it.
    pub(super) fn place(&self, text: &str) -> Option<Place<'_>> {
        if self.index.is_empty() {
            return None;
        }
        let tail = tail(text);
        (0..=TAIL).take_while(|at| at + GRAM <= tail.len()).find_map(|at| self.place_at(&tail, at))
    }

    /// The place of the passage whose last word is `tail[at]`. Where several fit, the one that fits furthest back.
    fn place_at(&self, tail: &[Tail], at: usize) -> Option<Place<'_>> {
        let gram = gram_hash(tail[at..at + GRAM].iter().rev().map(|word| word.hash));
        let places = self.index.get(&gram)?.iter().filter_map(|(number, word)| {
            let document = &self.documents[*number];
            let fits = document.hashes[..*word].iter().rev().zip(&tail[at..]);
            let length = fits.take_while(|(known, given)| **known == given.hash).count();
            let ahead = if tail[at].ends { 0 } else { tail[at].left };
            let place = Place { document, word: (word + ahead).min(document.hashes.len()) };
            (tail[at].ends || document.manner.loosely).then_some((length, place))
        });
        // Of equals the first of the file.
        places.min_by_key(|(length, _)| Reverse(*length)).map(|(_, place)| place)
    }

    /// The place under the longest heading that stands in `text`, of the documents that answer to headings.
    pub(super) fn section(&self, text: &str) -> Option<Place<'_>> {
        let given: Vec<u64> = text.split_whitespace().filter_map(word_hash).collect();
        let headings = self.documents.iter().flat_map(|document| {
            document.headings.iter().map(move |(heading, word)| (heading, Place { document, word: *word }))
        });
        headings
            .filter(|(heading, _)| given.windows(heading.len()).any(|words| words == *heading))
            .min_by_key(|(heading, _)| Reverse(heading.len()))
            .map(|(_, place)| place)
    }
}

impl Place<'_> {
    /// Whether the voice knows what comes here.
    pub(super) fn is_known(&self) -> bool {
        self.document.known.contains(&self.word)
    }

    /// Whether nothing comes here, since the document is over, and the voice knows that.
    pub(super) fn is_end(&self) -> bool {
        self.word == self.document.hashes.len() && self.document.known.end == self.word
    }

    /// How many words of a text stand in the document here, each at its place.
    pub(super) fn fits(&self, text: &str) -> usize {
        let words = text.split_whitespace().filter_map(word_hash);
        words.zip(&self.document.hashes[self.word..]).filter(|(given, known)| given == *known).count()
    }

    /// The text from here on, as it stands in the document.
    pub(super) fn text(&self) -> &str {
        self.document.from(self.word)
    }
}

/// Tells the place from all others of the voice.
impl Display for Place<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.document.name, self.word)
    }
}

/// The last words of a text, the last one first.
fn tail(text: &str) -> Vec<Tail> {
    let mut tail = Vec::new();
    for line in text.lines().rev() {
        let mut left = 0;
        for token in line.split_whitespace().rev() {
            let Some(hash) = word_hash(token) else { continue };
            tail.push(Tail {
                hash,
                ends: left == 0 || token.ends_with(['"', '”', '“', '»', '’', '\'']),
                left,
            });
            left += 1;
        }
        if tail.len() > TAIL + CONTEXT {
            break;
        }
    }
    tail
}

fn gram_hash(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0, |hash: u64, word| (hash.rotate_left(17) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::document::Manner;

    const TEXT: &str = "# Heading\n\nOne fine day the keeper opened the small door, and \
        the light — for it was late — fell upon the stairs below. Nobody came that night.";

    fn manner(words: usize) -> Manner {
        let shares = [1.0, 0.0, 0.0, 0.0];
        let (slip, reworded, variation) = (0.0, 0.0, 0.0);
        Manner { shares, slip, reworded, variation, words, loosely: false, headings: false, refusal: None }
    }

    fn knowledge(text: &str, known: (usize, Option<usize>), manner: Manner) -> Knowledge {
        Knowledge::new(vec![Document::new("d", text.into(), known, manner)])
    }

    #[test]
    fn a_passage_is_continued_where_it_ends() {
        let knowledge = knowledge(TEXT, (0, None), manner(5));
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                knowledge.place(text).map(|place| place.text().to_owned()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("fine day the keeper opened the small door", Some("and the light — for it"));
        check("Continue:\n\n\"Fine day the KEEPER opened the small door,\"", Some("and the light — for it"));
        check("“fine day the keeper opened the small door” goes on how?", Some("and the light — for it"));
        check("fine day the keeper opened the small door —\n\nPlease go on!", Some("and the light — for it"));
        check("light for it was late fell upon the stairs", Some("below. Nobody came that night."));
        check("keeper opened the small door", None);
        check("", None);
        let instruction = "word ".repeat(TAIL);
        check(
            &format!("fine day the keeper opened the small door\n{instruction}"),
            Some("and the light — for it"),
        );
        check(&format!("fine day the keeper opened the small door\n{instruction} more"), None);
    }

    #[test]
    fn shuffled_and_reworded_passages_are_known_only_loosely() {
        let reworded = "One fine day the keeper opened the small door, and our glow";
        let shuffled = "door small the opened keeper the day fine one and the light";
        let strict = knowledge(TEXT, (0, None), manner(5));
        let loose = knowledge(TEXT, (0, None), Manner { loosely: true, ..manner(5) });
        for text in [reworded, shuffled] {
            assert!(strict.place(text).is_none(), "{text}");
        }
        assert_eq!(loose.place(reworded).unwrap().text(), "— for it was late — fell");
        assert!(loose.place(shuffled).is_none());
    }

    #[test]
    fn beyond_the_known_words_nothing_is_known() {
        let knowledge = knowledge(TEXT, (0, Some(12)), manner(50));
        let place = knowledge.place("fine day the keeper opened the small door").unwrap();
        assert!(place.is_known());
        assert_eq!(place.text(), "and the");
        let beyond = knowledge.place("light for it was late fell upon the stairs").unwrap();
        assert!(!beyond.is_known() && !beyond.is_end());
    }

    #[test]
    fn the_end_of_the_document_is_known_to_be_one() {
        let at_the_end = "fell upon the stairs below. Nobody came that night.";
        let place = |known| knowledge(TEXT, known, manner(5)).place(at_the_end).unwrap().is_end();
        assert!(place((0, None)));
        assert!(!place((0, Some(20))));
    }

    #[test]
    fn where_words_come_twice_what_stands_before_them_decides() {
        let refrain = "and so they sang until the lamp was out";
        let text = format!("In spring {refrain} one. In autumn {refrain} two. {refrain} three.");
        let knowledge = knowledge(&text, (0, None), manner(1));
        for (before, expected) in
            [("In spring", "one."), ("In autumn", "two."), ("two.", "three."), ("", "one.")]
        {
            let place = knowledge.place(&format!("{before} {refrain}")).unwrap();
            assert_eq!(place.text(), expected, "{before}");
        }
    }

    #[test]
    fn a_heading_asks_for_its_section() {
        let text = "# The Lamp\n\nIt burns.\n\n## The Lamp Oil\n\nIt is old.";
        let knowledge = knowledge(text, (0, None), Manner { headings: true, ..manner(2) });
        let section = |prompt: &str| knowledge.section(prompt).map(|place| place.text().to_owned());
        assert_eq!(section("What does the section “The Lamp” say?").as_deref(), Some("It burns."));
        assert_eq!(section("Quote what is said of the lamp oil!").as_deref(), Some("It is"));
        assert_eq!(section("What is said of the stairs?"), None);
    }
}
