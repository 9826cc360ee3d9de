//! What has changed between two runs, and what comes of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::suite::{Measured, Policy};
use crate::summary::Estimate;
use crate::{ProbeId, RunId, TargetId};

/// A run held against an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The run that is compared with.
    pub base: ComparedRun,
    /// The run that is judged.
    pub run: ComparedRun,
    /// The judged run's suite.
    pub suite: String,
    /// By which it is judged: the judged run's own.
    pub policy: Policy,
    /// How often all tests together may find a change where there is none.
    pub level: f64,
    /// Which comparison with this baseline it is, from 1, where a suite is compared every night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<u32>,
    /// What comes of it.
    pub verdict: RunVerdict,
    /// Why, the most important first.
    pub reasons: Vec<String>,
    /// Users who asked on both sides.
    pub users: u64,
    /// The targets that are compared.
    pub targets: Vec<ComparedTarget>,
    /// What is not compared, and why.
    pub not_compared: Vec<String>,
    /// Over all probes of each target and group: all users, then those of each level of a factor.
    pub groups: Vec<Change>,
    /// Probe by probe.
    pub probes: Vec<Change>,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// Its id.
    pub run: RunId,
    /// BLAKE3 of what was asked of whom.
    pub identity: String,
    /// Samples that were planned.
    pub planned: u64,
    /// Of these, those that have no final record.
    pub missing: u64,
    /// Result objects that its summary was made from and that are no longer stored.
    #[serde(default)]
    pub lost: u64,
}

impl ComparedRun {
    /// Whether every planned sample has its final record, and it is still stored.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing == 0 && self.lost == 0
    }
}

/// A target on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedTarget {
    /// Its id in the run that is judged.
    pub target: TargetId,
    /// Its id in the base, if that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<TargetId>,
    /// What differs in the requests themselves; empty where they are the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked_otherwise: Vec<String>,
    /// What the provider says answered, and how often.
    pub seen: Vec<ProviderSeen>,
    /// What changed at the provider without a change of the request, in words; empty where nothing did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provider_drift: Vec<String>,
}

/// What a provider calls what answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderSeen {
    /// `model` or `fingerprint`.
    pub what: String,
    /// Name → samples, in the base.
    pub base: BTreeMap<String, u64>,
    /// Name → samples, in the run.
    pub run: BTreeMap<String, u64>,
}

/// One measure on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Of which target, by its id in the run.
    pub target: TargetId,
    /// The probe's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The probe; `None` for all of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeId>,
    /// The turn of the probe, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub turn: u32,
    /// Where wording is compared, its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Factor and level, where only some users are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users_with: Option<(String, String)>,
    /// What is compared.
    pub measure: Measured,
    /// Users on both sides.
    pub users: u64,
    /// Probes that it is a mean of.
    pub of_probes: u64,
    /// The mean in the base. Of a distribution there is none.
    pub base: Option<f64>,
    /// The mean in the run.
    pub run: Option<f64>,
    /// Run minus base with its 95 % interval; of lengths the ratio minus 1; of a distribution the squared distance, 0 to 2.
    pub difference: Estimate,
    /// Changes up to this do not matter; on the scale of the difference.
    pub margin: f64,
    /// p that nothing changed; by exchanging nights for a distribution, else by t or exact limits, never below what exchanging allows.
    pub p: Option<f64>,
    /// The same by exchanging the nights of each user, where `p` is at most 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permutation_p: Option<f64>,
    /// `p` adjusted for all tests of the comparison (Benjamini-Hochberg), half of it for groups and half for single probes.
    pub p_adjusted: Option<f64>,
    /// p that it changed by the margin or more.
    pub equivalence_p: Option<f64>,
    /// The smallest change that a single test at 0.05 finds with power 0.8 among users who vary as these did.
    pub detectable: Option<f64>,
    /// What was found.
    pub finding: Finding,
    /// Whether a change of it blocks; else it warns.
    pub blocks: bool,
}

impl Change {
    /// Whether a change of it is one that must not be. More agreement than before is worth a look only.
    #[must_use]
    pub fn must_not_be(&self) -> bool {
        let rises = self.difference.value.is_some_and(|value| value > 0.0);
        self.blocks && !(self.measure == Measured::Agreement && rises)
    }
}

fn is_zero(turn: &u32) -> bool {
    *turn == 0
}

/// What was found of one measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It changed, by more than the margin.
    Changed,
    /// It changed, and not by more than the margin.
    Slight,
    /// It changed by less than the margin, if at all.
    Same,
    /// Neither a change nor its absence could be shown.
    Undecided,
}

impl Finding {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Slight => "changed within the margin",
            Self::Same => "same within the margin",
            Self::Undecided => "undecided",
        }
    }
}

/// What comes of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunVerdict {
    /// Complete, and shown to be the same within the margins wherever a change would block.
    Pass,
    /// The same, but something should be looked at.
    Warn,
    /// Neither a change nor its absence could be shown, or samples are missing.
    Inconclusive,
    /// Something changed that must not.
    Block,
}

impl RunVerdict {
    /// As it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Block => "BLOCK",
        }
    }
}

/// A run that was compared with nothing: the baseline itself, or one of a suite that has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncompared {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// What comes of it.
    pub verdict: UncomparedVerdict,
    /// The suite.
    pub suite: String,
    /// The run.
    pub run: RunId,
    /// Whether every planned sample has its final record.
    pub complete: bool,
    /// Why nothing was compared.
    pub reason: String,
}

/// What comes of a run that was compared with nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UncomparedVerdict {
    /// Later runs are compared with it.
    Baseline,
    /// There is nothing to compare it with.
    Inconclusive,
}

impl UncomparedVerdict {
    /// As it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "BASELINE",
            Self::Inconclusive => RunVerdict::Inconclusive.name(),
        }
    }
}

/// The run that later runs of a suite are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The suite.
    pub suite: String,
    /// The run.
    pub run: RunId,
    /// When it was set, in milliseconds since 1970.
    pub set_ms: u64,
    /// What it was before, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<RunId>,
}
