//! What the store holds: suites, their runs from the newest, and what came of the newest of each.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::summary::{Operations, Summary};
use antiphon_core::{Comparison, History, RunId, keys};
use antiphon_store::{Store, StoreError};
use serde::Deserialize;

/// All that was found at one look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    /// By name.
    pub(crate) suites: BTreeMap<String, Suite>,
    /// Runs of which something could not be read.
    pub(crate) unreadable: u64,
}

/// A suite.
#[derive(Debug, Clone)]
pub(crate) struct Suite {
    /// Those that were summed up, from the newest; runs without calls, such as imported ones, come last.
    pub(crate) runs: Vec<Run>,
    /// What came of the newest.
    pub(crate) newest: Newest,
    /// When the last call of the newest complete run began, in milliseconds since 1970.
    pub(crate) last_success_ms: Option<u64>,
}

/// A run that was summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    /// In milliseconds since 1970.
    pub(crate) last_call_ms: Option<u64>,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub(crate) struct Newest {
    pub(crate) summary: Summary,
    pub(crate) operations: Operations,
    /// With its baseline, if it was compared.
    pub(crate) comparison: Option<Comparison>,
    /// Of all nights since the baseline, if it is one of them.
    pub(crate) history: Option<History>,
}

/// What never changes of a run, so that it is read once.
#[derive(Debug, Clone)]
struct Known {
    suite: String,
    last_call_ms: Option<u64>,
}

/// Reads the store again and again, and remembers what cannot change.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    known: BTreeMap<RunId, Known>,
    /// Whether a run is complete, by what its operations say, so that a summary is read again only when it was made again.
    complete: BTreeMap<RunId, (Operations, bool)>,
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
        let mut suites: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for run in runs {
            if let Some(Some(known)) = readable(self.known(store, &run).await, &run, &mut found)? {
                let last_call_ms = known.last_call_ms;
                suites.entry(known.suite).or_default().push(Run { id: run, last_call_ms });
            }
        }
        for (name, mut runs) in suites {
            runs.sort_by(|a, b| (b.last_call_ms, &b.id).cmp(&(a.last_call_ms, &a.id)));
            let Some(newest) = self.newest(store, &runs, &mut found).await? else { continue };
            let last_success_ms = self.last_success(store, &runs, &mut found).await?;
            found.suites.insert(name, Suite { runs, newest, last_success_ms });
        }
        Ok(found)
    }

    /// `None` for a run that was not summed up.
    async fn known(&mut self, store: &Store, run: &RunId) -> Result<Option<Known>, StoreError> {
        if let Some(known) = self.known.get(run) {
            return Ok(Some(known.clone()));
        }
        let Some(operations) = operations(store, run).await? else { return Ok(None) };
        let Some(manifest) = store.get_json::<OfManifest>(&keys::manifest(run)).await? else {
            return Ok(None);
        };
        let known = Known { suite: manifest.suite, last_call_ms: operations.last_call_ms };
        self.known.insert(run.clone(), known.clone());
        Ok(Some(known))
    }

    /// The newest that can be read.
    async fn newest(
        &mut self,
        store: &Store,
        runs: &[Run],
        found: &mut Catalogue,
    ) -> Result<Option<Newest>, StoreError> {
        for Run { id, .. } in runs {
            if let Some(Some(newest)) = readable(newest(store, id).await, id, found)? {
                let is_complete = newest.summary.completeness.complete;
                self.complete.insert(id.clone(), (newest.operations.clone(), is_complete));
                // It may have been asked on since.
                let last_call_ms = newest.operations.last_call_ms;
                self.known.entry(id.clone()).and_modify(|known| known.last_call_ms = last_call_ms);
                return Ok(Some(newest));
            }
        }
        Ok(None)
    }

    async fn last_success(
        &mut self,
        store: &Store,
        runs: &[Run],
        found: &mut Catalogue,
    ) -> Result<Option<u64>, StoreError> {
        for Run { id, .. } in runs {
            if let Some(Some((operations, true))) = readable(self.is_complete(store, id).await, id, found)? {
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
        let key = keys::summary(run, "summary.json");
        let Some(summary) = store.get_json::<OfSummary>(&key).await? else { return Ok(None) };
        let seen = (now, summary.completeness.complete);
        self.complete.insert(run.clone(), seen.clone());
        Ok(Some(seen))
    }
}

async fn operations(store: &Store, run: &RunId) -> Result<Option<Operations>, StoreError> {
    store.get_json(&keys::summary(run, "operations.json")).await
}

async fn newest(store: &Store, run: &RunId) -> Result<Option<Newest>, StoreError> {
    let of = |name: &str| keys::summary(run, name);
    let Some(operations) = operations(store, run).await? else { return Ok(None) };
    let Some(summary) = store.get_json(&of("summary.json")).await? else { return Ok(None) };
    let comparison = store.get_json(&of("comparison.json")).await?;
    let history = store.get_json(&of("history.json")).await?;
    Ok(Some(Newest { summary, operations, comparison, history }))
}

/// What cannot be read is counted and left out; a store that does not answer is an error.
fn readable<T>(
    read: Result<T, StoreError>,
    run: &RunId,
    found: &mut Catalogue,
) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(
            error @ (StoreError::Corrupt { .. } | StoreError::NewerFormat { .. } | StoreError::Absent { .. }),
        ) => {
            tracing::warn!(%run, %error, "a run is not shown");
            found.unreadable += 1;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
