//! `antiphon dead`: jobs that were given up, why, and another try.

use antiphon_coordinator::requeue;
use antiphon_core::plan::Plan;
use antiphon_core::{Job, RunId, nearest};
use antiphon_store::{DeadJob, Store};
use serde::Serialize;

use super::fleet::Fleet;
use super::open_store;
use super::submit;
use crate::args::{Arguments, DeadAction, DeadArguments};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage, plain};

pub(crate) async fn run(
    arguments: &Arguments,
    dead: &DeadArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    match &dead.action {
        DeadAction::List { run } => {
            let (store, _) = open_store::holding(arguments, run).await?;
            list(&store, run, *output).await
        }
        DeadAction::Show { run, job } => {
            let (store, _) = open_store::holding(arguments, run).await?;
            show(&store, run, job, *output).await
        }
        DeadAction::Requeue { run, jobs } => {
            let fleet = Fleet::holding(arguments, run).await?;
            again(&fleet, run, jobs, *output).await
        }
    }
}

/// A job as these commands name it: unique within its run.
fn name(job: &Job) -> String {
    format!("{}.{}.{}", job.target, job.block, job.id())
}

#[derive(Serialize)]
struct Row<'a> {
    job: String,
    pool: &'a str,
    reason: &'a str,
}

async fn list(store: &Store, run: &RunId, output: Output) -> anyhow::Result<Exit> {
    let dead = store.dead_jobs(run).await?;
    if output.json {
        let rows: Vec<Row<'_>> = dead
            .iter()
            .map(|DeadJob { job, reason, .. }| Row { job: name(job), pool: job.pool.as_str(), reason })
            .collect();
        output.value(&rows);
        return Ok(Exit::Complete);
    }
    for DeadJob { job, reason, .. } in &dead {
        output.line(format!("{}  {}", name(job), plain(reason)));
    }
    match dead.len() {
        0 => output.note(format!("no job of run {run} was given up")),
        _ => output.note(format!("`antiphon dead requeue {run}` lets the fleet try them again")),
    }
    Ok(Exit::Complete)
}

/// A dead job with the sessions it would have asked.
#[derive(Serialize)]
struct Shown<'a> {
    job: String,
    pool: &'a str,
    reason: &'a str,
    sessions: Vec<String>,
}

async fn show(store: &Store, run: &RunId, wanted: &str, output: Output) -> anyhow::Result<Exit> {
    let dead = store.dead_jobs(run).await?;
    let DeadJob { job, reason, .. } = find(&dead, run, wanted)?;
    let manifest = store
        .get_manifest(run)
        .await?
        .ok_or_else(|| Usage(format!("run {run} was removed in the meantime")))?;
    let rounds = store.rounds(run).await?;
    let planned = Plan::new(&manifest, &rounds).sessions(job);
    let session = |session: &antiphon_core::plan::PlannedSession<'_>| -> String {
        format!("{} · {} · session {}", session.probe.id, session.user.id, session.session)
    };
    let sessions: Vec<String> = planned.iter().map(session).collect();
    if output.json {
        output.value(&Shown { job: name(job), pool: job.pool.as_str(), reason, sessions });
        return Ok(Exit::Complete);
    }
    output.line(format!("job      {}", name(job)));
    output.line(format!("pool     {}", job.pool));
    output.line(format!("reason   {}", plain(reason)));
    output.line(format!("sessions {}", sessions.len()));
    sessions.iter().for_each(|session| output.line(format!("  {session}")));
    Ok(Exit::Complete)
}

async fn again(fleet: &Fleet, run: &RunId, wanted: &[String], output: Output) -> anyhow::Result<Exit> {
    let dead = fleet.store.dead_jobs(run).await?;
    let jobs: Vec<Job> = if wanted.is_empty() {
        dead.iter().map(|dead| dead.job.clone()).collect()
    } else {
        let found = wanted.iter().map(|wanted| Ok(find(&dead, run, wanted)?.job.clone()));
        found.collect::<Result<_, Usage>>()?
    };
    let requeue = requeue(&fleet.store, &fleet.queue, run, &jobs).await?;
    let Some(submitted) = requeue.submitted else {
        output.note(format!("no job of run {run} was given up, so none is tried again"));
        return Ok(Exit::Complete);
    };
    output.note(format!("{} tried again", counted(requeue.requeued.len() as u64, "job is", "jobs are")));
    submit::end(fleet, &submitted, false, output).await
}

fn find<'a>(dead: &'a [DeadJob], run: &RunId, wanted: &str) -> Result<&'a DeadJob, Usage> {
    dead.iter().find(|dead| name(&dead.job) == wanted).ok_or_else(|| {
        let names: Vec<String> = dead.iter().map(|dead| name(&dead.job)).collect();
        let hint = match nearest(wanted, names.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("`antiphon dead list {run}` lists those that were"),
        };
        Usage(format!("{} is no job of run {run} that was given up; {hint}", plain(wanted)))
    })
}
