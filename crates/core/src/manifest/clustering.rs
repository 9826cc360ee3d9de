//! Which answers of a run mean the same.

use serde::{Deserialize, Serialize};

use crate::PoolId;

/// Which answers mean the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clustering {
    /// The same text, character for character.
    Exact,
    /// The same words after normalising.
    Normalised,
    /// ROUGE-L F1 of at least so much.
    Lexical(f64),
    /// The cosine of their embeddings is at least `threshold`.
    Embedding {
        /// In `(0, 1]`.
        threshold: f64,
        /// Where vectors come from.
        vectors: Vectors,
    },
}

/// Where the vectors of answers come from. They are computed by `antiphon embed` and stored beside the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vectors {
    /// The mean of word vectors in a text file.
    File {
        /// Its path as the suite names it.
        path: String,
        /// BLAKE3 of its content.
        hash: String,
    },
    /// A model behind an OpenAI-compatible `/v1/embeddings`.
    Model {
        /// Name of a target in the configuration.
        alias: String,
        /// The provider's name of the model.
        model: String,
        /// Whose limits it shares.
        pool: PoolId,
    },
}
