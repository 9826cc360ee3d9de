//! `antiphon`, the one binary: reads arguments and configuration, puts roles together, and turns what they say into text and an exit code.

mod args;
mod ask;
mod command;
mod compose;
mod config;
mod exit;
mod health;
mod metrics;
mod money;
mod output;
mod progress;
mod signals;
mod telemetry;
mod typed;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::exit::Exit;
use crate::output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(&arguments);
    let exit = match run(&arguments, &output) {
        Ok(Exit::Complete) if output.has_lost() => Exit::Failure,
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            exit::of(&error)
        }
    };
    exit.into()
}

fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<Exit> {
    let _traces = telemetry::start(arguments, output.is_colourful())?;
    match &arguments.command {
        Command::Init(init) => command::init::run(init, output),
        Command::Schema => command::schema::run(output),
        Command::CompareDocuments(compare) => command::compare_documents::run(compare, output),
        Command::Completions { shell } => command::completions::run(*shell, output),
        other => runtime()?.block_on(with_runtime(arguments, other, output)),
    }
}

async fn with_runtime(arguments: &Arguments, command: &Command, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Command::Init(_) | Command::Schema | Command::CompareDocuments(_) | Command::Completions { .. } => {
            unreachable!("these need no runtime")
        }
        Command::Demo(demo) => Box::pin(command::demo::run(demo, output)).await,
        Command::Run(run) => Box::pin(command::run::run(arguments, run, output)).await,
        Command::Retry(retry) => Box::pin(command::retry::run(arguments, retry, output)).await,
        Command::Plan(plan) => command::plan::run(arguments, plan, output).await,
        Command::Recall(recall) => Box::pin(command::recall::run(arguments, recall, output)).await,
        Command::Power(power) => command::power::run(arguments, power, output).await,
        Command::Check(check) => command::check::run(arguments, check, output),
        Command::Runs => command::runs::run(arguments, output).await,
        Command::Show(show) => command::show::run(arguments, show, output).await,
        Command::Report(report) => command::report::run(arguments, report, output).await,
        Command::Compare(compare) => Box::pin(command::compare::run(arguments, compare, output)).await,
        Command::Baseline(baseline) => {
            Box::pin(command::baseline::run(arguments, &baseline.action, output)).await
        }
        Command::History(history) => Box::pin(command::history::run(arguments, history, output)).await,
        Command::Nightly(nightly) => Box::pin(command::nightly::run(arguments, nightly, output)).await,
        Command::Embed(embed) => Box::pin(command::embed::run(arguments, embed, output)).await,
        Command::Import(import) => Box::pin(command::import::run(arguments, import, output)).await,
        Command::Export(export) => Box::pin(command::export::run(arguments, export, output)).await,
        Command::Extracted(extracted) => command::extracted::run(arguments, extracted, output).await,
        Command::Seal(seal) => command::seal::run(arguments, seal, output).await,
        Command::Decode { object } => command::decode::run(arguments, object, output).await,
        Command::Sim(sim) => command::sim::run(sim, output).await,
        Command::Purge(purge) => command::purge::run(arguments, purge, output).await,
        fleet => of_a_fleet(arguments, fleet, output).await,
    }
}

async fn of_a_fleet(arguments: &Arguments, command: &Command, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Command::Coordinator(service) => {
            Box::pin(command::coordinator::run(arguments, service, output)).await
        }
        Command::Worker(service) => Box::pin(command::worker::run(arguments, service, output)).await,
        Command::Viewer(viewer) => command::viewer::run(arguments, viewer, output).await,
        Command::Aggregator(service) => command::aggregator::run(arguments, service, output).await,
        Command::Submit(submit) => Box::pin(command::submit::run(arguments, submit, output)).await,
        Command::Status(status) => command::status::run(arguments, status, output).await,
        Command::Watch(watch) => command::watch::run(arguments, watch, output).await,
        Command::Cancel(cancel) => command::cancel::run(arguments, cancel, output).await,
        Command::Dead(dead) => command::dead::run(arguments, dead, output).await,
        Command::Topology(topology) => command::topology::run(arguments, topology, output).await,
        Command::Doctor => command::doctor::run(arguments, output).await,
        _ => unreachable!("the others need no fleet"),
    }
}

/// Threads for what blocks: disks, compression and names. These keep a disk busy, and each keeps the memory of a compressor.
const BLOCKING_THREADS: usize = 4;

/// Threads for calls, besides the main one, which coordinates and sums up. One carries some 20,000 calls a second, more than any pool
/// allows, and each further one keeps a heap of its own.
const CALLING_THREADS: usize = 1;

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.enable_all().worker_threads(CALLING_THREADS).max_blocking_threads(BLOCKING_THREADS).build()?)
}
