//! The broker's management API, for what AMQP has no words for.

use std::time::Duration;

use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::policies::Policy;
use crate::QueueError;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the management API is, and who asks.
#[derive(Debug, Clone)]
pub struct Management {
    /// Such as `http://rabbit.example:15672`.
    pub url: String,
    /// Needs the tag `policymaker`.
    pub user: String,
    /// Of that user.
    pub password: SecretString,
    /// Certificates in PEM that the API's must come from; `None` believes what the system believes.
    pub authority: Option<String>,
}

/// A binding, as the API shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Bound {
    pub(super) destination: String,
    pub(super) routing_key: String,
}

/// The API, for one vhost.
pub(super) struct Api<'a> {
    client: reqwest::Client,
    address: Url,
    management: &'a Management,
    vhost: &'a str,
}

impl<'a> Api<'a> {
    pub(super) fn new(management: &'a Management, vhost: &'a str) -> Result<Self, QueueError> {
        // Errors name the address, so it must hold no secret.
        let address = Url::parse(&management.url).ok().filter(|url| !url.cannot_be_a_base());
        let address = address.filter(|url| url.username().is_empty() && url.password().is_none());
        let address = address.ok_or_else(|| QueueError::Settings {
            what: "the management API's must look like https://host:15671, without user and password"
                .to_owned(),
        })?;
        let mut client =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &management.authority {
            let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
            client = client.tls_certs_only(certificates.map_err(|error| failed(&management.url, &error))?);
        }
        let client = client.build().map_err(|error| failed(&management.url, &error))?;
        Ok(Self { client, address, management, vhost })
    }

    pub(super) async fn set(&self, policy: &Policy) -> Result<(), QueueError> {
        let body = serde_json::to_vec(policy).expect("a policy is plain data");
        self.ask(Method::PUT, &["policies", self.vhost, &policy.name], body).await.map(|_| ())
    }

    pub(super) async fn policy(&self, name: &str) -> Result<Option<Policy>, QueueError> {
        self.get(&["policies", self.vhost, name]).await
    }

    pub(super) async fn unset(&self, name: &str) -> Result<(), QueueError> {
        self.ask(Method::DELETE, &["policies", self.vhost, name], Vec::new()).await.map(|_| ())
    }

    /// What an exchange leads to.
    pub(super) async fn bindings(&self, exchange: &str) -> Result<Vec<Bound>, QueueError> {
        let path = ["exchanges", self.vhost, exchange, "bindings", "source"];
        Ok(self.get(&path).await?.unwrap_or_default())
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Option<T>, QueueError> {
        let Some(said) = self.ask(Method::GET, path, Vec::new()).await? else { return Ok(None) };
        serde_json::from_slice(&said).map(Some).map_err(|error| failed(&self.management.url, &error))
    }

    /// `None` if there is no such thing.
    async fn ask(&self, method: Method, path: &[&str], body: Vec<u8>) -> Result<Option<Vec<u8>>, QueueError> {
        let Management { url, user, password, .. } = self.management;
        let mut address = self.address.clone();
        let segments = address.path_segments_mut();
        segments.map_err(|()| failed(url, &"it is no address"))?.pop_if_empty().push("api").extend(path);
        let request = self.client.request(method, address).basic_auth(user, Some(password.expose_secret()));
        let request = request.header("content-type", "application/json").body(body);
        // An error's own text names the address, but never the header with the password.
        let answer = request.send().await.map_err(|error| failed(url, &error))?;
        let status = answer.status();
        let said = answer.bytes().await.map_err(|error| failed(url, &error))?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            _ if status.is_success() => Ok(Some(said.to_vec())),
            _ => {
                let said: String = String::from_utf8_lossy(&said).chars().take(200).collect();
                Err(failed(url, &format!("{status}: {said}")))
            }
        }
    }
}

fn failed(url: &str, reason: &impl std::fmt::Display) -> QueueError {
    QueueError::Management { url: url.to_owned(), reason: reason.to_string() }
}
