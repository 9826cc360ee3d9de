//! Free text: agreement of wording, language by language, since across languages it means nothing.

use antiphon_core::summary::{Clusters, Exemplar, Quotations, UserApart, WithoutUser, WordingAgreement};
use antiphon_stats::medoid::Typical;
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{Agreement, Answer, Nested, PairPolicy, pairwise};

use super::support::Support;
use super::voted::voted;
use super::{CellInput, DEVIANTS, Factors, Quotes, apart, clusters, quotations};
use crate::estimates;
use crate::groups::GroupShare;
use crate::read_block::BlockSample;

/// Agreement of wording in one language, with real samples to quote.
pub(super) struct WordingScores {
    pub(super) agreement: WordingAgreement,
    pub(super) quotes: Quotes,
    /// Agreement between users without each of them.
    pub(super) without: Vec<WithoutUser>,
    /// What it brings to the agreement over its group.
    pub(super) share: Option<GroupShare>,
    pub(super) clusters: Option<Clusters>,
    pub(super) apart: Vec<UserApart>,
    pub(super) quotations: Option<Quotations>,
}

/// Each language that is spoken in the cell.
pub(super) fn scores(input: &CellInput<'_>) -> Vec<WordingScores> {
    let mut vocabulary = Vocabulary::default();
    let answers: Vec<Option<Answer>> =
        input.samples.iter().map(|row| answer(input, row, &mut vocabulary)).collect();
    input.languages().into_iter().map(|language| score(input, language, &answers, &mut vocabulary)).collect()
}

pub(super) fn answer(
    input: &CellInput<'_>,
    row: &BlockSample,
    vocabulary: &mut Vocabulary,
) -> Option<Answer> {
    match &row.sample.outcome {
        outcome if outcome.has_text() => Some(Answer::Text(input.words(&row.sample.text, vocabulary))),
        outcome if outcome.is_behaviour() => Some(Answer::NonAnswer),
        _ => None,
    }
}

fn score(
    input: &CellInput<'_>,
    language: &str,
    answers: &[Option<Answer>],
    vocabulary: &mut Vocabulary,
) -> WordingScores {
    let cell =
        input.nested(|row, sample| answers[row].clone().filter(|_| input.language_of(sample) == language));
    let policy = PairPolicy {
        exact_up_to: input.manifest.scoring.exact_pairs_up_to as usize,
        seed: input.seed("pairs", language),
        deviants: DEVIANTS,
    };
    let factors = Factors::of(input.manifest);
    let scores = pairwise::texts_by_factor(&cell, &factors.design, input.population(), policy);
    let support = Support::of(&cell);
    let quote = |typical: Typical| input.find(typical.id).map(|row| input.exemplar(row, typical.similarity));
    let medoid = scores.typicality.medoid;
    let vote = voted(input, &cell, &scores, &vocabulary.tokens());
    let typical = medoid.and_then(quote).map(|exemplar| Exemplar {
        sentences: support.sentences(input, &exemplar.text, vocabulary),
        ..exemplar
    });
    let texts = cell.filter_map(|answer| matches!(answer, Answer::Text(_)).then_some(()));
    WordingScores {
        without: without(&texts, &scores.answered),
        share: GroupShare::of(Some(language), &texts, &scores.answered),
        agreement: WordingAgreement {
            language: language.to_owned(),
            answered: estimates::agreement(&scores.answered, input.miss),
            all: estimates::agreement(&scores.all, input.miss),
            consensus: vote.words,
            consensus_agreement: vote.agreement,
            consensus_after: vote.after,
            crossed: factors.of_wording(&cell, scores.crossed.clone()),
        },
        clusters: clusters::of_texts(input, language, &cell, &scores),
        apart: apart::of_texts(input, language, &scores),
        quotations: quotations::scores(input, language),
        quotes: Quotes {
            typical,
            deviant: scores.typicality.deviants.into_iter().filter_map(quote).collect(),
        },
    }
}

/// Agreement without each user who has a text.
fn without(texts: &Nested<()>, answered: &Agreement) -> Vec<WithoutUser> {
    let value = |at: usize| answered.without.get(at).copied();
    let user =
        |(at, user): (usize, &antiphon_stats::User<()>)| WithoutUser { user: user.id, agreement: value(at) };
    texts.users().iter().enumerate().map(user).collect()
}
