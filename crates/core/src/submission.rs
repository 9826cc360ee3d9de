//! What a fleet keeps about a run beside its results: what was asked of it, and what went otherwise than planned.

use serde::{Deserialize, Serialize};

use crate::{Job, Limits, Manifest};

/// Somebody asks the fleet to work on a run until its rounds are done. Written once; how it ended stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Counts the run's submissions, from 1.
    pub number: u32,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The most that the run may spend from now on, in dollars, with all that it has spent; `None` is no limit.
    pub budget_dollars: Option<f64>,
    /// What the suite lowers the limits of pools to from now on.
    pub limits: Limits,
}

impl Submission {
    /// The manifest with what may differ from submission to submission as it was said in this one.
    #[must_use]
    pub fn amend(&self, manifest: Manifest) -> Manifest {
        Manifest { budget_dollars: self.budget_dollars, limits: self.limits.clone(), ..manifest }
    }
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

/// Work on a job that was in vain: another delivery had stored its result first, or it was handed back half done. Its answers are
/// dropped, its cost is not.
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
    /// Whether they were all of the job.
    pub whole: bool,
}

/// A dead job is to be tried again. It is dead no more until it dies anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requeued {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Which job.
    pub job: Job,
}
