//! What a fleet keeps about a run beside its results: submissions, the mark that it is cancelled, and work in vain.

use antiphon_core::{Cancelled, Duplicate, Limits, OBJECT_FORMAT, RunId, Submission, keys};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Put, Store, StoreError};

impl Store {
    /// Stores a new submission under the run's next free number, which it returns. Several may submit at once.
    pub async fn submit(
        &self,
        run: &RunId,
        at_ms: u64,
        budget_dollars: Option<f64>,
        limits: &Limits,
    ) -> Result<Submission, StoreError> {
        let keys = self.list(&keys::submissions(run)).await?;
        let last = keys.iter().filter_map(|key| keys::parse_submission(run, key)).max();
        let mut number = last.unwrap_or(0) + 1;
        loop {
            let limits = limits.clone();
            let submission = Submission { format: OBJECT_FORMAT, number, at_ms, budget_dollars, limits };
            match self.put_json_once(&keys::submission(run, number), &submission).await? {
                Put::Created => return Ok(submission),
                Put::Exists => number += 1,
            }
        }
    }

    /// The submissions of a run, from the first.
    pub async fn submissions(&self, run: &RunId) -> Result<Vec<Submission>, StoreError> {
        self.submissions_where(run, |_| true).await
    }

    /// The submissions of a run that have not ended, from the first.
    pub async fn open_submissions(&self, run: &RunId) -> Result<Vec<Submission>, StoreError> {
        self.submissions_where(run, |ended| !ended).await
    }

    /// The newest submission of a run after one that is known, or after none (0); no listing is needed.
    pub async fn submission_after(&self, run: &RunId, known: u32) -> Result<Option<Submission>, StoreError> {
        let (mut number, mut newest) = (known, None);
        while let Some(submission) = self.submission(run, number + 1).await? {
            number += 1;
            newest = Some(submission);
        }
        Ok(newest)
    }

    /// The submission of that number.
    pub async fn submission(&self, run: &RunId, number: u32) -> Result<Option<Submission>, StoreError> {
        self.get_json(&keys::submission(run, number)).await
    }

    /// Those of which `wanted` is true, being told whether they have ended.
    async fn submissions_where(
        &self,
        run: &RunId,
        wanted: impl Fn(bool) -> bool,
    ) -> Result<Vec<Submission>, StoreError> {
        let keys = self.list(&keys::submissions(run)).await?;
        let mut numbers: Vec<u32> = keys.iter().filter_map(|key| keys::parse_submission(run, key)).collect();
        numbers.sort_unstable();
        let mut submissions = Vec::new();
        for number in numbers {
            if wanted(keys.contains(&keys::submission_ended(run, number))) {
                submissions.extend(self.get_json(&keys::submission(run, number)).await?);
            }
        }
        Ok(submissions)
    }

    /// Records how a submission ended. [`Put::Exists`] means that somebody else recorded it first, and theirs stands.
    pub async fn put_submission_ended<T: Serialize>(
        &self,
        run: &RunId,
        number: u32,
        ended: &T,
    ) -> Result<Put, StoreError> {
        self.put_json_once(&keys::submission_ended(run, number), ended).await
    }

    /// How a submission ended, if it has.
    pub async fn submission_ended<T: DeserializeOwned>(
        &self,
        run: &RunId,
        number: u32,
    ) -> Result<Option<T>, StoreError> {
        self.get_json(&keys::submission_ended(run, number)).await
    }

    /// Marks a run as cancelled. The first mark stands.
    pub async fn put_cancelled(&self, run: &RunId, cancelled: &Cancelled) -> Result<Put, StoreError> {
        self.put_json_once(&keys::cancelled(run), cancelled).await
    }

    /// The mark that a run is cancelled, if it is.
    pub async fn get_cancelled(&self, run: &RunId) -> Result<Option<Cancelled>, StoreError> {
        self.get_json(&keys::cancelled(run)).await
    }

    /// Records work in vain. `mark` must not repeat for that job: the clock in nanoseconds, or a random number.
    pub async fn put_duplicate(&self, duplicate: &Duplicate, mark: u64) -> Result<Put, StoreError> {
        self.put_json_once(&keys::duplicate(&duplicate.job, mark), duplicate).await
    }

    /// The work of a run that was in vain, sorted by target, block and job.
    pub async fn duplicates(&self, run: &RunId) -> Result<Vec<Duplicate>, StoreError> {
        let mut duplicates = Vec::new();
        for key in self.list(&keys::duplicates(run)).await? {
            duplicates.extend(self.get_json(&key).await?);
        }
        Ok(duplicates)
    }
}
