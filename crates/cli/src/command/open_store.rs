//! Which store a command works on.

use std::path::PathBuf;

use antiphon_core::{RunId, nearest};
use antiphon_store::Store;

use crate::args::Arguments;
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
    Ok((Store::open(&address).await?, address))
}

/// Opens a store that must be there and hold the run.
pub(crate) async fn holding(arguments: &Arguments, run: &RunId) -> anyhow::Result<(Store, String)> {
    let (store, address) = existing(arguments).await?;
    if store.get_manifest(run).await?.is_none() {
        let runs = store.runs().await?;
        let hint = match nearest(run.as_str(), runs.iter().map(RunId::as_str)) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "`antiphon runs` lists what there is".to_owned(),
        };
        return Err(Usage(format!("there is no run {run} in {address}; {hint}")).into());
    }
    Ok((store, address))
}

/// Where a key's file is, if the store is a folder.
pub(crate) fn place(address: &str, key: &str) -> String {
    match address.strip_prefix("file:").unwrap_or(address) {
        "memory:" => format!("memory:{key}"),
        folder => PathBuf::from(folder).join(key).display().to_string(),
    }
}
