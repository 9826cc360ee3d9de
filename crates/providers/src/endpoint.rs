//! Where a target is and with which key it is asked: the operator's part of a call. Suites never see it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use antiphon_core::Provider;
use memchr::memmem::Finder;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::request;

/// Secrets at least this long are searched for in replies. Shorter ones are placeholders of local servers, such as `EMPTY`, which a
/// model may well say.
const SEARCHED: usize = 16;

/// Addresses that belong to a cloud's metadata service although they are not link-local.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// What the operator's config says about an address. `Debug` does not print the key.
#[derive(Debug)]
pub struct EndpointSettings {
    /// The API that is spoken there.
    pub provider: Provider,
    /// Everything before the API's path; for OpenAI's dialects it ends in `/v1`, for Anthropic it does not.
    pub base_url: String,
    /// The key, if one is needed.
    pub key: Option<SecretString>,
    /// More headers, such as an organisation. Their values count as secrets.
    pub headers: BTreeMap<String, SecretString>,
    /// Whether a call carries its sample's key as `Idempotency-Key`. It tells which probe and user is asked, so it is for the simulator.
    pub send_sample_key: bool,
    /// Whether plain HTTP may go beyond this machine.
    pub allow_insecure: bool,
    /// Whether the address may be link-local, written as a number. That is where clouds serve credentials.
    pub allow_link_local: bool,
}

/// A client or an address that cannot be used. No text holds a key, a URL's password or a header's value.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address.
    #[error("base_url {}cannot be used: {reason}", if host.is_empty() { String::new() } else { format!("of {host:?} ") })]
    BaseUrl {
        /// Its host, as far as it could be read.
        host: String,
        /// Why.
        reason: &'static str,
    },
    /// A header.
    #[error("header {name:?} cannot be sent: its name or value holds characters that headers may not have")]
    Header {
        /// Its name.
        name: String,
    },
    /// The key.
    #[error(
        "the key of {host:?} cannot be sent: it holds line breaks or other characters that headers may not have"
    )]
    Key {
        /// Whose it is.
        host: String,
    },
    /// The proxy.
    #[error("the proxy's address is not a URL: write it as http://host:port")]
    Proxy,
    /// Certificates.
    #[error("the CA file holds no certificates in PEM form")]
    CaFile,
    /// The client as a whole.
    #[error(
        "the HTTP client could not be set up: where the system has no CA certificates, ca_file must name some"
    )]
    Setup(#[source] reqwest::Error),
}

/// An address with its key, prepared for many calls.
pub struct Endpoint {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) send_sample_key: bool,
    /// Find the key and the headers' values in what a server sends back.
    pub(crate) secrets: Vec<Finder<'static>>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// The same host and key, where an OpenAI-compatible server gives vectors of texts.
    #[must_use]
    pub fn for_embeddings(mut self) -> Self {
        let base = self.url.path().trim_end_matches(request::path(Provider::Openai));
        let path = format!("{base}{}", crate::embeddings::PATH);
        self.url.set_path(&path);
        self
    }

    /// Where the list of models is, beside what is asked for answers.
    pub(crate) fn models_url(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let answers = [request::path(Provider::Openai), request::path(Provider::Anthropic)];
        let base = answers.iter().find_map(|answers| url.path().strip_suffix(answers)).unwrap_or_default();
        // Anthropic's base has no version.
        let version = if url.path().ends_with(answers[1]) { "/v1" } else { "" };
        let path = format!("{base}{version}{path}");
        url.set_path(&path);
        url
    }

    /// Whether a key or a secret header goes along.
    pub(crate) fn has_secrets(&self) -> bool {
        self.headers.values().any(HeaderValue::is_sensitive)
    }

    /// Checks an address and prepares its URL and headers.
    ///
    /// # Errors
    /// If the address is no URL, holds credentials, a query or a fragment, leaves this machine without TLS, or is link-local, the last
    /// two unless allowed; if the key or a header cannot be sent.
    pub fn new(settings: &EndpointSettings) -> Result<Self, ClientError> {
        let url = checked(settings)?;
        let host = || url.host_str().unwrap_or_default().to_owned();
        let mut headers = HeaderMap::new();
        for (name, value) in request::headers(settings.provider) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some(key) = &settings.key {
            let (name, value) = match settings.provider {
                Provider::Anthropic => (HeaderName::from_static("x-api-key"), secret(key.expose_secret())),
                Provider::Openai | Provider::OpenaiCompatible => {
                    (AUTHORIZATION, secret(&format!("Bearer {}", key.expose_secret())))
                }
            };
            headers.insert(name, value.ok_or_else(|| ClientError::Key { host: host() })?);
        }
        for (name, value) in &settings.headers {
            let refused = || ClientError::Header { name: name.clone() };
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
            headers.insert(header, secret(value.expose_secret()).ok_or_else(refused)?);
        }
        let secrets = settings.key.iter().chain(settings.headers.values()).flat_map(finders).collect();
        Ok(Self { url, headers, send_sample_key: settings.send_sample_key, secrets })
    }
}

/// What finds a secret: each of its words, since a header may say `Bearer` before the secret proper, also as the JSON of servers
/// that put a backslash before each slash.
fn finders(secret: &SecretString) -> impl Iterator<Item = Finder<'static>> {
    let words = secret.expose_secret().split_whitespace().filter(|word| word.len() >= SEARCHED);
    let escaped = |word: &str| word.contains('/').then(|| word.replace('/', "\\/"));
    words
        .flat_map(move |word| [Some(word.to_owned()), escaped(word)])
        .flatten()
        .map(|form| Finder::new(&form).into_owned())
}

/// A header's value that no `Debug` prints.
fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn checked(settings: &EndpointSettings) -> Result<Url, ClientError> {
    let refuse = |host: &str, reason| Err(ClientError::BaseUrl { host: host.to_owned(), reason });
    let Ok(mut url) = Url::parse(&settings.base_url) else {
        return refuse("", "it is not a URL: write it as https://host/path");
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(&host, "it holds credentials: keys belong into key_file or an environment variable");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse(&host, "it holds a query or a fragment");
    }
    let address = address(&host);
    let loopback = address.map_or(host == "localhost", |ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback || settings.allow_insecure => {}
        "http" => return refuse(&host, "it would send the key in the clear: use https, or allow_insecure"),
        _ => return refuse(&host, "only https and http are spoken"),
    }
    if address.is_some_and(is_link_local) && !settings.allow_link_local {
        return refuse(&host, "it is a link-local or metadata address: allow_link_local permits it");
    }
    let path = format!("{}{}", url.path().trim_end_matches('/'), request::path(settings.provider));
    url.set_path(&path);
    Ok(url)
}

/// The host as an address, if it is written as a number.
fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether credentials of a machine may be served there.
pub(crate) fn is_link_local(address: IpAddr) -> bool {
    METADATA.contains(&address)
        || match address.to_canonical() {
            IpAddr::V4(v4) => v4.is_link_local() || METADATA.contains(&v4.into()),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(base_url: &str) -> EndpointSettings {
        EndpointSettings {
            provider: Provider::Openai,
            base_url: base_url.to_owned(),
            key: Some("canary-key-0123456789".into()),
            headers: BTreeMap::from([("OpenAI-Organization".to_owned(), "canary-organisation".into())]),
            send_sample_key: false,
            allow_insecure: false,
            allow_link_local: false,
        }
    }

    #[test]
    fn the_api_s_path_follows_the_base_url() {
        let url = |provider, base: &str| {
            Endpoint::new(&EndpointSettings { provider, ..settings(base) }).unwrap().url.to_string()
        };
        let openai = "https://api.openai.com/v1/chat/completions";
        assert_eq!(url(Provider::Openai, "https://api.openai.com/v1"), openai);
        assert_eq!(url(Provider::Openai, "https://api.openai.com/v1/"), openai);
        let anthropic = "https://api.anthropic.com/v1/messages";
        assert_eq!(url(Provider::Anthropic, "https://api.anthropic.com"), anthropic);
    }

    #[test]
    fn each_api_has_its_own_place_for_the_key() {
        let endpoint = Endpoint::new(&settings("https://api.openai.com/v1")).unwrap();
        assert_eq!(endpoint.headers["authorization"], "Bearer canary-key-0123456789");
        assert_eq!(endpoint.headers["openai-organization"], "canary-organisation");
        let settings =
            EndpointSettings { provider: Provider::Anthropic, ..settings("https://api.anthropic.com") };
        let endpoint = Endpoint::new(&settings).unwrap();
        assert_eq!(endpoint.headers["x-api-key"], "canary-key-0123456789");
        assert_eq!(endpoint.headers["anthropic-version"], "2023-06-01");
        assert!(!endpoint.headers.contains_key("authorization"));
    }

    #[test]
    fn addresses_that_are_refused() {
        let reason = |base: &str| match Endpoint::new(&settings(base)) {
            Err(ClientError::BaseUrl { reason, .. }) => reason,
            other => panic!("{base}: {other:?}"),
        };
        for (base, words) in [
            ("api.openai.com", "not a URL"),
            ("https://user:canary@host/v1", "credentials"),
            ("https://host/v1?key=canary", "query"),
            ("http://api.openai.com/v1", "in the clear"),
            ("http://10.0.0.5:8000/v1", "in the clear"),
            ("http://localhost.evil.example/v1", "in the clear"),
            ("ftp://host/v1", "only https"),
            ("https://169.254.169.254/latest", "link-local"),
            ("https://[fe80::1]/v1", "link-local"),
            ("https://[::ffff:169.254.169.254]/v1", "link-local"),
            ("https://100.100.100.200/v1", "link-local"),
            ("https://2852039166/v1", "link-local"),
        ] {
            assert!(reason(base).contains(words), "{base}: {}", reason(base));
        }
    }

    #[test]
    fn addresses_that_are_taken() {
        for base in
            ["http://127.0.0.1:9/v1", "http://localhost/v1", "http://[::1]:9/v1", "https://10.0.0.5/v1"]
        {
            Endpoint::new(&settings(base)).unwrap();
        }
        let lab = EndpointSettings { allow_insecure: true, ..settings("http://10.0.0.5:8000/v1") };
        Endpoint::new(&lab).unwrap();
        let near = EndpointSettings { allow_link_local: true, ..settings("https://169.254.1.1/v1") };
        Endpoint::new(&near).unwrap();
    }

    #[test]
    fn no_secret_is_ever_printed() {
        let endpoint = Endpoint::new(&settings("https://host/v1")).unwrap();
        let broken = [
            Endpoint::new(&settings("https://canary:canary@host/")).unwrap_err(),
            Endpoint::new(&EndpointSettings { key: Some("canary\n".into()), ..settings("https://host/") })
                .unwrap_err(),
            Endpoint::new(&EndpointSettings {
                headers: BTreeMap::from([("x".to_owned(), "canary\n".into())]),
                ..settings("https://host/")
            })
            .unwrap_err(),
        ];
        let printed =
            format!("{endpoint:?} {:?} {:?} {broken:?}", endpoint.headers, settings("https://host/"));
        assert!(!printed.contains("canary"), "{printed}");
        for error in broken {
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
