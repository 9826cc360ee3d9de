//! How much of a document came back.

use antiphon_core::summary::RecallScores;
use antiphon_core::{Cut, Outcome, Sample};
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{interval, recall};

use super::CellInput;
use crate::estimates::{self, scaled};

pub(super) fn scores(input: &CellInput<'_>, cut: &Cut) -> RecallScores {
    let mut vocabulary = Vocabulary::default();
    let reference = input.words(&cut.reference, &mut vocabulary);
    let scores: Vec<Option<recall::Recall>> =
        input.samples.iter().map(|row| score(input, &row.sample, &reference, &mut vocabulary)).collect();
    #[expect(clippy::cast_precision_loss, reason = "words of a passage are far below 2^53")]
    let length = reference.len() as f64;
    #[expect(clippy::cast_precision_loss, reason = "words of a passage are far below 2^53")]
    let prefix = input.nested(|row, _| scores[row].map(|score| score.prefix as f64 / length));
    let common = input.nested(|row, _| scores[row].and_then(|score| score.recall));
    let population = input.population();
    RecallScores {
        document: cut.document.clone(),
        word: cut.word,
        reference_words: reference.len() as u64,
        prefix_words: scaled(interval::proportion(&prefix, population), 0.0, length),
        lcs_recall: estimates::estimate(interval::proportion(&common, population)),
    }
}

/// An answer against what follows in the document. One that was cut off at the token limit is held against as much of it as it had room
/// for, without its last word, which may be half a word: a limit is no forgetting.
fn score(
    input: &CellInput<'_>,
    sample: &Sample,
    reference: &[u32],
    vocabulary: &mut Vocabulary,
) -> Option<recall::Recall> {
    let mut answer = input.words(&sample.text, vocabulary);
    match &sample.outcome {
        Outcome::Truncated => {
            answer.pop();
            let room = reference.len().min(answer.len());
            Some(recall::against_reference(&reference[..room], &answer))
        }
        outcome => outcome.has_text().then(|| recall::against_reference(reference, &answer)),
    }
}
