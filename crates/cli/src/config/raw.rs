//! The form of the configuration file.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::time::Duration;

use antiphon_aggregator::Settings;
use antiphon_core::{Card, Dialect, Limits, Price, Provider, nearest};
use antiphon_providers::HttpSettings;
use serde::Deserialize;

use super::broker::RawBroker;
use super::s3::RawS3;
use super::{CONNECT_TIMEOUT, TIMEOUT, pem_file};

/// Largest response that is read, in bytes.
const MAX_BODY: usize = 8 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) store: Option<String>,
    pub(super) broker: RawBroker,
    pub(super) s3: RawS3,
    pub(super) http: RawHttp,
    pub(super) aggregate: RawAggregate,
    pub(super) providers: BTreeMap<String, RawProvider>,
    pub(super) targets: BTreeMap<String, RawTarget>,
    pub(super) pools: BTreeMap<String, Limits>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHttp {
    proxy: Option<String>,
    ca_file: Option<String>,
    connect_timeout: Option<String>,
    timeout: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAggregate {
    threads: Option<NonZero<usize>>,
    memory_mib: Option<NonZero<u32>>,
}

impl RawAggregate {
    pub(super) fn settings(&self) -> Settings {
        let usual = Settings::default();
        Settings {
            threads: self.threads.unwrap_or(usual.threads),
            memory_mib: self.memory_mib.unwrap_or(usual.memory_mib),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvider {
    pub(super) api: Provider,
    #[serde(default)]
    pub(super) dialect: Option<Dialect>,
    pub(super) base_url: String,
    #[serde(default)]
    pub(super) key_env: Option<String>,
    #[serde(default)]
    pub(super) key_file: Option<String>,
    #[serde(default)]
    pub(super) headers_env: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) send_sample_key: bool,
    #[serde(default)]
    pub(super) allow_insecure: bool,
    #[serde(default)]
    pub(super) allow_link_local: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTarget {
    pub(super) provider: String,
    pub(super) model: String,
    #[serde(default)]
    pub(super) pool: Option<String>,
    #[serde(default)]
    pub(super) accepts: Card,
    #[serde(default)]
    pub(super) price: Option<Price>,
}

impl RawConfig {
    /// Reads the form, refusing unknown fields by name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| explain(text, &error))
    }
}

impl RawHttp {
    pub(super) fn settings(&self, folder: &Path) -> Result<HttpSettings, String> {
        let ca_pem = match &self.ca_file {
            None => None,
            Some(file) => Some(pem_file("http.ca_file", &folder.join(file)).map_err(|error| error.0)?),
        };
        Ok(HttpSettings {
            proxy: self.proxy.clone(),
            ca_pem,
            connect_timeout: duration(
                "http.connect_timeout",
                self.connect_timeout.as_deref(),
                CONNECT_TIMEOUT,
            )?,
            timeout: duration("http.timeout", self.timeout.as_deref(), TIMEOUT)?,
            max_body_bytes: MAX_BODY,
            user_agent: format!("antiphon/{}", env!("CARGO_PKG_VERSION")),
        })
    }
}

pub(super) fn duration(field: &str, text: Option<&str>, default: Duration) -> Result<Duration, String> {
    let Some(text) = text else { return Ok(default) };
    let parsed: Option<Duration> =
        text.parse::<jiff::SignedDuration>().ok().and_then(|duration| duration.try_into().ok());
    parsed
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| format!("{field}: {text:?} is no duration such as \"30s\" or \"5m\""))
}

/// A TOML error in one line: where, what, and what was probably meant.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let line = error
        .span()
        .map_or(String::new(), |span| format!("line {}: ", 1 + text[..span.start].matches('\n').count()));
    let message = error.message();
    let mut names = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        let what = if message.starts_with("unknown field") { "field" } else { "value" };
        let unknown = names.next().unwrap_or_default();
        let known: Vec<&str> = names.collect();
        return match nearest(unknown, known.iter().copied()) {
            Some(meant) => format!("{line}unknown {what} `{unknown}`, did you mean `{meant}`?"),
            None => format!("{line}unknown {what} `{unknown}`; known here: {}", known.join(", ")),
        };
    }
    format!("{line}{message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_where_and_what_was_meant() {
        let check = |text: &str, expected: &str| assert_eq!(RawConfig::parse(text).unwrap_err(), expected);
        check("stor = 1", "line 1: unknown field `stor`, did you mean `store`?");
        check(
            "[providers.a]\napi = \"anthropics\"\nbase_url = \"x\"",
            "line 2: unknown value `anthropics`, did you mean `anthropic`?",
        );
        check("[targets.a]\nmodel = \"m\"", "line 1: missing field `provider`");
        check("x = [", "line 1: unclosed array, expected `]`");
    }
}
