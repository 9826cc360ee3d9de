//! How a run stands, from listings alone.

use antiphon_core::plan::Plan;
use antiphon_core::{Cancelled, RunId, Submission};
use antiphon_store::Store;
use serde::Serialize;

use crate::open_run::stored_manifest;
use crate::work::standing;
use crate::{CoordinatorError, Ended, spent_so_far};

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunStatus {
    /// The run.
    pub run: RunId,
    /// Its suite's name.
    pub suite: String,
    /// What the fleet was asked, from the first; empty for a run in one process.
    pub submissions: Vec<SubmissionStatus>,
    /// The mark, if it is cancelled.
    pub cancelled: Option<Cancelled>,
    /// Rounds of the plan.
    pub rounds: u64,
    /// Jobs by what became of them.
    pub jobs: Counts,
    /// The samples of these jobs. One that was asked again counts in each of its jobs, so this is more than the certificate's sum where
    /// there were retries.
    pub samples: Counts,
    /// Jobs that were done once more than needed.
    pub duplicates: u64,
    /// How often a job was handed back half done, as when its pool was stopped. What had been asked of it is asked again.
    pub handed_back: u64,
    /// Dollars that both of these cost; what has no price counts as 0.
    pub in_vain_dollars: f64,
    /// The newest budget, in dollars.
    pub budget_dollars: Option<f64>,
    /// Dollars spent, those in vain included; only if it was asked for, since every result is read for it, and if there is a price of every
    /// target.
    pub dollars: Option<f64>,
}

/// A submission and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SubmissionStatus {
    /// What was asked.
    pub submission: Submission,
    /// How it ended; `None` while the fleet works on it.
    pub ended: Option<Ended>,
}

/// Jobs, or their samples. All but `planned` add up to `planned`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// In the plan.
    pub planned: u64,
    /// With a result.
    pub stored: u64,
    /// Given up.
    pub dead: u64,
    /// Neither, in a run that is cancelled: they will never be asked.
    pub cancelled: u64,
    /// Neither, in another run.
    pub left: u64,
}

/// What [`status`] looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether to add up what all results cost, which reads every one of them.
    pub dollars: bool,
}

impl RunStatus {
    /// Whether a submission has not ended: the fleet works on it, or will.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.submissions.iter().any(|submission| submission.ended.is_none())
    }

    /// How the newest submission ended, if it has.
    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        self.submissions.last()?.ended.as_ref()
    }
}

/// How a run stands: a few listings, and a read for each submission and each dead job, but none of the results unless `look` says so.
///
/// # Errors
/// If there is no such run, or the store fails.
pub async fn status(store: &Store, run: &RunId, look: Look) -> Result<RunStatus, CoordinatorError> {
    let manifest = stored_manifest(store, run).await?;
    let rounds = store.rounds(run).await?;
    let cancelled = store.get_cancelled(run).await?;
    let mut submissions = Vec::new();
    for submission in store.submissions(run).await? {
        let ended = store.submission_ended(run, submission.number).await?;
        submissions.push(SubmissionStatus { submission, ended });
    }
    let plan = Plan::new(&manifest, &rounds);
    let standing = standing(store, &plan).await?;
    let sizes = plan.sizes();
    let mut jobs = Counts { planned: sizes.jobs(), ..Counts::default() };
    let mut samples = Counts { planned: sizes.samples(), ..Counts::default() };
    for size in standing.stored.iter().filter_map(|place| sizes.of(*place)) {
        jobs.stored += 1;
        samples.stored += size;
    }
    for size in standing.dead.difference(&standing.stored).filter_map(|place| sizes.of(*place)) {
        jobs.dead += 1;
        samples.dead += size;
    }
    for counts in [&mut jobs, &mut samples] {
        let rest = counts.planned - counts.stored - counts.dead;
        *(if cancelled.is_some() { &mut counts.cancelled } else { &mut counts.left }) = rest;
    }
    let in_vain = standing.duplicates;
    let is_priced = manifest.targets.iter().all(|target| target.price.is_some());
    let dollars = if look.dollars && is_priced { Some(spent_so_far(store, &manifest).await?) } else { None };
    Ok(RunStatus {
        run: run.clone(),
        budget_dollars: manifest.budget_dollars,
        suite: manifest.suite,
        submissions,
        cancelled,
        rounds: rounds.len() as u64,
        jobs,
        samples,
        duplicates: in_vain.iter().filter(|work| work.whole).count() as u64,
        handed_back: in_vain.iter().filter(|work| !work.whole).count() as u64,
        in_vain_dollars: in_vain.iter().map(|work| work.dollars).sum(),
        dollars,
    })
}
