//! Which answers mean the same, as the suite says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which answers mean the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteClusters {
    /// What two answers are compared by.
    pub by: SuiteEquivalence,
    /// `lexical` and `embedding`: from which likeness on two answers mean the same, above 0 and at most 1. If absent: 0.7 for
    /// `lexical`, 0.85 for `embedding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// `embedding`: name of a target in the configuration whose model gives embeddings (`/v1/embeddings`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `embedding`: a text file of word vectors instead, relative to the suite: a word and its numbers on each line (word2vec's or
    /// GloVe's text format). An answer's vector is the mean of those of its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What answers are compared by to find those that mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuiteEquivalence {
    /// The text, character for character.
    Exact,
    /// The words after normalising.
    Normalised,
    /// Words in common in the same order (ROUGE-L F1).
    Lexical,
    /// Embeddings (cosine), which `antiphon embed` computes after the run.
    Embedding,
}
