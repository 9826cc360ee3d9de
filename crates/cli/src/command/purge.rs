//! `antiphon purge`: removes a run from the store, for good.

use std::collections::BTreeMap;
use std::time::Duration;

use antiphon_core::{RunId, keys};
use antiphon_store::Store;
use antiphon_worker::FRESH;
use serde::Serialize;

use super::open_store;
use crate::args::{Arguments, PurgeArguments};
use crate::ask::ask;
use crate::exit::Exit;
use crate::money::{count, counted};
use crate::output::{Output, Usage};

/// How long a look at the store may take.
const SLACK: Duration = Duration::from_secs(3);
/// A call of a cancelled run may take so long to end and be stored.
const LAST_CALLS: Duration = Duration::from_secs(15 * 60);

#[derive(Serialize)]
struct Removed<'a> {
    run: &'a RunId,
    objects: u64,
    bytes: u64,
}

pub(crate) async fn run(
    arguments: &Arguments,
    purge: &PurgeArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let (store, address) = open_store::holding(arguments, &purge.run).await?;
    let run = &purge.run;
    refuse_if_worked_on(&store, run).await?;
    // Held while the question is asked, so that nobody begins meanwhile.
    let lock = store.lock_run(run).await?;
    let keys = store.list(&keys::run(run)).await?;
    let was_submitted = keys.iter().any(|key| key.starts_with(&keys::submissions(run)));
    output.note(format!("run {run} in {address} holds {}:", counted(keys.len() as u64, "object", "objects")));
    for (folder, number) in by_folder(run, &keys) {
        output.note(format!("  {:>9}  {folder}", count(number)));
    }
    let question = "Remove all of it, for good?";
    if !purge.yes && !ask(question)? {
        return Err(Usage("nothing was removed; give --yes to remove it".to_owned()).into());
    }
    drop(lock);
    let mut purged = store.purge(run).await?;
    if was_submitted {
        output.note("waiting until workers have forgotten it");
        tokio::time::sleep(FRESH + SLACK).await;
        // What one of them stored meanwhile, for a job that was still in a queue.
        let late = store.purge(run).await?;
        (purged.objects, purged.bytes) = (purged.objects + late.objects, purged.bytes + late.bytes);
    }
    if output.json {
        output.value(&Removed { run, objects: purged.objects, bytes: purged.bytes });
    } else {
        output.line(format!(
            "removed run {run}: {}, {} bytes",
            counted(purged.objects, "object", "objects"),
            count(purged.bytes)
        ));
    }
    Ok(Exit::Complete)
}

/// What a worker stores after the purge would be half a run.
async fn refuse_if_worked_on(store: &Store, run: &RunId) -> anyhow::Result<()> {
    let refuse = |why: String| Err(Usage(format!("{why}; nothing was removed")).into());
    let Some(mark) = store.get_cancelled(run).await? else {
        if store.open_submissions(run).await?.is_empty() {
            return Ok(());
        }
        return refuse(format!("a fleet works on run {run}; stop it with `antiphon cancel {run}` first"));
    };
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    let left = LAST_CALLS.saturating_sub(Duration::from_millis(now.saturating_sub(mark.at_ms)));
    if left.is_zero() || store.submissions(run).await?.is_empty() {
        return Ok(());
    }
    let minutes = left.as_secs().div_ceil(60);
    refuse(format!("run {run} is cancelled, but its last calls may be under way; try again in {minutes} min"))
}

/// How many objects each folder of the run holds.
fn by_folder<'a>(run: &RunId, keys: &'a [String]) -> BTreeMap<&'a str, u64> {
    let mut folders = BTreeMap::new();
    for key in keys {
        let name = key.strip_prefix(&keys::run(run)).unwrap_or(key);
        *folders.entry(name.split('/').next().unwrap_or(name)).or_default() += 1;
    }
    folders
}
