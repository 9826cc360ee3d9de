//! What most samples say, word by word: all texts are aligned to one of them, and each place is put to the vote.
//!
//! A consensus is a summary that nobody may ever have said; what a model said is its most typical sample
//! ([`crate::medoid`]), with which this begins.

mod align;
mod ballot;
mod branches;
mod jackknife;
mod prefix;

use crate::estimate::{Estimate, Population};
use crate::nested::{Nested, SampleId};
use crate::pairwise::Answer;
pub(crate) use align::Aligner;
use ballot::Ballot;
pub use branches::PrefixBranch;
pub use prefix::{Continuation, Prefix, PrefixPlace, PrefixRule, prefix};

/// One text and how much it weighs.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote {
    /// Whose it is.
    pub user: u64,
    /// Numbered tokens.
    pub tokens: Vec<u32>,
    /// At least 0. Users weighing the same, it is one over users, sessions and samples.
    pub weight: f64,
}

/// One token of the consensus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The token.
    pub token: u32,
    /// The share of the weight that has it here, in `[0, 1]`.
    pub agreement: f64,
}

/// All that was put to the vote at one place, the losers included.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Tokens, or nothing, with their shares; the largest first, of equal ones nothing last and lower numbers first.
    pub shares: Vec<(Option<u32>, f64)>,
    /// Whether the winner is part of the consensus.
    pub is_kept: bool,
    /// The chance that two users have the same here, nothing being the same as nothing: `U` between users. `None` for a single user.
    pub collision: Option<f64>,
}

/// The consensus of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// Every place, dropped ones included: a place that most leave empty is a slot, where some say more.
    pub columns: Vec<Column>,
    /// How often all texts were aligned anew, the first time included.
    pub rounds: u32,
}

/// What may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spend {
    /// Cells of alignment tables that one round of a vote may fill.
    pub round: usize,
    /// Steps of the jackknife: cells of tables that are not known yet, and votes counted.
    pub jackknife: usize,
}

/// The consensus of a cell and how much of it is shared.
#[derive(Clone, Debug, PartialEq)]
pub struct OfAnswers {
    /// The consensus.
    pub consensus: Consensus,
    /// The mean agreement over its tokens. The interval is Student's t on the logit scale by the jackknife over users, each time with the medoid chosen and the
    /// vote held anew; for drawn users. Its coverage has not been validated.
    pub mean: Estimate,
}

/// Aligns all texts to `centre` (the most typical one), votes, and aligns all to the outcome until it stays. `None`
/// without any weight, or with one that is negative or no finite number. A single sample agrees with itself, which says
/// nothing. Time and memory of one alignment are the product of two lengths, 64 places at a time.
#[must_use]
pub fn consensus(votes: &[Vote], centre: &[u32]) -> Option<Consensus> {
    let mut ballot = Ballot::new(votes, usize::MAX)?;
    ballot.hold(centre, None)
}

/// The consensus of the texts of a cell, users and then their sessions weighing the same, around the sample `centre`.
/// `None` for fewer than two texts, if `centre` is none, or if one round of alignments would fill more than [`Spend::round`] cells of
/// tables. `without` has the medoid of the answers without each user in turn, in the order of the users that have a text
/// ([`crate::medoid::without_each_user`]); without it there is no interval.
#[must_use]
pub fn of_answers(
    cell: &Nested<Answer>,
    centre: SampleId,
    without: Option<&[SampleId]>,
    population: Population,
    spend: Spend,
) -> Option<OfAnswers> {
    let texts = cell.filter_map(|answer| match answer {
        Answer::Text(tokens) => Some(tokens.clone()),
        Answer::NonAnswer => None,
    });
    let (_, tokens) = texts.rows().find(|(id, _)| *id == centre).filter(|_| texts.size().samples > 1)?;
    let mut votes = Vec::new();
    for user in texts.users() {
        for session in &user.sessions {
            let weight = 1.0 / (texts.users().len() * user.sessions.len() * session.samples.len()) as f64;
            votes.extend(session.samples.iter().map(|(_, tokens)| Vote {
                user: user.id,
                tokens: tokens.clone(),
                weight,
            }));
        }
    }
    let mut ballot = Ballot::new(&votes, spend.round)?;
    let consensus = ballot.hold(tokens, None)?;
    let mean =
        jackknife::mean_agreement(&mut ballot, &consensus, &texts, without, population, spend.jackknife);
    Some(OfAnswers { consensus, mean })
}

impl Consensus {
    /// The tokens, with the agreement on each.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.columns.iter().filter_map(|column| {
            let &(token, agreement) = column.shares.first().filter(|_| column.is_kept)?;
            token.map(|token| Place { token, agreement })
        })
    }

    /// The mean agreement over the tokens; `None` without any.
    #[must_use]
    pub fn mean_agreement(&self) -> Option<f64> {
        let count = self.places().count();
        (count > 0).then(|| self.places().map(|place| place.agreement).sum::<f64>() / count as f64)
    }
}

#[cfg(test)]
mod tests;
