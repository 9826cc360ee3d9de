//! What the steps of chains ask, and what they came to.

use serde::{Deserialize, Serialize};

use crate::{ProbeId, Reach, TargetId};

/// One step of one chain, as a round asks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who is asked.
    pub target: TargetId,
    /// The chain's probe.
    pub probe: ProbeId,
    /// Its number, from 1: the first step, 0, is asked by the base round.
    pub step: u32,
    /// How far this brings the probe: a step's sessions come after those of the step before.
    pub to: Reach,
    /// What is given: the end of the text so far.
    pub passage: String,
}

/// What a step of a chain came to; write-once, so that whatever is asked of the chain later grows from this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grown {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Who was asked.
    pub target: TargetId,
    /// The chain's probe.
    pub probe: ProbeId,
    /// The step's number, from 0.
    pub step: u32,
    /// Most words that it would have taken.
    pub most: u32,
    /// What it came to.
    #[serde(flatten)]
    pub chunk: Chunk,
    /// Why the chain ends here; `None` where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<ChainEnd>,
}

/// The words that a step's samples agreed on, and what else they said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The words, in order. Their texts put together are the text.
    pub words: Vec<GrownWord>,
    /// Samples that were had, whatever they are.
    pub samples: u32,
    /// Users that they are of.
    pub users: u32,
    /// Those of the samples that refused, by the provider's word or in their own.
    pub refused: u32,
    /// Those without a word.
    pub empty: u32,
    /// Samples that failed or are missing; they are no votes.
    pub missing: u32,
    /// Samples that spoke of themselves first, such as "Here is the continuation:"; that is left out of their votes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub prefaced: u32,
    /// What some samples had in common instead, those of most samples first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A word that a chain took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrownWord {
    /// As most of them write it, with white space and marks around it.
    pub text: String,
    /// Samples that have it here.
    pub samples: u32,
    /// Users with at least one of them.
    pub users: u32,
}

/// Another continuation, which at least two samples have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Before which word of the step it leaves the text, from 0; the number of words where it stands behind all of them.
    pub at: u32,
    /// What it says there, as far as they have it in common.
    pub text: String,
    /// Samples that say all of that.
    pub samples: u32,
    /// Users with at least one of them.
    pub users: u32,
}

/// Why a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainEnd {
    /// It has as many words as were wanted.
    Length,
    /// As many steps were asked as were wanted.
    Steps,
    /// Too few samples agreed on the next word.
    NoAgreement,
    /// It comes back to what it has.
    Loop,
    /// Most answers were empty: the model has nothing more to say.
    Ended,
    /// Most answers were refusals.
    Refused,
    /// The target does not accept what the probe needs.
    Unsupported,
    /// Too few samples of a step were had; a retry of the run takes it up again. Stands in summaries only.
    Failed,
    /// The run ended before it did. Stands in summaries only.
    Unfinished,
}

/// A refusal in the model's own words has no more of them. A document may well quote one, but then goes on.
const LONGEST_REFUSAL: usize = 60;

/// Whether a text is short enough for a refusal, where a document is asked for.
#[must_use]
pub fn may_refuse(text: &str) -> bool {
    text.split_whitespace().take(LONGEST_REFUSAL + 1).count() <= LONGEST_REFUSAL
}
