//! A suite over many nights, each held against the same baseline.

use serde::{Deserialize, Serialize};

use crate::suite::Measured;
use crate::summary::Estimate;
use crate::{RunId, TargetId};

/// All nights of a suite since its baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The suite.
    pub suite: String,
    /// The baseline.
    pub base: RunId,
    /// How often a season without a change raises an alarm, whenever it is looked at.
    pub alpha: f64,
    /// The nights, in their order.
    pub nights: Vec<HistoryNight>,
    /// Each measure of each target and group.
    pub series: Vec<HistorySeries>,
}

/// One night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryNight {
    /// Its run.
    pub run: RunId,
    /// Whether all of its samples were had.
    pub complete: bool,
    /// What the provider says has changed since the night before, in words; empty where nothing did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provider: Vec<String>,
}

/// One measure of a target and group over the nights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistorySeries {
    /// The target.
    pub target: TargetId,
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Factor and level, where only some users are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users_with: Option<(String, String)>,
    /// The measure.
    pub measure: Measured,
    /// Changes up to this do not matter.
    pub margin: f64,
    /// Whether a change of it blocks.
    pub blocks: bool,
    /// The nights that have it.
    pub points: Vec<HistoryPoint>,
    /// The first night by which a change was certain enough; counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<u64>,
}

/// One night of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// The night, from 0.
    pub night: u64,
    /// The mean over users, with the 95 % interval of this night alone.
    pub level: Estimate,
    /// The same minus the baseline; of lengths the ratio minus 1.
    pub difference: Estimate,
    /// How far it is from all earlier nights, as a normal score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The e-value of all nights so far against nothing having changed.
    pub e: f64,
}

impl HistorySeries {
    /// Whether an alarm stands, and is about a change that matters: the newest night is beyond the margin.
    #[must_use]
    pub fn is_alarmed_beyond_margin(&self) -> bool {
        let newest = self.points.last().and_then(|point| point.difference.value);
        let beyond = newest.is_some_and(|value| self.measure.exceeds(value, self.margin));
        self.alarm.is_some() && beyond
    }
}
