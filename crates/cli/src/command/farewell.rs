//! What a run says when it ends: results, what is missing, and how to go on.

use std::path::Path;

use antiphon_coordinator::Report;
use antiphon_core::RunId;
use antiphon_core::summary::{Operations, Summary};
use antiphon_report::terminal;
use serde::Serialize;

use super::finish::Finished;
use super::open_store::place;
use crate::compose::Sung;
use crate::exit::Exit;
use crate::money::{at_least, counted, dollars};
use crate::output::Output;
use crate::typed;

/// Summary, operations and the report's key, where the run was summed up.
type Sums = (Summary, Operations, String);

/// Says how a run ended.
pub(crate) fn tell(run: &Finished<'_>, sung: &Sung, sums: Option<&Sums>, exit: Exit, output: Output) {
    let file = sums.map(|(_, _, key)| place(run.address, key));
    if output.json {
        output.value(&json(run, sung, sums, exit, file));
        return;
    }
    if let Some((summary, operations, _)) = sums {
        results(summary, operations, output);
    }
    let manifest = &run.opened.manifest;
    troubles(&manifest.run, &sung.report, manifest.budget_dollars, run.config.path.as_deref(), output);
    if exit != Exit::Complete {
        how_to_go_on(run, &sung.report, sums.map(|(summary, ..)| summary), output);
    }
    match file {
        Some(file) => output.line(format!("report: {file}")),
        None => output.line(format!("stored; sum it up with `antiphon report {}`", run.opened.manifest.run)),
    }
}

/// Why samples are asked in vain.
const SINCE: &str = "not kept, since jobs were handed back half done or done twice";

fn results(summary: &Summary, operations: &Operations, output: Output) {
    output.raw(&terminal(summary, output.style()));
    let cost = operations.dollars.map_or(String::new(), |cost| format!(", {}", dollars(cost)));
    let in_vain = match (operations.in_vain, operations.dollars) {
        (0, _) => String::new(),
        (samples, Some(_)) => format!(
            "; {} of it for {} {SINCE}",
            dollars(operations.in_vain_dollars),
            counted(samples, "sample that was", "samples that were"),
        ),
        // Without a price the cost is not known, which is not $0.00.
        (samples, None) => format!("; {} {SINCE}", counted(samples, "sample was", "samples were")),
    };
    // The calls of those that were not kept have no record to be counted from.
    let kept = if operations.in_vain > 0 { " for what was kept" } else { "" };
    let calls = counted(operations.calls, "call", "calls");
    output.note(format!("{calls}{kept}{cost} in all{in_vain}"));
    for (target, samples) in &operations.unexplained_input {
        output.warning(format!(
            "{target}: {} billed more input than was sent; something else was in the prompt",
            counted(*samples, "sample was", "samples were")
        ));
    }
}

/// Why samples are missing; `configuration` is where a pool that is misconfigured can be mended.
pub(super) fn troubles(
    run: &RunId,
    report: &Report,
    budget: Option<f64>,
    configuration: Option<&Path>,
    output: Output,
) {
    for pool in &report.stopped_pools {
        let mend = match (configuration, pool.misconfigured) {
            (Some(path), true) => format!("; correct key, model or address in {}", path.display()),
            _ => String::new(),
        };
        output.warning(format!("pool {} was stopped: {}{mend}", pool.pool, pool.reason));
    }
    if let Some(next) = report.over_budget {
        output.warning(format!(
            "{} of the budget of {} are spent, and the next job may cost up to {}, so the run stopped; raise `budget` in the suite to {} \
             or more",
            dollars(report.dollars),
            dollars(budget.unwrap_or_default()),
            at_least(next),
            at_least(report.dollars + next)
        ));
    }
    if report.dead > 0 {
        output.warning(format!(
            "{} given up; `antiphon dead list {run}` says why",
            counted(report.dead, "job was", "jobs were"),
        ));
    }
}

fn how_to_go_on(run: &Finished<'_>, report: &Report, summary: Option<&Summary>, output: Output) {
    let failed = summary.map_or(0, |summary| summary.completeness.total.to_retry());
    if failed > 0 {
        output.note(format!(
            "{} failed or not reached; ask again with `antiphon retry {}`",
            counted(failed, "sample", "samples"),
            run.opened.manifest.run
        ));
    }
    if report.left > 0 {
        // The same command would stop at the same budget.
        let least = report.over_budget.map(|next| at_least(report.dollars + next));
        let first = least.map_or(String::new(), |least| format!("raise `budget` to {least} or more, then "));
        output.note(format!(
            "{} left; {first}go on with `{}`",
            counted(report.left, "job is", "jobs are"),
            typed::again()
        ));
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Json<'a> {
    run: &'a str,
    store: &'a str,
    complete: bool,
    interrupted: bool,
    over_budget: bool,
    /// Where the budget stopped it, the smallest with which another job is asked.
    smallest_budget: Option<f64>,
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

fn json<'a>(
    run: &'a Finished<'_>,
    sung: &'a Sung,
    sums: Option<&'a Sums>,
    exit: Exit,
    file: Option<String>,
) -> Json<'a> {
    let report = &sung.report;
    Json {
        run: run.opened.manifest.run.as_str(),
        store: run.address,
        complete: exit == Exit::Complete,
        interrupted: report.interrupted,
        over_budget: report.over_budget.is_some(),
        smallest_budget: report.over_budget.map(|next| report.dollars + next),
        jobs: report.jobs,
        jobs_stored: report.stored,
        jobs_dead: report.dead,
        samples_now: sung.samples,
        retried_calls: sung.retries,
        duplicates: report.duplicates,
        stopped_pools: report.stopped_pools.iter().map(|p| (p.pool.as_str(), p.reason.as_str())).collect(),
        report: file,
        summary: sums.map(|(summary, ..)| summary),
        operations: sums.map(|(_, operations, _)| operations),
    }
}
