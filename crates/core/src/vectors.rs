//! Vectors of answers: what `antiphon embed` stores beside a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Vectors;

/// Vectors of some answers of a block; write-once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorObject {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Where they come from.
    pub source: Vectors,
    /// By [`text_hash`] of the answer's text; all of the same length. All zeros for a text of which the source knows no word.
    pub vectors: BTreeMap<String, Vec<f32>>,
}

impl VectorObject {
    /// Its name: the same for the same texts and source.
    #[must_use]
    pub fn name(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&serde_json::to_vec(&self.source).expect("a source is always JSON"));
        self.vectors.keys().for_each(|text| {
            hasher.update(text.as_bytes());
        });
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

/// What names a text among vectors: BLAKE3, in hexadecimal.
#[must_use]
pub fn text_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
