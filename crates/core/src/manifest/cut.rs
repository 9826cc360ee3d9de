//! A place in a document, and how it is decided whether a target knows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::TargetId;
use crate::suite::Control;

/// A place in a document: the passage before it is given, the reference after it is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The document's path as the suite names it.
    pub document: String,
    /// BLAKE3 of the document.
    pub document_hash: String,
    /// The first word of the reference, counted from 0 over white-space separated words.
    pub word: u32,
    /// What is given; empty where a `cue` is given instead.
    pub passage: String,
    /// What follows in the document.
    pub reference: String,
    /// Whether the passage is the beginning of the model's own answer.
    pub prefill: bool,
    /// What is given instead of a passage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cue: Option<Cue>,
    /// What it is a control for; `None` asks for the document itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// What follows here in other editions, where that differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<Edition>,
    /// What somebody would guess who knows all of the document but the reference, by its runs of three words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guesses: Vec<String>,
}

/// What is given instead of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// The heading of the section.
    Heading(String),
    /// A few words that the reference is about.
    Topic(String),
}

/// What follows at a place in another edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// The edition's path as the suite names it.
    pub document: String,
    /// As many words as the reference has.
    pub reference: String,
}

/// The true continuation among edited twins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continues {
    /// The document's path as the suite names it.
    pub document: String,
    /// The first word of the continuation.
    pub word: u32,
}

/// By which tests it is decided whether a target knows a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecallRules {
    /// The document's path as the suite names it.
    pub document: String,
    /// BLAKE3 of the document.
    pub document_hash: String,
    /// Words of the document.
    pub words: u64,
    /// Path → BLAKE3 of its other editions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub editions: BTreeMap<String, String>,
    /// Words in a row that count as verbatim.
    pub verbatim_words: u32,
    /// Share of the reference that must come back beyond chance and beyond controls, in `(0, 1)`.
    pub margin: f64,
    /// Share of the reference that must come back verbatim beyond chance, in `(0, 1)`.
    pub verbatim_margin: f64,
    /// Agreement between users from which on wrong answers converge, in `(0, 1)`.
    pub agreement: f64,
    /// How often a test may cry wolf, in `(0, 0.1]`.
    pub alpha: f64,
    /// When the document was first public, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_public: Option<String>,
    /// Ends of what targets learned from, as far as known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cutoffs: BTreeMap<TargetId, String>,
}
