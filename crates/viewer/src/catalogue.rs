//! What the store holds: suites, their runs from the newest, and what came of the newest of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use antiphon_core::summary::{Operations, Summary};
use antiphon_core::{Comparison, History, RunId, keys};
use antiphon_store::{Store, StoreError};
use futures::{StreamExt, stream};
use serde::Deserialize;

/// Suites of which the newest run is read, those that were asked last.
const SUITES: usize = 50;
/// Runs that are looked at side by side.
const READERS: usize = 16;
/// Runs of a suite among which a complete one is looked for, from the newest.
const TRIES: usize = 50;
/// So many looks what was read of a run is taken for what stands there, unless its operations say that it was summed up again.
const LOOKS: u32 = 10;

/// All that was found at one look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    /// By name.
    pub(crate) suites: BTreeMap<String, Suite>,
    /// Suites beyond those that are read.
    pub(crate) suites_left_out: usize,
    /// Runs of which something could not be read.
    pub(crate) unreadable: BTreeSet<RunId>,
}

/// A suite.
#[derive(Debug, Clone)]
pub(crate) struct Suite {
    /// Those that were summed up, from the newest by their first calls, which asking again does not change; runs without calls, such as
    /// imported ones, come last.
    pub(crate) runs: Vec<Run>,
    /// What came of the newest; `None` if that cannot be read, since an older one is not what it is taken for.
    pub(crate) newest: Option<Arc<Newest>>,
    /// When the last call of the newest complete run began, in milliseconds since 1970.
    pub(crate) last_success_ms: Option<u64>,
}

/// A run that was summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    /// In milliseconds since 1970.
    pub(crate) first_call_ms: Option<u64>,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Newest {
    pub(crate) summary: Summary,
    pub(crate) operations: Operations,
    /// With its baseline, if it was compared.
    pub(crate) comparison: Option<Comparison>,
    /// Of all nights since the baseline, if it is one of them.
    pub(crate) history: Option<History>,
    /// Whether something of it could not be read.
    pub(crate) damaged: bool,
}

/// What never changes of a run that was summed up, so that it is read once.
#[derive(Debug, Clone)]
struct Known {
    suite: String,
    first_call_ms: Option<u64>,
}

/// Reads the store again and again, and remembers what cannot have changed.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    known: BTreeMap<RunId, Known>,
    /// The newest of each suite, and how many looks ago it was read.
    newest: BTreeMap<RunId, (Arc<Newest>, u32)>,
    /// Whether a run is complete, by what its operations say.
    complete: BTreeMap<RunId, (Operations, bool)>,
    /// Those that were told of.
    unreadable: BTreeSet<RunId>,
}

/// All that is needed of a manifest, which may be large.
#[derive(Deserialize)]
struct OfManifest {
    suite: String,
}

/// The same of a summary.
#[derive(Deserialize)]
struct OfSummary {
    completeness: OfCompleteness,
}

#[derive(Deserialize)]
struct OfCompleteness {
    complete: bool,
}

impl Reader {
    /// Reads what there is. A run that cannot be read hides no other.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(crate) async fn look(&mut self, store: &Store) -> Result<Catalogue, StoreError> {
        let runs: BTreeSet<RunId> =
            store.folders("runs/").await?.iter().filter_map(|name| name.parse().ok()).collect();
        self.known.retain(|run, _| runs.contains(run));
        self.complete.retain(|run, _| runs.contains(run));
        let mut found = Catalogue::default();
        self.meet(store, &runs, &mut found).await?;
        let mut suites: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for (id, Known { suite, first_call_ms }) in &self.known {
            suites
                .entry(suite.clone())
                .or_default()
                .push(Run { id: id.clone(), first_call_ms: *first_call_ms });
        }
        let order = |run: &Run| std::cmp::Reverse((run.first_call_ms, run.id.clone()));
        suites.values_mut().for_each(|runs| runs.sort_by_key(order));
        let mut newest_first: Vec<(String, Vec<Run>)> = suites.into_iter().collect();
        newest_first.sort_by_key(|(_, runs)| order(&runs[0]));
        found.suites_left_out = newest_first.len().saturating_sub(SUITES);
        newest_first.truncate(SUITES);
        self.newest.retain(|run, _| newest_first.iter().any(|(_, runs)| &runs[0].id == run));
        for (name, runs) in newest_first {
            let newest = self.newest(store, &runs[0].id, &mut found).await?;
            let last_success_ms = self.last_success(store, &runs, &mut found).await?;
            found.suites.insert(name, Suite { runs, newest, last_success_ms });
        }
        self.unreadable.clone_from(&found.unreadable);
        Ok(found)
    }

    /// Reads which suites the runs are of that were not met yet.
    async fn meet(
        &mut self,
        store: &Store,
        runs: &BTreeSet<RunId>,
        found: &mut Catalogue,
    ) -> Result<(), StoreError> {
        let strangers = runs.iter().filter(|run| !self.known.contains_key(*run));
        let met: Vec<_> = stream::iter(strangers)
            .map(async |run| (run.clone(), known(store, run).await))
            .buffer_unordered(READERS)
            .collect()
            .await;
        for (run, read) in met {
            if let Some(Some(known)) = self.readable(read, &run, found)? {
                self.known.insert(run, known);
            }
        }
        Ok(())
    }

    async fn newest(
        &mut self,
        store: &Store,
        run: &RunId,
        found: &mut Catalogue,
    ) -> Result<Option<Arc<Newest>>, StoreError> {
        let now = self.readable(operations(store, run).await, run, found)?.flatten();
        if let (Some((newest, age)), Some(now)) = (self.newest.get_mut(run), &now)
            && newest.operations == *now
            && newest.comparison.is_some()
            && !newest.damaged
            && *age < LOOKS
        {
            *age += 1;
            return Ok(Some(Arc::clone(newest)));
        }
        let of = |name: &str| keys::summary(run, name);
        let summary = self.readable(store.get_json(&of("summary.json")).await, run, found)?.flatten();
        let (Some(summary), Some(operations)) = (summary, now) else {
            self.newest.remove(run);
            return Ok(None);
        };
        let comparison = self.readable(store.get_json(&of("comparison.json")).await, run, found)?;
        let history = self.readable(store.get_json(&of("history.json")).await, run, found)?;
        let damaged = comparison.is_none() || history.is_none();
        let (comparison, history) = (comparison.flatten(), history.flatten());
        let newest = Arc::new(Newest { summary, operations, comparison, history, damaged });
        self.newest.insert(run.clone(), (Arc::clone(&newest), 0));
        Ok(Some(newest))
    }

    async fn last_success(
        &mut self,
        store: &Store,
        runs: &[Run],
        found: &mut Catalogue,
    ) -> Result<Option<u64>, StoreError> {
        for Run { id, .. } in runs.iter().take(TRIES) {
            let read = self.is_complete(store, id).await;
            if let Some(Some((operations, true))) = self.readable(read, id, found)? {
                return Ok(operations.last_call_ms);
            }
        }
        Ok(None)
    }

    async fn is_complete(
        &mut self,
        store: &Store,
        run: &RunId,
    ) -> Result<Option<(Operations, bool)>, StoreError> {
        let Some(now) = operations(store, run).await? else { return Ok(None) };
        if let Some(seen) = self.complete.get(run).filter(|(before, _)| *before == now) {
            return Ok(Some(seen.clone()));
        }
        let complete = match self.newest.get(run).filter(|(newest, _)| newest.operations == now) {
            Some((newest, _)) => newest.summary.completeness.complete,
            None => {
                let key = keys::summary(run, "summary.json");
                let Some(summary) = store.get_json::<OfSummary>(&key).await? else { return Ok(None) };
                summary.completeness.complete
            }
        };
        self.complete.insert(run.clone(), (now.clone(), complete));
        Ok(Some((now, complete)))
    }

    /// What cannot be read is counted, and told of once; a store that does not answer is an error.
    fn readable<T>(
        &self,
        read: Result<T, StoreError>,
        run: &RunId,
        found: &mut Catalogue,
    ) -> Result<Option<T>, StoreError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(
                error @ (StoreError::Corrupt { .. }
                | StoreError::NewerFormat { .. }
                | StoreError::Absent { .. }),
            ) => {
                if found.unreadable.insert(run.clone()) && !self.unreadable.contains(run) {
                    tracing::warn!(%run, %error, "something of a run cannot be read and is not shown");
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// `None` for a run that was not summed up.
async fn known(store: &Store, run: &RunId) -> Result<Option<Known>, StoreError> {
    let Some(operations) = operations(store, run).await? else { return Ok(None) };
    let Some(manifest) = store.get_json::<OfManifest>(&keys::manifest(run)).await? else { return Ok(None) };
    Ok(Some(Known { suite: manifest.suite, first_call_ms: operations.first_call_ms }))
}

async fn operations(store: &Store, run: &RunId) -> Result<Option<Operations>, StoreError> {
    store.get_json(&keys::summary(run, "operations.json")).await
}
