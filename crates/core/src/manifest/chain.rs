//! A chain: what an `extract` probe begins with, and how its text is grown.

use serde::{Deserialize, Serialize};

use crate::suite::Grow;

/// What a chain begins with, and how it grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// The document that the text is held against; `None` where none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<ChainDocument>,
    /// The passage that is given first; empty where a question is asked first.
    pub seed: String,
    /// The question that is asked first, a template, instead of giving a passage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
    /// Whether passages are the beginning of the model's own answer.
    pub prefill: bool,
    /// How it grows.
    pub grow: Grow,
}

/// The document that a chain is held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainDocument {
    /// Its path as the suite names it.
    pub path: String,
    /// BLAKE3 of it: its text is [`crate::Manifest::documents`] of that.
    pub hash: String,
    /// The first word behind the seed, counted from 0 over white-space separated words; `None` where the seed was not cut from it.
    pub word: Option<u32>,
}
