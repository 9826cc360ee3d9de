//! How far a probe was asked that is asked until its interval is narrow enough.

use serde::{Deserialize, Serialize};

/// How far a probe of a target was asked, and why no farther.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Looks so far, the first being the base; `None` if not even that was wanted.
    pub look: Option<u32>,
    /// Looks that there could be.
    pub looks: u32,
    /// Half the width of the widest interval of agreement between users, over turns and languages.
    pub half_width: Option<f64>,
    /// Half a width that is narrow enough.
    pub narrow: f64,
    /// Why it ended.
    pub ending: Ending,
    /// How often the interval at a single look may miss, so that all looks together miss with chance 0.05.
    pub miss: f64,
    /// The rule by which intervals of agreement between users are valid although the data decided when to stop, in words.
    pub rule: String,
}

/// Why a probe was asked no farther.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All its intervals are narrow enough.
    Narrow,
    /// All was asked that the suite allows.
    Most,
    /// The run ended before: by its budget, by a stop, by a pool, or because only a part of the suite was wanted.
    Unfinished,
    /// Nothing was answered that could be compared.
    NothingToCompare,
}
