//! Whether a text hedges: speaks of itself as a machine, or of having no views of its own.

use super::Hedging;
use super::language::{Rules, likely};
use super::reading::{Reading, Sentence};

/// Sentences at the beginning in which a hedge stands, in whatever language.
const HEAD: usize = 3;
/// Sentences at the end, where it may come as an afterthought.
const TAIL: usize = 2;

pub(super) fn class(reading: &Reading, spoken: Option<&'static Rules>) -> Hedging {
    let sentences = &reading.sentences;
    let head = &sentences[..sentences.len().min(HEAD)];
    if head.iter().any(|sentence| likely(sentence, spoken).any(|rules| hedges(sentence, rules))) {
        return Hedging::Hedged;
    }
    let Some(rules) = spoken else { return Hedging::Undecided };
    match sentences.iter().rposition(|sentence| hedges(sentence, rules)) {
        Some(at) if at + TAIL >= sentences.len() => Hedging::Hedged,
        // In the middle of a long text it may be somebody else's word.
        Some(_) => Hedging::Undecided,
        None => Hedging::Plain,
    }
}

fn hedges(sentence: &Sentence, rules: &Rules) -> bool {
    rules.hedge.is_match(&sentence.text) && rules.hedge.is_match(&rules.unhedge.cut(&sentence.text))
}
