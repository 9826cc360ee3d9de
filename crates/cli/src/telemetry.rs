//! Logs on standard error.

use tracing_subscriber::EnvFilter;

use crate::output::Usage;

/// Starts logging what `filter` lets through.
pub(crate) fn start(filter: &str, colour: bool) -> Result<(), Usage> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Usage(format!("--log {filter}: {error}; give for example `info` or `antiphon_worker=debug`"))
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(true)
        .init();
    Ok(())
}
