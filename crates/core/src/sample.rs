//! Samples: recorded answers, with exactly what was asked and what came back.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::prompt::estimate_tokens;
use crate::{BlockId, JobId, ProbeId, RunId, Target, TargetId, UserId};

/// One fresh conversation of one user with one target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionKey {
    /// Who is asked.
    pub target: TargetId,
    /// What is asked.
    pub probe: ProbeId,
    /// Who asks.
    pub user: UserId,
    /// The session's number, from 0.
    pub session: u32,
}

/// Names one sample of a run. Never the text of the prompt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SampleKey {
    /// The conversation.
    pub session: SessionKey,
    /// The turn, from 0.
    pub turn: u32,
    /// 0 is the answer that the conversation goes on with; others are independent second answers from the same history.
    pub repeat: u32,
}

impl SampleKey {
    /// `run/target/probe/user/session/turn/repeat`.
    #[must_use]
    pub fn within(&self, run: &RunId) -> String {
        format!("{run}/{self}")
    }
}

impl fmt::Display for SampleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SessionKey { target, probe, user, session } = &self.session;
        write!(f, "{target}/{probe}/{user}/{session}/{}/{}", self.turn, self.repeat)
    }
}

/// One recorded answer, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// What was asked.
    pub probe: ProbeId,
    /// Who asked.
    pub user: UserId,
    /// The session's number.
    pub session: u32,
    /// The turn.
    pub turn: u32,
    /// The repeat.
    pub repeat: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// The model's text; empty where there is none.
    #[serde(default)]
    pub text: String,
    /// The effective request: the exact body that was sent. Absent where nothing was sent.
    #[serde(default)]
    pub request: Option<String>,
    /// Everything the provider said about the answer.
    #[serde(default)]
    pub billing: Billing,
    /// Calls made for it, failed ones included.
    pub attempts: u32,
    /// When the last call began, in milliseconds since 1970.
    pub started_ms: u64,
    /// How long the last call took, without waiting for a permit, in milliseconds.
    pub latency_ms: u32,
    /// What else the file said that it was imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged: Option<Logged>,
}

/// What a file said of an imported answer besides the answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Logged {
    /// Scores by name: numbers that are finite.
    pub scores: BTreeMap<String, f64>,
    /// `choice`: the order in which the options were shown, place → option, where it is not that of the probe.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<u8>,
}

impl Sample {
    /// Whether the conversation can go on from here: the model said something, be it a refusal.
    #[must_use]
    pub fn carries_on(&self) -> bool {
        self.outcome.is_behaviour() && !self.text.is_empty()
    }
}

/// Ids and usage of an answer as the provider reported them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Billing {
    /// The response's id.
    pub response_id: Option<String>,
    /// The request's id, for support.
    pub request_id: Option<String>,
    /// The model that says it answered.
    pub model: Option<String>,
    /// The server's fingerprint of itself.
    pub fingerprint: Option<String>,
    /// The provider's own word for why it stopped.
    pub stop_reason: Option<String>,
    /// Tokens billed.
    pub usage: Option<Usage>,
    /// Input tokens billed beyond what was sent can explain: something else was in the prompt.
    pub unexplained_input_tokens: Option<u64>,
}

/// Tokens billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// All input, cached or not.
    pub input_tokens: u64,
    /// The part of it read from a cache, which most limits do not count.
    pub cached_input_tokens: u64,
    /// All output, thinking included.
    pub output_tokens: u64,
}

/// What became of a sample. A failed call is never behaviour of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The model answered.
    Answered,
    /// The provider says that the model refused.
    Refused,
    /// The answer was cut off at the token limit. What there is, is an answer.
    Truncated,
    /// The provider's filter held the answer back.
    Filtered,
    /// The model answered with nothing.
    Empty,
    /// No answer was had.
    Failed {
        /// Why.
        kind: FailureKind,
        /// In words, from the provider or the network; at most a few hundred characters.
        detail: String,
    },
    /// The target lacks what the probe needs.
    Unsupported {
        /// What it lacks.
        what: String,
    },
    /// An earlier turn of the session failed.
    Unreached,
    /// The model itself ended the conversation: an earlier turn of it has no text to go on from.
    Ended,
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// 429 until the deadline.
    RateLimited,
    /// 529 or 503.
    Overloaded,
    /// Another 5xx.
    Server,
    /// No answer in time.
    Timeout,
    /// The connection could not be made, broke, or the body ended early.
    Connection,
    /// 200, but not what the API promises.
    InvalidResponse,
    /// The provider does not accept the request (400, 413, 422).
    RejectedRequest,
    /// The file that it was imported from has no answer, and does not say which of these it was.
    Unknown,
}

impl FailureKind {
    /// As it is written everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::InvalidResponse => "invalid_response",
            Self::RejectedRequest => "rejected_request",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An outcome without its details, to count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeClass {
    /// See [`Outcome::Answered`].
    Answered,
    /// See [`Outcome::Refused`].
    Refused,
    /// See [`Outcome::Truncated`].
    Truncated,
    /// See [`Outcome::Filtered`].
    Filtered,
    /// See [`Outcome::Empty`].
    Empty,
    /// See [`Outcome::Failed`].
    Failed(FailureKind),
    /// See [`Outcome::Unsupported`].
    Unsupported,
    /// See [`Outcome::Unreached`].
    Unreached,
    /// See [`Outcome::Ended`].
    Ended,
}

impl Outcome {
    /// The class to count by.
    #[must_use]
    pub fn class(&self) -> OutcomeClass {
        match self {
            Self::Answered => OutcomeClass::Answered,
            Self::Refused => OutcomeClass::Refused,
            Self::Truncated => OutcomeClass::Truncated,
            Self::Filtered => OutcomeClass::Filtered,
            Self::Empty => OutcomeClass::Empty,
            Self::Failed { kind, .. } => OutcomeClass::Failed(*kind),
            Self::Unsupported { .. } => OutcomeClass::Unsupported,
            Self::Unreached => OutcomeClass::Unreached,
            Self::Ended => OutcomeClass::Ended,
        }
    }

    /// Whether there is a text of the model to go on with.
    #[must_use]
    pub fn has_text(&self) -> bool {
        matches!(self, Self::Answered | Self::Truncated)
    }

    /// Whether this says something about the model, as opposed to the network, the account or the plan.
    #[must_use]
    pub fn is_behaviour(&self) -> bool {
        matches!(self, Self::Answered | Self::Refused | Self::Truncated | Self::Filtered | Self::Empty)
    }

    /// Whether a retry round should ask again.
    #[must_use]
    pub fn wants_retry(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Unreached)
    }
}

impl Sample {
    /// What it cost, in dollars; 0 where the target has no price. Where the provider does not say what an answer used, it counts as the
    /// longest one that was asked for, so that a budget holds.
    #[must_use]
    pub fn dollars(&self, target: &Target) -> f64 {
        let Some(price) = target.price else { return 0.0 };
        match self.billing.usage {
            Some(usage) => price.dollars(usage.input_tokens, usage.output_tokens),
            None if self.outcome.is_behaviour() => {
                let sent = self.request.as_ref().map_or(0, String::len);
                price.dollars(estimate_tokens(sent), target.parameters.max_tokens.into())
            }
            None => 0.0,
        }
    }
}

/// What one job stores: one write-once object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultObject {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The target all samples speak of.
    pub target: TargetId,
    /// Their block.
    pub block: BlockId,
    /// Their job.
    pub job: JobId,
    /// The samples, in the order of the plan.
    pub samples: Vec<Sample>,
}
