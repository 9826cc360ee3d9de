//! The common end of `run`, `retry` and `demo`: work, sum up, say how it went.

use antiphon_coordinator::{Opened, Report};
use antiphon_core::summary::{Operations, Summary};
use antiphon_report::terminal;
use antiphon_store::Store;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::open_store::place;
use crate::args::WorkArguments;
use crate::compose::{Sung, sing, sum_up};
use crate::config::Config;
use crate::exit::Exit;
use crate::money::{count, dollars};
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
    let farewell = format!(
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
        let sums = sum_up(run.store, &run.opened.manifest.run, &CancellationToken::new()).await?;
        Ok::<_, anyhow::Error>((sung, Some(sums)))
    };
    let (sung, sums) = match signals.guard(all, stop, output, &farewell).await {
        Ok(done) => done?,
        Err(exit) => return Ok(exit),
    };
    let exit = exit(&sung.report, sums.as_ref().map(|(summary, ..)| summary));
    tell(&run, &sung, sums.as_ref(), exit, output);
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

/// What `--json` prints.
#[derive(Serialize)]
struct Result<'a> {
    run: &'a str,
    store: &'a str,
    complete: bool,
    interrupted: bool,
    over_budget: bool,
    jobs: u64,
    jobs_stored: u64,
    jobs_dead: u64,
    samples_now: u64,
    retried_calls: u64,
    duplicates: u64,
    stopped_pools: Vec<(&'a str, &'a str)>,
    report: Option<String>,
    summary: Option<&'a Summary>,
    operations: Option<&'a Operations>,
}

fn tell(
    run: &Finished<'_>,
    sung: &Sung,
    sums: Option<&(Summary, Operations, String)>,
    exit: Exit,
    output: Output,
) {
    let report = &sung.report;
    let file = sums.map(|(_, _, key)| place(run.address, key));
    if output.json {
        output.value(&Result {
            run: run.opened.manifest.run.as_str(),
            store: run.address,
            complete: exit == Exit::Complete,
            interrupted: report.interrupted,
            over_budget: report.over_budget,
            jobs: report.jobs,
            jobs_stored: report.stored,
            jobs_dead: report.dead,
            samples_now: sung.samples,
            retried_calls: sung.retries,
            duplicates: report.duplicates,
            stopped_pools: report
                .stopped_pools
                .iter()
                .map(|p| (p.pool.as_str(), p.reason.as_str()))
                .collect(),
            report: file,
            summary: sums.map(|(summary, ..)| summary),
            operations: sums.map(|(_, operations, _)| operations),
        });
        return;
    }
    if let Some((summary, operations, _)) = sums {
        output.raw(&terminal(summary, output.style()));
        let cost = operations.dollars.map_or(String::new(), |cost| format!(", {}", dollars(cost)));
        output.note(format!(
            "{} samples, {} calls{cost}",
            count(operations.samples),
            count(operations.calls)
        ));
        for (target, samples) in &operations.unexplained_input {
            output.warning(format!(
                "{target}: {samples} samples were billed more input than was sent; something else was in the prompt"
            ));
        }
    }
    for pool in &report.stopped_pools {
        output.warning(format!("pool {} was stopped: {}", pool.pool, pool.reason));
    }
    if report.over_budget {
        output.warning(format!(
            "the budget of {} is used up; raise `budget` in the suite and run the same command again",
            dollars(run.opened.manifest.budget_dollars.unwrap_or_default())
        ));
    }
    if report.dead > 0 {
        output.warning(format!(
            "{} jobs were given up; `runs/{}/dead/` in the store says why",
            report.dead, run.opened.manifest.run
        ));
    }
    if exit != Exit::Complete {
        let failed = sums.map_or(0, |(summary, ..)| {
            let total = &summary.completeness.total;
            total.failed_total() + total.unreached
        });
        if failed > 0 {
            output.note(format!(
                "{} samples failed or were not reached; ask them again with `antiphon retry {}`",
                count(failed),
                run.opened.manifest.run
            ));
        }
        if report.left > 0 {
            output.note(format!("{} jobs are left; go on with `{}`", count(report.left), typed::again()));
        }
    }
    match file {
        Some(file) => output.line(format!("report: {file}")),
        None => output.line(format!("stored; sum it up with `antiphon report {}`", run.opened.manifest.run)),
    }
}
