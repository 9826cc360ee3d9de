//! How far the scales of a target can be relied on.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::TargetId;

/// Krippendorff's alpha over the `scale` probes of a target that share a range: probes are the units, samples the raters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleReliability {
    /// The target.
    pub target: TargetId,
    /// The least number.
    pub from: i32,
    /// The greatest.
    pub to: i32,
    /// How many probes.
    pub probes: u64,
    /// Alpha with the ordinal metric.
    pub alpha_ordinal: Estimate,
    /// Alpha with the interval metric.
    pub alpha_interval: Estimate,
}
