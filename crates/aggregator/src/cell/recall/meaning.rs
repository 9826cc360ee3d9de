//! How much of a reference is said in meaning: sentence by sentence, where the suite compares by vectors.

use std::ops::Range;

use antiphon_core::document::Document;
use antiphon_core::summary::{CameBack, Estimate, InMeaning};
use antiphon_core::{Clustering, Cut, ProbeKind, RecallRules, text_hash};
use antiphon_stats::recall::wording::{said_in_meaning, verbatim_or_paraphrase};
use antiphon_stats::{Nested, interval};

use super::{CUTS_FOR_RUNS, references};
use crate::cell::CellInput;
use crate::cell::clusters::{in_words, unit};
use crate::estimates;

/// A sentence's vector of length 1, and its words.
type Sentence = (Vec<f64>, usize);

/// The sentences whose vectors a recall cell needs: those of its answers, of its reference, and of the others that it is held against. None of
/// controls, since nothing is said of their meaning.
pub(crate) fn texts(input: &CellInput<'_>) -> Vec<String> {
    let ProbeKind::Recall(cut) = &input.probe.kind else { return Vec::new() };
    if cut.control.is_some() {
        return Vec::new();
    }
    let answers = input.samples.iter().filter(|row| row.sample.outcome.has_text());
    let answers = answers.map(|row| row.sample.text.as_str());
    let references = std::iter::once(cut.reference.as_str()).chain(others(input, cut));
    references.chain(answers).flat_map(sentences).map(|(text, _)| text.to_owned()).collect()
}

/// A few references of other cuts, for what is said alike by chance.
fn others<'a>(input: &CellInput<'a>, cut: &Cut) -> Vec<&'a str> {
    let rules: Option<&RecallRules> = input.manifest.scoring.recall.as_ref();
    let all = rules.map_or_else(Vec::new, |rules| references(input.manifest, rules));
    let others: Vec<&str> =
        all.into_iter().filter(|(word, _)| *word != cut.word).map(|(_, text)| text).collect();
    let kept = others.len().min(CUTS_FOR_RUNS);
    (0..kept).map(|at| others[at * others.len() / kept]).collect()
}

/// The sentences of a text and where their words lie in it.
fn sentences(text: &str) -> Vec<(&str, Range<usize>)> {
    let document = Document::new(text);
    document.sentences().into_iter().map(|words| (document.slice(words.clone()), words)).collect()
}

/// The vectors of a cell.
pub(super) struct Vectors<'a> {
    input: &'a CellInput<'a>,
    threshold: f64,
    alike: String,
    reference: Vec<(Sentence, usize)>,
    others: Vec<Vec<Sentence>>,
}

/// What one answer says in meaning.
#[derive(Clone, Copy)]
pub(super) struct Said {
    share: f64,
    by_chance: Option<f64>,
}

impl<'a> Vectors<'a> {
    /// `None` if the suite does not compare by vectors, or nothing is said of the cut; else an error if vectors are missing.
    pub(super) fn of(input: &'a CellInput<'a>, cut: &Cut) -> Option<Result<Self, InMeaning>> {
        let Some(rule @ Clustering::Embedding { threshold, .. }) = &input.manifest.scoring.clusters else {
            return None;
        };
        let needed = texts(input);
        if needed.is_empty() {
            return None;
        }
        let alike = in_words(rule);
        let missing = needed.iter().filter(|text| !input.vectors.contains_key(&text_hash(text))).count();
        if missing > 0 {
            let note = format!(
                "{missing} of {} sentences have no vectors yet: run `antiphon embed {}`",
                needed.len(),
                input.manifest.run
            );
            let none = || estimates::point(None, &note);
            return Some(Err(InMeaning { share: none(), by_chance: None, verbatim_index: none(), alike }));
        }
        let mut vectors =
            Self { input, threshold: *threshold, alike, reference: Vec::new(), others: Vec::new() };
        let known = |text: &str| -> Vec<(Sentence, usize)> {
            let of = |(text, words): (&str, Range<usize>)| ((vectors.vector(text), words.len()), words.end);
            sentences(text).into_iter().map(of).collect()
        };
        let reference = known(&cut.reference);
        let others = others(input, cut).into_iter().map(known);
        let others = others.map(|of| of.into_iter().map(|(sentence, _)| sentence).collect()).collect();
        (vectors.reference, vectors.others) = (reference, others);
        Some(Ok(vectors))
    }

    fn vector(&self, text: &str) -> Vec<f64> {
        self.input.vectors.get(&text_hash(text)).map_or_else(Vec::new, |vector| unit(vector))
    }

    /// What an answer says of the reference; of one that was cut off, of the sentences that it had room for.
    pub(super) fn said(&self, answer: &str, is_cut_off: bool) -> Option<Said> {
        let sentences = sentences(answer);
        let room = sentences.last().map_or(0, |(_, words)| words.end);
        let answer: Vec<Vec<f64>> = sentences.into_iter().map(|(text, _)| self.vector(text)).collect();
        let had_room = self.reference.iter().filter(|(_, end)| !is_cut_off || *end <= room);
        let reference: Vec<Sentence> = had_room.map(|(sentence, _)| sentence.clone()).collect();
        let others = self.others.iter().filter_map(|other| said_in_meaning(other, &answer, self.threshold));
        Some(Said {
            share: said_in_meaning(&reference, &answer, self.threshold)?,
            by_chance: super::mean(others.collect::<Vec<_>>().into_iter()),
        })
    }

    /// The numbers of the cell.
    pub(super) fn in_meaning(&self, answers: &[Option<CameBack>]) -> InMeaning {
        let cell = |value: &dyn Fn(&CameBack) -> Option<f64>| -> Nested<f64> {
            self.input.nested(|row, _| value(answers[row].as_ref()?))
        };
        let share =
            |cell: &Nested<f64>| estimates::estimate(interval::proportion(cell, self.input.population()));
        let index = share(&cell(&|came| came.verbatim_index));
        InMeaning {
            share: share(&cell(&|came| came.meaning)),
            by_chance: interval::proportion(&cell(&|came| came.meaning_by_chance), self.input.population())
                .value,
            verbatim_index: index_or_why(index),
            alike: self.alike.clone(),
        }
    }
}

/// An index that is undefined says why.
pub(crate) fn index_or_why(index: Estimate) -> Estimate {
    match index.value {
        Some(_) => index,
        None => estimates::point(None, "no answer says a fifth of it in meaning"),
    }
}

/// Adds what is said in meaning to how an answer came back.
pub(super) fn add(came: &mut CameBack, verbatim: Option<f64>, said: Said) {
    came.meaning = Some(said.share);
    came.meaning_by_chance = said.by_chance;
    came.verbatim_index = verbatim.and_then(|verbatim| verbatim_or_paraphrase(verbatim, said.share));
}
