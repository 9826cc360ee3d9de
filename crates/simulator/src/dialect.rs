//! The two APIs that the simulator speaks: how a request reads, and how an answer or an error is written.

pub(crate) mod anthropic;
mod content;
pub(crate) mod openai;

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    ledger::TokenKind,
    limits::{Dimension, Exceeded, Meters},
    question::Question,
    voice::{Utterance, Voice},
};

/// Whose API a call came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Anthropic Messages.
    Anthropic,
    /// `OpenAI` Chat Completions, and the servers that are compatible with it.
    OpenAi,
}

/// Why a call gets no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rejection {
    /// No key, or a wrong one.
    Unauthorized,
    /// The request is not valid: what is wrong, and the field.
    Invalid {
        message: String,
        param: Option<&'static str>,
        code: Option<&'static str>,
    },
    UnknownModel(String),
    RateLimited(Exceeded),
    Quota,
    Overloaded,
    ServerError,
}

/// What is left to write down when a voice has spoken.
pub(crate) struct Said<'a> {
    pub(crate) token: &'a str,
    pub(crate) voice: &'a Voice,
    pub(crate) utterance: &'a Utterance,
    pub(crate) seconds: u64,
}

impl Rejection {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), param: None, code: None }
    }
}

impl Dialect {
    /// Whose caller asks for models.
    pub(crate) fn of_models(headers: &HeaderMap) -> Self {
        if headers.contains_key("anthropic-version") { Self::Anthropic } else { Self::OpenAi }
    }

    /// One model, as it stands in the list of models.
    pub(crate) fn model(self, name: &str) -> serde_json::Value {
        match self {
            Self::Anthropic => anthropic::model(name),
            Self::OpenAi => openai::model(name),
        }
    }

    pub(crate) fn token_kind(self) -> TokenKind {
        match self {
            Self::Anthropic => TokenKind::Anthropic,
            Self::OpenAi => TokenKind::OpenAi,
        }
    }

    /// The key that the caller sent. Anthropic's API has a header of its own for it, which its newer clients do not use.
    pub(crate) fn api_key(self, headers: &HeaderMap) -> Option<&str> {
        let own = headers.get("x-api-key").filter(|_| self == Self::Anthropic);
        match own {
            Some(key) => key.to_str().ok(),
            None => headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer "),
        }
    }

    pub(crate) fn read(self, headers: &HeaderMap, body: &[u8]) -> Result<Question, Rejection> {
        match self {
            Self::Anthropic => anthropic::read(headers, body),
            Self::OpenAi => openai::read(body),
        }
    }

    /// What the model's card forbids.
    pub(crate) fn check_card(self, question: &Question, voice: &Voice) -> Result<(), Rejection> {
        if let Some(name) = question.sampling.filter(|_| !voice.accepts_sampling) {
            return Err(match self {
                Self::Anthropic => Rejection::invalid(format!("`{name}` is deprecated for this model.")),
                Self::OpenAi => Rejection::Invalid {
                    message: format!("Unsupported parameter: '{name}' is not supported with this model."),
                    param: Some(name),
                    code: Some("unsupported_parameter"),
                },
            });
        }
        if question.prefill().is_some() && !voice.accepts_prefill {
            return Err(Rejection::invalid(
                "This model does not support assistant message prefill. The conversation must end with a user message.",
            ));
        }
        Ok(())
    }

    pub(crate) fn write(self, said: &Said<'_>) -> Vec<u8> {
        match self {
            Self::Anthropic => anthropic::write(said),
            Self::OpenAi => openai::write(said),
        }
    }

    /// Status and body of an error.
    pub(crate) fn write_rejection(self, rejection: &Rejection, request_id: &str) -> (u16, Vec<u8>) {
        match self {
            Self::Anthropic => anthropic::write_rejection(rejection, request_id),
            Self::OpenAi => openai::write_rejection(rejection),
        }
    }

    /// Request id and, once a limit was looked at, its state. `now` is the time since 1970.
    pub(crate) fn headers(self, headers: &mut HeaderMap, id: &str, meters: Option<&Meters>, now: Duration) {
        match self {
            Self::Anthropic => anthropic::headers(headers, id, meters, now),
            Self::OpenAi => openai::headers(headers, id, meters),
        }
    }

    /// When a call that was sent away may come again.
    pub(crate) fn retry_headers(self, headers: &mut HeaderMap, wait: Duration) {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert("retry-after", seconds.into());
        if self == Self::OpenAi {
            let millis = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
            headers.insert("retry-after-ms", millis.into());
        }
    }
}

/// How a limit is named in an error text.
fn limit_name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Requests => "requests per minute",
        Dimension::InputTokens => "input tokens per minute",
        Dimension::OutputTokens => "output tokens per minute",
        Dimension::Concurrency => "concurrent connections",
    }
}

/// The list of models. Both APIs have it under one path, and only Anthropic's callers send a version.
pub(crate) fn models<'a>(headers: &HeaderMap, names: impl Iterator<Item = &'a str>) -> serde_json::Value {
    match Dialect::of_models(headers) {
        Dialect::Anthropic => anthropic::models(names),
        Dialect::OpenAi => openai::models(names),
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let value = HeaderValue::from_str(value).expect("digits, letters and signs are a header value");
    headers.insert(HeaderName::from_static(name), value);
}

#[cfg(test)]
mod tests;
