//! Which word follows which in a document: for texts of its style that are not in it, and for what somebody would guess who knows the style.

use std::collections::BTreeMap;
use std::ops::Range;

use rand_chacha::ChaCha8Rng;

use super::Document;
use crate::seed::pick;

/// Words by the two before them, by the one before them, and all.
#[derive(Debug)]
pub struct Ngrams<'a> {
    after_two: BTreeMap<[&'a str; 2], Vec<&'a str>>,
    after_one: BTreeMap<&'a str, Vec<&'a str>>,
    all: Vec<&'a str>,
}

impl<'a> Ngrams<'a> {
    /// Learns a document without the words of `hidden`.
    #[must_use]
    pub fn of(document: &Document<'a>, hidden: Range<usize>) -> Self {
        let mut ngrams = Self { after_two: BTreeMap::new(), after_one: BTreeMap::new(), all: Vec::new() };
        let mut before: [Option<&str>; 2] = [None, None];
        for (at, word) in document.words().enumerate() {
            if hidden.contains(&at) {
                before = [None, None];
                continue;
            }
            ngrams.all.push(word);
            if let Some(last) = before[1] {
                ngrams.after_one.entry(last).or_default().push(word);
                if let Some(first) = before[0] {
                    ngrams.after_two.entry([first, last]).or_default().push(word);
                }
            }
            before = [before[1], Some(word)];
        }
        ngrams
    }

    /// Words that stand after that one somewhere; each as often as it does.
    #[must_use]
    pub fn after(&self, word: &str) -> &[&'a str] {
        self.after_one.get(word).map_or(&[], Vec::as_slice)
    }

    /// Goes on after a passage for so many words: each is drawn from those that follow the last two words somewhere, where nothing does the
    /// last one, where nothing does any.
    #[must_use]
    pub fn guess(&self, passage: &str, words: usize, generator: &mut ChaCha8Rng) -> String {
        let mut said: Vec<&str> = passage.split_whitespace().collect();
        let begin = said.len();
        while said.len() < begin + words && !self.all.is_empty() {
            let one = said.last().copied();
            let two = said.len().checked_sub(2).and_then(|at| self.after_two.get(&[said[at], said[at + 1]]));
            let choices = two.or_else(|| self.after_one.get(one?)).unwrap_or(&self.all);
            said.push(choices[pick(choices.len(), generator)]);
        }
        said[begin..].join(" ")
    }

    /// A text of the document's words that is not in it: each follows the one before it somewhere.
    #[must_use]
    pub fn invent(&self, words: usize, generator: &mut ChaCha8Rng) -> String {
        let mut said: Vec<&str> = Vec::with_capacity(words);
        while said.len() < words && !self.all.is_empty() {
            let choices = said.last().map_or(&[][..], |last| self.after(last));
            let choices = if choices.is_empty() { &self.all } else { choices };
            said.push(choices[pick(choices.len(), generator)]);
        }
        said.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    #[test]
    fn what_is_hidden_is_not_guessed() {
        let document = Document::new("the cat sat on the mat and the cat slept");
        let mut generator = Seed(1).stream(&["test"]);
        let seen = Ngrams::of(&document, 0..0);
        assert_eq!(seen.after("cat"), ["sat", "slept"]);
        assert_eq!(seen.guess("on the", 1, &mut generator), "mat");
        let blind = Ngrams::of(&document, 4..6);
        assert_ne!(blind.guess("on the", 1, &mut generator), "mat");
        assert_eq!(blind.after("the"), ["cat", "cat"]);
    }

    #[test]
    fn an_invented_text_has_neighbours_of_the_document() {
        let document = Document::new("a b c a c b a");
        let ngrams = Ngrams::of(&document, 0..0);
        let text = ngrams.invent(50, &mut Seed(2).stream(&["test"]));
        let words: Vec<&str> = text.split(' ').collect();
        assert_eq!(words.len(), 50);
        assert!(words.windows(2).all(|pair| ngrams.after(pair[0]).contains(&pair[1])));
    }
}
