//! Is a key right? The list of models costs nothing and wants the same key as an answer does.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Request};
use tokio::time::timeout;

use crate::client::broken;
use crate::{Client, Endpoint};

/// Below the base URL's version, in both APIs.
const PATH: &str = "/models";

/// What a server says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It lists its models with the key, and refuses to without it: 401 or 403.
    Right,
    /// It lists its models with the key. Without it, it neither does nor refuses, so nothing shows that the key was needed; why, without
    /// URL and key.
    Unproved(String),
    /// It lists its models to anybody, so it has said nothing of the key.
    Open,
    /// It wants another key (401), or one at all (401 or 403).
    Refused(u16),
    /// It took the key and does not show its models, 403: the key may be one that may only ask for answers.
    Forbidden,
    /// It has no list of models: 404 or 405.
    NoList(u16),
    /// It answered something else, which says nothing of the key.
    Unclear(u16),
    /// It did not answer; why, without URL and key.
    Unreachable(String),
}

impl Client {
    /// Asks for the list of models with the endpoint's key, and where there is one also without it: what is given to anybody proves no key.
    pub async fn try_key(&self, endpoint: &Endpoint, patience: Duration) -> Tried {
        let with = self.status(endpoint, endpoint.headers.clone(), patience).await;
        let status = match with {
            Ok(status) => status,
            Err(detail) => return Tried::Unreachable(detail),
        };
        match status {
            403 if endpoint.has_secrets() => return Tried::Forbidden,
            401 | 403 => return Tried::Refused(status),
            404 | 405 => return Tried::NoList(status),
            200..=299 => {}
            _ => return Tried::Unclear(status),
        }
        if !endpoint.has_secrets() {
            return Tried::Open;
        }
        let public = endpoint.headers.iter().filter(|(_, value)| !value.is_sensitive());
        let public = public.map(|(name, value)| (name.clone(), value.clone())).collect();
        match self.status(endpoint, public, patience).await {
            Ok(200..=299) => Tried::Open,
            Ok(401 | 403) => Tried::Right,
            Ok(status) => Tried::Unproved(format!("it answered {status}")),
            Err(detail) => Tried::Unproved(detail),
        }
    }

    /// The status of the list of models. Its body is not read: it may be large.
    async fn status(
        &self,
        endpoint: &Endpoint,
        headers: HeaderMap,
        patience: Duration,
    ) -> Result<u16, String> {
        let mut request = Request::new(Method::GET, endpoint.models_url(PATH));
        *request.headers_mut() = headers;
        let slow = |_| format!("no answer within {:.0} s", patience.as_secs_f64());
        let answer = timeout(patience, self.http.execute(request)).await.map_err(slow)?;
        Ok(answer.map_err(|error| broken(error).detail)?.status().as_u16())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use antiphon_core::Provider;

    use super::*;
    use crate::{EndpointSettings, HttpSettings};

    const KEY: &str = "canary-key-0123456789";

    /// What a server does where the key is not sent along.
    #[derive(Debug, Clone, Copy)]
    enum Without {
        Answers(u16),
        Closes,
        Hangs,
    }

    /// A server that answers so with the key and does so without it, and the endpoint that leads there.
    fn server(provider: Provider, with: u16, without: Without, key: Option<&str>) -> Endpoint {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut head = String::new();
                while stream.read_line(&mut head).unwrap() > 2 {}
                assert!(head.starts_with("GET /v1/models HTTP/1.1\r\n"), "{head}");
                let status = match without {
                    _ if head.contains(KEY) => with,
                    Without::Answers(status) => status,
                    Without::Closes => continue,
                    Without::Hangs => {
                        silent.push(stream);
                        continue;
                    }
                };
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        let base = if provider == Provider::Anthropic { "" } else { "/v1" };
        endpoint(provider, &format!("http://{address}{base}"), key)
    }

    fn endpoint(provider: Provider, base_url: &str, key: Option<&str>) -> Endpoint {
        Endpoint::new(&EndpointSettings {
            provider,
            base_url: base_url.to_owned(),
            key: key.map(Into::into),
            headers: BTreeMap::new(),
            send_sample_key: false,
            allow_insecure: false,
            allow_link_local: false,
        })
        .unwrap()
    }

    #[tokio::test]
    async fn a_status_says_what_the_key_is() {
        let client = Client::new(&HttpSettings::default()).unwrap();
        for provider in [Provider::Anthropic, Provider::Openai, Provider::OpenaiCompatible] {
            for (with, without, key, says) in [
                (200, 401, Some(KEY), Tried::Right),
                (200, 200, Some(KEY), Tried::Open),
                (200, 200, None, Tried::Open),
                (200, 403, Some(KEY), Tried::Right),
                (200, 302, Some(KEY), Tried::Unproved("it answered 302".to_owned())),
                (200, 404, Some(KEY), Tried::Unproved("it answered 404".to_owned())),
                (200, 429, Some(KEY), Tried::Unproved("it answered 429".to_owned())),
                (200, 500, Some(KEY), Tried::Unproved("it answered 500".to_owned())),
                (401, 401, Some(KEY), Tried::Refused(401)),
                (403, 200, Some(KEY), Tried::Forbidden),
                (403, 401, Some(KEY), Tried::Forbidden),
                (200, 403, None, Tried::Refused(403)),
                (200, 401, None, Tried::Refused(401)),
                (404, 404, Some(KEY), Tried::NoList(404)),
                (405, 405, Some(KEY), Tried::NoList(405)),
                (503, 503, Some(KEY), Tried::Unclear(503)),
                (302, 302, Some(KEY), Tried::Unclear(302)),
            ] {
                let server = server(provider, with, Without::Answers(without), key);
                let tried = client.try_key(&server, Duration::from_secs(30)).await;
                assert_eq!(tried, says, "{provider:?} {with} {without}");
            }
        }
    }

    #[tokio::test]
    async fn who_does_not_answer_without_the_key_proves_nothing() {
        let client = Client::new(&HttpSettings::default()).unwrap();
        for (without, says) in [(Without::Closes, "connection"), (Without::Hangs, "no answer within 5 s")] {
            let server = server(Provider::Openai, 200, without, Some(KEY));
            let Tried::Unproved(why) = client.try_key(&server, Duration::from_secs(5)).await else {
                panic!("{without:?} says nothing of the key")
            };
            assert!(why.contains(says) && !why.contains("127.0.0.1") && !why.contains(KEY), "{why}");
        }
    }

    #[tokio::test]
    async fn who_does_not_answer_is_not_reachable() {
        let client = Client::new(&HttpSettings::default()).unwrap();
        let nobody = endpoint(Provider::Openai, "http://127.0.0.1:1/v1", Some(KEY));
        let Tried::Unreachable(why) = client.try_key(&nobody, Duration::from_secs(30)).await else {
            panic!("nobody listens")
        };
        assert!(why.contains("refused") && !why.contains("127.0.0.1"), "{why}");
        // It takes the connection and says nothing.
        let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let base = format!("http://{}/v1", silent.local_addr().unwrap());
        let tried = client.try_key(&endpoint(Provider::Openai, &base, None), Duration::from_millis(50)).await;
        assert_eq!(tried, Tried::Unreachable("no answer within 0 s".to_owned()));
    }
}
