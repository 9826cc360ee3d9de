//! Logs on standard error, and traces for a collector of OpenTelemetry where the program was built with the feature `otel`.

mod traces;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::args::{Arguments, Command, LogFormat};
use crate::output::Usage;

pub(crate) use traces::Traces;

/// What commands log unless they are told otherwise. The client of the broker calls an error what is an answer to our question; what
/// matters of it, the queue says; and what the queue says, the command says in the end.
const COMMANDS: &str = "warn,lapin=off,antiphon_queue=error";
/// The same for services, whose log is all that is seen of them.
const SERVICES: &str = "warn,lapin=off,antiphon=info";

/// Starts logging what the filter lets through, and tracing where somebody collects. What it gives is kept until the program ends.
pub(crate) fn start(arguments: &Arguments, colour: bool) -> Result<Traces, Usage> {
    let service = service(&arguments.command);
    let filter = arguments.log.as_deref().unwrap_or(if service.is_some() { SERVICES } else { COMMANDS });
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Usage(format!("--log {filter}: {error}; give for example `info` or `antiphon_worker=debug`"))
    })?;
    let log =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour).with_target(true);
    let log = match arguments.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    let (traces, layer) = Traces::start(service.unwrap_or("cli"))?;
    tracing_subscriber::registry()
        .with(layer)
        .with(log.with_filter(filter).with_filter(filter_fn(is_discreet)))
        .init();
    Ok(traces)
}

/// The role of a service.
fn service(command: &Command) -> Option<&'static str> {
    match command {
        Command::Coordinator(_) => Some("coordinator"),
        Command::Worker(_) => Some("worker"),
        Command::Aggregator(_) => Some("aggregator"),
        Command::Viewer(_) => Some("viewer"),
        _ => None,
    }
}

/// Whether no secret stands in what is logged there. At the levels `debug` and `trace` the client of S3 tells its access key with each
/// request.
fn is_discreet(of: &Metadata<'_>) -> bool {
    *of.level() <= Level::INFO || !of.target().starts_with("aws_")
}
