//! The common end of `run`, `retry` and `demo`: work, sum up, say how it went.

use antiphon_coordinator::{Opened, Report};
use antiphon_core::summary::Summary;
use antiphon_store::Store;
use tokio_util::sync::CancellationToken;

use super::farewell;
use crate::args::WorkArguments;
use crate::compose::{sing, sum_up};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::Output;
use crate::signals::Signals;
use crate::typed;

/// An opened run and where it lives.
pub(crate) struct Finished<'a> {
    pub(crate) store: &'a Store,
    pub(crate) address: &'a str,
    pub(crate) config: &'a Config,
    pub(crate) opened: &'a Opened,
}

/// Works on the run to its end and says how it ended.
pub(crate) async fn finish(
    run: Finished<'_>,
    work: &WorkArguments,
    output: Output,
    stop: &CancellationToken,
) -> anyhow::Result<Exit> {
    let signals = Signals::listen()?;
    let stopping = format!(
        "stopping: open jobs may end within {} s; press Ctrl-C again to end now. Go on later with `{}`",
        work.grace.as_secs(),
        typed::again()
    );
    let all = async {
        let sung = sing(run.store, run.config, run.opened, work.grace, output, stop).await?;
        if work.collect_only {
            return Ok((sung, None));
        }
        // The summary of an interrupted run is worth having too, and is quick.
        let sums = sum_up(
            run.store,
            &run.opened.manifest.run,
            run.config.aggregate,
            None,
            &CancellationToken::new(),
        )
        .await?;
        Ok::<_, anyhow::Error>((sung, Some(sums)))
    };
    let (sung, sums) = match signals.guard(all, stop, output, &stopping).await {
        Ok(done) => done?,
        Err(exit) => return Ok(exit),
    };
    let exit = exit(&sung.report, sums.as_ref().map(|(summary, ..)| summary));
    farewell::tell(&run, &sung, sums.as_ref(), exit, output);
    Ok(exit)
}

fn exit(report: &Report, summary: Option<&Summary>) -> Exit {
    if report.stopped_pools.iter().any(|pool| pool.misconfigured) {
        return Exit::Usage;
    }
    if report.interrupted {
        return Exit::Interrupted;
    }
    let complete = match summary {
        Some(summary) => summary.completeness.complete,
        None => report.stored == report.jobs,
    };
    if complete { Exit::Complete } else { Exit::Incomplete }
}
