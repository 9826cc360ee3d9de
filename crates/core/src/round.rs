//! Rounds: a run grows by rounds and never changes what is there.

use serde::{Deserialize, Serialize};

use crate::{ProbeId, SessionKey, TargetId};

/// What one round adds, and why. Written once, before any of its jobs is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Its number, from 0.
    pub number: u32,
    /// What it adds.
    pub kind: RoundKind,
}

/// What a round adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundKind {
    /// The first sessions of the run.
    Base(Selection),
    /// All sessions of the selection that no earlier round has.
    Extension(Selection),
    /// Samples that failed are asked again.
    Retry(Vec<RetrySession>),
}

/// A box of sessions: these targets, these probes, the first so many users, the first so many sessions of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Targets, in the order of the manifest.
    pub targets: Vec<TargetId>,
    /// Probes; `None` is all of the manifest.
    pub probes: Option<Vec<ProbeId>>,
    /// Users, from the first.
    pub users: u32,
    /// Sessions of each user, from 0.
    pub sessions: u32,
}

/// A session to take up again where it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrySession {
    /// Which.
    pub key: SessionKey,
    /// The answers that stand, turn by turn, up to the first turn without one.
    pub history: Vec<String>,
    /// What to ask again.
    pub redo: Vec<Redo>,
}

/// One sample to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redo {
    /// The turn.
    pub turn: u32,
    /// The repeat.
    pub repeat: u32,
}
