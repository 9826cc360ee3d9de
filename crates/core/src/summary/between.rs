//! How the answers of two targets to one probe compare.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::{ProbeId, TargetId};

/// What is compared of two targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// Answers come to labels, which are the same or not.
    Labels,
    /// Texts, by ROUGE-L.
    Wording,
}

/// Two targets on one turn of one probe, compared by the users who have answers of both. Answers to one user are never compared with each
/// other, since the user alone makes them alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetGap {
    /// The probe.
    pub probe: ProbeId,
    /// The turn, from 0.
    pub turn: u32,
    /// The language, where it is compared language by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// By what.
    pub likeness: Likeness,
    /// Who was asked, in the order of the manifest.
    pub targets: [TargetId; 2],
    /// Users who have answers of both in the same sessions.
    pub users: u64,
    /// How many answers of each were compared.
    pub compared: u64,
    /// How many there are of each. More than were compared where the other target has no counterpart (the same user, session and repeat), or
    /// where there are too many to hold those of all targets at once.
    pub answers: [u64; 2],
    /// How alike answers of one are to those of the other, in `[0, 1]`.
    pub agreement: Estimate,
    /// How alike the compared answers of each are among themselves.
    pub own: [f64; 2],
    /// `own[0] + own[1] - 2 agreement`: 0 where both say the same, 2 where each has one answer and they differ; may be slightly negative.
    pub gap: f64,
    /// p of a gap at least as large if both say the same to each user.
    pub p: f64,
    /// The same among all comparisons of targets of the run (Benjamini and Hochberg).
    pub p_adjusted: Option<f64>,
}
