//! `antiphon runs`: what the store holds, and since when.

use antiphon_core::plan::Plan;
use antiphon_core::summary::{Operations, Summary};
use antiphon_core::{Manifest, RunId, keys};
use antiphon_store::{Store, StoreError};
use jiff::Timestamp;
use serde::Serialize;

use super::open_store;
use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::Output;

#[derive(Default, Serialize)]
struct Row {
    run: String,
    suite: String,
    /// When it was first handed to a fleet, UTC; null where it never was.
    submitted_at: Option<String>,
    /// When its first call began, UTC; null where it was not summed up, or its answers came from files without times.
    first_call_at: Option<String>,
    jobs: usize,
    jobs_stored: usize,
    state: String,
}

pub(crate) async fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<Exit> {
    let (store, address) = open_store::existing(arguments).await?;
    let mut rows = Vec::new();
    let mut damaged = None;
    for run in store.runs().await? {
        // One damaged run must not hide the others.
        rows.push(match row(&store, &run).await {
            Ok(row) => row,
            Err(error) => {
                let state = format!("unreadable: {error}");
                damaged.get_or_insert(error);
                Row { run: run.to_string(), state, ..Row::default() }
            }
        });
    }
    if output.json {
        output.value(&rows);
    } else if rows.is_empty() {
        output.note(format!("no runs in {address}"));
    } else {
        let width = rows.iter().map(|row| row.run.len()).max().unwrap_or(0).max(3);
        output.line(format!("{:<width$}  {:<20}  {:>13}  state", "run", "begun (UTC)", "jobs stored"));
        for row in rows {
            let begun = row.submitted_at.or(row.first_call_at).unwrap_or("-".to_owned());
            let Row { run, jobs, jobs_stored, state, .. } = row;
            output.line(format!("{run:<width$}  {begun:<20}  {jobs_stored:>6}/{jobs:<6}  {state}"));
        }
    }
    damaged.map_or(Ok(Exit::Complete), |error| Err(error.into()))
}

async fn row(store: &Store, run: &RunId) -> Result<Row, StoreError> {
    let manifest =
        store.get_manifest(run).await?.ok_or_else(|| StoreError::Absent { key: keys::manifest(run) })?;
    let (jobs, jobs_stored) = jobs(store, &manifest).await?;
    let cancelled = store.get_cancelled(run).await?.is_some();
    let summary: Option<Summary> = store.get_json(&keys::summary(run, "summary.json")).await?;
    let state = match summary {
        _ if jobs_stored < jobs && cancelled => "cancelled",
        _ if jobs_stored < jobs => "unfinished",
        Some(summary) if summary.completeness.complete => "complete",
        Some(_) => "incomplete: samples failed",
        None => "stored, not summed up",
    };
    let operations: Option<Operations> = store.get_json(&keys::summary(run, "operations.json")).await?;
    Ok(Row {
        run: run.to_string(),
        suite: manifest.suite,
        submitted_at: store.submission(run, 1).await?.and_then(|first| second(first.at_ms)),
        first_call_at: operations.and_then(|operations| operations.first_call_ms).and_then(second),
        jobs,
        jobs_stored,
        state: state.to_owned(),
    })
}

/// The second of that moment: nobody looks for a run by its milliseconds.
fn second(at_ms: u64) -> Option<String> {
    Some(Timestamp::from_second(i64::try_from(at_ms / 1000).ok()?).ok()?.to_string())
}

/// How many jobs of a run there are, and how many of them are stored.
pub(super) async fn jobs(store: &Store, manifest: &Manifest) -> Result<(usize, usize), StoreError> {
    let rounds = store.rounds(&manifest.run).await?;
    let plan = Plan::new(manifest, &rounds);
    let jobs = rounds.iter().map(|round| plan.jobs(round).len()).sum();
    Ok((jobs, store.result_keys(&manifest.run).await?.len()))
}
