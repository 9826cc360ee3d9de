//! Whether the keys of all providers are there, and right: each provider is asked for its list of models, which costs nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use antiphon_providers::{Client, Endpoint, Tried};
use tokio::task::JoinSet;

use super::finding::Finding;
use crate::config::{Config, Environment};

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let client = match config.client() {
        Ok(client) => client,
        Err(error) => return vec![Finding::error("http", &error)],
    };
    // Targets of a provider share its key, so each provider is asked once.
    let mut providers = BTreeMap::new();
    for alias in config.catalogue.targets.keys() {
        let provider = config.provider_of(alias).unwrap_or(alias);
        providers.entry(provider).or_insert_with(|| config.endpoint(alias, &Environment::default()));
    }
    // All at once: those that do not answer are waited for together.
    let mut asked = JoinSet::new();
    let mut findings = BTreeMap::new();
    for (name, endpoint) in providers {
        match endpoint {
            Ok(endpoint) => {
                let has_key = config.has_key(name);
                asked.spawn(ask(client.clone(), endpoint, name.clone(), has_key));
            }
            Err(error) => {
                let remedy = "workers here do not sing in its pools; others may";
                findings
                    .insert(name.clone(), Finding::warn(what(name), crate::output::chain(&error), remedy));
            }
        }
    }
    while let Some(Ok((name, finding))) = asked.join_next().await {
        findings.insert(name, finding);
    }
    findings.into_values().collect()
}

fn what(provider: &str) -> String {
    format!("key of {provider}")
}

async fn ask(client: Client, endpoint: Endpoint, name: String, has_key: bool) -> (String, Finding) {
    let finding = said(what(&name), has_key, client.try_key(&endpoint, PATIENCE).await);
    (name, finding)
}

fn said(what: String, has_key: bool, tried: Tried) -> Finding {
    let key = if has_key { "is there" } else { "none is configured" };
    match tried {
        Tried::Right => Finding::ok(what, "is right: the server lists its models with it"),
        Tried::Unproved(why) => Finding::warn(
            what,
            format!(
                "{key}; the server lists its models with it, but does not refuse to without it ({why}), so it was not tried"
            ),
            "nothing, if models are answered; if they are not, look at the key and at `base_url` of the provider",
        ),
        Tried::Open if has_key => {
            Finding::ok(what, "is there; the server lists its models to anybody, so it was not tried")
        }
        Tried::Open => Finding::ok(what, "is not needed for the list of models; the server answers"),
        Tried::Refused(status) if has_key => Finding::fail(
            what,
            format!("was refused: the server answered {status}"),
            "correct it where `key_env` or `key_file` of the provider says, and look whether `base_url` is the right server's",
        ),
        Tried::Refused(status) => Finding::fail(
            what,
            format!("none is configured, and the server wants one: it answered {status}"),
            "say where it is with `key_env` or `key_file` of the provider",
        ),
        Tried::Forbidden => Finding::warn(
            what,
            format!("{key}; it may not list models (the server answered 403), so it was not tried"),
            "nothing, if models are answered: some keys may do only that; if they are not, the key is a wrong one",
        ),
        Tried::NoList(status) => Finding::warn(
            what,
            format!("{key}; the server has no list of models, so it was not tried (it answered {status})"),
            "nothing, if models are answered; if they are not, correct `base_url` of the provider",
        ),
        Tried::Unclear(status) => Finding::warn(
            what,
            format!("{key}; it was not tried: asked for its models, the server answered {status}"),
            "try again later; if it stays so, look at `base_url` of the provider",
        ),
        Tried::Unreachable(why) => Finding::warn(
            what,
            format!("{key}; it was not tried: the server is not reachable: {why}"),
            "correct `base_url` of the provider, or the way there; workers elsewhere may reach it",
        ),
    }
}
