//! What a fleet keeps about a run beside its results: what was asked of it, and what went otherwise than planned.

use serde::{Deserialize, Serialize};

use crate::Job;

/// Somebody asks the fleet to work on a run until its rounds are done. Written once; how it ended stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Counts the run's submissions, from 1.
    pub number: u32,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The most that it may spend, in dollars; `None` is what the suite says.
    pub budget_dollars: Option<f64>,
}

/// Somebody has cancelled a run: nothing more of it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// A job was done once more than needed: another delivery had stored its result first. Its answers are dropped, its cost is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Which job.
    pub job: Job,
    /// Samples that were dropped.
    pub samples: u64,
    /// What they cost, in dollars; 0 where there is no price.
    pub dollars: f64,
}

/// A dead job is to be tried again. It is dead no more until it dies anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requeued {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Which job.
    pub job: Job,
}
