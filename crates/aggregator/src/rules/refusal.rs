//! Whether a text refuses. A refusal stands at the beginning, and no answer follows it.

use super::Refusal;
use super::language::{Patterns, Rules, likely};
use super::reading::{Reading, Sentence};

/// Sentences at the beginning in which a refusal stands.
const HEAD: usize = 3;
/// Words before it at most, all sentences together.
const BEFORE: usize = 40;
/// Words behind it that may still be a reason, an offer or advice.
const REST: usize = 60;
/// Words behind a "but" that are an answer.
const ANSWER: usize = 3;

pub(super) fn class(reading: &Reading, spoken: Option<&'static Rules>) -> Refusal {
    let head = &reading.sentences[..reading.sentences.len().min(HEAD)];
    let mut before = 0;
    for (at, sentence) in head.iter().enumerate() {
        if let Some((end, rules)) =
            likely(sentence, spoken).find_map(|rules| Some((refuses(sentence, rules)?, rules)))
        {
            return if before <= BEFORE {
                what_follows(reading, at, &end, rules)
            } else {
                Refusal::Undecided
            };
        }
        before += sentence.words;
    }
    let Some(rules) = spoken else { return Refusal::Undecided };
    // Far down it may be part of a story, or of an answer that leaves something out.
    match reading.sentences[head.len()..].iter().any(|sentence| refuses(sentence, rules).is_some()) {
        true => Refusal::Undecided,
        false => Refusal::Answered,
    }
}

/// What the sentence says behind a refusal, if it is one.
fn refuses(sentence: &Sentence, rules: &Rules) -> Option<String> {
    rules.refuse.find(&sentence.text)?;
    let text = rules.spare.cut(&sentence.text);
    rules.refuse.find(&text).map(|end| text[end..].to_owned())
}

/// A refusal is one if only reasons, offers and advice come behind it.
fn what_follows(reading: &Reading, at: usize, end: &str, rules: &Rules) -> Refusal {
    let behind = &reading.sentences[at + 1..];
    let rest: usize = behind.iter().map(|sentence| sentence.words).sum();
    let answers = std::iter::once(end)
        .chain(behind.iter().map(|sentence| sentence.text.as_str()))
        .any(|text| turns(text, &rules.pivot, &rules.offer));
    if rest > REST || answers { Refusal::Undecided } else { Refusal::Refused }
}

/// Whether the text goes on with an answer behind a "but".
fn turns(text: &str, pivot: &Patterns, offer: &Patterns) -> bool {
    pivot.find(text).is_some_and(|end| {
        let answer = &text[end..];
        antiphon_stats::text::tokens(answer).len() >= ANSWER && !offer.is_match(answer)
    })
}
