//! `antiphon watch`: follows a run that the fleet works on, to its end.

mod follow;

use antiphon_coordinator::{End, Ended, RunStatus};
use antiphon_core::RunId;
use antiphon_queue::Queue;
use antiphon_report::terminal;
use antiphon_store::Store;
use tokio_util::sync::CancellationToken;

use self::follow::Following;
use super::farewell;
use super::fleet::{Fleet, queue_if_any};
use super::open_store::{self, place};
use crate::args::{Arguments, WatchArguments};
use crate::compose::{self, sum_up};
use crate::config;
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage};
use crate::signals::Signals;

pub(crate) async fn run(
    arguments: &Arguments,
    watch: &WatchArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let store = compose::open_store(&address, &config).await?;
    open_store::must_hold(&store, &address, &watch.run).await?;
    let queue = queue_if_any(&config)?;
    let (status, ended) = match to_the_end(&store, queue.as_ref(), &watch.run, *output).await? {
        Ok(ended) => ended,
        Err(exit) => return Ok(exit),
    };
    if !output.json {
        tell(&status, &ended, *output);
        output.note(format!("`antiphon report {}` sums it up", watch.run));
    }
    Ok(exit(&ended))
}

/// Follows a run to its end, then sums it up.
pub(crate) async fn to_the_report(fleet: &Fleet, run: &RunId, output: Output) -> anyhow::Result<Exit> {
    let (status, ended) = match to_the_end(&fleet.store, Some(&fleet.queue), run, output).await? {
        Ok(ended) => ended,
        Err(exit) => return Ok(exit),
    };
    let (summary, _, key) =
        sum_up(&fleet.store, run, fleet.config.aggregate, None, &CancellationToken::new()).await?;
    if !output.json {
        output.raw(&terminal(&summary, output.style()));
        tell(&status, &ended, output);
        output.line(format!("report: {}", place(&fleet.address, &key)));
    }
    Ok(match exit(&ended) {
        Exit::Complete if !summary.completeness.complete => Exit::Incomplete,
        exit => exit,
    })
}

/// How a run stood when it ended, and how it ended; or how the program ends because somebody had enough of watching.
type Seen = Result<(RunStatus, Ended), Exit>;

async fn to_the_end(
    store: &Store,
    queue: Option<&Queue>,
    run: &RunId,
    output: Output,
) -> anyhow::Result<Seen> {
    let stop = CancellationToken::new();
    let signals = Signals::listen()?;
    let following = Following::begin(store, queue, run, output).await?;
    if following.was_never_submitted() {
        let hint = "it was asked in one process, or not yet; `antiphon submit` hands a suite to the fleet";
        return Err(Usage(format!("run {run} was never submitted: {hint}")).into());
    }
    tokio::select! {
        ended = following.follow() => Ok(Ok(ended?)),
        // Nothing here needs time to stop.
        _ = signals.guard(stop.cancelled(), &stop, output, "the run goes on without being watched") => {
            Ok(Err(Exit::Interrupted))
        }
    }
}

fn exit(ended: &Ended) -> Exit {
    match ended.end {
        End::Complete => Exit::Complete,
        End::PoolStopped if ended.report.stopped_pools.iter().any(|pool| pool.misconfigured) => Exit::Usage,
        _ => Exit::Incomplete,
    }
}

fn tell(status: &RunStatus, ended: &Ended, output: Output) {
    let run = &status.run;
    farewell::troubles(run, &ended.report, status.budget_dollars, None, output);
    let left = counted(ended.report.left, "job is", "jobs are");
    output.note(match ended.end {
        End::Complete => format!("run {run}: every job has its result"),
        End::Cancelled => {
            let reason = status.cancelled.as_ref().and_then(|mark| mark.reason.as_deref());
            let why = reason.map_or(String::new(), |reason| format!(": {}", crate::output::plain(reason)));
            format!("run {run} was cancelled{why}; {left} left for good")
        }
        End::OverBudget | End::PoolStopped | End::Interrupted if ended.report.left > 0 => {
            format!("run {run} stopped; {left} left, and submitting it again goes on with them")
        }
        End::OverBudget | End::PoolStopped | End::Interrupted | End::Incomplete => {
            format!("run {run} ended without all of its jobs")
        }
    });
}
