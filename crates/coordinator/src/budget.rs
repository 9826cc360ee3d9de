//! Money as a limit: the worst case of a job is reserved before it is published, and settled with the real cost.

use std::collections::HashMap;

use antiphon_core::plan::Plan;
use antiphon_core::prompt::{Prompter, estimate_tokens};
use antiphon_core::{Job, Manifest, ResultObject, keys};
use antiphon_store::Store;
use futures::future;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::CoordinatorError;

/// How far token estimates may fall short: bytes per token differ between languages and tokenizers.
const MARGIN: f64 = 1.5;
/// Results that are read at a time when all are added up.
const READERS: usize = 16;

/// The budget of a run.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: Option<f64>,
    spent: f64,
    reserved: HashMap<Job, f64>,
    prompter: Prompter,
}

impl Budget {
    /// A budget of which `spent` is gone. Without a limit everything fits.
    pub(crate) fn new(manifest: &Manifest, spent: f64) -> Self {
        let prompter = Prompter::new(manifest.seed);
        Self { limit: manifest.budget_dollars, spent, reserved: HashMap::new(), prompter }
    }

    /// Reserves the worst case of `job`. If the budget has no room for it, nothing is reserved and the worst case is the error.
    pub(crate) fn reserve(&mut self, plan: &Plan<'_>, job: &Job) -> Result<(), f64> {
        let Some(limit) = self.limit else { return Ok(()) };
        let worst = self.worst_case(plan, job);
        let reserved: f64 = self.reserved.values().sum();
        if self.spent + reserved + worst > limit {
            return Err(worst);
        }
        self.reserved.insert(job.clone(), worst);
        Ok(())
    }

    /// Replaces a reservation by the real cost.
    pub(crate) fn settle(&mut self, job: &Job, dollars: f64) {
        self.reserved.remove(job);
        self.spent += dollars;
    }

    /// Counts what was spent without a reservation: by another coordinator's jobs, or in vain.
    pub(crate) fn spend(&mut self, dollars: f64) {
        self.spent += dollars;
    }

    /// A job whose cost will never be known counts as its worst case.
    pub(crate) fn forfeit(&mut self, job: &Job) {
        self.spent += self.reserved.remove(job).unwrap_or_default();
    }

    /// The same where nothing was reserved here.
    pub(crate) fn lose(&mut self, plan: &Plan<'_>, job: &Job) {
        // It costs something to reckon, and is of no use without a limit.
        if self.limit.is_some() {
            self.spent += self.worst_case(plan, job);
        }
    }

    /// Dollars spent, as far as is known.
    pub(crate) fn spent(&self) -> f64 {
        self.spent
    }

    fn worst_case(&self, plan: &Plan<'_>, job: &Job) -> f64 {
        let Some(target) = plan.manifest().target(&job.target) else { return 0.0 };
        let Some(price) = target.price else { return 0.0 };
        let repeats = u64::from(plan.manifest().sampling.repeats);
        let answer = u64::from(target.parameters.max_tokens);
        let mut dollars = 0.0;
        for planned in plan.sessions(job) {
            let bytes = planned.script(&self.prompter).map_or(0, |script| script.bytes());
            for turn in 0..planned.probe.turns() as u64 {
                let input = estimate_tokens(bytes) + turn * answer;
                dollars += price.dollars(input * repeats, 0) * MARGIN + price.dollars(0, answer * repeats);
            }
        }
        dollars
    }
}

/// What all stored results cost, and what was paid for others that were not kept, in dollars. A sum over everything, so it is made only
/// where there is a budget.
///
/// # Errors
/// If a result cannot be read.
pub async fn spent_so_far(store: &Store, manifest: &Manifest) -> Result<f64, CoordinatorError> {
    let run = &manifest.run;
    let in_vain: f64 = store.duplicates(run).await?.iter().map(|duplicate| duplicate.dollars).sum();
    let keys = store.result_keys(run).await?.into_iter();
    let keys = keys.map(|(target, block, job)| keys::result_of(run, &target, &block, &job));
    let costs = stream::iter(keys).map(|key| stored_cost(store, manifest, key)).buffered(READERS);
    costs.try_fold(in_vain, |sum, cost| future::ok(sum + cost)).await
}

async fn stored_cost(store: &Store, manifest: &Manifest, key: String) -> Result<f64, CoordinatorError> {
    Ok(cost(manifest, &store.get_result(&key).await?))
}

/// What a stored result cost, where its target has a price.
pub(crate) fn cost(manifest: &Manifest, object: &ResultObject) -> f64 {
    let Some(target) = manifest.target(&object.target) else { return 0.0 };
    object.samples.iter().map(|sample| sample.dollars(target)).sum()
}
