//! What answers mean, quote and bear out, and who gets other ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Agreement, Estimate, Exemplar, LabelShare};
use crate::UserId;

/// A word of a consensus, without the punctuation around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsensusWord {
    /// The word.
    pub word: String,
    /// The share of answers that have it at this place, users weighing the same; in `[0, 1]`.
    pub agreement: f64,
    /// The chance that two users have the same at this place; may be slightly negative. Absent for a single user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collision: Option<f64>,
    /// What others have here, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<SaidInstead>,
    /// What some say before this word where most say nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<SaidInstead>,
}

/// What a minority says at a place of a consensus. Rare ones are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SaidInstead {
    /// The word; absent where they say nothing.
    pub word: Option<String>,
    /// The share of answers, users weighing the same.
    pub share: f64,
}

/// Answers in clusters of the same meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// The language.
    pub language: String,
    /// What counts as the same meaning, in words.
    pub same: String,
    /// The clusters; absent where they cannot be told.
    pub found: Option<ClustersFound>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The clusters of a cell in one language. Non-answers are in none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClustersFound {
    /// How many answers are in clusters.
    pub answers: u64,
    /// Of how many they were drawn, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_from: Option<u64>,
    /// How many clusters there are.
    pub count: u64,
    /// The fewest that another order of the answers gives.
    pub fewest: u64,
    /// The most that another order of the answers gives.
    pub most: u64,
    /// Different texts that would fit more than one cluster.
    pub conflicts: u64,
    /// How often two answers mean the same: agreement of the clusters' numbers.
    pub agreement: Agreement,
    /// The least agreement between users that another order gives.
    pub agreement_low: Option<f64>,
    /// The greatest.
    pub agreement_high: Option<f64>,
    /// Probability that two samples mean the same, wherever they come from (Simpson).
    pub collision: Option<f64>,
    /// Entropy of meanings between users in nats (semantic entropy), by Chao, Wang and Jost.
    pub entropy: Estimate,
    /// The largest clusters, the largest first.
    pub largest: Vec<Cluster>,
}

/// Answers that mean the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// How many answers.
    pub answers: u64,
    /// How many users gave one.
    pub users: u64,
    /// Its share, one weight per user.
    pub share: Estimate,
    /// The answer that is most like the others of the cluster: a real sample.
    pub typical: Exemplar,
}

/// A user whose answers are far from those of the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserApart {
    /// The user.
    pub user: UserId,
    /// The language, where languages are compared one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Factor → level of the user.
    pub levels: BTreeMap<String, String>,
    /// Agreement of this user's answers with those of the others.
    pub agreement: f64,
    /// How many users would be expected at least so far from the rest if it made no difference who asks. Far below 1: no chance.
    pub by_chance: Option<f64>,
    /// Why that cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What answers of one language quote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quotations {
    /// The language.
    pub language: String,
    /// Share of the answers that quote at all.
    pub quoting: Estimate,
    /// Of answers that quote: the mean share of different quotations that two have in common.
    pub agreement: Agreement,
    /// The most frequent quotations, without case and punctuation.
    pub frequent: Vec<LabelShare>,
}

/// How well a sentence is borne out by all answers of its language: consistency, and no test of truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BorneOut {
    /// How many characters of the text it takes; the sentences follow each other without a gap.
    pub characters: u64,
    /// Mean surprise of its words, in nats (SelfCheckGPT by single words). Absent for a sentence without words, and for a single answer.
    pub mean: Option<f64>,
    /// Surprise of its rarest word.
    pub most: Option<f64>,
    /// How often its rarest word stands in all answers, per answer.
    pub rarest_per_answer: Option<f64>,
}
