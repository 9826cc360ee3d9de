//! Free text: agreement of wording, language by language, since across languages it means nothing.

use antiphon_core::summary::{ConsensusWord, WordingAgreement};
use antiphon_stats::medoid::Typical;
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{Answer, Nested, PairPolicy, SampleId, consensus, pairwise};

use super::{CellInput, DEVIANTS, Factors, Quotes};
use crate::estimates;
use crate::read_block::BlockSample;

/// Cells of alignment tables that one round of a vote may fill: about a second.
const VOTED_CELLS: usize = 500_000_000;

/// Agreement of wording in one language, with real samples to quote.
pub(super) struct WordingScores {
    pub(super) agreement: WordingAgreement,
    pub(super) quotes: Quotes,
}

/// Each language that is spoken in the cell.
pub(super) fn scores(input: &CellInput<'_>) -> Vec<WordingScores> {
    let mut vocabulary = Vocabulary::default();
    let answers: Vec<Option<Answer>> =
        input.samples.iter().map(|row| answer(input, row, &mut vocabulary)).collect();
    let words = vocabulary.tokens();
    input.languages().into_iter().map(|language| score(input, language, &answers, &words)).collect()
}

fn answer(input: &CellInput<'_>, row: &BlockSample, vocabulary: &mut Vocabulary) -> Option<Answer> {
    match &row.sample.outcome {
        outcome if outcome.has_text() => Some(Answer::Text(input.words(&row.sample.text, vocabulary))),
        outcome if outcome.is_behaviour() => Some(Answer::NonAnswer),
        _ => None,
    }
}

fn score(input: &CellInput<'_>, language: &str, answers: &[Option<Answer>], words: &[&str]) -> WordingScores {
    let cell =
        input.nested(|row, sample| answers[row].clone().filter(|_| input.language_of(sample) == language));
    let purpose =
        ["pairs", input.target.id.as_str(), input.probe.id.as_str(), &input.turn.to_string(), language];
    let policy = PairPolicy {
        exact_up_to: input.manifest.scoring.exact_pairs_up_to as usize,
        seed: u64::from(input.manifest.seed.number(&purpose)),
        deviants: DEVIANTS,
    };
    let factors = Factors::of(input.manifest);
    let scores = pairwise::texts_by_factor(&cell, &factors.design, input.population(), policy);
    let quote = |typical: Typical| input.find(typical.id).map(|row| input.exemplar(row, typical.similarity));
    WordingScores {
        agreement: WordingAgreement {
            language: language.to_owned(),
            answered: estimates::agreement(&scores.answered),
            all: estimates::agreement(&scores.all),
            consensus: scores
                .typicality
                .medoid
                .map_or_else(Vec::new, |typical| voted(&cell, typical.id, words)),
            crossed: factors.of_wording(&cell, scores.crossed),
        },
        quotes: Quotes {
            typical: scores.typicality.medoid.and_then(quote),
            deviant: scores.typicality.deviants.into_iter().filter_map(quote).collect(),
        },
    }
}

/// The words that most answers have, around the most typical one.
fn voted(cell: &Nested<Answer>, centre: SampleId, words: &[&str]) -> Vec<ConsensusWord> {
    let places = consensus::of_answers(cell, centre, VOTED_CELLS).map_or_else(Vec::new, |found| found.places);
    let word = |place: consensus::Place| ConsensusWord {
        word: words[place.token as usize].to_owned(),
        agreement: place.agreement,
    };
    places.into_iter().map(word).collect()
}
