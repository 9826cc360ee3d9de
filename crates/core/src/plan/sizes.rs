//! How many samples each job asks, in a few bytes a job: what progress and status count with.

use std::collections::HashMap;
use std::ops::Range;

use super::{Plan, objects, retries_by_block};
use crate::{BlockId, Job, JobId, Round, RoundKind, Target, TargetId};

/// Where a job stands in its plan. Smaller than the job, and copied freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobPlace {
    round: u32,
    target: usize,
    block: usize,
    chunk: u32,
}

/// The samples of every job of a plan.
#[derive(Debug, Clone, Default)]
pub struct Sizes {
    /// Round, target and block → samples of each job.
    blocks: HashMap<(u32, usize, usize), Box<[u64]>>,
}

impl Sizes {
    /// Samples that the job there asks; `None` if the plan has no such job.
    #[must_use]
    pub fn of(&self, place: JobPlace) -> Option<u64> {
        self.blocks.get(&(place.round, place.target, place.block))?.get(place.chunk as usize).copied()
    }

    /// Jobs of the plan.
    #[must_use]
    pub fn jobs(&self) -> u64 {
        self.blocks.values().map(|jobs| jobs.len() as u64).sum()
    }

    /// Samples of all these jobs. A sample that is asked again counts each time.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.blocks.values().flatten().sum()
    }
}

impl Plan<'_> {
    /// Where a job stands, by the parts of its result's key; `None` if its target or the form of its ids is not of this plan.
    #[must_use]
    pub fn place_of(&self, target: &TargetId, block: &BlockId, job: &JobId) -> Option<JobPlace> {
        let (round, chunk) = Job::parse_id(job)?;
        self.place_at(target, block, round, chunk)
    }

    /// Where a job stands.
    #[must_use]
    pub fn job_place(&self, job: &Job) -> Option<JobPlace> {
        self.place_at(&job.target, &job.block, job.round, job.chunk)
    }

    fn place_at(&self, target: &TargetId, block: &BlockId, round: u32, chunk: u32) -> Option<JobPlace> {
        let target = self.manifest.targets.iter().position(|other| other.id == *target)?;
        Some(JobPlace { round, target, block: super::index(block)?, chunk })
    }

    /// The samples of all jobs, in time linear in sessions; [`Plan::job_samples`] of each would look at a block's users again for
    /// every job of it.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::default();
        for round in self.rounds {
            for (place, target) in self.manifest.targets.iter().enumerate() {
                let retries = retries_by_block(round, target, self);
                for block in 0..self.blocks() {
                    let jobs = match (&round.kind, retries.get(&block)) {
                        (RoundKind::Retry(_), None) => continue,
                        (RoundKind::Retry(_), Some(sessions)) => self.split(sessions.len(), |range| {
                            sessions[range].iter().map(|retry| retry.redo.len() as u64).sum()
                        }),
                        (RoundKind::Import(import), _) => objects(import, target, block).into(),
                        _ => self.block_sizes(round, target, block),
                    };
                    if !jobs.is_empty() {
                        sizes.blocks.insert((round.number, place, block), jobs);
                    }
                }
            }
        }
        sizes
    }

    /// The samples of each job of a block.
    fn block_sizes(&self, round: &Round, target: &Target, block: usize) -> Box<[u64]> {
        let rows = self.shuffled_rows(round, target, block);
        let sessions = rows.iter().map(|row| (row.to - row.from) as usize).sum();
        let size = |probe: usize| self.samples_per_session(&self.manifest.probes[probe]);
        let first = rows.first().map_or(0, |row| size(row.probe));
        if rows.iter().all(|row| size(row.probe) == first) {
            // The common case needs no look at every session.
            return self.split(sessions, |range| range.len() as u64 * first);
        }
        let planned = self.slice(&target.id, &rows, 0, sessions);
        self.split(sessions, |range| {
            planned[range].iter().map(|planned| self.samples_per_session(planned.probe)).sum()
        })
    }

    fn split(&self, sessions: usize, samples: impl Fn(Range<usize>) -> u64) -> Box<[u64]> {
        let sessions = sessions as u64;
        let chunks = self.chunks(sessions);
        (0..chunks).map(|chunk| samples(Self::borders(sessions, chunks, chunk))).collect()
    }
}
