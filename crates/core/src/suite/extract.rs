//! `extract` probes as the suite writes them: how a text is grown, and when texts converge.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a text is grown by what samples agree on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grow {
    /// Share of a step's samples, users weighing the same, that must agree on a word; at least two samples always must. If absent: 0.6.
    #[schemars(range(min = 0, max = 1))]
    pub agree: f64,
    /// Most words that the first step takes. Later ones take more where all of it was agreed on, and less where little was. If absent: 40.
    #[schemars(range(min = 1))]
    pub chunk_words: u32,
    /// Words of the text so far that are given as the passage of the next step. If absent: 200.
    #[schemars(range(min = 8))]
    pub window_words: u32,
    /// Most steps, the first one included. If absent: 50.
    #[schemars(range(min = 1))]
    pub max_steps: u32,
    /// Most words that are grown. If absent: 2000.
    #[schemars(range(min = 1))]
    pub max_words: u32,
}

/// Whether chains from different beginnings come to one text, on users who had no vote in it. All of it is fixed before the first call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuiteConvergence {
    /// Users, the last ones, without a vote in what chains take: what grew is scored on their answers. If absent: half of all users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3))]
    pub fresh_users: Option<u32>,
    /// Words in a row that are looked for in the texts of other chains. If absent: 5.
    #[schemars(range(min = 2))]
    pub run_words: u32,
    /// By how much the share that is found must lie above that for invented titles. If absent: 0.1.
    pub margin: f64,
    /// Differences of shares below it are called alike, and shares below it no convergence. If absent: 0.5.
    pub alike: f64,
}

impl Default for SuiteConvergence {
    fn default() -> Self {
        Self { fresh_users: None, run_words: 5, margin: 0.1, alike: 0.5 }
    }
}

impl SuiteConvergence {
    /// What is wrong with the numbers: the field and what to do.
    pub(crate) fn problem(&self) -> Option<(&'static str, &'static str)> {
        for (field, share) in [("margin", self.margin), ("alike", self.alike)] {
            if !(share > 0.0 && share < 1.0) {
                return Some((field, "it is a share between 0 and 1, such as 0.1"));
            }
        }
        (self.run_words < 2).then_some(("run_words", "single words stand in every text; use 2 or more"))
    }
}

impl Default for Grow {
    fn default() -> Self {
        Self { agree: 0.6, chunk_words: 40, window_words: 200, max_steps: 50, max_words: 2000 }
    }
}

impl Grow {
    /// What is wrong with the numbers: the field and what to do.
    pub(crate) fn problem(&self) -> Option<(&'static str, String)> {
        if !(self.agree > 0.0 && self.agree <= 1.0) {
            return Some(("agree", format!("{} is no share above 0 and up to 1, such as 0.6", self.agree)));
        }
        for (field, value, least) in [
            ("chunk_words", self.chunk_words, 1),
            ("window_words", self.window_words, 8),
            ("max_steps", self.max_steps, 1),
            ("max_words", self.max_words, 1),
        ] {
            if value < least {
                return Some((field, format!("{value} is too few; use {least} or more")));
            }
        }
        None
    }
}
