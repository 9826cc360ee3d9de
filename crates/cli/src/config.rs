//! The operator's configuration: where models are reached, what they accept and cost, how fast they may be asked.
//!
//! File → [`raw`] (the form, checked by serde) → [`Config`] (the meaning). Secrets are named here and read by [`secret`].

mod broker;
mod find;
mod raw;
mod s3;
mod secret;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use antiphon_core::{AGGREGATE, CatalogueTarget, Limits, PoolId, Price, TargetCatalogue, nearest};
use antiphon_providers::{Client, Endpoint, EndpointSettings, HttpSettings};
use antiphon_store::S3Settings;

use broker::RawBroker;
pub(crate) use broker::{BROKER, Broker};
pub(crate) use find::find;
use raw::{RawConfig, RawProvider};
use s3::RawS3;
pub(crate) use secret::Environment;

/// Sessions at a time of a pool without a limit of its own.
pub(crate) const DEFAULT_CONCURRENCY: u32 = 32;

/// A configuration that cannot be used.
#[derive(Debug)]
pub(crate) struct ConfigError(pub(crate) String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// The configuration, checked.
#[derive(Debug)]
pub(crate) struct Config {
    /// The file it was read from.
    pub(crate) path: Option<PathBuf>,
    /// The store's address.
    pub(crate) store: Option<String>,
    /// What suites may name.
    pub(crate) catalogue: TargetCatalogue,
    /// What the aggregator may use of the machine.
    pub(crate) aggregate: antiphon_aggregator::Settings,
    broker: RawBroker,
    s3: RawS3,
    http: HttpSettings,
    providers: BTreeMap<String, RawProvider>,
    /// Alias → name of its provider.
    provider_of: BTreeMap<String, String>,
}

/// Where a provider's secrets come from, in words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    pub(crate) key: Option<String>,
    pub(crate) headers: Vec<String>,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Names the file, and the line or the field.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError(format!("can't read the configuration {}: {error}", path.display()))
        })?;
        let raw =
            RawConfig::parse(&text).map_err(|error| ConfigError(format!("{}: {error}", path.display())))?;
        Self::from_raw(raw, Some(path)).map_err(|error| ConfigError(format!("{}: {error}", path.display())))
    }

    /// A configuration without a file, for when there is none: no targets.
    pub(crate) fn empty() -> Self {
        Self::from_raw(RawConfig::default(), None).expect("nothing in it can be wrong")
    }

    /// A configuration given as text, as the demo does.
    pub(crate) fn from_text(text: &str) -> Result<Self, ConfigError> {
        Self::from_raw(RawConfig::parse(text).map_err(ConfigError)?, None).map_err(ConfigError)
    }

    fn from_raw(raw: RawConfig, path: Option<&Path>) -> Result<Self, String> {
        let folder = path.and_then(Path::parent).unwrap_or(Path::new("."));
        let http = raw.http.settings(folder)?;
        raw.broker.check()?;
        raw.s3.check()?;
        let mut catalogue = TargetCatalogue::default();
        let mut provider_of = BTreeMap::new();
        for (name, limits) in raw.pools {
            let pool: PoolId = name.parse().map_err(|error| format!("pools.{name}: {error}"))?;
            check_limits(&name, &limits)?;
            catalogue.pools.insert(pool, limits);
        }
        for (alias, target) in raw.targets {
            let place = format!("targets.{alias}");
            let Some(provider) = raw.providers.get(&target.provider) else {
                let names: Vec<&str> = raw.providers.keys().map(String::as_str).collect();
                return Err(format!(
                    "{place}.provider: unknown provider `{}`{}",
                    target.provider,
                    hint(&target.provider, &names)
                ));
            };
            target.price.map_or(Ok(()), |price| check_price(&place, price))?;
            let pool = target.pool.clone().unwrap_or_else(|| target.provider.clone());
            let pool_id: PoolId = pool.parse().map_err(|error| format!("{place}.pool: {error}"))?;
            if pool == AGGREGATE {
                return Err(format!(
                    "{place}: `{AGGREGATE}` is the queue of those who sum up; give the pool another name"
                ));
            }
            if target.pool.is_some() && !catalogue.pools.contains_key(&pool_id) {
                let names: Vec<&str> = catalogue.pools.keys().map(PoolId::as_str).collect();
                return Err(format!("{place}.pool: there is no [pools.{pool}]{}", hint(&pool, &names)));
            }
            catalogue.pools.entry(pool_id.clone()).or_default();
            provider_of.insert(alias.clone(), target.provider.clone());
            catalogue.targets.insert(
                alias,
                CatalogueTarget {
                    provider: provider.api,
                    provider_name: target.provider,
                    dialect: provider.dialect,
                    model: target.model,
                    card: target.accepts,
                    price: target.price,
                    pool: pool_id,
                },
            );
        }
        Ok(Self {
            path: path.map(Path::to_owned),
            store: raw.store.map(|store| beside(folder, &store)),
            catalogue,
            aggregate: raw.aggregate.settings(),
            broker: raw.broker,
            s3: raw.s3,
            http,
            providers: raw.providers,
            provider_of,
        })
    }

    /// The HTTP client that all calls go through.
    ///
    /// # Errors
    /// If the proxy or the certificates cannot be used.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Client::new(&self.http).map_err(|error| {
            let place = self.path.as_ref().map_or(String::new(), |path| format!("{}: ", path.display()));
            anyhow::Error::new(error).context(format!("{place}http"))
        })
    }

    /// Where the target of that alias is reached, with its key.
    ///
    /// # Errors
    /// If the key is missing, or the address cannot be used.
    pub(crate) fn endpoint(&self, alias: &str, environment: &Environment) -> anyhow::Result<Endpoint> {
        let name = self.provider_of.get(alias).ok_or_else(|| {
            ConfigError(format!("the configuration has no target {alias}; the run was made with another one"))
        })?;
        let provider = &self.providers[name];
        let key = environment.key(name, provider, self.folder())?;
        let mut headers = BTreeMap::new();
        for (header, variable) in &provider.headers_env {
            headers.insert(
                header.clone(),
                environment.variable(variable, &format!("providers.{name}.headers_env"))?,
            );
        }
        let settings = EndpointSettings {
            provider: provider.api,
            base_url: provider.base_url.clone(),
            key,
            headers,
            send_sample_key: provider.send_sample_key,
            allow_insecure: provider.allow_insecure,
            allow_link_local: provider.allow_link_local,
        };
        Endpoint::new(&settings)
            .map_err(|error| anyhow::Error::new(error).context(format!("providers.{name}")))
    }

    /// The name of the provider that a target belongs to.
    pub(crate) fn provider_of(&self, alias: &str) -> Option<&String> {
        self.provider_of.get(alias)
    }

    /// What a provider is sent in secret.
    pub(crate) fn secrets(&self, provider: &str) -> Secrets {
        let Some(raw) = self.providers.get(provider) else { return Secrets::default() };
        let variable = raw.key_env.iter().map(|variable| format!("the variable {variable} (`key_env`)"));
        let file = raw.key_file.iter().map(|file| format!("the file {file} (`key_file`)"));
        let headers = raw.headers_env.iter();
        let headers = headers.map(|(header, variable)| {
            format!("the variable {variable} (header `{header}` in `headers_env`)")
        });
        Secrets { key: variable.chain(file).next(), headers: headers.collect() }
    }

    /// The broker that the fleet speaks through; `None` where neither file nor environment names one.
    ///
    /// # Errors
    /// If a secret or a certificate is missing, or the address cannot be used.
    pub(crate) fn broker(&self, environment: &Environment) -> Result<Option<Broker>, ConfigError> {
        self.broker.resolve(self.folder(), environment).map_err(|error| self.placed(error))
    }

    /// How a store in S3 is reached.
    ///
    /// # Errors
    /// If a key or a certificate is missing.
    pub(crate) fn s3(&self, environment: &Environment) -> Result<S3Settings, ConfigError> {
        self.s3.resolve(self.folder(), environment).map_err(|error| self.placed(error))
    }

    /// What relative paths in the configuration begin from.
    fn folder(&self) -> &Path {
        self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("."))
    }

    /// The error with the file that it is about.
    fn placed(&self, error: ConfigError) -> ConfigError {
        match &self.path {
            Some(path) => ConfigError(format!("{}: {}", path.display(), error.0)),
            None => error,
        }
    }

    /// Limits of a pool, by the configuration.
    pub(crate) fn limits(&self, pool: &PoolId) -> Limits {
        self.catalogue.pools.get(pool).cloned().unwrap_or_default()
    }
}

/// Certificates or a certificate, which `field` names.
fn pem_file(field: &str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path)
        .map_err(|error| ConfigError(format!("{field}: can't read {}: {error}", path.display())))
}

fn hint(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None if known.is_empty() => "; there is none yet".to_owned(),
        None => format!("; there is {}", known.join(", ")),
    }
}

fn check_price(target: &str, price: Price) -> Result<(), String> {
    let is_price = |dollars: f64| dollars >= 0.0 && dollars.is_finite();
    if is_price(price.input) && is_price(price.output) {
        return Ok(());
    }
    Err(format!("{target}.price: a price is a number of dollars for a million tokens, 0 or more"))
}

fn check_limits(pool: &str, limits: &Limits) -> Result<(), String> {
    for (name, value) in [
        ("requests_per_minute", limits.requests_per_minute),
        ("burst", limits.burst),
        ("input_tokens_per_minute", limits.input_tokens_per_minute),
        ("output_tokens_per_minute", limits.output_tokens_per_minute),
        ("concurrency", limits.concurrency),
    ] {
        if value == Some(0) {
            return Err(format!(
                "pools.{pool}.{name}: a limit of 0 lets nothing through; leave it out or raise it"
            ));
        }
    }
    Ok(())
}

/// A relative folder in a configuration is relative to the configuration.
fn beside(folder: &Path, address: &str) -> String {
    let relative = !address.contains(':') && Path::new(address).is_relative();
    if relative { folder.join(address).display().to_string() } else { address.to_owned() }
}

/// The default timeouts: long answers take minutes.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// See [`CONNECT_TIMEOUT`].
pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);
