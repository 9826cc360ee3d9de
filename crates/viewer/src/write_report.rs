//! The static report of a run.

use antiphon_core::summary::{Operations, Summary};
use antiphon_core::{RunId, keys};
use antiphon_report::render;
use antiphon_store::Store;

use crate::{Filter, ViewerError, transcripts};

/// Transcripts of one probe in the report; the rest is for `show`.
const PER_PROBE: usize = 50;
/// Transcripts in the whole report: one that does not open helps nobody.
const IN_ALL: usize = 2_000;

/// Renders the summary that stands in the store into `report/index.html`, and gives its key.
///
/// # Errors
/// If there is no summary yet.
pub async fn write_report(store: &Store, run: &RunId) -> Result<String, ViewerError> {
    let no_summary = || ViewerError::NoSummary { run: run.clone() };
    let summary: Summary =
        store.get_json(&keys::summary(run, "summary.json")).await?.ok_or_else(no_summary)?;
    let operations: Option<Operations> = store.get_json(&keys::summary(run, "operations.json")).await?;
    let probes =
        summary.cells.iter().map(|cell| &cell.probe).collect::<std::collections::BTreeSet<_>>().len().max(1);
    let per_probe = PER_PROBE.min(IN_ALL.div_ceil(probes));
    let per_target = per_probe.div_ceil(summary.targets.len().max(1));
    let transcripts = transcripts(store, run, &Filter::default(), per_target).await?;
    let key = keys::report(run);
    store.put(&key, render(&summary, Some(&operations.unwrap_or_default()), &transcripts).into()).await?;
    Ok(key)
}
