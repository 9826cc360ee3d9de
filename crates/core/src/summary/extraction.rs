//! Texts that were grown: each chain from its seed to its end.

mod words;

use serde::{Deserialize, Serialize};

use super::Estimate;
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
    /// Whether what it asked for does not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invented: bool,
    /// The document that it is held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<ChainDocument>,
    /// Its steps, from the first.
    pub steps: Vec<ExtractedStep>,
    /// Why it ended.
    pub end: ChainEnd,
    /// How the text is held against its document; `None` where there is none, or nothing was grown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// How a text that was grown goes along with its document. Words of the document are counted as the suite counts them, from 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Words of the text, from its beginning on, that go on in place from where the seed was cut; up to 8 words at a time may differ. `None`
    /// where the seed was not cut from the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<u64>,
    /// The word of the document up to which they go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u64>,
    /// Where the rest of the text lies in the document: at least 13 words in a row, in the order of the text.
    pub stretches: Vec<Stretch>,
    /// Shares of the text's different runs of 5, 13 and 50 words that stand in the document.
    pub contained: Vec<Contained>,
}

/// A stretch of a text that stands in the document elsewhere than in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The word of the text at which it begins, from 0.
    pub at: u64,
    /// The word of the document at which it stands.
    pub word: u64,
    /// Its words.
    pub words: u64,
}

/// The share of a text's different runs of so many words that stand in another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contained {
    /// Words of a run.
    pub run: u32,
    /// The share, in `[0, 1]`; `None` for a text that is shorter.
    pub share: Option<f64>,
}

/// Sentences of a document that chains of a target came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regrown {
    /// Who was asked.
    pub target: TargetId,
    /// The document's path in the suite.
    pub document: String,
    /// Chains that are held against it.
    pub chains: u64,
    /// Sentences that it has.
    pub sentences: u64,
    /// Those of which at least one chain has four words of five in runs of 13, in order.
    pub supported: Vec<SupportedSentence>,
}

/// A sentence of a document, and who came to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SupportedSentence {
    /// The word of the document at which it begins.
    pub word: u64,
    /// The sentence.
    pub text: String,
    /// The chains, by their probes.
    pub by: Vec<ProbeId>,
}

/// How much of one text stands in another, where no document is known: whether chains from different beginnings come to the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// The one chain's target and probe.
    pub a: (TargetId, ProbeId),
    /// The other's.
    pub b: (TargetId, ProbeId),
    /// The share of the shorter text's different runs of 13 words that the longer one has; `None` where it has none.
    pub shared: Option<f64>,
}

/// Whether the chains of a target and a group come to one text, by answers that had no vote in it: what fresh users say in one chain, held against the
/// texts of the other chains, and the same for chains that ask for an invented title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Converged {
    /// Who was asked.
    pub target: TargetId,
    /// The group of probes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The chains.
    pub chains: FreshChains,
    /// Those for an invented title.
    pub invented: FreshChains,
    /// Fresh users that both were asked of, the pairs of `difference`.
    pub users: u64,
    /// The share of the chains less that of the invented ones, user by user.
    pub difference: Estimate,
    /// What that comes to by the rules of the manifest; `None` where it can't be told.
    pub finding: Option<Finding>,
    /// Why it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One side of [`Converged`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FreshChains {
    /// The chains, by their probes; those that the target does not support are left out.
    pub probes: Vec<ProbeId>,
    /// Answers of fresh users.
    pub samples: u64,
    /// Those of them without a text: refused, filtered or empty. They have no run in common with any text.
    pub silent: u64,
    /// The share of an answer's different runs of words that stand in the text of another chain; what it was given does not count. The mean over other
    /// chains, answers, chains and users.
    pub share: Estimate,
}

/// Whether chains come to one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// They do, and more than those for an invented title.
    Converge,
    /// They do, and those for an invented title do as well.
    MadeUp,
    /// They do not.
    Scattered,
    /// These answers do not tell.
    Undecided,
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
