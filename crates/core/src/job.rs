//! What the queue carries: jobs by reference, and hints about what became of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{BlockId, JobId, OutcomeClass, PoolId, RunId, Sample, Target, TargetId};

/// About 50 sessions of one block, by reference. The worker finds the rest in the manifest and the round.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Job {
    /// [`crate::OBJECT_FORMAT`] when it was published.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// Whose limits it spends.
    pub pool: PoolId,
    /// The target.
    pub target: TargetId,
    /// The block.
    pub block: BlockId,
    /// The round that added it.
    pub round: u32,
    /// Its place in that round of that block.
    pub chunk: u32,
}

/// The pool whose jobs ask no model: each is a block to be summed up. No target may be in it.
pub const AGGREGATE: &str = "aggregate";

impl Job {
    /// To sum up a block as it stands.
    ///
    /// # Panics
    /// Never: the pool's name is an id.
    #[must_use]
    pub fn summing_up(run: RunId, target: TargetId, block: BlockId) -> Self {
        let pool = PoolId::new(AGGREGATE).expect("letters");
        // An id that no job of a plan has: whoever takes it for one finds nothing.
        Self { format: crate::OBJECT_FORMAT, run, pool, target, block, round: u32::MAX, chunk: 0 }
    }

    /// Whether it asks no model, but sums up what is stored.
    #[must_use]
    pub fn sums_up(&self) -> bool {
        self.pool.as_str() == AGGREGATE
    }

    /// Unique within the block, and sorted as the rounds are.
    #[must_use]
    pub fn id(&self) -> JobId {
        JobId::new(format!("r{:03}-{:06}", self.round, self.chunk)).expect("letters, digits and a dash")
    }

    /// Round and chunk of a job by its id; `None` if no job has such an id.
    #[must_use]
    pub fn parse_id(id: &JobId) -> Option<(u32, u32)> {
        let (round, chunk) = id.as_str().strip_prefix('r')?.split_once('-')?;
        Some((round.parse().ok()?, chunk.parse().ok()?))
    }
}

/// A hint from a role. Hints may be lost or doubled; the store is the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A job's object is in the store.
    JobDone {
        /// Which.
        job: Job,
        /// What it came to.
        tally: JobTally,
    },
    /// A pool takes no more calls: a wrong key, a forbidden model, an exhausted quota, an unreachable host.
    PoolStopped {
        /// Which.
        pool: PoolId,
        /// Why, and what to do.
        reason: String,
        /// Whether the operator's configuration is at fault.
        misconfigured: bool,
    },
    /// A model of the pool answered a worker lately. Said from time to time, since a job may take long.
    PoolWorks {
        /// Which.
        pool: PoolId,
    },
    /// Somebody cancelled a run: the mark is in the store.
    RunCancelled {
        /// Which.
        run: RunId,
    },
}

/// A message to the coordinator that leads. It may be lost; what it is about stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A coordinator asks who leads: whoever hears it does, as long as it goes on hearing some.
    WhoLeads,
    /// A run has been submitted.
    Submitted {
        /// Which.
        run: RunId,
    },
}

/// What a job came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JobTally {
    /// Samples by class.
    pub samples: BTreeMap<OutcomeClass, u64>,
    /// What its calls cost, in dollars; 0 where there is no price.
    pub dollars: f64,
    /// Whether another delivery had stored it first, so that this cost was in vain.
    pub duplicate: bool,
}

impl JobTally {
    /// Counts a sample of the target.
    pub fn add(&mut self, sample: &Sample, target: &Target) {
        *self.samples.entry(sample.outcome.class()).or_default() += 1;
        self.dollars += sample.dollars(target);
    }
}
