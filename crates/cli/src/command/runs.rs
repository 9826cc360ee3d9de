//! `antiphon runs`: what the store holds.

use antiphon_core::plan::Plan;
use antiphon_core::summary::Summary;
use antiphon_core::{Manifest, RunId, keys};
use antiphon_store::{Store, StoreError};
use serde::Serialize;

use super::open_store;
use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::Output;

#[derive(Serialize)]
struct Row {
    run: String,
    suite: String,
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
                Row { run: run.to_string(), suite: String::new(), jobs: 0, jobs_stored: 0, state }
            }
        });
    }
    if output.json {
        output.value(&rows);
    } else if rows.is_empty() {
        output.note(format!("no runs in {address}"));
    } else {
        let width = rows.iter().map(|row| row.run.len()).max().unwrap_or(0).max(3);
        output.line(format!("{:<width$}  {:>13}  state", "run", "jobs stored"));
        for row in rows {
            output
                .line(format!("{:<width$}  {:>6}/{:<6}  {}", row.run, row.jobs_stored, row.jobs, row.state));
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
    Ok(Row { run: run.to_string(), suite: manifest.suite, jobs, jobs_stored, state: state.to_owned() })
}

/// How many jobs of a run there are, and how many of them are stored.
pub(super) async fn jobs(store: &Store, manifest: &Manifest) -> Result<(usize, usize), StoreError> {
    let rounds = store.rounds(&manifest.run).await?;
    let plan = Plan::new(manifest, &rounds);
    let jobs = rounds.iter().map(|round| plan.jobs(round).len()).sum();
    Ok((jobs, store.result_keys(&manifest.run).await?.len()))
}
