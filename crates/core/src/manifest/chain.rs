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
    /// Whether what it asks for does not exist: what grows is made up, and the chains of its group are held against that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invented: bool,
    /// So many of the users, the last ones, have no vote in what it takes: their answers are fresh, and what grew is scored on them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub fresh_users: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(users: &u32) -> bool {
    *users == 0
}

/// When chains converge: how what fresh users say in one chain is held against the texts of others. Fixed before the first call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ConvergenceRules {
    /// Words in a row that are looked for.
    pub run_words: u32,
    /// The 95 % interval of the share, less that for invented titles, must lie above it for chains to converge beyond making things up.
    pub margin: f64,
    /// Differences of shares below it are called alike, shares below it no convergence.
    pub alike: f64,
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
