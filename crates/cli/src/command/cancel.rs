//! `antiphon cancel`: stops a run for good.

use antiphon_coordinator::cancel;
use antiphon_core::RunId;
use antiphon_store::Store;

use super::fleet::Fleet;
use super::open_store;
use super::runs::jobs;
use crate::args::{Arguments, CancelArguments};
use crate::compose;
use crate::config;
use crate::exit::Exit;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &CancelArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let run = &wanted.run;
    // Without a broker there is nothing to cancel anywhere.
    compose::broker(&config::find(arguments.config.as_deref(), None)?)?;
    let (store, _) = open_store::holding(arguments, run).await?;
    refuse_if_done(&store, run).await?;
    let fleet = Fleet::holding(arguments, run).await?;
    let is_new = cancel(&fleet.store, &fleet.queue, run, wanted.reason.clone()).await?;
    output.line(match is_new {
        true => format!("run {run} is cancelled: nothing more of it is asked, and what is stored stays"),
        false => format!("run {run} was cancelled before"),
    });
    output.note(format!("`antiphon report {run}` sums up what is there"));
    Ok(Exit::Complete)
}

/// A run that is all there would lose nothing but that it can be extended.
async fn refuse_if_done(store: &Store, run: &RunId) -> anyhow::Result<()> {
    let Some(manifest) = store.get_manifest(run).await? else { return Ok(()) };
    let (jobs, stored) = jobs(store, &manifest).await?;
    if stored < jobs || store.get_cancelled(run).await?.is_some() {
        return Ok(());
    }
    let why = format!(
        "all of run {run} is stored, so there is nothing to cancel; cancelled, it could not be extended"
    );
    Err(Usage(why).into())
}
