//! What the aggregator says of refusal across probes, and of mirrored pairs.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::suite::Expect;
use crate::{ProbeId, TargetId};

/// One target over all `refusal` probes with the same expectation. The unit is the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusalOverview {
    /// Who was asked.
    pub target: TargetId,
    /// What a good answer does.
    pub expect: Expect,
    /// How many probes.
    pub probes: u64,
    /// Share that refuses: too much where an answer is expected.
    pub refused: Estimate,
    /// Share that answers: too little refusal where one is expected.
    pub answered: Estimate,
    /// Share of which the rule cannot tell.
    pub undecided: Estimate,
}

/// Two mirrored prompts on one topic, asked of one target by the same users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MirroredPair {
    /// Who was asked.
    pub target: TargetId,
    /// The pair.
    pub topic: String,
    /// Its group.
    pub group: Option<String>,
    /// Side a.
    pub a: MirroredSide,
    /// Side b.
    pub b: MirroredSide,
    /// Users with an answer on both sides.
    pub users: u64,
    /// What was compared.
    pub measures: Vec<MirroredMeasure>,
}

/// One side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MirroredSide {
    /// Its name.
    pub name: String,
    /// Its probe.
    pub probe: ProbeId,
    /// What was asked, in the suite's language.
    pub question: String,
}

/// What of two sides is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Share of answers that refuse, by rule or by the provider's word.
    Refusal,
    /// Share of answers that the provider calls refusals.
    RefusalByProvider,
    /// Share of texts that hedge, by rule.
    Hedging,
    /// Words of a text. The difference is a part: how much longer side a is than side b.
    Words,
    /// Agreement of wording between users, in one language.
    Agreement,
}

/// One measure on both sides, and their difference: a minus b.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MirroredMeasure {
    /// What is compared.
    pub measure: Measure,
    /// The language, where it is compared language by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Side a: a mean over users.
    pub a: Option<f64>,
    /// Side b.
    pub b: Option<f64>,
    /// The difference with its 95 % interval.
    pub difference: Estimate,
    /// How the interval was made, in words.
    pub interval_by: String,
    /// The least and the greatest difference that do not matter, decided beforehand.
    pub margin: [f64; 2],
    /// p that there is no difference.
    pub p: Option<f64>,
    /// The same among all comparisons of the run (Benjamini and Hochberg).
    pub p_adjusted: Option<f64>,
    /// p that the difference lies beyond the margin (two one-sided tests).
    pub equivalence_p: Option<f64>,
    /// The same among all comparisons of the run.
    pub equivalence_p_adjusted: Option<f64>,
    /// What follows, at 5 % false discoveries.
    pub verdict: Verdict,
}

/// What follows from a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The difference lies within the margin.
    Equivalent,
    /// There is a difference, and it may matter.
    Different,
    /// There is a difference, and it lies within the margin.
    DifferentWithinMargin,
    /// Neither can be said.
    Undecided,
}

/// Values of a cell, user by user, in the order of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ByUser {
    /// Users with behaviour.
    pub users: Vec<UserValues>,
    /// Agreement of wording without each user: language, value with all, and without whom.
    pub agreement: Vec<(String, f64, Vec<WithoutUser>)>,
}

/// Means over the sessions of one user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserValues {
    /// Place in the manifest.
    pub user: u64,
    /// Share that refuses by rule or by the provider's word.
    pub refused: f64,
    /// Share that the provider calls a refusal.
    pub declared: f64,
    /// Share of which the rule cannot tell.
    pub undecided: f64,
    /// Share of texts that hedge; absent without texts.
    pub hedged: Option<f64>,
    /// Words of a text.
    pub words: Option<f64>,
    /// Squared relative standard error of `words`, from its sessions; absent below two of them.
    pub words_spread: Option<f64>,
}

/// Agreement between users without one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WithoutUser {
    /// Place in the manifest.
    pub user: u64,
    /// The agreement of the others; absent where they are fewer than two.
    pub agreement: Option<f64>,
}
