//! Documents that a voice knows, and where in them a passage ends.

use std::collections::HashMap;

use crate::draw::Draw;

/// A passage is found by this many words in a row.
const GRAM: usize = 8;
/// A caller may add this many words of instruction after the passage.
const TAIL: usize = 40;
/// Share of replaceable words that a paraphrase replaces.
const REWORDED: f64 = 0.7;

/// All documents of a voice, behind one index of their word sequences.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    documents: Vec<Document>,
    /// Hash of `GRAM` words to the document and the number of the word that follows them.
    index: HashMap<u64, (usize, usize)>,
}

/// One document, and how well it is known.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) name: String,
    /// Words that are known, by number.
    pub(super) known: std::ops::Range<usize>,
    /// Shares of verbatim, paraphrased and made-up continuations.
    pub(super) shares: Vec<f64>,
    /// Words in a continuation.
    pub(super) words: usize,
    text: String,
    /// Byte offset of the end of every word.
    ends: Vec<usize>,
    hashes: Vec<u64>,
}

/// A place in a document, from where a passage is to be continued.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) document: &'a Document,
    pub(super) word: usize,
}

impl Document {
    /// Splits a text into words. `known` is cut to the words there are.
    pub(super) fn new(
        name: &str,
        text: String,
        known: (usize, Option<usize>),
        shares: Vec<f64>,
        words: usize,
    ) -> Self {
        let (mut ends, mut hashes) = (Vec::new(), Vec::new());
        for token in text.split_whitespace() {
            let Some(hash) = word_hash(token) else { continue };
            hashes.push(hash);
            ends.push(token.as_ptr().addr() - text.as_ptr().addr() + token.len());
        }
        let known = known.0.min(ends.len())..known.1.unwrap_or(ends.len()).min(ends.len());
        Self { name: name.to_owned(), known, shares, words, text, ends, hashes }
    }
}

impl Knowledge {
    pub(super) fn new(documents: Vec<Document>) -> Self {
        let mut index = HashMap::new();
        for (number, document) in documents.iter().enumerate() {
            for (start, gram) in document.hashes.windows(GRAM).enumerate() {
                // The first place stands where a sequence comes again.
                index.entry(gram_hash(gram.iter().copied())).or_insert((number, start + GRAM));
            }
        }
        Self { documents, index }
    }

    /// The place behind the last passage in `text`, if it stands at the end or shortly before it.
    pub(super) fn place(&self, text: &str) -> Option<Place<'_>> {
        if self.index.is_empty() {
            return None;
        }
        let mut tail: Vec<u64> =
            text.split_whitespace().rev().filter_map(word_hash).take(TAIL + GRAM).collect();
        tail.reverse();
        let (number, word) =
            tail.windows(GRAM).rev().find_map(|gram| self.index.get(&gram_hash(gram.iter().copied())))?;
        Some(Place { document: &self.documents[*number], word: *word })
    }
}

impl Place<'_> {
    /// Whether the voice knows what comes here.
    pub(super) fn is_known(&self) -> bool {
        self.document.known.contains(&self.word)
    }

    /// The text from here on, as it stands in the document.
    pub(super) fn verbatim(&self) -> &str {
        let document = self.document;
        let start = document.ends[self.word - 1];
        let last = (self.word + document.words).min(document.known.end) - 1;
        document.text[start..document.ends[last]].trim()
    }

    /// The same with words replaced, differently for each sample.
    pub(super) fn paraphrase(&self, draw: &mut Draw) -> String {
        let mut text = String::new();
        for word in self.verbatim().split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            let replaced = synonyms(word).filter(|_| draw.chance(REWORDED));
            text.push_str(replaced.map_or(word, |others| others[draw.index(others.len())]));
        }
        text
    }
}

/// Letters and digits only, in lower case; none of them is no word.
fn word_hash(token: &str) -> Option<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut any = false;
    for letter in token.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase) {
        hash = (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x0000_0100_0000_01b3);
        any = true;
    }
    any.then_some(hash)
}

fn gram_hash(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0, |hash: u64, word| (hash.rotate_left(17) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn synonyms(word: &str) -> Option<&'static [&'static str]> {
    SYNONYMS.iter().find(|(from, _)| *from == word).map(|(_, to)| *to)
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

    const TEXT: &str = "# Heading\n\nOne fine day the keeper opened the small door, and \
        the light — for it was late — fell upon the stairs below. Nobody came that night.";

    fn knowledge() -> Knowledge {
        Knowledge::new(vec![Document::new("d", TEXT.into(), (0, None), vec![1.0, 0.0, 0.0], 5)])
    }

    #[test]
    fn a_passage_is_continued_where_it_ends() {
        let check = |text: &str, expected: Option<&str>| {
            let knowledge = knowledge();
            let found = knowledge.place(text).map(|place| place.verbatim().to_owned());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("fine day the keeper opened the small door", Some("and the light — for it"));
        check("Continue:\n\n\"Fine day the KEEPER opened the small door,\"", Some("and the light — for it"));
        check(
            "fine day the keeper opened the small door. Please go on from here!",
            Some("and the light — for it"),
        );
        check("light for it was late fell upon the stairs", Some("below. Nobody came that night."));
        check("keeper opened the small door", None);
        check("", None);
    }

    #[test]
    fn beyond_the_known_words_nothing_is_known() {
        let document = Document::new("d", TEXT.into(), (0, Some(12)), vec![1.0, 0.0, 0.0], 50);
        let knowledge = Knowledge::new(vec![document]);
        let place = knowledge.place("fine day the keeper opened the small door").unwrap();
        assert!(place.is_known());
        assert_eq!(place.verbatim(), "and the");
        assert!(!knowledge.place("light for it was late fell upon the stairs").unwrap().is_known());
    }

    #[test]
    fn a_paraphrase_differs_by_sample_and_from_the_text() {
        let knowledge = knowledge();
        let place = knowledge.place("fine day the keeper opened the small door").unwrap();
        let texts: std::collections::BTreeSet<String> =
            (0..20).map(|seed| place.paraphrase(&mut Draw::new(seed, &[]))).collect();
        assert!(texts.len() > 5, "{texts:?}");
    }
}
