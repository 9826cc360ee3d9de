//! Which store a command works on.

use std::path::PathBuf;

use antiphon_core::{RunId, instead};
use antiphon_store::Store;

use crate::args::Arguments;
use crate::compose;
use crate::config::Config;
use crate::output::Usage;

/// The store where neither command line nor configuration names one.
const DEFAULT: &str = "antiphon-data";

/// The store's address: the command line's, else the configuration's, else the default.
pub(crate) fn address(arguments: &Arguments, config: &Config) -> String {
    arguments.store.clone().or_else(|| config.store.clone()).unwrap_or_else(|| DEFAULT.to_owned())
}

/// Opens a store that must be there.
pub(crate) async fn existing(arguments: &Arguments) -> anyhow::Result<(Store, String)> {
    let config = crate::config::find(arguments.config.as_deref(), None)?;
    let address = address(arguments, &config);
    Ok((compose::open_store(&address, &config).await?, address))
}

/// Opens a store that must be there and hold the run.
pub(crate) async fn holding(arguments: &Arguments, run: &RunId) -> anyhow::Result<(Store, String)> {
    let (store, address) = existing(arguments).await?;
    must_hold(&store, &address, run).await?;
    Ok((store, address))
}

/// Refuses a run that the store does not have.
pub(crate) async fn must_hold(store: &Store, address: &str, run: &RunId) -> anyhow::Result<()> {
    if store.get_manifest(run).await?.is_some() {
        return Ok(());
    }
    let runs = store.runs().await?;
    let hint = instead(run.as_str(), runs.iter().map(RunId::as_str));
    Err(Usage(format!("there is no run {run} in {address}; {hint}")).into())
}

/// Where a key's object is.
pub(crate) fn place(address: &str, key: &str) -> String {
    match address.strip_prefix("file:").unwrap_or(address) {
        "memory:" => format!("memory:{key}"),
        bucket if bucket.starts_with("s3://") => format!("{}/{key}", bucket.trim_end_matches('/')),
        folder => PathBuf::from(folder).join(key).display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_as_other_tools_name_it() {
        for (address, expected) in [
            ("data", "data/runs/r"),
            ("file:/data/", "/data/runs/r"),
            ("memory:", "memory:runs/r"),
            ("s3://bucket", "s3://bucket/runs/r"),
            ("s3://bucket/a/", "s3://bucket/a/runs/r"),
        ] {
            assert_eq!(place(address, "runs/r"), expected, "{address}");
        }
    }
}
