//! `antiphon status`: what the fleet works on, or how one run stands.

use std::time::Duration;

use antiphon_coordinator::{Counts, Look, RunStatus, status};
use antiphon_core::{PoolId, RunId};
use antiphon_queue::Queue;
use antiphon_store::Store;
use serde::Serialize;

use super::fleet::queue_if_any;
use super::open_store;
use crate::args::{Arguments, StatusArguments};
use crate::exit::Exit;
use crate::money::{count, counted, dollars};
use crate::output::{Output, plain};
use crate::{compose, config};

/// How long the broker may take to say how much waits.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &StatusArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let store = compose::open_store(&address, &config).await?;
    match &wanted.run {
        Some(run) => {
            open_store::must_hold(&store, &address, run).await?;
            one(&store, queue_if_any(&config)?, run, *output).await?;
        }
        None => all(&store, &address, *output).await?,
    }
    Ok(Exit::Complete)
}

async fn all(store: &Store, address: &str, output: Output) -> anyhow::Result<()> {
    let mut open = Vec::new();
    for run in store.runs().await? {
        if !store.open_submissions(&run).await?.is_empty() {
            open.push(status(store, &run, Look::default()).await?);
        }
    }
    if output.json {
        output.value(&open);
        return Ok(());
    }
    if open.is_empty() {
        output.note(format!("the fleet works on no run of {address}; `antiphon runs` lists all"));
        return Ok(());
    }
    let width = open.iter().map(|status| status.run.as_str().len()).max().unwrap_or(0).max(3);
    output.line(format!("{:<width$}  {:>19}  {:>6}  {:>6}  submitted", "run", "samples", "done", "dead"));
    for status in open {
        let Counts { planned, stored, .. } = status.samples;
        let since = status.submissions.last().map_or(String::new(), |last| ago(last.submission.at_ms));
        let cancelled = if status.cancelled.is_some() { ", cancelled" } else { "" };
        output.line(format!(
            "{:<width$}  {:>9}/{:<9}  {:>5}%  {:>6}  {since}{cancelled}",
            status.run,
            count(stored),
            count(planned),
            100 * stored / planned.max(1),
            count(status.jobs.dead),
        ));
    }
    Ok(())
}

/// A run, and how many jobs wait in each of its pools, whatever run they are of.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    status: &'a RunStatus,
    waiting: Vec<(PoolId, u64)>,
}

async fn one(store: &Store, queue: Option<Queue>, run: &RunId, output: Output) -> anyhow::Result<()> {
    let status = status(store, run, Look { dollars: true }).await?;
    let mut waiting = Vec::new();
    if let (Some(queue), Some(manifest)) = (queue, store.get_manifest(run).await?) {
        for pool in manifest.pools() {
            // A broker that is away is no reason to keep quiet about what the store knows.
            if let Ok(Ok(depth)) = tokio::time::timeout(PATIENCE, queue.depth(&pool)).await {
                waiting.push((pool, depth));
            }
        }
    }
    if output.json {
        output.value(&Detail { status: &status, waiting });
    } else {
        tell(&status, &waiting, output);
    }
    Ok(())
}

fn tell(status: &RunStatus, waiting: &[(PoolId, u64)], output: Output) {
    let line = |name: &str, value: String| output.line(format!("{name:<12}{value}"));
    line("run", format!("{} of suite {}", status.run, status.suite));
    line("jobs", counts(status.jobs));
    line("samples", counts(status.samples));
    line("rounds", count(status.rounds));
    if let Some(dollars_spent) = status.dollars {
        let of = status.budget_dollars.map_or(String::new(), |budget| format!(" of {}", dollars(budget)));
        line("spent", format!("{}{of}", dollars(dollars_spent)));
    }
    let in_vain = [
        (status.handed_back, "job was handed back half done", "jobs were handed back half done"),
        (status.duplicates, "job was done once more than needed", "jobs were done once more than needed"),
    ];
    let in_vain = in_vain.into_iter().filter(|(number, ..)| *number > 0);
    let in_vain: Vec<_> = in_vain.map(|(number, one, many)| counted(number, one, many)).collect();
    if !in_vain.is_empty() {
        let cost = dollars(status.in_vain_dollars);
        let cost = status.dollars.map_or(String::new(), |_| format!(", which cost {cost} of it"));
        line("in vain", format!("{}{cost}", in_vain.join(", ")));
    }
    for submission in &status.submissions {
        let asked = &submission.submission;
        let ended = submission.ended.as_ref().map_or("the fleet works on it".to_owned(), |ended| {
            let end = serde_json::to_value(ended.end).ok();
            let end = end.as_ref().and_then(|end| end.as_str()).unwrap_or_default().replace('_', " ");
            format!("ended {}: {end}", ago(ended.at_ms))
        });
        line("submission", format!("{}, {}: {ended}", asked.number, ago(asked.at_ms)));
    }
    if let Some(mark) = &status.cancelled {
        let reason = mark.reason.as_deref().map_or(String::new(), |reason| format!(": {}", plain(reason)));
        line("cancelled", format!("{}{reason}", ago(mark.at_ms)));
    }
    for (pool, depth) in waiting {
        line("pool", format!("{pool}: {} for a worker", counted(*depth, "job waits", "jobs wait")));
    }
    if status.submissions.is_empty() {
        output.note("it was never submitted to a fleet");
    }
}

fn counts(counts: Counts) -> String {
    let mut text = format!("{} of {} stored", count(counts.stored), count(counts.planned));
    for (name, number) in [("given up", counts.dead), ("cancelled", counts.cancelled), ("left", counts.left)]
    {
        if number > 0 {
            text += &format!(", {} {name}", count(number));
        }
    }
    text
}

/// How long ago that was.
fn ago(at_ms: u64) -> String {
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "shown in minutes")]
    let minutes = now.saturating_sub(at_ms) as f64 / 60_000.0;
    format!("{} ago", crate::money::minutes(minutes))
}
