//! Logs on standard error.

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Arguments, Command, LogFormat};
use crate::output::Usage;

/// What commands log unless they are told otherwise. The client of the broker calls an error what is an answer to our question; what
/// matters of it, the queue says; and what the queue says, the command says in the end.
const COMMANDS: &str = "warn,lapin=off,antiphon_queue=error";
/// The same for services, whose log is all that is seen of them.
const SERVICES: &str = "warn,lapin=off,antiphon=info";

/// Starts logging what the filter lets through.
pub(crate) fn start(arguments: &Arguments, colour: bool) -> Result<(), Usage> {
    let is_service =
        matches!(arguments.command, Command::Coordinator(_) | Command::Worker(_) | Command::Aggregator(_));
    let filter = arguments.log.as_deref().unwrap_or(if is_service { SERVICES } else { COMMANDS });
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Usage(format!("--log {filter}: {error}; give for example `info` or `antiphon_worker=debug`"))
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(true);
    match arguments.log_format {
        LogFormat::Text => log.finish().with(filter_fn(is_discreet)).init(),
        LogFormat::Json => log.json().flatten_event(true).finish().with(filter_fn(is_discreet)).init(),
    }
    Ok(())
}

/// Whether no secret stands in what is logged there. At the levels `debug` and `trace` the client of S3 tells its access key with each
/// request.
fn is_discreet(of: &Metadata<'_>) -> bool {
    *of.level() <= Level::INFO || !of.target().starts_with("aws_")
}
