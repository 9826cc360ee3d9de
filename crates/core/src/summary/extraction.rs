//! Texts that were grown: each chain from its seed to its end.

use serde::{Deserialize, Serialize};

use crate::suite::Grow;
use crate::{ChainDocument, ChainEnd, Chunk, GrownWord, ProbeId, TargetId};

/// What a chain came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// Who was asked.
    pub target: TargetId,
    /// The chain's probe.
    pub probe: ProbeId,
    /// The probe's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The passage that was given first; empty where a question was asked first.
    pub seed: String,
    /// The question that was asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
    /// Whether passages began the model's own answer.
    pub prefill: bool,
    /// How it was to grow.
    pub grow: Grow,
    /// The document that it is held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<ChainDocument>,
    /// Its steps, from the first.
    pub steps: Vec<ExtractedStep>,
    /// Why it ended.
    pub end: ChainEnd,
}

/// A step of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtractedStep {
    /// Most words that it would have taken.
    pub most: u32,
    /// What it came to.
    #[serde(flatten)]
    pub chunk: Chunk,
}

impl Extraction {
    /// The words that were grown, in order.
    pub fn words(&self) -> impl Iterator<Item = &GrownWord> {
        self.steps.iter().flat_map(|step| &step.chunk.words)
    }

    /// The text that was grown, without its seed.
    #[must_use]
    pub fn text(&self) -> String {
        self.words().map(|word| word.text.as_str()).collect()
    }
}
