//! The document itself, each sentence marked by how many answers reproduce it, one map a target.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::TargetId;
use antiphon_core::UserId;
use antiphon_core::summary::Summary;
use maud::{Markup, html};

use super::coverage::{Coverage, Sentence};
use crate::number::{Form, count, counted};
use crate::visible::{block, inline};

/// Sentences of a map. A page of many more would not open.
const SENTENCES: usize = 2_000;
/// Answers that are quoted on all maps together.
const ANSWERS: usize = 1_200;
/// Longest answer shown, in characters.
const ANSWER: usize = 600;

/// From which share on a sentence is marked so, and what that is called.
const LEVELS: [(f64, &str, &str); 5] = [
    (0.8, "came-4", "four fifths of the answers or more"),
    (0.5, "came-3", "half of them or more"),
    (0.2, "came-2", "a fifth or more"),
    (f64::MIN_POSITIVE, "came-1", "fewer"),
    (0.0, "came-0", "none of them"),
];
const UNKNOWN: &str = "came-unknown";

type Sample = (UserId, u32, String);

pub(super) fn section(summary: &Summary) -> Markup {
    let maps: Vec<(&TargetId, Coverage<'_>)> = summary
        .verdicts
        .iter()
        .map(|verdict| (&verdict.target, Coverage::of(summary, &verdict.target)))
        .filter(|(_, coverage)| !coverage.sentences.is_empty())
        .collect();
    let reached = reached(&maps);
    html! {
        @if !maps.is_empty() {
            h3 #coverage { "The document, sentence by sentence" }
            p {
                "A sentence counts as reproduced by an answer in which four fifths of its words came back in order. Open a sentence to see how many answers "
                "reproduced it, and some of them. Where it was asked in several ways, their answers are counted together; controls are not."
            }
            ul.legend aria-label="Legend" {
                li { "Reproduced by" }
                @for (_, class, name) in LEVELS { li { span.came.(class) { (name) } } }
            }
            @for (at, (target, coverage)) in maps.iter().enumerate() {
                details.map open[at == 0] {
                    summary { b { (target) } ": " (in_one_line(coverage)) }
                    (Map { at, others: &reached, all: summary.verdicts.len(), quoted: ANSWERS / maps.len() }.of(summary, coverage))
                }
            }
        }
    }
}

/// The targets that reproduced a sentence at least once, by its first word.
fn reached<'a>(maps: &[(&'a TargetId, Coverage<'_>)]) -> BTreeMap<u32, Vec<&'a TargetId>> {
    let mut reached: BTreeMap<u32, Vec<&TargetId>> = BTreeMap::new();
    for (target, coverage) in maps {
        for sentence in coverage.sentences.iter().filter(|sentence| sentence.reproduced > 0) {
            reached.entry(sentence.word).or_default().push(target);
        }
    }
    reached
}

fn in_one_line(coverage: &Coverage<'_>) -> String {
    let all = coverage.sentences.len() as u64;
    let most = coverage
        .sentences
        .iter()
        .filter(|sentence| sentence.share().is_some_and(|share| share >= 0.5))
        .count();
    let never =
        coverage.sentences.iter().filter(|sentence| sentence.asked > 0 && sentence.reproduced == 0).count();
    format!(
        "of {} asked for, {} reproduced by half of the answers or more, {} by none",
        counted(all, "sentence", "sentences"),
        count(most as u64),
        count(never as u64)
    )
}

struct Map<'a> {
    at: usize,
    others: &'a BTreeMap<u32, Vec<&'a TargetId>>,
    /// Targets with a map of their own or not.
    all: usize,
    /// Answers that may be quoted.
    quoted: usize,
}

impl Map<'_> {
    fn of(&self, summary: &Summary, coverage: &Coverage<'_>) -> Markup {
        let shown = &coverage.sentences[..coverage.sentences.len().min(SENTENCES)];
        let quotes = Quotes::of(shown, self.quoted);
        let words = summary.scoring.recall.as_ref().and_then(|rules| u32::try_from(rules.words).ok());
        let left_out = coverage.sentences.len() - shown.len();
        let end = shown.last().map_or(0, |last| last.word + last.length);
        html! {
            div.map {
                @for stretch in stretches(shown) {
                    @let before = stretch.1;
                    @if before > 0 { p.gap { "… " (counted(u64::from(before), "word", "words")) " not asked for …" } }
                    div.stretch {
                        @for sentence in stretch.0 { (self.sentence(sentence, &quotes)) " " }
                    }
                }
                @if left_out == 0 {
                    @if let Some(rest) = words.and_then(|words| words.checked_sub(end)).filter(|rest| *rest > 0) {
                        p.gap { "… " (counted(u64::from(rest), "word", "words")) " not asked for." }
                    }
                }
            }
            @if left_out > 0 { p.note { "The first " (count(shown.len() as u64)) " sentences are shown; all stand in " code { "summary/summary.json" } "." } }
            @if quotes.left_out > 0 {
                p.note { (counted(quotes.left_out as u64, "more answer is", "more answers are")) " not quoted here, to keep the page small; all stand in " code { "summary/summary.json" } "." }
            }
            @if coverage.within_others > 0 {
                p.note { (counted(coverage.within_others, "part of a sentence lies", "parts of sentences lie")) " within others, where cuts overlap, and are not shown by themselves." }
            }
        }
    }

    fn sentence(&self, sentence: &Sentence<'_>, quotes: &Quotes<'_>) -> Markup {
        let heading = sentence.text.starts_with('#');
        let (class, share) = match sentence.share() {
            Some(share) => (level(share), Form::Percent.write(share)),
            None => (UNKNOWN, "–".to_owned()),
        };
        html! {
            details.sentence.heading[heading] id={ "map-" (self.at) "-" (sentence.word) } {
                summary { span.came.(class) { (inline(sentence.text)) } }
                div.opened {
                    p.size { b { (share) } " of answers: " (self.counts(sentence)) }
                    (self.answers(sentence, quotes))
                }
            }
        }
    }

    fn counts(&self, sentence: &Sentence<'_>) -> Markup {
        let [ways, got] = &sentence.ways;
        let at_least = if ways.len() > 1 { "at least " } else { "" };
        let targets = self.others.get(&sentence.word).map_or(&[][..], Vec::as_slice);
        html! {
            (count(sentence.reproduced)) " of " (count(sentence.asked)) " reproduced it, to " (at_least) (count(sentence.users[1])) " of "
            (counted(sentence.users[0], "user", "users")) ", in " (got.len()) " of " (counted(ways.len() as u64, "way", "ways")) " of asking ("
            @for (at, way) in ways.iter().enumerate() { @if at > 0 { ", " } (inline(way)) @if !got.contains(way) { ": no" } }
            "). "
            @if self.all > 1 {
                (targets.len()) " of " (self.all) " targets reproduced it at least once"
                @for (at, target) in targets.iter().enumerate() { (if at == 0 { ": " } else { ", " }) (target) } ". "
            }
            "Word " (count(u64::from(sentence.word))) "."
        }
    }

    /// Each answer is quoted once, at the first sentence that it is a sample of; later ones say where that is.
    fn answers(&self, sentence: &Sentence<'_>, quotes: &Quotes<'_>) -> Markup {
        let here: BTreeSet<&Sample> = sentence.samples.iter().copied().collect();
        let (mut first, mut earlier): (Vec<&Sample>, BTreeSet<u32>) = (Vec::new(), BTreeSet::new());
        for &sample in &here {
            match quotes.at.get(sample) {
                Some(word) if *word == sentence.word => first.push(sample),
                Some(word) => {
                    earlier.insert(*word);
                }
                None => {}
            }
        }
        html! {
            @if sentence.reproduced == 0 && !first.is_empty() { p.size { "Said instead:" } }
            @for (user, session, text) in first {
                figure.quote { blockquote { (block(text, ANSWER)) } figcaption { (user) ", session " (session) } }
            }
            @if !earlier.is_empty() {
                p.size {
                    "Answers that are quoted already: "
                    @for (at, word) in earlier.iter().enumerate() {
                        @if at > 0 { ", " }
                        a href={ "#map-" (self.at) "-" (word) } { "at word " (count(u64::from(*word))) }
                    }
                }
            }
        }
    }
}

/// At which sentence an answer is quoted.
struct Quotes<'a> {
    at: BTreeMap<&'a Sample, u32>,
    left_out: usize,
}

impl<'a> Quotes<'a> {
    /// The first answer of every sentence, then the second ones, as long as there is room.
    fn of(sentences: &[Sentence<'a>], room: usize) -> Self {
        let mut at: BTreeMap<&Sample, u32> = BTreeMap::new();
        let most = sentences.iter().map(|sentence| sentence.samples.len()).max().unwrap_or(0);
        let mut left_out = BTreeSet::new();
        for place in 0..most {
            for sentence in sentences {
                let Some(&sample) = sentence.samples.get(place) else { continue };
                if at.len() < room {
                    let word = at.entry(sample).or_insert(sentence.word);
                    *word = (*word).min(sentence.word);
                } else if !at.contains_key(sample) {
                    left_out.insert(sample);
                }
            }
        }
        Self { at, left_out: left_out.len() }
    }
}

/// Sentences that follow each other, and how many words lie before them.
fn stretches<'a, 'b>(sentences: &'b [Sentence<'a>]) -> Vec<(&'b [Sentence<'a>], u32)> {
    let mut end = 0;
    let mut found = Vec::new();
    for stretch in sentences.chunk_by(|a, b| a.word + a.length == b.word) {
        found.push((stretch, stretch[0].word.saturating_sub(end)));
        end = stretch.last().map_or(end, |last| last.word + last.length);
    }
    found
}

fn level(share: f64) -> &'static str {
    LEVELS.iter().find(|(from, ..)| share >= *from).map_or(UNKNOWN, |(_, class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_none_and_the_least_share_is_more() {
        for (share, class) in
            [(0.0, "came-0"), (0.001, "came-1"), (0.2, "came-2"), (0.5, "came-3"), (1.0, "came-4")]
        {
            assert_eq!(level(share), class);
        }
    }

    #[test]
    fn every_answer_is_quoted_once_and_those_without_room_are_counted() {
        let user = UserId::new("u1").expect("valid");
        let samples: Vec<Sample> = (0..3).map(|at| (user.clone(), at, format!("answer {at}"))).collect();
        let with = |word, samples: Vec<&'static usize>, all: &'static [Sample]| Sentence {
            word,
            samples: samples.into_iter().map(|at| &all[*at]).collect(),
            ..Sentence::default()
        };
        let all: &'static [Sample] = Vec::leak(samples);
        let sentences = [with(0, vec![&0, &1], all), with(9, vec![&0, &2], all)];
        let roomy = Quotes::of(&sentences, 9);
        assert_eq!(roomy.at.values().copied().collect::<Vec<_>>(), [0, 0, 9]);
        assert_eq!(roomy.left_out, 0);
        let narrow = Quotes::of(&sentences, 1);
        assert_eq!((narrow.at.len(), narrow.left_out), (1, 2));
    }

    #[test]
    fn stretches_end_where_words_are_missing() {
        let sentence = |word, length| Sentence { word, length, ..Sentence::default() };
        let sentences = [sentence(5, 10), sentence(15, 2), sentence(40, 3)];
        let found: Vec<(usize, u32)> =
            stretches(&sentences).into_iter().map(|(of, gap)| (of.len(), gap)).collect();
        assert_eq!(found, [(2, 5), (1, 23)]);
    }
}
