//! Models with a known truth.

mod answers;
mod build;
mod document;
mod knowledge;
mod passage;
mod retelling;
mod speech;

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use jiff::civil::Date;

pub(crate) use self::speech::{Ending, Utterance};
use self::{answers::AnswerBook, knowledge::Knowledge};
use crate::{
    Error, RecallTruth, Truth,
    fault::FaultRates,
    limits::Limits,
    prose::Prose,
    voice_file::{About, Refusals},
};

/// All models of a simulator, and the limits that they share.
#[derive(Debug)]
pub struct Voices {
    pub(crate) all: Vec<Arc<Voice>>,
    pub(crate) groups: Vec<(String, Limits)>,
    by_name: HashMap<String, usize>,
}

/// One model.
#[derive(Debug)]
pub struct Voice {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) group: usize,
    pub(crate) vary_by_run: bool,
    pub(crate) hidden_prompt_tokens: u32,
    pub(crate) accepts_prefill: bool,
    pub(crate) accepts_sampling: bool,
    pub(crate) faults: FaultRates,
    position_bias: f64,
    /// Instead of the refusal rate, where a passage is to be continued.
    quotation_refusal: Option<f64>,
    refusals: Refusals,
    knowledge: Knowledge,
    first: Edition,
    /// Later editions with the day they begin on, in the order of days.
    later: Vec<(Date, Edition)>,
}

/// How a voice behaves between two days of its drift.
#[derive(Debug)]
pub(crate) struct Edition {
    latency: (Duration, Duration),
    user: Option<f64>,
    session: Option<f64>,
    refusal: f64,
    hedging: f64,
    empty: f64,
    filter: f64,
    prose: Prose,
    about: About,
    stems: Vec<f64>,
    answers: AnswerBook,
}

impl Voices {
    /// Reads a voice file. Documents that voices know are looked for relative to `base`.
    ///
    /// # Errors
    /// When the text is no voice file, says something impossible, or a document cannot be read.
    pub fn from_yaml(text: &str, base: &Path) -> Result<Self, Error> {
        let file = serde_saphyr::from_str(text).map_err(|error| Error::Syntax(error.to_string()))?;
        build::voices(file, base)
    }

    /// The voice of that name, which is also the name of the model.
    #[must_use]
    pub fn voice(&self, name: &str) -> Option<&Voice> {
        self.index(name).map(|index| &*self.all[index])
    }

    /// The names, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|voice| voice.name.as_str())
    }

    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

impl Voice {
    /// The name, which is also the name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The truth of the answer set of that name, before any drift; `default` is the stems of the pseudo-text.
    ///
    /// It speaks of answers only: refusals, hedging, empty and filtered replies come on top, and so does a position bias.
    #[must_use]
    pub fn truth(&self, answers: &str) -> Option<Truth> {
        self.first.truth(answers)
    }

    /// The same on a given day of the drift.
    #[must_use]
    pub fn truth_on(&self, day: Date, answers: &str) -> Option<Truth> {
        self.edition(Some(day)).truth(answers)
    }

    /// What the voice gives back of the document that its file names so.
    #[must_use]
    pub fn recall_truth(&self, file: &str) -> Option<RecallTruth> {
        let manner = &self.knowledge.document(file)?.manner;
        let [verbatim, paraphrase, confabulated, made_up] = manner.shares;
        let (slip, reworded) = (manner.slip, manner.reworded);
        Some(RecallTruth { verbatim, paraphrase, confabulated, made_up, slip, reworded })
    }

    /// The edition of a day; without a day there is no drift.
    pub(crate) fn edition(&self, day: Option<Date>) -> &Edition {
        let begun = day.map_or(0, |day| self.later.partition_point(|(from, _)| *from <= day));
        begun.checked_sub(1).map_or(&self.first, |last| &self.later[last].1)
    }
}

impl Edition {
    fn truth(&self, name: &str) -> Option<Truth> {
        if name == "default" {
            let texts = (0..self.stems.len()).map(|stem| format!("stem {stem}")).collect();
            return Some(Truth::new(texts, self.stems.clone(), self.user, self.session));
        }
        let set = self.answers.named(name)?;
        let texts = set.options.iter().map(|option| option.text.clone()).collect();
        let (user, session) = (set.user.or(self.user), set.session.or(self.session));
        Some(Truth::new(texts, set.mu.clone(), user, session))
    }

    /// How long an answer takes, uniform in the range by a number in [0, 1).
    pub(crate) fn latency(&self, unit: impl FnOnce() -> f64) -> Duration {
        let (from, to) = self.latency;
        if from == to { from } else { from + (to - from).mul_f64(unit()) }
    }
}

#[cfg(test)]
mod tests;
