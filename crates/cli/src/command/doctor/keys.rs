//! Whether the keys of all providers are there, and right: each provider is asked for its list of models, which costs nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use antiphon_providers::{Client, Endpoint, Tried};
use tokio::task::{Id, JoinSet};

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
    let mut names = HashMap::new();
    let mut findings = BTreeMap::new();
    for (name, endpoint) in providers {
        match endpoint {
            Ok(endpoint) => {
                let secrets = config.secrets(name);
                let task = asked.spawn(ask(client.clone(), endpoint, what(name), secrets));
                names.insert(task.id(), name.clone());
            }
            Err(error) => {
                let remedy = "workers here do not sing in its pools; others may";
                findings
                    .insert(name.clone(), Finding::warn(what(name), crate::output::chain(&error), remedy));
            }
        }
    }
    findings.extend(joined(asked, names).await);
    findings.into_values().collect()
}

/// What came of each, by its name. One that panicked must not hide the others.
async fn joined(mut asked: JoinSet<Finding>, mut names: HashMap<Id, String>) -> BTreeMap<String, Finding> {
    let mut findings = BTreeMap::new();
    while let Some(ended) = asked.join_next_with_id().await {
        let (id, finding) = match ended {
            Ok((id, finding)) => (id, Some(finding)),
            Err(error) => (error.id(), None),
        };
        let name = names.remove(&id).unwrap_or_default();
        let finding = finding.unwrap_or_else(|| {
            let remedy = "report it: antiphon has a bug, which standard error tells more of";
            Finding::warn(what(&name), "it was not tried: the attempt ended by itself", remedy)
        });
        findings.insert(name, finding);
    }
    findings
}

fn what(provider: &str) -> String {
    format!("key of {provider}")
}

async fn ask(client: Client, endpoint: Endpoint, what: String, secrets: Secrets) -> Finding {
    said(what, &secrets, client.try_key(&endpoint, PATIENCE).await)
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
            "nothing to do if runs get answers; if they do not, look at the key and at `base_url` of the provider",
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
            "nothing to do if runs get answers, as some keys may ask for nothing else; if they do not, the key is a wrong one",
        ),
        Tried::NoList(status) => Finding::warn(
            what,
            format!("{key}; the server has no list of models, so it was not tried (it answered {status})"),
            "nothing to do if runs get answers; if they do not, correct `base_url` of the provider",
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

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    /// Only a refusal of what was sent is a failure, and only a proof is called right.
    #[test]
    fn what_was_not_tried_is_neither_right_nor_a_failure() {
        let key = Secrets { key: Some("the variable K (`key_env`)".to_owned()), headers: Vec::new() };
        let header = Secrets { key: None, headers: vec!["the variable H (header `h`)".to_owned()] };
        let none = Secrets::default();
        for (secrets, tried, state, words) in [
            (&key, Tried::Right, State::Ok, "is right"),
            (&key, Tried::Open, State::Ok, "not tried"),
            (&header, Tried::Open, State::Ok, "the configured headers are there; "),
            (&none, Tried::Open, State::Ok, "is not needed"),
            (
                &key,
                Tried::Unproved("it answered 500".to_owned()),
                State::Warn,
                "(it answered 500), so it was not tried",
            ),
            (
                &key,
                Tried::Forbidden,
                State::Warn,
                "it may not list models (the server answered 403), so it was not tried",
            ),
            (&key, Tried::Refused(401), State::Fail, "correct the variable K"),
            (&header, Tried::Refused(401), State::Fail, "correct the variable H"),
            (&none, Tried::Refused(403), State::Fail, "none is configured"),
            (&key, Tried::NoList(404), State::Warn, "not tried"),
            (&key, Tried::Unclear(503), State::Warn, "not tried"),
            (&key, Tried::Unreachable("no connection".to_owned()), State::Warn, "not tried"),
        ] {
            let finding = said("key of p".to_owned(), secrets, tried.clone());
            assert_eq!(finding.state, state, "{tried:?}");
            let json = serde_json::to_string(&finding).unwrap();
            assert!(json.contains(words), "{tried:?}: {json}");
            assert_eq!(json.contains("is right:"), tried == Tried::Right, "{json}");
        }
    }

    #[tokio::test]
    async fn one_that_panics_does_not_hide_the_others() {
        let (mut asked, mut names) = (JoinSet::new(), HashMap::new());
        for name in ["a", "b", "c"] {
            let task = asked.spawn(async move {
                assert_ne!(name, "b");
                Finding::ok(what(name), "is right")
            });
            names.insert(task.id(), name.to_owned());
        }
        let findings = joined(asked, names).await;
        let states: Vec<_> = findings.iter().map(|(name, finding)| (name.as_str(), finding.state)).collect();
        assert_eq!(states, [("a", State::Ok), ("b", State::Warn), ("c", State::Ok)]);
    }
}
