//! How a run ended.

use antiphon_core::PoolId;
use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Jobs of the plan.
    pub jobs: u64,
    /// Jobs with results, earlier ones included.
    pub stored: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Jobs that were left out, and will be asked by the next start, unless the run is cancelled.
    pub left: u64,
    /// If the budget ended the run: dollars that the next job may cost, which do not fit any more.
    pub over_budget: Option<f64>,
    /// Whether it was asked to stop.
    pub interrupted: bool,
    /// Whether the run is cancelled.
    #[serde(default)]
    pub cancelled: bool,
    /// Pools that take no more calls.
    pub stopped_pools: Vec<StoppedPool>,
    /// How often work on a job was in vain: its result was stored by another delivery first, or it was handed back half done. Earlier
    /// work included.
    pub duplicates: u64,
    /// Dollars spent, as far as it was counted: of the whole run where there is a budget, else since the work was taken up.
    pub dollars: f64,
}

/// A pool that takes no more calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedPool {
    /// Which.
    pub pool: PoolId,
    /// Why, and what to do.
    pub reason: String,
    /// Whether the configuration is at fault.
    pub misconfigured: bool,
}

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Every job has its result.
    Complete,
    /// Somebody cancelled it.
    Cancelled,
    /// The next job may cost more than is left of the budget.
    OverBudget,
    /// Jobs are left since a pool takes no more calls.
    PoolStopped,
    /// It was asked to stop.
    Interrupted,
    /// Jobs were given up.
    Incomplete,
}

impl End {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Complete,
        Self::Cancelled,
        Self::OverBudget,
        Self::PoolStopped,
        Self::Interrupted,
        Self::Incomplete,
    ];

    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
            Self::OverBudget => "over_budget",
            Self::PoolStopped => "pool_stopped",
            Self::Interrupted => "interrupted",
            Self::Incomplete => "incomplete",
        }
    }
}

impl Report {
    /// How it ended in one word; of several, the one that most needs somebody.
    #[must_use]
    pub fn end(&self) -> End {
        match self {
            Self { cancelled: true, .. } => End::Cancelled,
            Self { interrupted: true, .. } => End::Interrupted,
            Self { jobs, stored, .. } if jobs == stored => End::Complete,
            Self { stopped_pools, .. } if !stopped_pools.is_empty() => End::PoolStopped,
            Self { over_budget: Some(_), .. } => End::OverBudget,
            _ => End::Incomplete,
        }
    }
}

/// How a submission ended, as it is written beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// [`antiphon_core::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// How, in one word.
    pub end: End,
    /// The numbers.
    pub report: Report,
}
