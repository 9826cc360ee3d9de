//! Stores and queues, as addresses and configuration name them.

use antiphon_store::{Store, StoreSettings};

use crate::config::{BROKER, Broker, Config, ConfigError, Environment};

/// Opens a store that must be there.
pub(crate) async fn open_store(address: &str, config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open_with(address, &settings(address, config)?).await?)
}

/// Opens a store, which is made if it is not there.
pub(crate) async fn create_store(address: &str, config: &Config) -> anyhow::Result<Store> {
    Ok(Store::create_with(address, &settings(address, config)?).await?)
}

/// Keys are read only where they are needed.
fn settings(address: &str, config: &Config) -> Result<StoreSettings, ConfigError> {
    if !address.starts_with("s3:") {
        return Ok(StoreSettings::default());
    }
    Ok(StoreSettings { s3: config.s3(&Environment::default())? })
}

/// The broker of the fleet, which must be named.
pub(crate) fn broker(config: &Config) -> Result<Broker, ConfigError> {
    config.broker(&Environment::default())?.ok_or_else(|| {
        ConfigError(format!(
            "there is no broker: set {BROKER} to its address, or write [broker] into antiphon.toml; \
             `antiphon run` needs none"
        ))
    })
}
