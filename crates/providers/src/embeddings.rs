//! Vectors of texts by OpenAI's `/embeddings`, which compatible servers speak too.

use std::time::SystemTime;

use antiphon_core::Usage;
use serde::{Deserialize, Serialize};

use crate::client::HttpResponse;
use crate::failure;
use crate::reply::{Failure, Reply, Stop};
use crate::request::HttpRequest;

/// Below a base URL that ends in `/v1`.
pub(crate) const PATH: &str = "/embeddings";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Vectors {
    data: Vec<Vector>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Vector {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
}

/// What a call for vectors came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Embedded {
    /// One vector for each text, in their order, all of the same length, of finite numbers.
    Vectors(Vec<Vec<f32>>, Option<Usage>),
    /// This call failed.
    Failure(Failure),
    /// No call of this pool can succeed.
    Stop(Stop),
}

/// The request for the vectors of some texts, at least one; none of them may be empty.
#[must_use]
pub fn embeddings_request(model: &str, texts: &[&str]) -> HttpRequest {
    let body = Body { model, input: texts, encoding_format: "float" };
    HttpRequest {
        path: PATH,
        headers: &[("content-type", "application/json")],
        body: serde_json::to_vec(&body).expect("texts are always JSON").into(),
    }
}

/// Sorts the response to a request for the vectors of `count` texts. `now` turns dates in headers into waits.
#[must_use]
pub fn parse_embeddings(response: &HttpResponse, count: usize, now: SystemTime) -> Embedded {
    if !(200..300).contains(&response.status) {
        return match failure::read(response, now) {
            Reply::Failure(failure) => Embedded::Failure(failure),
            Reply::Stop(stop) => Embedded::Stop(stop),
            // A filter that takes the texts for a prompt: no vectors, and none the next time.
            Reply::Answer(answer) => Embedded::Stop(Stop {
                reason: answer
                    .billing
                    .stop_reason
                    .unwrap_or_else(|| "the provider filtered the texts".to_owned()),
                misconfigured: false,
            }),
        };
    }
    match read(&response.body, count) {
        Ok((vectors, usage)) => Embedded::Vectors(vectors, usage),
        Err(reason) => Embedded::Failure(failure::invalid(response, &reason)),
    }
}

fn read(body: &[u8], count: usize) -> Result<(Vec<Vec<f32>>, Option<Usage>), String> {
    let found: Vectors = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut vectors: Vec<Vec<f32>> = vec![Vec::new(); count];
    for Vector { index, embedding } in found.data {
        let place = vectors.get_mut(index).ok_or("a vector of no text")?;
        if embedding.is_empty() || embedding.iter().any(|number| !number.is_finite()) {
            return Err("a vector without numbers".to_owned());
        }
        *place = embedding;
    }
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|vector| vector.is_empty() || vector.len() != length) {
        return Err("a text without a vector, or vectors of several lengths".to_owned());
    }
    let input_tokens = found.usage.and_then(|usage| usage.prompt_tokens);
    Ok((vectors, input_tokens.map(|input_tokens| Usage { input_tokens, ..Usage::default() })))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Retry;

    fn response(status: u16, body: &str) -> HttpResponse {
        let body = body.to_owned().into();
        HttpResponse { status, headers: crate::HeaderMap::new(), body, latency: Duration::ZERO }
    }

    fn parsed(status: u16, body: &str) -> Embedded {
        parse_embeddings(&response(status, body), 2, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_golden_request() {
        let request = embeddings_request("m", &["a \"b\"", "c"]);
        assert_eq!(request.body_text(), r#"{"model":"m","input":["a \"b\"","c"],"encoding_format":"float"}"#);
        assert_eq!(request.path, "/embeddings");
    }

    #[test]
    fn vectors_stand_in_the_order_of_the_texts() {
        let body = r#"{"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2]}],"usage":{"prompt_tokens":7,"total_tokens":7}}"#;
        let usage = Usage { input_tokens: 7, ..Usage::default() };
        assert_eq!(parsed(200, body), Embedded::Vectors(vec![vec![1.0, 2.0], vec![3.0, 4.0]], Some(usage)));
    }

    #[test]
    fn what_are_no_vectors_is_a_failure() {
        for body in [
            "",
            "{}",
            r#"{"data":[{"index":0,"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1e60]},{"index":1,"embedding":[1]}]}"#,
        ] {
            let Embedded::Failure(failure) = parsed(200, body) else { panic!("{body}") };
            assert_eq!(failure.retry, Retry::Transient, "{body}");
        }
        assert!(matches!(
            parsed(429, "{}"),
            Embedded::Failure(Failure { retry: Retry::RateLimited { .. }, .. })
        ));
        assert!(matches!(parsed(401, "{}"), Embedded::Stop(Stop { misconfigured: true, .. })));
        assert!(matches!(
            parsed(400, r#"{"error":{"code":"content_filter","message":"no"}}"#),
            Embedded::Stop(_)
        ));
    }
}
