//! How well the answers of a language bear out what one of them says, sentence by sentence.

use antiphon_core::summary::BorneOut;
use antiphon_stats::selfcheck::Words;
use antiphon_stats::text::{Vocabulary, sentences};
use antiphon_stats::{Answer, Nested};

use super::CellInput;

/// The words of all answers of one language.
pub(super) struct Support {
    words: Words,
}

impl Support {
    pub(super) fn of(cell: &Nested<Answer>) -> Self {
        let mut words = Words::default();
        for (_, answer) in cell.rows() {
            if let Answer::Text(tokens) = answer {
                words.add(tokens);
            }
        }
        Self { words }
    }

    /// The sentences of a text, in order, nothing left out. Empty where nothing could bear them out.
    pub(super) fn sentences(
        &self,
        input: &CellInput<'_>,
        text: &str,
        vocabulary: &mut Vocabulary,
    ) -> Vec<BorneOut> {
        if self.words.answers() < 2 {
            return Vec::new();
        }
        let of = |sentence: &str| {
            let surprise = self.words.surprise(&input.words(sentence, vocabulary));
            BorneOut {
                characters: sentence.chars().count() as u64,
                mean: surprise.map(|surprise| surprise.mean),
                most: surprise.map(|surprise| surprise.most),
                rarest_per_answer: surprise.map(|surprise| surprise.rarest_per_answer),
            }
        };
        sentences(text).map(of).collect()
    }
}
