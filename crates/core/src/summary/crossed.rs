//! What the factors of users (persona, system prompt, wording, language) have to do with an agreement, and which rule gave an
//! interval.

use serde::{Deserialize, Serialize};

use super::Estimate;

/// An agreement by the factors that vary between users.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Crossed {
    /// What each factor, and each two of them, add to the disagreement between users.
    pub parts: Vec<FactorPart>,
    /// `user_part` less all parts: combinations of three or more factors, and what no factor names. Absent where it is nothing by
    /// construction, or where a part is undefined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<f64>,
    /// Each factor with its levels.
    pub factors: Vec<FactorLevels>,
    /// Two users in general, who share no level. Absent for drawn users: there the first interval speaks of all users of the pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_general: Option<InGeneral>,
}

/// One factor, or two in combination beyond each alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FactorPart {
    /// One factor or two.
    pub factors: Vec<String>,
    /// What it adds to the disagreement `1 - A_B` among these users; never clipped. Undefined where no two users share what it takes.
    pub part: Option<f64>,
    /// By how much two users who differ in it agree less than two who share it: `part` over the share of pairs that differ in it.
    pub component: Option<f64>,
}

/// A factor and the users at each of its levels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FactorLevels {
    /// Its name; several that never vary apart are joined.
    pub factor: String,
    /// How many levels it has among the users who answered.
    pub levels: u64,
    /// The levels side by side; empty for more than a dozen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub side_by_side: Vec<LevelAgreement>,
}

/// The users at one level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelAgreement {
    /// Its name in the suite; of users written out, the first user who has it.
    pub level: String,
    /// Users at it.
    pub users: u64,
    /// A_B among them.
    pub between_users: Estimate,
    /// Mean similarity of one of them and a user at another level.
    pub others: Option<f64>,
    /// `choice` and `short`: the share of what is the most frequent answer of all users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode_share: Option<Estimate>,
    /// `scale`: the mean number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Estimate>,
}

/// Numbers of users in general: the levels that were asked are taken for a random sample of all that there could be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InGeneral {
    /// The agreement of two users who share no level.
    pub between_users: Estimate,
    /// The rule of its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<IntervalRule>,
    /// `choice` and `short`: the share of the most frequent answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode_share: Option<Estimate>,
    /// `scale`: the mean number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Estimate>,
    /// Wording: the share of non-answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_answer: Option<Estimate>,
}

/// The rule that gave an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalRule {
    /// What counts as independent.
    pub units: Units,
    /// The form that the data called for.
    pub form: Form,
}

/// What an interval counts as independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Units {
    /// Users, drawn independently.
    Users,
    /// Sessions of the given users.
    Sessions,
    /// Levels of each factor.
    Levels,
}

/// The form of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Student's t on the logit scale.
    LogitT,
    /// Near 0 or 1 with few units that ever deviate: exact binomial at an effective number of units.
    FewDeviants,
    /// Nothing varied: exact binomial at the most units that unanimity can stand for.
    Unanimous,
}

/// The rules of an agreement's three intervals; absent where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalRules {
    /// Of `within_session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_session: Option<IntervalRule>,
    /// Of `between_sessions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between_sessions: Option<IntervalRule>,
    /// Of `between_users`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between_users: Option<IntervalRule>,
}

impl IntervalRules {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
