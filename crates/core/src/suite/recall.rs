//! Recall probes and the verdict on them as the suite writes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a recall probe asks for what follows in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecallForm {
    /// The passage stands in the user's turn: works with every target. `prompt` may word the request around `{{ passage }}`.
    User,
    /// The passage is the beginning of the model's answer; targets that do not accept this are recorded as unsupported.
    Prefill,
    /// No passage: the section is named by its heading, which `prompt` places as `{{ heading }}`. Cuts are where sections begin.
    Heading,
    /// No passage: a quotation is asked for by what it is about, a few words that `prompt` places as `{{ topic }}`.
    Topic,
    /// The true continuation among edited twins, as a `choice`. Guessing is right in one of four.
    Choose,
}

/// What a recall probe is a control for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// A text that every model knows: who does not go on with it hides what it knows, or can't be asked so.
    Known,
    /// Another document of the same kind that nobody can know.
    Other,
    /// A document that does not exist, of the words and the style of this one.
    Invented,
    /// The passage with its words in another order.
    Shuffled,
    /// The passage in other words, by a list of English ones.
    Reworded,
}

/// By which tests it is decided whether a target knows the document. All of it is fixed before the first call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteRecall {
    /// The document, relative to the suite: `recall` probes of it that are no control decide.
    pub document: String,
    /// BLAKE3 that the document must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Other editions of the document, relative to the suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<String>,
    /// Words in a row that count as verbatim. If absent: 8.
    #[serde(default = "verbatim_words")]
    #[schemars(range(min = 2))]
    pub verbatim_words: u32,
    /// Share of the reference that must come back beyond what comes back by chance and of controls. If absent: 0.15.
    #[serde(default = "margin")]
    pub margin: f64,
    /// Share of the reference that must come back verbatim beyond chance. If absent: 0.05.
    #[serde(default = "verbatim_margin")]
    pub verbatim_margin: f64,
    /// Agreement between users from which on wrong answers are said to converge. If absent: 0.5.
    #[serde(default = "agreement")]
    pub agreement: f64,
    /// How often a test may cry wolf. If absent: 0.01.
    #[serde(default = "alpha")]
    pub alpha: f64,
    /// When the document was first public, as far as known: a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_public: Option<String>,
    /// Target → the end of what it learned from, as far as known: a date.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cutoffs: BTreeMap<String, String>,
}

fn verbatim_words() -> u32 {
    8
}

fn margin() -> f64 {
    0.15
}

fn verbatim_margin() -> f64 {
    0.05
}

fn agreement() -> f64 {
    0.5
}

fn alpha() -> f64 {
    0.01
}

impl SuiteRecall {
    /// The tests for a document, as they are where the suite says nothing else.
    #[must_use]
    pub fn of(document: String) -> Self {
        Self {
            document,
            hash: None,
            editions: Vec::new(),
            verbatim_words: verbatim_words(),
            margin: margin(),
            verbatim_margin: verbatim_margin(),
            agreement: agreement(),
            alpha: alpha(),
            first_public: None,
            cutoffs: BTreeMap::new(),
        }
    }

    /// What is wrong with the numbers: field and reason.
    pub(crate) fn problem(&self) -> Option<(&'static str, &'static str)> {
        for (field, share) in [
            ("scoring.recall.margin", self.margin),
            ("scoring.recall.verbatim_margin", self.verbatim_margin),
            ("scoring.recall.agreement", self.agreement),
        ] {
            if !(share > 0.0 && share < 1.0) {
                return Some((field, "it is a share between 0 and 1, such as 0.15"));
            }
        }
        if !(self.alpha > 0.0 && self.alpha <= 0.1) {
            return Some(("scoring.recall.alpha", "it lies above 0 and is at most 0.1"));
        }
        (self.verbatim_words < 2)
            .then_some(("scoring.recall.verbatim_words", "fewer than 2 words in a row are no quotation"))
    }
}
