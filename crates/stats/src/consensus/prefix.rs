//! How far texts agree from their beginning: the beginning of their consensus on which enough of them agree, word by word.
//!
//! Texts that differ by an inserted or replaced token stay in phase, because they are aligned and not compared place by place. Of
//! several ways to align a text that is short, the one that matches early is taken: texts are aligned from their ends.

use super::align::Aligner;
use super::branches::{self, PrefixBranch};
use super::{Vote, consensus};

/// What one sample says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Continuation {
    /// Whose it is.
    pub user: u64,
    /// Numbered tokens; none where it says nothing, which agrees with nobody.
    pub tokens: Vec<u32>,
}

/// When a token is agreed on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrefixRule {
    /// The least share of the weight, users weighing the same, in `(0, 1]`.
    pub share: f64,
    /// The least number of samples.
    pub samples: usize,
    /// So many tokens in a row may have less inside, but not at the end.
    pub weak: usize,
    /// Most tokens.
    pub most: usize,
}

/// One token that is agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixPlace {
    /// The token.
    pub token: u32,
    /// Samples that have it here, by their places, and where in their tokens.
    pub samples: Vec<(usize, usize)>,
}

/// The beginning that texts agree on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    /// Its tokens.
    pub places: Vec<PrefixPlace>,
    /// What at least two samples have in common instead, those of most samples first.
    pub branches: Vec<PrefixBranch>,
}

/// One text beside the consensus.
pub(super) struct Beside<'a> {
    pub(super) tokens: &'a [u32],
    /// For each place of the consensus where the text has the same token, if it has.
    pub(super) at: Vec<Option<usize>>,
}

/// The longest beginning of the consensus that ends with a token on which enough agree, and has at most [`PrefixRule::weak`] in a row on which
/// too few do. The consensus is the star alignment with voting of [`consensus`], around the text that goes along with most others for longest. A token that a
/// text has in common with it at one place, and with nothing beside it, is chance, and no agreement. Empty for no texts.
#[must_use]
pub fn prefix(texts: &[Continuation], rule: PrefixRule) -> Prefix {
    // Beyond what can be taken only so much matters as shows whether a text is still in phase.
    let look = rule.most + (rule.most / 4).max(8);
    let weights = weights(texts);
    let trimmed: Vec<&[u32]> = texts.iter().map(|text| &text.tokens[..text.tokens.len().min(look)]).collect();
    let backwards = |tokens: &[u32]| -> Vec<u32> { tokens.iter().rev().copied().collect() };
    let votes: Vec<Vote> = (trimmed.iter().zip(texts).zip(&weights))
        .filter(|((tokens, _), _)| !tokens.is_empty())
        .map(|((tokens, text), weight)| Vote { user: text.user, tokens: backwards(tokens), weight: *weight })
        .collect();
    let Some(found) = consensus(&votes, &backwards(centre(&trimmed, &weights))) else {
        return Prefix::default();
    };
    let reversed: Vec<u32> = found.places().map(|place| place.token).collect();
    let text = backwards(&reversed);
    let mut aligner = Aligner::new(&reversed);
    let beside: Vec<Beside<'_>> =
        trimmed.iter().map(|tokens| beside(&mut aligner, &reversed, tokens)).collect();

    let agreed = |place: usize| -> Vec<(usize, usize)> {
        (0..).zip(&beside).filter_map(|(text, beside)| Some((text, beside.at[place]?))).collect()
    };
    let is_strong = |place: usize| {
        let samples = agreed(place);
        let weight: f64 = samples.iter().map(|(text, _)| weights[*text]).sum();
        samples.len() >= rule.samples && weight >= rule.share - 1e-9
    };
    let (mut end, mut weak) = (0, 0);
    for place in 0..text.len().min(rule.most) {
        if is_strong(place) {
            (end, weak) = (place + 1, 0);
        } else {
            weak += 1;
            if weak > rule.weak {
                break;
            }
        }
    }
    // Whoever goes on beyond the most that is taken goes on with the consensus.
    let goes_on = end == rule.most && text.len() > end && is_strong(end);
    let chosen = &text[..if goes_on { end + 1 } else { end }];
    let places = (0..end).map(|place| PrefixPlace { token: text[place], samples: agreed(place) });
    Prefix { places: places.collect(), branches: branches::find(&beside, chosen, end, rule.most) }
}

/// One over users and samples, so that all weights together are 1.
fn weights(texts: &[Continuation]) -> Vec<f64> {
    let of_user = |user: u64| texts.iter().filter(|text| text.user == user).count() as f64;
    let mut users: Vec<u64> = texts.iter().map(|text| text.user).collect();
    users.sort_unstable();
    users.dedup();
    texts.iter().map(|text| 1.0 / (users.len() as f64 * of_user(text.user))).collect()
}

/// The text that goes along with most of the weight for longest: token by token those stay who have what most of those who are left have, of
/// equal ones the lowest token.
fn centre<'a>(texts: &[&'a [u32]], weights: &[f64]) -> &'a [u32] {
    let mut left: Vec<usize> = (0..texts.len()).filter(|text| !texts[*text].is_empty()).collect();
    for place in 0.. {
        let mut shares: std::collections::BTreeMap<u32, f64> = std::collections::BTreeMap::new();
        for &text in &left {
            if let Some(token) = texts[text].get(place) {
                *shares.entry(*token).or_default() += weights[text];
            }
        }
        let most = shares.values().fold(0.0, |most: f64, share| most.max(*share));
        let Some((token, _)) = shares.into_iter().find(|(_, share)| *share >= most - 1e-12) else { break };
        left.retain(|text| texts[*text].get(place) == Some(&token));
    }
    left.first().map_or(&[], |text| texts[*text])
}

/// Where a text has the tokens of the consensus, which stands backwards in the aligner.
fn beside<'a>(aligner: &mut Aligner<'_>, reversed: &[u32], tokens: &'a [u32]) -> Beside<'a> {
    let length = reversed.len();
    let mut at: Vec<Option<usize>> = vec![None; length];
    let backwards: Vec<u32> = tokens.iter().rev().copied().collect();
    let aligned = aligner.align(&backwards);
    let mut read = 0;
    for place in 0..length {
        read += aligned.before(place).len();
        if let Some(token) = aligned.at[place] {
            if token == reversed[place] {
                at[length - 1 - place] = Some(tokens.len() - 1 - read);
            }
            read += 1;
        }
    }
    // The beginning is a place where all are in phase.
    let has = |place: usize| at.get(place).is_some_and(Option::is_some);
    let lone: Vec<usize> =
        (1..length).filter(|&place| has(place) && !has(place - 1) && !has(place + 1)).collect();
    for place in lone {
        at[place] = None;
    }
    Beside { tokens, at }
}

#[cfg(test)]
mod tests;
