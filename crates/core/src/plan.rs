//! The plan: which sessions there are, in which blocks and jobs, in which order. A pure function of manifest and rounds, so that
//! every role makes it again for itself and no job has to carry it.

use std::collections::BTreeMap;

use crate::prompt::{Prompter, Script, TemplateError};
use crate::seed::shuffle;
use crate::{
    BlockId, ImportedCell, Job, Manifest, OBJECT_FORMAT, Probe, Reach, Redo, RetrySession, Round, RoundKind,
    Seed, Selection, Target, TargetId, User,
};

/// The plan of a run so far.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    manifest: &'a Manifest,
    rounds: &'a [Round],
}

/// One session of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedSession<'a> {
    /// What is asked.
    pub probe: &'a Probe,
    /// Who asks.
    pub user: &'a User,
    /// The session's number.
    pub session: u32,
    /// Answers that stand from an earlier round.
    pub history: &'a [String],
    /// What to ask again; `None` is everything.
    pub redo: Option<&'a [Redo]>,
    /// What is given instead of the probe's own passage, at a later step of a chain.
    pub passage: Option<&'a str>,
}

/// Sessions of one probe and user that a round adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    probe: usize,
    user: usize,
    from: u32,
    to: u32,
}

impl PlannedSession<'_> {
    /// What the user brings to it.
    pub fn script(&self, prompter: &Prompter) -> Result<Script, TemplateError> {
        prompter.script_given(self.probe, self.user, self.session, self.passage)
    }
}

impl<'a> Plan<'a> {
    /// The plan of these rounds, which must stand in their order.
    #[must_use]
    pub fn new(manifest: &'a Manifest, rounds: &'a [Round]) -> Self {
        Self { manifest, rounds }
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &'a Manifest {
        self.manifest
    }

    /// Its rounds, in their order.
    #[must_use]
    pub fn rounds(&self) -> &'a [Round] {
        self.rounds
    }

    /// How many blocks each target has.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.manifest.probes.len().div_ceil(self.manifest.probes_per_block as usize)
    }

    /// The block at `index`.
    #[must_use]
    pub fn block_id(index: usize) -> BlockId {
        BlockId::new(format!("b{index:05}")).expect("a letter and digits")
    }

    /// The probes of the block at `index`, with their places in the manifest.
    pub fn block_probes(&self, index: usize) -> impl Iterator<Item = (usize, &'a Probe)> {
        let size = self.manifest.probes_per_block as usize;
        self.manifest.probes.iter().enumerate().skip(index * size).take(size)
    }

    /// All jobs of a round, in the order in which they are to be published: shuffled by the seed, so that targets, probes, users
    /// and controls are mixed at all times.
    #[must_use]
    pub fn jobs(&self, round: &Round) -> Vec<Job> {
        let mut jobs = Vec::new();
        for target in &self.manifest.targets {
            let retries = retries_by_block(round, target, self);
            for block in 0..self.blocks() {
                jobs.extend(self.jobs_of(round, target, block, &retries));
            }
        }
        shuffle(&mut jobs, &mut self.manifest.seed.stream(&["job order", &round.number.to_string()]));
        jobs
    }

    /// The jobs of a round in the block at `index`.
    pub fn block_jobs(&self, round: &Round, target: &Target, index: usize) -> impl Iterator<Item = Job> {
        self.jobs_of(round, target, index, &retries_by_block(round, target, self))
    }

    fn jobs_of(
        &self,
        round: &Round,
        target: &Target,
        block: usize,
        retries: &BTreeMap<usize, Vec<&RetrySession>>,
    ) -> impl Iterator<Item = Job> + use<> {
        let chunks = match &round.kind {
            RoundKind::Retry(_) => self.chunks(retries.get(&block).map_or(0, |found| found.len() as u64)),
            RoundKind::Import(import) => objects(import, target, block).len() as u64,
            _ => {
                let rows = self.rows(round, target, block);
                self.chunks(rows.iter().map(|row| u64::from(row.to - row.from)).sum())
            }
        };
        let (run, pool, target) = (self.manifest.run.clone(), target.pool.clone(), target.id.clone());
        // One name shared by all its jobs: a large run has many thousands.
        let (block, round) = (Self::block_id(block), round.number);
        (0..chunks).map(move |chunk| Job {
            format: OBJECT_FORMAT,
            run: run.clone(),
            pool: pool.clone(),
            target: target.clone(),
            block: block.clone(),
            round,
            chunk: u32::try_from(chunk).expect("2^32 jobs of a block do not fit any run"),
        })
    }

    /// Mixes jobs anew, by another seed than the run's own.
    pub fn mix(jobs: &mut [Job], seed: Seed) {
        shuffle(jobs, &mut seed.stream(&["job order"]));
    }

    /// The sessions of a job, in the order in which they are asked: each session number goes round all users and probes of the
    /// block before the next one begins, so that no user is asked earlier than another.
    ///
    /// Empty if the job is not of this plan, or asks nothing because its samples are imported.
    #[must_use]
    pub fn sessions(&self, job: &Job) -> Vec<PlannedSession<'a>> {
        let round = self.rounds.iter().find(|round| round.number == job.round);
        let (Some(target), Some(block), Some(round)) =
            (self.manifest.target(&job.target), index(&job.block), round)
        else {
            return Vec::new();
        };
        if matches!(round.kind, RoundKind::Retry(_)) {
            let retries = retries_by_block(round, target, self);
            let sessions = retries.get(&block).map_or(&[][..], Vec::as_slice);
            let place = self.place(job, sessions.len() as u64);
            return sessions[place].iter().filter_map(|retry| self.retry(retry)).collect();
        }
        let rows = self.shuffled_rows(round, target, block);
        let place = self.place(job, rows.iter().map(|row| u64::from(row.to - row.from)).sum());
        self.slice(&target.id, &rows, place.start, place.len())
    }

    /// Into how many jobs so many sessions of a block are split: of about the wished size, and as even as can be, so that no job
    /// is a crumb.
    fn chunks(&self, sessions: u64) -> u64 {
        let size = u64::from(self.manifest.sessions_per_job);
        if sessions == 0 { 0 } else { ((sessions + size / 2) / size).max(1) }
    }

    /// Which of so many sessions of a block belong to the job; none if it is not of this plan.
    fn place(&self, job: &Job, sessions: u64) -> std::ops::Range<usize> {
        Self::borders(sessions, self.chunks(sessions), job.chunk.into())
    }

    fn borders(sessions: u64, chunks: u64, chunk: u64) -> std::ops::Range<usize> {
        let border = |chunk: u64| usize::try_from(sessions * chunk / chunks.max(1)).unwrap_or(usize::MAX);
        if chunk < chunks { border(chunk)..border(chunk + 1) } else { 0..0 }
    }

    /// Samples that all rounds together plan for a target and a probe.
    #[must_use]
    pub fn planned_samples(&self, target: &TargetId, probe: usize) -> u64 {
        let reaches = self.reaches(u32::MAX, target, probe);
        let sessions: u64 = match reaches[..] {
            // The common case needs no look at every user.
            [Reach { users, sessions }] => u64::from(users) * u64::from(sessions),
            _ => {
                let users = reaches.iter().map(|reach| reach.users).max().unwrap_or(0);
                (0..users as usize).map(|user| u64::from(sessions_of(&reaches, user))).sum()
            }
        };
        let turns = self.manifest.probes[probe].turns() as u64;
        let found: u64 = self.imported(target, probe).flat_map(|cell| &cell.samples).sum();
        sessions * turns * u64::from(self.manifest.sampling.repeats) + found
    }

    /// Samples that all rounds together plan for a turn of a probe.
    #[must_use]
    pub fn planned_in_turn(&self, target: &TargetId, probe: usize, turn: u32) -> u64 {
        let found = |cell: &ImportedCell| cell.samples.get(turn as usize).copied().unwrap_or(0);
        match self.manifest.imported {
            Some(_) => self.imported(target, probe).map(found).sum(),
            None => self.planned_samples(target, probe) / self.manifest.probes[probe].turns() as u64,
        }
    }

    /// Samples that all rounds together plan.
    #[must_use]
    pub fn samples(&self) -> u64 {
        let probes = 0..self.manifest.probes.len();
        let of = |target: &Target| -> u64 {
            probes.clone().map(|probe| self.planned_samples(&target.id, probe)).sum()
        };
        self.manifest.targets.iter().map(of).sum()
    }

    /// Samples that a session of the probe has.
    #[must_use]
    pub fn samples_per_session(&self, probe: &Probe) -> u64 {
        probe.turns() as u64 * u64::from(self.manifest.sampling.repeats)
    }

    /// Samples that a job asks.
    #[must_use]
    pub fn job_samples(&self, job: &Job) -> u64 {
        let samples = |planned: &PlannedSession<'_>| match planned.redo {
            Some(redo) => redo.len() as u64,
            None => self.samples_per_session(planned.probe),
        };
        self.sessions(job).iter().map(samples).sum()
    }

    /// Whether the session is part of the plan.
    #[must_use]
    pub fn has_session(&self, target: &TargetId, probe: usize, user: usize, session: u32) -> bool {
        session < sessions_of(&self.reaches(u32::MAX, target, probe), user)
    }

    /// Whether all of these sessions of a probe are part of the plan.
    #[must_use]
    pub fn covers(&self, target: &TargetId, probe: usize, reach: Reach) -> bool {
        let reaches = self.reaches(u32::MAX, target, probe);
        (0..reach.users as usize).all(|user| sessions_of(&reaches, user) >= reach.sessions)
    }

    /// Whether the selection would add any session to the plan.
    #[must_use]
    pub fn would_grow(&self, selection: &Selection) -> bool {
        let Selection { users, sessions, .. } = *selection;
        let wanted = Reach { users, sessions };
        selection.targets.iter().any(|target| {
            self.manifest
                .probes
                .iter()
                .enumerate()
                .filter(|(_, probe)| selects(selection, probe))
                .any(|(probe, _)| !self.covers(target, probe, wanted))
        })
    }

    fn retry(&self, retry: &'a RetrySession) -> Option<PlannedSession<'a>> {
        let probe = self.manifest.probes.iter().find(|probe| probe.id == retry.key.probe)?;
        Some(PlannedSession {
            probe,
            user: self.manifest.users.users.iter().find(|user| user.id == retry.key.user)?,
            session: retry.key.session,
            history: &retry.history,
            redo: Some(&retry.redo),
            passage: self.passage(&retry.key.target, probe, retry.key.session),
        })
    }

    /// How far the rounds before that one bring a probe of a target.
    fn reaches(&self, before: u32, target: &TargetId, probe: usize) -> Vec<Reach> {
        let probe = &self.manifest.probes[probe].id;
        let earlier = self.rounds.iter().filter(|round| round.number < before);
        earlier.filter_map(|round| round.kind.reach(target, probe)).collect()
    }

    fn rows(&self, round: &Round, target: &Target, block: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for (place, probe) in self.block_probes(block) {
            let Some(reach) = round.kind.reach(&target.id, &probe.id) else { continue };
            let earlier = self.reaches(round.number, &target.id, place);
            for user in 0..reach.users as usize {
                let from = sessions_of(&earlier, user);
                if from < reach.sessions {
                    rows.push(Row { probe: place, user, from, to: reach.sessions });
                }
            }
        }
        rows
    }

    /// The rows of a block in the order in which they are asked.
    fn shuffled_rows(&self, round: &Round, target: &Target, block: usize) -> Vec<Row> {
        let mut rows = self.rows(round, target, block);
        let id = Self::block_id(block);
        let purpose = ["session order", target.id.as_str(), id.as_str(), &round.number.to_string()];
        shuffle(&mut rows, &mut self.manifest.seed.stream(&purpose));
        rows
    }

    fn slice(
        &self,
        target: &TargetId,
        rows: &[Row],
        mut skip: usize,
        size: usize,
    ) -> Vec<PlannedSession<'a>> {
        let first = rows.iter().map(|row| row.from).min().unwrap_or(0);
        let last = rows.iter().map(|row| row.to).max().unwrap_or(0);
        let mut sessions = Vec::with_capacity(size);
        for session in first..last {
            let active = |row: &&Row| row.from <= session && session < row.to;
            let count = rows.iter().filter(active).count();
            if skip >= count {
                skip -= count;
                continue;
            }
            for row in rows.iter().filter(active).skip(skip).take(size - sessions.len()) {
                let probe = &self.manifest.probes[row.probe];
                sessions.push(PlannedSession {
                    probe,
                    user: &self.manifest.users.users[row.user],
                    session,
                    history: &[],
                    redo: None,
                    passage: self.passage(target, probe, session),
                });
            }
            skip = 0;
            if sessions.len() == size {
                break;
            }
        }
        sessions
    }
}

/// How many sessions, from 0, a user has who is reached so.
fn sessions_of(reaches: &[Reach], user: usize) -> u32 {
    let of_user = reaches.iter().filter(|reach| user < reach.users as usize);
    of_user.map(|reach| reach.sessions).max().unwrap_or(0)
}

fn selects(selection: &Selection, probe: &Probe) -> bool {
    selection.probes.as_ref().is_none_or(|probes| probes.contains(&probe.id))
}

fn index(block: &BlockId) -> Option<usize> {
    block.as_str().strip_prefix('b')?.parse().ok()
}

fn retries_by_block<'a>(
    round: &'a Round,
    target: &Target,
    plan: &Plan<'a>,
) -> BTreeMap<usize, Vec<&'a RetrySession>> {
    let RoundKind::Retry(sessions) = &round.kind else { return BTreeMap::new() };
    let places: BTreeMap<_, usize> =
        plan.manifest.probes.iter().enumerate().map(|(place, probe)| (&probe.id, place)).collect();
    let mut blocks: BTreeMap<usize, Vec<&RetrySession>> = BTreeMap::new();
    for retry in sessions.iter().filter(|retry| retry.key.target == target.id) {
        if let Some(place) = places.get(&retry.key.probe) {
            blocks.entry(place / plan.manifest.probes_per_block as usize).or_default().push(retry);
        }
    }
    blocks
}

mod chains;
mod extent;
mod imported;
mod sizes;

use imported::objects;
pub use sizes::{JobPlace, Sizes};

#[cfg(test)]
mod tests;
