//! What the error bars of imported scores were worth.

use serde::{Deserialize, Serialize};

/// What the mean of a score is worth: its standard error as if all answers were independent, and with those taken together that are not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorBars {
    /// The score, as the file calls it; or a label's share.
    pub score: String,
    /// Answers with it.
    pub samples: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum of squared deviations from it.
    pub deviations: f64,
    /// What answers were taken together by: `probe`, `user` or `session`.
    pub together: Option<String>,
    /// How many of these there are.
    pub groups: u64,
    /// Standard error of the mean as if all answers were independent.
    pub independent: Option<f64>,
    /// With answers taken together (CR1).
    pub clustered: Option<f64>,
    /// `clustered / independent`: so many times as wide as they seemed error bars should have been. Its square is the design effect.
    pub ratio: Option<f64>,
    /// As the file itself states it, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<f64>,
    /// Why something is absent, or how far it is to be trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
