//! Whether the keys of all providers are there. Nobody is asked whether they are right: that would cost something.

use std::collections::BTreeMap;

use super::finding::Finding;
use crate::config::{Config, Environment};

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(error) = config.client() {
        findings.push(Finding::error("http", &error));
    }
    // Targets of a provider share its key, so each provider is said once.
    let mut providers = BTreeMap::new();
    for alias in config.catalogue.targets.keys() {
        let provider = config.provider_of(alias).unwrap_or(alias);
        providers.entry(provider).or_insert_with(|| config.endpoint(alias, &Environment::default()));
    }
    for (name, endpoint) in providers {
        let what = format!("key of {name}");
        findings.push(match endpoint {
            Ok(_) if config.has_key(name) => Finding::ok(what, "is there"),
            Ok(_) => Finding::ok(what, "is not needed"),
            Err(error) => Finding::warn(
                what,
                crate::output::chain(&error),
                "workers here do not sing in its pools; others may",
            ),
        });
    }
    findings
}
