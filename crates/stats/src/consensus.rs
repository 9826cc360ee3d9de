//! What most samples say, word by word: all texts are aligned to one of them, and each place is put to the vote.
//!
//! A consensus is a summary that nobody may ever have said; what a model said is its most typical sample
//! ([`crate::medoid`]), with which this begins.

mod align;

use std::collections::BTreeMap;

use align::Aligner;

use crate::nested::{Nested, SampleId};
use crate::pairwise::Answer;

/// One text and how much it weighs.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote {
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
}

/// The consensus of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// The text, with the agreement on each of its tokens.
    pub places: Vec<Place>,
    /// Every place, dropped ones included.
    pub columns: Vec<Column>,
    /// How often all texts were aligned anew, the first time included.
    pub rounds: u32,
}

/// Alignments to a consensus that itself changes, at most.
const ROUNDS: u32 = 5;

/// Aligns all texts to `centre` (the most typical one), votes, and aligns all to the outcome until it stays. `None`
/// without any weight, or with one that is negative or no finite number. A single sample agrees with itself, which says
/// nothing. Time and memory of one alignment are the product of two lengths, 64 places at a time.
#[must_use]
pub fn consensus(votes: &[Vote], centre: &[u32]) -> Option<Consensus> {
    let total: f64 = votes.iter().map(|vote| vote.weight).sum();
    if total <= 0.0 || votes.iter().any(|vote| !(vote.weight.is_finite() && vote.weight >= 0.0)) {
        return None;
    }
    let mut text = centre.to_vec();
    let mut rounds = 0;
    loop {
        rounds += 1;
        let columns = columns(votes, &text, total);
        let places: Vec<Place> = columns.iter().filter(|column| column.is_kept).map(place).collect();
        let next: Vec<u32> = places.iter().map(|place| place.token).collect();
        if next == text || rounds == ROUNDS {
            return Some(Consensus { places, columns, rounds });
        }
        text = next;
    }
}

/// The consensus of the texts of a cell, users and then their sessions weighing the same, around the sample `centre`.
/// `None` for fewer than two texts, if `centre` is none, or if one round of alignments would fill more than `most` cells of tables.
#[must_use]
pub fn of_answers(cell: &Nested<Answer>, centre: SampleId, most: usize) -> Option<Consensus> {
    let texts = cell.filter_map(|answer| match answer {
        Answer::Text(tokens) => Some(tokens.clone()),
        Answer::NonAnswer => None,
    });
    let mut weights: BTreeMap<&[u32], f64> = BTreeMap::new();
    for user in texts.users() {
        for session in &user.sessions {
            let weight = 1.0 / (texts.users().len() * user.sessions.len() * session.samples.len()) as f64;
            for (_, tokens) in &session.samples {
                *weights.entry(tokens).or_default() += weight;
            }
        }
    }
    let (_, centre) = texts.rows().find(|(id, _)| *id == centre).filter(|_| texts.size().samples > 1)?;
    let cells: usize = weights.keys().map(|tokens| (tokens.len() + 1) * (centre.len() + 1)).sum();
    let votes: Vec<Vote> =
        weights.into_iter().map(|(tokens, weight)| Vote { tokens: tokens.to_vec(), weight }).collect();
    if cells > most { None } else { consensus(&votes, centre) }
}

fn place(column: &Column) -> Place {
    let (token, agreement) = column.shares[0];
    Place { token: token.expect("only columns with a token are kept"), agreement }
}

/// For each token of `text` a column, and around it as many as the longest insertion there has tokens.
fn columns(votes: &[Vote], text: &[u32], total: f64) -> Vec<Column> {
    let mut aligner = Aligner::new(text);
    let mut align = |vote: &Vote| (aligner.align(&vote.tokens), vote.weight);
    let aligned: Vec<(Aligned, f64)> =
        votes.iter().filter(|vote| vote.weight > 0.0).map(&mut align).collect();
    let mut columns = Vec::new();
    for place in 0..=text.len() {
        let width = aligned.iter().map(|(one, _)| one.before(place).len()).max().unwrap_or(0);
        for slot in 0..width {
            let of = |one: &Aligned| one.before(place).get(slot).map(|(_, token)| *token);
            let said = aligned.iter().map(|(one, weight)| (of(one), *weight));
            columns.push(column(said, None, total));
        }
        if let Some(&token) = text.get(place) {
            columns.push(column(
                aligned.iter().map(|(one, weight)| (one.at[place], *weight)),
                Some(token),
                total,
            ));
        }
    }
    columns
}

/// Of equal shares what the text has there wins, a token or nothing; else the lowest number, and nothing last.
fn column(said: impl Iterator<Item = (Option<u32>, f64)>, own: Option<u32>, total: f64) -> Column {
    let mut shares: Vec<(Option<u32>, f64)> = Vec::new();
    for (token, weight) in said {
        match shares.iter_mut().find(|(known, _)| *known == token) {
            Some((_, share)) => *share += weight / total,
            None => shares.push((token, weight / total)),
        }
    }
    let rank = |token: Option<u32>| (token != own, token.is_none(), token);
    shares.sort_by_key(|(token, _)| rank(*token));
    // Sums of the same weights in another order are equal up to rounding.
    let most = shares.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    if let Some(winner) = shares.iter().position(|(_, share)| *share >= most - 1e-12) {
        let winner = shares.remove(winner);
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(rank(a.0).cmp(&rank(b.0))));
        shares.insert(0, winner);
    }
    let is_kept = shares.first().is_some_and(|(token, _)| token.is_some());
    Column { shares, is_kept }
}

/// A text beside the one that it was aligned to.
struct Aligned {
    /// What stands at each place of that text.
    at: Vec<Option<u32>>,
    /// What stands before a place, or behind the last, by the place.
    inserted: Vec<(usize, u32)>,
}

impl Aligned {
    /// What stands before a place.
    fn before(&self, place: usize) -> &[(usize, u32)] {
        let from = self.inserted.partition_point(|(at, _)| *at < place);
        let inserted = &self.inserted[from..];
        &inserted[..inserted.partition_point(|(at, _)| *at == place)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FOUR: [&str; 4] = ["a b c d", "a b c e", "a x c d", "a b c d f"];

    fn votes(texts: &[&str]) -> Vec<Vote> {
        let token = |word: &str| u32::from(word.as_bytes()[0]);
        let tokens = |text: &&str| text.split(' ').filter(|word| !word.is_empty()).map(token).collect();
        texts.iter().map(|text| Vote { tokens: tokens(text), weight: 1.0 / texts.len() as f64 }).collect()
    }

    #[test]
    fn four_texts() {
        let votes = votes(&FOUR);
        let found = consensus(&votes, &votes[0].tokens).unwrap();
        let places: Vec<(u32, f64)> =
            found.places.iter().map(|place| (place.token, place.agreement)).collect();
        let letter = |letter: u8| u32::from(letter);
        assert_eq!(
            places,
            [(letter(b'a'), 1.0), (letter(b'b'), 0.75), (letter(b'c'), 1.0), (letter(b'd'), 0.75)]
        );
        let last = found.columns.last().unwrap();
        assert_eq!(last.shares, [(None, 0.75), (Some(letter(b'f')), 0.25)]);
        assert!(!last.is_kept);
        assert_eq!(found.rounds, 1);
    }

    #[test]
    fn a_centre_that_stands_alone_is_outvoted() {
        let votes = votes(&["a x", "a b c", "a b c"]);
        let found = consensus(&votes, &votes[0].tokens).unwrap();
        let tokens: Vec<u32> = found.places.iter().map(|place| place.token).collect();
        assert_eq!(tokens, votes[1].tokens);
        assert_eq!(found.rounds, 2);
    }

    #[test]
    fn of_equal_votes_the_centre_wins() {
        let votes = votes(&["a z", "a b"]);
        let tokens = |centre: &[u32]| -> Vec<u32> {
            consensus(&votes, centre).unwrap().places.iter().map(|place| place.token).collect()
        };
        assert_eq!(tokens(&votes[0].tokens), votes[0].tokens);
        assert_eq!(tokens(&votes[1].tokens), votes[1].tokens);
    }

    #[test]
    fn a_talkative_user_has_one_vote() {
        let text = |tokens: &[u32]| Answer::Text(tokens.to_vec());
        let talkative = vec![vec![text(&[1, 9]); 5], vec![text(&[1, 9]); 3]];
        let cell = Nested::from_lists([
            talkative,
            vec![vec![text(&[1, 2])]],
            vec![vec![text(&[1, 2]), Answer::NonAnswer]],
        ]);
        let centre = SampleId { user: 0, session: 0, sample: 0 };
        let found = of_answers(&cell, centre, 100).unwrap();
        let places: Vec<(u32, f64)> =
            found.places.iter().map(|place| (place.token, place.agreement)).collect();
        assert_eq!((places[0].0, places[1].0), (1, 2));
        assert!((places[0].1 - 1.0).abs() < 1e-12 && (places[1].1 - 2.0 / 3.0).abs() < 1e-12, "{places:?}");
        assert_eq!(of_answers(&cell, centre, 17), None, "two different texts fill 9 cells each");
        assert_eq!(of_answers(&cell, SampleId { sample: 1, user: 2, ..centre }, 100), None, "no text");
    }

    #[test]
    fn nothing_has_no_consensus() {
        assert_eq!(consensus(&[], &[1]), None);
        for weight in [f64::NAN, -1.0, 0.0] {
            assert_eq!(consensus(&[Vote { tokens: vec![1], weight }], &[1]), None);
        }
        let one = Nested::from_lists([vec![vec![Answer::Text(vec![1])]]]);
        assert_eq!(
            of_answers(&one, SampleId { user: 0, session: 0, sample: 0 }, 100),
            None,
            "it agrees with nobody"
        );
        let empty = consensus(&votes(&["", ""]), &[]).unwrap();
        assert_eq!((empty.places.len(), empty.columns.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn the_order_of_votes_does_not_matter(
            texts in proptest::collection::vec(proptest::collection::vec(0_u32..4, 0..12), 1..6),
        ) {
            let weight = 1.0 / texts.len() as f64;
            let mut votes: Vec<Vote> = texts.into_iter().map(|tokens| Vote { tokens, weight }).collect();
            let centre = votes[0].tokens.clone();
            let tokens = |votes: &[Vote]| -> Vec<u32> {
                consensus(votes, &centre).unwrap().places.iter().map(|place| place.token).collect()
            };
            let forward = tokens(&votes);
            votes.reverse();
            prop_assert_eq!(tokens(&votes), forward);
        }
    }
}
