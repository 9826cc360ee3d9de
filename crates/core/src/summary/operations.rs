//! What differs between runs that answered the same: times, costs, retries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::TargetId;

/// How a run went: `operations.json`. Differs between runs that answered the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Operations {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Samples with a record.
    pub samples: u64,
    /// Calls that the records speak of, failed ones included.
    pub calls: u64,
    /// Result objects.
    pub objects: u64,
    /// Rounds.
    pub rounds: u64,
    /// Tokens billed.
    pub input_tokens: u64,
    /// Tokens billed.
    pub output_tokens: u64,
    /// Dollars, where there is a price: for all samples with a record, and for those in vain.
    pub dollars: Option<f64>,
    /// Samples that were paid for and not kept: their job was handed back half done, as when its pool was stopped, or done twice.
    #[serde(default)]
    pub in_vain: u64,
    /// What these cost, in dollars; part of `dollars`.
    #[serde(default)]
    pub in_vain_dollars: f64,
    /// Begin of the first recorded call, milliseconds since 1970.
    pub first_call_ms: Option<u64>,
    /// Begin of the last recorded call, milliseconds since 1970.
    pub last_call_ms: Option<u64>,
    /// Latency quantiles of last calls in milliseconds: "0.5", "0.9", "0.99".
    pub latency_ms: BTreeMap<String, u32>,
    /// Per target: likeness to the typical answer in the second half of each cell's calls minus that in the first. It depends on when
    /// calls were made, so it stands here.
    #[serde(default)]
    pub time_effect: BTreeMap<TargetId, Estimate>,
    /// Samples whose billed input exceeds what was sent, per target: something else was in the prompt.
    pub unexplained_input: BTreeMap<TargetId, u64>,
    /// Models that said they answered, per target.
    pub models: BTreeMap<TargetId, BTreeMap<String, u64>>,
}
