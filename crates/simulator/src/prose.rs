//! Fluent text about nothing, for questions that no answer set of a voice matches.

use crate::draw::Draw;

/// How a voice talks when it has nothing prepared.
#[derive(Clone, Debug)]
pub(crate) struct Prose {
    /// Length in words, at least 1.
    pub(crate) words: usize,
    /// Share of words that differ from sample to sample.
    pub(crate) variation: f64,
}

impl Prose {
    /// The text of one stem, in which `sample` changes single words.
    ///
    /// `stem` fixes the words that all samples of the stem share, so agreement between samples means something. `word`
    /// draws one word of the vocabulary.
    pub(crate) fn write<'a>(
        &self,
        word: impl Fn(&mut Draw) -> &'a str,
        mut stem: Draw,
        mut sample: Draw,
    ) -> String {
        let mut text = String::with_capacity(self.words * 7);
        let mut left_in_sentence = 0;
        for position in 0..self.words {
            let starts = left_in_sentence == 0;
            if starts {
                left_in_sentence = 6 + stem.index(10);
            }
            left_in_sentence -= 1;
            let shared = word(&mut stem);
            let varies = sample.chance(self.variation);
            push_word(&mut text, if varies { word(&mut sample) } else { shared }, starts);
            if left_in_sentence == 0 || position + 1 == self.words {
                text.push('.');
            }
        }
        text
    }
}

fn push_word(text: &mut String, word: &str, starts_sentence: bool) {
    if !text.is_empty() {
        text.push(' ');
    }
    let mut letters = word.chars();
    if starts_sentence && let Some(first) = letters.next() {
        text.extend(first.to_uppercase());
    }
    text.push_str(letters.as_str());
}

/// Any word of the simulator's own vocabulary.
pub(crate) fn word(draw: &mut Draw) -> &'static str {
    WORDS[draw.index(WORDS.len())]
}

#[rustfmt::skip]
const WORDS: [&str; 208] = [
    "the", "a", "of", "and", "in", "to", "with", "for", "on", "at", "by", "from", "as", "but", "or", "so",
    "river", "stone", "garden", "letter", "window", "morning", "evening", "winter", "summer", "harbour", "bridge", "lantern", "ladder", "forest", "meadow", "valley",
    "teacher", "sailor", "baker", "neighbour", "traveller", "child", "keeper", "painter", "farmer", "singer", "doctor", "reader", "builder", "stranger", "friend", "crowd",
    "walks", "turns", "waits", "carries", "opens", "closes", "follows", "answers", "listens", "remembers", "gathers", "returns", "leaves", "begins", "holds", "keeps",
    "slowly", "quietly", "gladly", "often", "rarely", "always", "never", "perhaps", "almost", "nearly", "together", "alone", "again", "later", "soon", "now",
    "small", "broad", "quiet", "bright", "heavy", "gentle", "early", "patient", "careful", "honest", "simple", "distant", "familiar", "narrow", "steady", "open",
    "question", "answer", "promise", "story", "reason", "habit", "pattern", "measure", "balance", "order", "silence", "voice", "memory", "choice", "journey", "lesson",
    "table", "door", "roof", "wall", "field", "road", "boat", "clock", "mirror", "basket", "candle", "paper", "thread", "bell", "wheel", "kettle",
    "before", "after", "between", "behind", "under", "over", "across", "along", "without", "within", "until", "because", "although", "while", "where", "when",
    "light", "shadow", "colour", "sound", "rain", "wind", "snow", "cloud", "tide", "shore", "island", "mountain", "path", "corner", "market", "village",
    "gives", "takes", "finds", "loses", "makes", "mends", "draws", "reads", "writes", "learns", "shares", "counts", "weighs", "plants", "builds", "brings",
    "one", "two", "three", "many", "few", "some", "each", "every", "another", "other", "same", "whole", "half", "first", "last", "next",
    "trust", "care", "hope", "doubt", "effort", "play", "work", "rest", "help", "change", "growth", "peace", "chance", "time", "place", "thing",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn write(variation: f64, stem: u64, sample: u64) -> String {
        Prose { words: 50, variation }.write(word, Draw::new(stem, &[]), Draw::new(sample, &[]))
    }

    #[test]
    fn samples_of_a_stem_share_all_but_the_varied_words() {
        assert_eq!(write(0.0, 1, 1), write(0.0, 1, 2));
        assert_ne!(write(0.0, 1, 1), write(0.0, 2, 1));
        let (one, two) = (write(0.2, 1, 1), write(0.2, 1, 2));
        let same = one.split(' ').zip(two.split(' ')).filter(|(a, b)| a == b).count();
        assert!((25..50).contains(&same), "{same} of 50 words agree");
    }

    #[test]
    fn it_has_as_many_words_as_asked_for() {
        assert_eq!(write(0.5, 3, 4).split_whitespace().count(), 50);
    }
}
