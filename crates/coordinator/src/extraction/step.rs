//! What a step of a chain comes to: from what its samples say to the words that they agree on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::{
    Branch, Chain, ChainEnd, Chunk, Grown, GrownWord, Outcome, Sample, may_refuse, without_preface,
};
use antiphon_stats::circles;
use antiphon_stats::consensus::{Continuation, Prefix, PrefixRule, prefix};
use antiphon_stats::pieces::{Piece, pieces};
use antiphon_stats::text::Vocabulary;

/// So many words in a row may have too little agreement inside of what is taken.
const WEAK: usize = 2;
/// Samples that must agree, whatever their share.
const LEAST: usize = 2;
/// Most words that a step may come to take.
const MOST_WORDS: u32 = 400;
/// Fewest, unless the suite wants fewer at first.
const FEWEST_WORDS: u32 = 8;
/// An answer that says again how the passage ends, with so many words at least, is taken from there on.
const SAID_AGAIN: usize = 5;
/// Marks that stand close to the word before them.
const CLOSE: &str = ",.;:!?)]}%…'’”";

/// What one sample says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    user: u64,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Text {
        text: String,
        /// Whether it was cut off, perhaps within a word.
        is_cut: bool,
    },
    Refused,
    Empty,
    Unsupported,
}

impl What {
    fn is_prefaced(&self) -> bool {
        matches!(self, Self::Text { text, .. } if without_preface(text).len() < text.len())
    }
}

impl Said {
    /// `None` for a sample that says nothing of the model. `refuses` says whether a text is a refusal.
    pub(super) fn of(user: u64, sample: &Sample, refuses: impl Fn(&str) -> bool) -> Option<Self> {
        let text = |is_cut| What::Text { text: sample.text.clone(), is_cut };
        let what = match &sample.outcome {
            Outcome::Unsupported { .. } => What::Unsupported,
            Outcome::Refused | Outcome::Filtered => What::Refused,
            Outcome::Truncated => text(true),
            Outcome::Answered if may_refuse(&sample.text) && refuses(&sample.text) => What::Refused,
            Outcome::Answered => text(false),
            Outcome::Empty => What::Empty,
            _ => return None,
        };
        Some(Self { user, what })
    }
}

/// A chain as far as it has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story<'a> {
    pub(super) chain: &'a Chain,
    pub(super) steps: &'a [Grown],
}

/// What the next step comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// Most words that it would have taken.
    pub(super) most: u32,
    pub(super) chunk: Chunk,
    pub(super) end: Option<ChainEnd>,
}

impl Story<'_> {
    /// The seed, and behind it all that was grown.
    fn text(&self) -> String {
        let grown = self.steps.iter().flat_map(|step| &step.chunk.words);
        std::iter::once(self.chain.seed.as_str()).chain(grown.map(|word| word.text.as_str())).collect()
    }

    /// The end of the text so far, as it is given to the next step.
    pub(super) fn passage(&self) -> String {
        let text = self.text();
        let pieces = pieces(&text);
        let last = pieces.len().saturating_sub(self.chain.grow.window_words as usize);
        pieces[last..].iter().map(|piece| piece.text).collect::<String>().trim().to_owned()
    }

    fn grown(&self) -> u32 {
        u32::try_from(self.steps.iter().map(|step| step.chunk.words.len()).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// Most words that the next step takes: half as much again where the last one took all it could, half where it took less than half.
    fn most(&self) -> u32 {
        let grow = self.chain.grow;
        let most = match self.steps.last() {
            None => grow.chunk_words,
            Some(last) => match u32::try_from(last.chunk.words.len()).unwrap_or(u32::MAX) {
                taken if taken >= last.most => {
                    (last.most + last.most.div_ceil(2)).min(MOST_WORDS.max(grow.chunk_words))
                }
                taken if taken < last.most / 2 => (last.most / 2).max(FEWEST_WORDS.min(grow.chunk_words)),
                _ => last.most,
            },
        };
        most.min(grow.max_words.saturating_sub(self.grown()))
    }

    /// What the next step comes to by what its samples say, of which `planned` were wanted. `None` if less than half of them, or fewer
    /// than two, were had.
    pub(super) fn next(&self, said: &[Said], planned: u64) -> Option<Words> {
        let count = |of: fn(&What) -> bool| said.iter().filter(|said| of(&said.what)).count();
        let unsupported = count(|what| matches!(what, What::Unsupported));
        let had = said.len() - unsupported;
        let most = self.most();
        if unsupported > 0 && had == 0 {
            return Some(Words { most, chunk: Chunk::default(), end: Some(ChainEnd::Unsupported) });
        }
        if had < LEAST || (had as u64) * 2 < planned {
            return None;
        }
        let text = self.text();
        let before = pieces(&text);
        let (refused, empty) = (count(|what| *what == What::Refused), count(|what| *what == What::Empty));
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let users: BTreeSet<u64> = said.iter().map(|said| said.user).collect();
        let (words, branches) = agreed(self.chain, (&text, &before), said, most);
        let mut chunk = Chunk {
            words,
            samples: number(had),
            users: number(users.len()),
            refused: number(refused),
            empty: number(empty),
            prefaced: number(count(What::is_prefaced)),
            missing: u32::try_from(planned.saturating_sub(said.len() as u64)).unwrap_or(u32::MAX),
            branches,
        };
        let turns_back = turns_back(&before, &mut chunk);
        let end = if turns_back {
            Some(ChainEnd::Loop)
        } else if chunk.words.is_empty() {
            Some(match () {
                () if refused * 2 > had => ChainEnd::Refused,
                () if empty * 2 > had => ChainEnd::Ended,
                () => ChainEnd::NoAgreement,
            })
        } else if self.grown() + number(chunk.words.len()) >= self.chain.grow.max_words {
            Some(ChainEnd::Length)
        } else if self.steps.len() + 1 >= self.chain.grow.max_steps as usize {
            Some(ChainEnd::Steps)
        } else {
            None
        };
        Some(Words { most, chunk, end })
    }
}

/// Ends the chunk where the text begins to repeat itself. Gives whether it does.
fn turns_back(before: &[Piece<'_>], chunk: &mut Chunk) -> bool {
    let mut vocabulary = Vocabulary::default();
    let mut all: Vec<u32> = before.iter().map(|piece| vocabulary.id(&piece.word)).collect();
    for word in &chunk.words {
        all.extend(pieces(&word.text).iter().map(|piece| vocabulary.id(&piece.word)));
    }
    let Some(start) = circles::repeats(&all, before.len()) else { return false };
    chunk.words.truncate(start.saturating_sub(before.len()));
    let length = chunk.words.len();
    chunk.branches.retain(|branch| branch.at as usize <= length);
    true
}

/// The words that the samples agree on, and the branches.
fn agreed(
    chain: &Chain,
    (text, before): (&str, &[Piece<'_>]),
    said: &[Said],
    most: u32,
) -> (Vec<GrownWord>, Vec<Branch>) {
    let mut vocabulary = Vocabulary::default();
    let said: Vec<(u64, Vec<Piece<'_>>)> = (said.iter())
        .filter(|said| said.what != What::Unsupported)
        .map(|said| (said.user, continuation(&said.what, before)))
        .collect();
    let texts: Vec<Continuation> = (said.iter())
        .map(|(user, pieces)| Continuation {
            user: *user,
            tokens: pieces.iter().map(|piece| vocabulary.id(&piece.word)).collect(),
        })
        .collect();
    let rule = PrefixRule { share: chain.grow.agree, samples: LEAST, weak: WEAK, most: most as usize };
    let Prefix { places, branches } = prefix(&texts, rule);
    let support = |samples: &[(usize, usize)]| {
        let users: BTreeSet<u64> = samples.iter().map(|(sample, _)| said[*sample].0).collect();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(samples.len()), number(users.len()))
    };
    let mut words: Vec<GrownWord> = Vec::with_capacity(places.len());
    for place in &places {
        let written = place.samples.iter().map(|&(sample, at)| said[sample].1[at].text);
        let (samples, users) = support(&place.samples);
        words.push(GrownWord { text: as_most_write(written).to_owned(), samples, users });
    }
    if let Some(first) = words.first_mut() {
        first.text = joined(text, &first.text);
    }
    let branches = branches.iter().map(|branch| {
        let (sample, from) = branch.samples[0];
        let pieces = &said[sample].1[from..from + branch.length];
        let text: String = pieces.iter().map(|piece| piece.text).collect();
        let (samples, users) = support(&branch.samples);
        let at = u32::try_from(branch.at).unwrap_or(u32::MAX);
        Branch { at, text: text.trim().to_owned(), samples, users }
    });
    (words, branches.collect())
}

/// The words of an answer that could go on with the text: without what it says of itself first, without the last one where it was cut off, since that may be half a word, and
/// without the end of the text where it says that again.
fn continuation<'a>(what: &'a What, before: &[Piece<'_>]) -> Vec<Piece<'a>> {
    let What::Text { text, is_cut } = what else { return Vec::new() };
    let mut pieces = pieces(without_preface(text));
    if *is_cut {
        pieces.pop();
    }
    let again = (SAID_AGAIN..=pieces.len().min(before.len())).rev().find(|&length| {
        let end = before[before.len() - length..].iter().map(|piece| &piece.word);
        end.eq(pieces[..length].iter().map(|piece| &piece.word))
    });
    pieces.split_off(again.unwrap_or(0))
}

/// Of several ways to write a word the most frequent one, of equal ones the first by the alphabet.
fn as_most_write<'a>(written: impl Iterator<Item = &'a str>) -> &'a str {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    written.for_each(|text| *counts.entry(text).or_default() += 1);
    counts.into_iter().min_by_key(|(text, count)| (Reverse(*count), *text)).map_or("", |(text, _)| text)
}

/// The first word of a step as it goes on with a text. Answers in a turn of their own begin without white space, so it is put back where words would
/// run together.
fn joined(text: &str, first: &str) -> String {
    let is_apart = text.ends_with(char::is_whitespace)
        || first.starts_with(|first: char| first.is_whitespace() || CLOSE.contains(first));
    match (text.is_empty(), is_apart) {
        (true, _) => first.trim_start().to_owned(),
        (false, true) => first.to_owned(),
        (false, false) => format!(" {first}"),
    }
}

#[cfg(test)]
mod tests;
