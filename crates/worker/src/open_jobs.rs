//! The jobs in work and their deliveries. A job that is delivered again while it is in work, after a lost connection for example,
//! is not asked twice: all its deliveries are settled together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Mutex;
use std::time::Duration;

use antiphon_core::Job;
use antiphon_queue::{Delivery, QueueError};

/// Jobs in work.
#[derive(Debug, Default)]
pub(crate) struct OpenJobs(Mutex<HashMap<Job, Vec<Delivery>>>);

/// What is to become of a job's deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// Nothing more is to be done.
    Ack(Done),
    /// Not now, or not here.
    Retry(Duration),
    /// Never, and why.
    Reject(String),
}

/// Why nothing more is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Stored,
    /// Somebody else had stored it first, so that its cost was in vain.
    Duplicate,
    /// It was stored before a call was made.
    Known,
    Cancelled,
}

impl Settlement {
    /// All of [`Settlement::name`].
    pub(crate) const NAMES: [&str; 6] = ["stored", "duplicate", "known", "cancelled", "handed_back", "dead"];

    /// As it is counted.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ack(Done::Stored) => "stored",
            Self::Ack(Done::Duplicate) => "duplicate",
            Self::Ack(Done::Known) => "known",
            Self::Ack(Done::Cancelled) => "cancelled",
            Self::Retry(_) => "handed_back",
            Self::Reject(_) => "dead",
        }
    }
}

impl OpenJobs {
    /// Adds a delivery. Gives the job if it was not in work.
    pub(crate) fn add(&self, delivery: Delivery) -> Option<Job> {
        let job = delivery.job().clone();
        match self.0.lock().expect("no holder panics").entry(job.clone()) {
            Entry::Occupied(mut deliveries) => {
                deliveries.get_mut().push(delivery);
                None
            }
            Entry::Vacant(none) => {
                none.insert(vec![delivery]);
                Some(job)
            }
        }
    }

    /// Keeps the deliveries of a job for as long as somebody works on it. If that ends without their being settled, they are
    /// handed back.
    pub(crate) fn hold(&self, job: Job) -> Held<'_> {
        Held { open: self, job }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().expect("no holder panics").len()
    }

    fn take(&self, job: &Job) -> Vec<Delivery> {
        self.0.lock().expect("no holder panics").remove(job).unwrap_or_default()
    }
}

/// A job in work.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    open: &'a OpenJobs,
    job: Job,
}

impl Held<'_> {
    /// Settles all that was delivered of the job.
    pub(crate) async fn settle(self, how: &Settlement) -> Result<(), QueueError> {
        settle(self.open.take(&self.job), how).await
    }

    /// Gives the deliveries back for so long, and works on: a broker does not let anybody hold a delivery for ever. Whoever has the job
    /// then finds its result, or that this worker died.
    pub(crate) async fn lay_aside(&self, delay: Duration) -> Result<(), QueueError> {
        let deliveries = self.open.0.lock().expect("no holder panics").get_mut(&self.job).map(std::mem::take);
        settle(deliveries.unwrap_or_default(), &Settlement::Retry(delay)).await
    }
}

async fn settle(deliveries: Vec<Delivery>, how: &Settlement) -> Result<(), QueueError> {
    for delivery in deliveries {
        let settled = match how {
            Settlement::Ack(_) => delivery.ack().await,
            Settlement::Retry(delay) => delivery.retry(*delay).await,
            Settlement::Reject(reason) => delivery.reject(reason).await,
        };
        match settled {
            // Whoever has it next finds the result, or has as much to do as anybody.
            Err(error @ QueueError::HandedBack { .. }) => tracing::debug!(%error, "settled too late"),
            settled => settled?,
        }
    }
    Ok(())
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        drop(self.open.take(&self.job));
    }
}
