//! Conversations as the report shows them.

use serde::{Deserialize, Serialize};

use crate::{ProbeId, TargetId, UserId};

/// One conversation as the report shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// Who was asked.
    pub target: TargetId,
    /// What was asked.
    pub probe: ProbeId,
    /// Who asked.
    pub user: UserId,
    /// The session.
    pub session: u32,
    /// The system prompt.
    pub system: Option<String>,
    /// Turn by turn.
    pub turns: Vec<TranscriptTurn>,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptTurn {
    /// What the user said.
    pub asked: String,
    /// The beginning of the answer that the model was given.
    pub prefill: Option<String>,
    /// The answers, repeat by repeat.
    pub answers: Vec<TranscriptAnswer>,
}

/// One answer of a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptAnswer {
    /// The repeat.
    pub repeat: u32,
    /// What became of it, in a word or two.
    pub outcome: String,
    /// The text.
    pub text: String,
}
