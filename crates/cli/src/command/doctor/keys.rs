//! Whether the keys of all providers are there, and right: each provider is asked for its list of models, which costs nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use antiphon_providers::{Client, Endpoint, Tried};
use tokio::task::JoinSet;

use super::finding::Finding;
use crate::config::{Config, Environment, Secrets};

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
                let secrets = config.secrets(name);
                asked.spawn(ask(client.clone(), endpoint, name.clone(), secrets));
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

async fn ask(client: Client, endpoint: Endpoint, name: String, secrets: Secrets) -> (String, Finding) {
    let finding = said(what(&name), &secrets, client.try_key(&endpoint, PATIENCE).await);
    (name, finding)
}

fn said(what: String, secrets: &Secrets, tried: Tried) -> Finding {
    let key = match (&secrets.key, secrets.headers.as_slice()) {
        (Some(_), _) => "is there",
        (None, []) => "none is configured",
        (None, _) => "the configured headers are there",
    };
    let has_any = secrets.key.is_some() || !secrets.headers.is_empty();
    match tried {
        Tried::Right => Finding::ok(what, "is right: the server lists its models with it"),
        Tried::Unproved(why) => Finding::warn(
            what,
            format!(
                "{key}; the server lists its models with it, but does not refuse to without it ({why}), so it was not tried"
            ),
            "nothing, if models are answered; if they are not, look at the key and at `base_url` of the provider",
        ),
        Tried::Open if has_any => {
            Finding::ok(what, format!("{key}; the server lists its models to anybody, so it was not tried"))
        }
        Tried::Open => Finding::ok(what, "is not needed for the list of models; the server answers"),
        Tried::Refused(status) if has_any => Finding::fail(
            what,
            match secrets.key {
                Some(_) => format!("was refused: the server answered {status}"),
                None => format!("the configured headers were refused: the server answered {status}"),
            },
            wrong(secrets),
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

/// What may be wrong where the server refused what it was sent.
fn wrong(secrets: &Secrets) -> String {
    let places: Vec<&str> = secrets.key.iter().chain(&secrets.headers).map(String::as_str).collect();
    let missing = match secrets.key {
        Some(_) => "",
        None => "; or say where a key is with `key_env` or `key_file` of the provider",
    };
    format!("correct {}, and look whether `base_url` is the right server's{missing}", places.join(" or "))
}
