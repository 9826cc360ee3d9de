//! `antiphon cancel`: stops a run for good.

use antiphon_coordinator::cancel;

use super::fleet::Fleet;
use crate::args::{Arguments, CancelArguments};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &CancelArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let fleet = Fleet::holding(arguments, &wanted.run).await?;
    let run = &wanted.run;
    let is_new = cancel(&fleet.store, &fleet.queue, run, wanted.reason.clone()).await?;
    output.line(match is_new {
        true => format!("run {run} is cancelled: nothing more of it is asked, and what is stored stays"),
        false => format!("run {run} was cancelled before"),
    });
    output.note(format!("`antiphon report {run}` sums up what is there"));
    Ok(Exit::Complete)
}
