//! Texts that were grown beside their documents: whether they go on in place, where else they lie, and which sentences they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use antiphon_core::document;
use antiphon_core::summary::{Contained, Convergence, Extraction, Held, Regrown, Stretch, SupportedSentence};
use antiphon_core::{ProbeId, TargetId};
use antiphon_stats::follows::{along, stretches};
use antiphon_stats::overlap::containment;
use antiphon_stats::pieces::pieces;
use antiphon_stats::text::Vocabulary;

/// Words in a row that are no chance.
const RUN: usize = 13;
/// Runs whose shares are told: phrases, sentences, paragraphs.
const RUNS: [usize; 3] = [5, RUN, 50];
/// Part of a sentence that must be there.
const MOST: f64 = 0.8;

/// Fills in how each text goes along with its document, and gives what of each document the chains of each target came to.
pub(super) fn hold(extractions: &mut [Extraction], texts: &BTreeMap<String, String>) -> Vec<Regrown> {
    let mut vocabulary = Vocabulary::default();
    let mut regrown: BTreeMap<(String, TargetId), Regrown> = BTreeMap::new();
    let held: BTreeSet<String> =
        extractions.iter().filter_map(|one| Some(one.document.as_ref()?.hash.clone())).collect();
    for (hash, text) in texts.iter().filter(|(hash, _)| held.contains(*hash)) {
        let document = Document::new(text, &mut vocabulary);
        for one in &mut *extractions {
            let Some(of) = one.document.clone().filter(|of| of.hash == *hash) else { continue };
            let grown = words(&one.text(), &mut vocabulary);
            one.held = (!grown.is_empty()).then(|| document.beside(&grown, of.word));
            let known = regrown.entry((hash.clone(), one.target.clone())).or_insert_with(|| Regrown {
                target: one.target.clone(),
                document: of.path.clone(),
                chains: 0,
                sentences: document.sentences.len() as u64,
                supported: document.sentences.iter().map(SupportedSentence::from).collect(),
            });
            known.chains += 1;
            for (sentence, known) in document.supported(&grown).into_iter().zip(&mut known.supported) {
                if sentence {
                    known.by.push(one.probe.clone());
                }
            }
        }
    }
    let mut regrown: Vec<Regrown> = regrown.into_values().collect();
    regrown.iter_mut().for_each(|one| one.supported.retain(|sentence| !sentence.by.is_empty()));
    regrown
}

/// How much of each other the texts have that are held against no document.
pub(super) fn converge(extractions: &[Extraction]) -> Vec<Convergence> {
    let mut vocabulary = Vocabulary::default();
    let texts: Vec<((TargetId, ProbeId), Vec<u32>)> = extractions
        .iter()
        .filter(|one| one.document.is_none())
        .map(|one| ((one.target.clone(), one.probe.clone()), words(&one.text(), &mut vocabulary)))
        .collect();
    let mut pairs = Vec::new();
    for (place, (a, first)) in texts.iter().enumerate() {
        for (b, second) in &texts[place + 1..] {
            let (short, long) = if first.len() <= second.len() { (first, second) } else { (second, first) };
            pairs.push(Convergence { a: a.clone(), b: b.clone(), shared: containment(short, long, RUN) });
        }
    }
    pairs
}

fn words(text: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
    pieces(text).iter().map(|piece| vocabulary.id(&piece.word)).collect()
}

/// A document as words that are compared.
struct Document<'a> {
    words: Vec<u32>,
    /// For each of them which word it is as the suite counts them.
    places: Vec<u64>,
    sentences: Vec<Sentence<'a>>,
}

struct Sentence<'a> {
    text: &'a str,
    word: u64,
    words: Range<usize>,
}

impl From<&Sentence<'_>> for SupportedSentence {
    fn from(sentence: &Sentence<'_>) -> Self {
        Self { word: sentence.word, text: sentence.text.to_owned(), by: Vec::new() }
    }
}

impl<'a> Document<'a> {
    fn new(text: &'a str, vocabulary: &mut Vocabulary) -> Self {
        let (mut words, mut places) = (Vec::new(), Vec::new());
        let (mut count, mut in_word) = (0_u64, false);
        for piece in pieces(text) {
            for char in piece.text.chars() {
                count += u64::from(!in_word && !char.is_whitespace());
                in_word = !char.is_whitespace();
            }
            words.push(vocabulary.id(&piece.word));
            places.push(count.saturating_sub(1));
        }
        let whole = document::Document::new(text);
        let place = |word: usize| places.partition_point(|place| *place < word as u64);
        let sentences = whole.sentences().into_iter().map(|range| Sentence {
            text: whole.slice(range.clone()),
            word: range.start as u64,
            words: place(range.start)..place(range.end),
        });
        let sentences = sentences.filter(|sentence| !sentence.words.is_empty()).collect();
        Self { words, places, sentences }
    }

    fn beside(&self, grown: &[u32], word: Option<u32>) -> Held {
        let from = word.map(|word| self.places.partition_point(|place| *place < u64::from(word)));
        let along = from.map(|from| along(grown, &self.words, from));
        let followed = along.map_or(0, |along| along.text);
        let stretch = |run: antiphon_stats::overlap::Run| Stretch {
            at: (followed + run.in_a) as u64,
            word: self.places[run.in_b],
            words: run.length as u64,
        };
        let contained = RUNS.map(|run| Contained {
            run: u32::try_from(run).expect("small"),
            share: containment(grown, &self.words, run),
        });
        let up_to = from.zip(along).map(|(from, along)| match along.document {
            0 => u64::from(word.unwrap_or(0)),
            words => self.places[from + words - 1] + 1,
        });
        Held {
            followed: along.map(|along| along.text as u64),
            up_to,
            stretches: stretches(&grown[followed..], &self.words, RUN).into_iter().map(stretch).collect(),
            contained: contained.into(),
        }
    }

    /// For each sentence whether the text comes to it.
    fn supported(&self, grown: &[u32]) -> Vec<bool> {
        let mut covered = vec![false; self.words.len()];
        for run in stretches(grown, &self.words, RUN) {
            covered[run.in_b..run.in_b + run.length].fill(true);
        }
        let share = |words: &Range<usize>| {
            let there = covered[words.clone()].iter().filter(|covered| **covered).count();
            #[expect(clippy::cast_precision_loss, reason = "words of a sentence are far below 2^53")]
            let share = there as f64 / words.len() as f64;
            share
        };
        self.sentences.iter().map(|sentence| share(&sentence.words) >= MOST).collect()
    }
}

#[cfg(test)]
mod tests {
    use antiphon_core::suite::Grow;
    use antiphon_core::{ChainDocument, ChainEnd, Chunk, GrownWord};

    use antiphon_core::summary::ExtractedStep;

    use super::*;

    /// Sentences of 20 words, each word once, with a dash that is no word in every one.
    fn document() -> String {
        let sentence = |from: u32| {
            let words: Vec<String> = (from..from + 20).map(|word| format!("w{word}")).collect();
            format!("S{} — {}.", words.join(" "), from)
        };
        (0..10).map(|number| sentence(number * 20)).collect::<Vec<_>>().join(" ")
    }

    fn extraction(text: &str, word: Option<u32>, with_document: bool) -> Extraction {
        let word_of = |text: &str| GrownWord { text: format!("{text} "), samples: 3, users: 3 };
        let chunk =
            Chunk { words: text.split_whitespace().map(word_of).collect(), samples: 3, ..Chunk::default() };
        Extraction {
            target: "t".parse().unwrap(),
            probe: format!("p{}", word.unwrap_or(0)).parse().unwrap(),
            group: None,
            seed: "seed".to_owned(),
            opening: None,
            prefill: false,
            invented: false,
            grow: Grow::default(),
            document: with_document.then(|| ChainDocument { path: "d.md".into(), hash: "h".into(), word }),
            steps: vec![ExtractedStep { most: 40, chunk }],
            end: ChainEnd::NoAgreement,
            held: None,
        }
    }

    fn part(from: usize, to: usize) -> String {
        document().split_whitespace().skip(from).take(to - from).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_text_is_told_from_one_that_wanders() {
        let check = |text: &str, word: Option<u32>| {
            let mut all = [extraction(text, word, true)];
            hold(&mut all, &[("h".to_owned(), document())].into());
            all[0].held.clone().unwrap()
        };
        let follows = check(&part(22, 70), Some(22));
        assert_eq!((follows.up_to, follows.stretches.len()), (Some(70), 0));
        assert_eq!(follows.contained[1].share, Some(1.0));
        let wanders = check(&format!("{} {}", part(22, 40), part(132, 160)), Some(22));
        assert_eq!((wanders.followed, wanders.up_to), (Some(18), Some(40)), "a dash is no word");
        assert_eq!(wanders.stretches.iter().map(|one| (one.at, one.word)).collect::<Vec<_>>(), [(18, 132)]);
        let elsewhere =
            check("all of this is made up and stands in no document that anybody knows", Some(22));
        assert_eq!((elsewhere.followed, elsewhere.up_to), (Some(0), Some(22)));
        assert!(elsewhere.stretches.is_empty() && elsewhere.contained[1].share == Some(0.0));
        assert_eq!(elsewhere.contained[2].share, None, "it has no 50 words");
        let without = check(&part(44, 80), None);
        assert_eq!((without.followed, without.stretches[0].word), (None, 44));
    }

    #[test]
    fn sentences_are_supported_by_those_who_come_to_them() {
        let mut all = [extraction(&part(22, 70), Some(22), true), extraction(&part(40, 66), Some(40), true)];
        let regrown = hold(&mut all, &[("h".to_owned(), document())].into());
        assert_eq!((regrown.len(), regrown[0].chains, regrown[0].sentences), (1, 2, 10));
        let supported: Vec<(u64, usize)> =
            regrown[0].supported.iter().map(|one| (one.word, one.by.len())).collect();
        assert_eq!(supported, [(22, 1), (44, 2)]);
    }

    #[test]
    fn chains_without_a_document_are_held_against_each_other() {
        let all = [
            extraction(&part(0, 60), Some(1), false),
            extraction(&part(0, 30), Some(2), false),
            extraction("too short to tell", Some(3), false),
            extraction(&part(0, 60), Some(4), true),
        ];
        let shared: Vec<Option<f64>> = converge(&all).into_iter().map(|pair| pair.shared).collect();
        assert_eq!(shared, [Some(1.0), None, None]);
    }
}
