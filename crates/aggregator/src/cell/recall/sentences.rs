//! Which sentences of a reference came back, to how many.

use std::collections::BTreeSet;

use antiphon_core::Cut;
use antiphon_core::document::Document;
use antiphon_core::summary::SentenceRecall;
use antiphon_stats::lcs;
use antiphon_stats::text::Vocabulary;

use super::Answer;
use crate::cell::CellInput;

/// Share of a sentence's words that must come back, in order.
const SHARE: f64 = 0.8;
/// Answers that are shown for a sentence.
const SHOWN: usize = 3;
/// Most characters of such an answer.
const LENGTH: usize = 600;

pub(super) fn of_reference(
    input: &CellInput<'_>,
    cut: &Cut,
    answers: &[Option<Answer>],
    vocabulary: &mut Vocabulary,
) -> Vec<SentenceRecall> {
    let document = Document::new(&cut.reference);
    let sentences = document.sentences();
    let mut before = 0;
    let mut found = Vec::with_capacity(sentences.len());
    for words in sentences {
        let text = document.slice(words.clone());
        let tokens = input.words(text, vocabulary);
        let from = before;
        before += tokens.len();
        if tokens.is_empty() {
            continue;
        }
        let mut sentence = SentenceRecall {
            word: cut.word + u32::try_from(words.start).expect("a reference is short"),
            text: text.to_owned(),
            asked: 0,
            reproduced: 0,
            users: [0, 0],
            samples: Vec::new(),
        };
        let (mut asked, mut got) = (BTreeSet::new(), BTreeSet::new());
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for (row, answer) in input.samples.iter().zip(answers) {
            let Some(answer) = answer else { continue };
            // An answer that was cut off before the sentence's end says nothing of it.
            if answer.is_cut_off && answer.words.len() < from + tokens.len() {
                continue;
            }
            sentence.asked += 1;
            asked.insert(row.user);
            let came_back = comes_back(&tokens, &answer.words);
            if came_back {
                sentence.reproduced += 1;
                got.insert(row.user);
            }
            let shown = if came_back { &mut with } else { &mut without };
            if shown.len() < SHOWN {
                let text: String = row.sample.text.chars().take(LENGTH).collect();
                shown.push((row.sample.user.clone(), row.sample.session, text));
            }
        }
        sentence.users = [asked.len() as u64, got.len() as u64];
        sentence.samples = if with.is_empty() { without } else { with };
        sentence.samples.truncate(SHOWN);
        found.push(sentence);
    }
    found
}

/// Whether enough of a sentence stands in an answer, in order. Short ones must stand there word for word: their words come in any text.
fn comes_back(sentence: &[u32], answer: &[u32]) -> bool {
    if sentence.len() < 5 {
        return answer.windows(sentence.len()).any(|run| run == sentence);
    }
    #[expect(clippy::cast_precision_loss, reason = "words of a sentence are few")]
    let share = lcs::length(sentence, answer) as f64 / sentence.len() as f64;
    share >= SHARE
}
