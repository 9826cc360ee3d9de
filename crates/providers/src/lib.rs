//! Speaking to model APIs: pure adapters around one shared HTTP client.
//!
//! | module | what it is |
//! |---|---|
//! | `request` | [`Ask`] → [`HttpRequest`]: the effective request, exactly as it is sent and stored |
//! | `reply` | [`HttpResponse`] → [`Reply`]: an answer, a failed call, or a reason to stop the pool |
//! | `anthropic`, `openai` | the bodies of each API, both ways |
//! | `embeddings` | vectors of texts, both ways |
//! | `failure` | what a refused call means |
//! | `rate_headers` | what a provider says about its limits |
//! | `tokens` | input tokens before a call, and those that nobody sent |
//! | `endpoint`, `client` | address, key and the connections: the only part with I/O |
//! | `try_key` | whether a key is right, without a call that costs |
//!
//! An instrument must not change the stimulus: nothing is sent that the suite did not set, nothing is rewritten by a
//! model's name, and a call that the target cannot take is [`Unsupported`], never quietly altered.

mod anthropic;
mod client;
mod embeddings;
mod endpoint;
mod failure;
mod openai;
mod rate_headers;
mod reply;
mod request;
mod tokens;
mod try_key;

pub use client::{Client, HttpResponse, HttpSettings, TransportError};
pub use embeddings::{Embedded, embeddings_request, parse_embeddings};
pub use endpoint::{ClientError, Endpoint, EndpointSettings};
pub use rate_headers::{Left, RateHeaders};
pub use reply::{Answer, Failure, Reply, Retry, Stop, parse};
pub use request::{Ask, HttpRequest, Unsupported, request};
pub use reqwest::header::HeaderMap;
pub use tokens::{TokenRatio, unexplained_input_tokens};
pub use try_key::Tried;
