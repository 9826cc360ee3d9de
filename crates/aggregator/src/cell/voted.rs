//! The words that most answers have, around the most typical one, and what the others have there.

use antiphon_core::summary::{ConsensusWord, Estimate, SaidInstead};
use antiphon_stats::consensus::{self, Column, Spend};
use antiphon_stats::{Answer, Nested, Population, TextAgreement, medoid};

use super::CellInput;
use crate::estimates;

/// A round fills about a second's worth of tables at most, the jackknife takes about a tenth of one.
const SPEND: Spend = Spend { round: 500_000_000, jackknife: 20_000_000 };
/// Users times the square of different texts, up to which the most typical answer is looked for again without each user.
const CENTRES: usize = 20_000_000;
/// Rarer words are not told of.
const TOLD: f64 = 0.05;
/// Words told of at one place.
const WORDS: usize = 2;
/// Words told of that some say between two of the consensus.
const BETWEEN: usize = 3;

/// What came of the vote.
#[derive(Default)]
pub(super) struct Vote {
    pub(super) words: Vec<ConsensusWord>,
    pub(super) agreement: Option<Estimate>,
    pub(super) after: Vec<SaidInstead>,
}

/// The vote of the texts of one language. `words` are the words by their numbers.
pub(super) fn voted(
    input: &CellInput<'_>,
    cell: &Nested<Answer>,
    scores: &TextAgreement,
    words: &[&str],
) -> Vote {
    let Some(centre) = scores.typicality.medoid else { return Vote::default() };
    let population = input.population();
    let affordable = |size: usize| scores.texts.users().len() * size * size <= CENTRES;
    let without = scores
        .similarities
        .as_ref()
        .filter(|similarities| population == Population::Drawn && affordable(similarities.size()))
        .map(|similarities| medoid::without_each_user(&scores.texts, similarities));
    match consensus::of_answers(cell, centre.id, without.as_deref(), population, SPEND) {
        None => Vote::default(),
        Some(found) => {
            Vote { agreement: Some(estimates::estimate(found.mean)), ..told(&found.consensus.columns, words) }
        }
    }
}

fn told(columns: &[Column], words: &[&str]) -> Vote {
    let instead = |shares: &[(Option<u32>, f64)]| -> Vec<SaidInstead> {
        let frequent = shares.iter().filter(|(_, share)| *share >= TOLD).take(WORDS);
        let said = |(token, share): &(Option<u32>, f64)| SaidInstead {
            word: token.map(|token| words[token as usize].to_owned()),
            share: *share,
        };
        frequent.map(said).collect()
    };
    let (mut vote, mut before) = (Vote::default(), Vec::new());
    for column in columns {
        match column.shares.first() {
            Some(&(Some(token), agreement)) => vote.words.push(ConsensusWord {
                word: words[token as usize].to_owned(),
                agreement,
                collision: column.collision,
                instead: instead(&column.shares[1..]),
                before: std::mem::take(&mut before),
            }),
            // Most say nothing here.
            _ => {
                before.extend(instead(&column.shares).into_iter().filter(|said| said.word.is_some()));
                before.truncate(BETWEEN);
            }
        }
    }
    Vote { after: before, ..vote }
}
