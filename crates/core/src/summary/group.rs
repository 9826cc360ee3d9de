//! Agreement over several probes.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::TargetId;

/// How a target's answers agree between users over all probes of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupAgreement {
    /// Who was asked.
    pub target: TargetId,
    /// The group; absent for probes without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Probes with an agreement, each turn and language of its own.
    pub cells: u64,
    /// Users with an answer to any of them.
    pub users: u64,
    /// The mean over these, with an interval for users drawn at random, or for these users where they were not.
    pub agreement: Estimate,
}
