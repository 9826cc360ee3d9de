//! The one client that sends. HTTP/1.1, a connection for each call in flight, no redirects, capped bodies.
//!
//! Redirects stay off because a redirect to another host would take `x-api-key` with it. Compression stays off: bodies are small,
//! and a cap is a cap.

use std::net::SocketAddr;
use std::time::Duration;

use antiphon_core::FailureKind;
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Method, Proxy, Request, Response, redirect};
use tokio::time::{Instant, timeout_at};

use crate::endpoint::{ClientError, Endpoint, is_link_local};
use crate::reply::tame;
use crate::request::HttpRequest;

/// Where a sample's key goes.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Connections kept open to a host while nobody uses them: as many as calls were in flight a moment ago.
const IDLE_CONNECTIONS: usize = 2_048;

/// How the client connects.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// A proxy's URL; the system's own settings are not looked at.
    pub proxy: Option<String>,
    /// Certificates in PEM form that are trusted besides the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time of a whole call.
    pub timeout: Duration,
    /// Largest body of a response, in bytes.
    pub max_body_bytes: usize,
    /// Who is calling.
    pub user_agent: String,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            proxy: None,
            ca_pem: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(600),
            max_body_bytes: 8 << 20,
            user_agent: concat!("antiphon/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers, masked like the body.
    pub headers: HeaderMap,
    /// The whole body. Should the server have sent our key or a secret header back, it is masked.
    pub body: Bytes,
    /// From the beginning of the call to the last byte.
    pub latency: Duration,
}

/// No response was had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TransportError {
    /// [`FailureKind::Timeout`], [`FailureKind::Connection`], or [`FailureKind::InvalidResponse`] for a body beyond the cap.
    pub kind: FailureKind,
    /// Whether no connection came about (refused, name unknown, TLS): then nothing was sent, and it concerns the whole pool.
    pub unreachable: bool,
    /// In words, without URL and key.
    pub detail: String,
}

/// The client that all calls of a process share. A clone is the same client.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    timeout: Duration,
    max_body_bytes: usize,
}

impl Client {
    /// A client with connections of its own.
    ///
    /// # Errors
    /// If proxy or certificates cannot be read, or the system has no usable TLS.
    pub fn new(settings: &HttpSettings) -> Result<Self, ClientError> {
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .dns_resolver(PublicNames)
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .user_agent(&settings.user_agent);
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(|_| ClientError::Proxy)?);
        }
        if let Some(pem) = &settings.ca_pem {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|_| ClientError::CaFile)?;
            if certificates.is_empty() {
                return Err(ClientError::CaFile);
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|error| ClientError::Setup(error.without_url()))?;
        Ok(Self { http, timeout: settings.timeout, max_body_bytes: settings.max_body_bytes })
    }

    /// Sends a request and reads the whole response, until the settings' timeout or `deadline`, whichever is first.
    ///
    /// `sample_key` goes along only where the endpoint says so.
    ///
    /// # Errors
    /// If no complete response was had. Whether the provider did the work is unknown then, unless it was `unreachable`.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        request: &HttpRequest,
        sample_key: Option<&str>,
        deadline: Option<Instant>,
    ) -> Result<HttpResponse, TransportError> {
        let begin = Instant::now();
        let end = begin + self.timeout;
        let end = deadline.map_or(end, |deadline| deadline.min(end));
        let call = self.exchange(prepared(endpoint, request, sample_key));
        let (status, mut headers, body) = timeout_at(end, call).await.map_err(|_| TransportError {
            kind: FailureKind::Timeout,
            unreachable: false,
            detail: format!("no complete response within {:.1} s", begin.elapsed().as_secs_f64()),
        })??;
        mask_headers(&mut headers, endpoint);
        Ok(HttpResponse { status, headers, body: masked(body, endpoint), latency: begin.elapsed() })
    }

    async fn exchange(&self, request: Request) -> Result<(u16, HeaderMap, Bytes), TransportError> {
        let mut response = self.http.execute(request).await.map_err(broken)?;
        let body = self.body(&mut response).await?;
        Ok((response.status().as_u16(), std::mem::take(response.headers_mut()), body))
    }

    async fn body(&self, response: &mut Response) -> Result<Bytes, TransportError> {
        // Most bodies are one chunk, which is then not copied.
        let first = response.chunk().await.map_err(broken)?.unwrap_or_default();
        self.check_size(first.len())?;
        let Some(mut next) = response.chunk().await.map_err(broken)? else { return Ok(first) };
        let mut body = Vec::from(first);
        loop {
            self.check_size(body.len().saturating_add(next.len()))?;
            body.extend_from_slice(&next);
            match response.chunk().await.map_err(broken)? {
                Some(chunk) => next = chunk,
                None => return Ok(body.into()),
            }
        }
    }

    fn check_size(&self, bytes: usize) -> Result<(), TransportError> {
        if bytes <= self.max_body_bytes {
            return Ok(());
        }
        let detail = format!("the response is larger than {} bytes", self.max_body_bytes);
        Err(TransportError { kind: FailureKind::InvalidResponse, unreachable: false, detail })
    }
}

fn prepared(endpoint: &Endpoint, request: &HttpRequest, sample_key: Option<&str>) -> Request {
    let mut prepared = Request::new(Method::POST, endpoint.url.clone());
    prepared.headers_mut().clone_from(&endpoint.headers);
    if endpoint.send_sample_key
        && let Some(key) = sample_key.and_then(|key| HeaderValue::from_str(key).ok())
    {
        prepared.headers_mut().insert(IDEMPOTENCY_KEY, key);
    }
    *prepared.body_mut() = Some(request.body.clone().into());
    prepared
}

pub(crate) fn broken(error: reqwest::Error) -> TransportError {
    let unreachable = error.is_connect();
    let kind = if error.is_timeout() { FailureKind::Timeout } else { FailureKind::Connection };
    let error = error.without_url();
    // The innermost cause is the one that says something.
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let what = if unreachable { "no connection" } else { "the connection broke" };
    TransportError { kind, unreachable, detail: tame(&format!("{what}: {cause}")) }
}

/// The body with our secrets blotted out: some servers and proxies repeat what they were sent.
fn masked(mut body: Bytes, endpoint: &Endpoint) -> Bytes {
    for secret in &endpoint.secrets {
        if secret.find(&body).is_none() {
            continue;
        }
        let mut bytes = Vec::from(body);
        while let Some(at) = secret.find(&bytes) {
            bytes[at..at + secret.needle().len()].fill(b'*');
        }
        body = bytes.into();
    }
    body
}

/// The same for headers, of which some, such as the request's id, are stored with the answer.
fn mask_headers(headers: &mut HeaderMap, endpoint: &Endpoint) {
    for value in headers.values_mut() {
        if endpoint.secrets.iter().any(|secret| secret.find(value.as_bytes()).is_some()) {
            *value = HeaderValue::from_static("***");
        }
    }
}

/// The system's names, without those that lead to link-local addresses: a name must not be a way to a cloud's credentials.
struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.filter(|address| !is_link_local(address.ip())).collect();
            if addresses.is_empty() {
                return Err("the name leads to no address that may be called".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
