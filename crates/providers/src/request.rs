//! What is asked becomes the effective request: the bytes that are sent, and stored beside the answer.

use antiphon_core::prompt::{Message, Speaker};
use antiphon_core::{Dialect, Provider, Target};
use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::{anthropic, openai};

/// One call: a conversation so far, put to a target. If the last message is the assistant's, it is a prefill that the model is
/// to continue.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Who is asked, and with which sampling parameters.
    pub target: &'a Target,
    /// The system prompt.
    pub system: Option<&'a str>,
    /// The conversation, oldest message first.
    pub messages: &'a [Message],
    /// A seed for this sample, where the suite sends one.
    pub seed: Option<u32>,
    /// An opaque id of the simulated user, where the suite sends one.
    pub end_user_id: Option<&'a str>,
}

impl Ask<'_> {
    /// Whether the model is to continue a beginning of its own answer.
    #[must_use]
    pub fn has_prefill(&self) -> bool {
        self.messages.last().is_some_and(|message| message.speaker == Speaker::Assistant)
    }

    /// Bytes of text that the model is to read.
    #[must_use]
    pub fn content_bytes(&self) -> usize {
        self.system.map_or(0, str::len)
            + self.messages.iter().map(|message| message.text.len()).sum::<usize>()
    }

    /// Messages that the model is to read, the system prompt included.
    #[must_use]
    pub fn message_count(&self) -> usize {
        self.messages.len() + usize::from(self.system.is_some())
    }
}

/// A POST without address and key: those are the [`Endpoint`](crate::Endpoint)'s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Below the base URL.
    pub path: &'static str,
    /// Headers that hold no secret.
    pub headers: &'static [(&'static str, &'static str)],
    /// JSON. A clone shares it.
    pub body: Bytes,
}

impl HttpRequest {
    /// The body as text, to be stored with the sample.
    #[must_use]
    pub fn body_text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body is serialised JSON")
    }
}

/// The target lacks what the call needs; it was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the target does not take {what}")]
pub struct Unsupported {
    /// What it lacks: a sampling parameter's name, `a system prompt` or `a prefill`.
    pub what: &'static str,
}

/// The effective request. Fields stand in a fixed order, and only those that were set.
///
/// # Errors
/// If the card or the API itself does not take something that is set.
pub fn request(ask: &Ask<'_>) -> Result<HttpRequest, Unsupported> {
    check(ask)?;
    let provider = ask.target.provider;
    // Escapes are rare in prompts; the rest of a body is a few hundred bytes.
    let mut body = Vec::with_capacity(ask.content_bytes() * 17 / 16 + 64 * ask.messages.len() + 384);
    match provider {
        Provider::Anthropic => anthropic::write_body(ask, &mut body),
        Provider::Openai | Provider::OpenaiCompatible => openai::write_body(ask, &mut body),
    }
    Ok(HttpRequest { path: path(provider), headers: headers(provider), body: body.into() })
}

/// The path of a provider's API below its base URL. As with the providers' own clients, OpenAI's base URL ends in `/v1` and
/// Anthropic's does not.
pub(crate) fn path(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "/v1/messages",
        Provider::Openai | Provider::OpenaiCompatible => "/chat/completions",
    }
}

/// Headers that go with every request to a provider, without its key.
pub(crate) fn headers(provider: Provider) -> &'static [(&'static str, &'static str)] {
    match provider {
        Provider::Anthropic => {
            &[("content-type", "application/json"), ("anthropic-version", anthropic::VERSION)]
        }
        Provider::Openai | Provider::OpenaiCompatible => &[("content-type", "application/json")],
    }
}

/// Holds what is set against the card, and against what the API has a field for at all: a parameter that a server would silently
/// ignore must not look as if it had been applied.
fn check(ask: &Ask<'_>) -> Result<(), Unsupported> {
    let Target { provider, dialect, parameters, card, .. } = ask.target;
    let has_seed = *provider != Provider::Anthropic;
    let has_top_k = *provider != Provider::Openai && *dialect != Some(Dialect::Ollama);
    let has_prefill = *provider != Provider::Openai;
    let needs = [
        (parameters.temperature.is_some(), card.temperature, "temperature"),
        (parameters.top_p.is_some(), card.top_p, "top_p"),
        (parameters.top_k.is_some(), card.top_k && has_top_k, "top_k"),
        (ask.seed.is_some(), card.seed && has_seed, "seed"),
        (ask.system.is_some(), card.system, "a system prompt"),
        (ask.has_prefill(), card.prefill && has_prefill, "a prefill"),
    ];
    match needs.into_iter().find(|(set, accepted, _)| *set && !accepted) {
        Some((_, _, what)) => Err(Unsupported { what }),
        None => Ok(()),
    }
}

/// A message as all these APIs spell it.
#[derive(Serialize)]
pub(crate) struct Turn<'a> {
    pub(crate) role: &'static str,
    pub(crate) content: &'a str,
}

impl<'a> From<&'a Message> for Turn<'a> {
    fn from(message: &'a Message) -> Self {
        let role = match message.speaker {
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        };
        Self { role, content: &message.text }
    }
}

/// The conversation as a JSON list, with the system prompt as its first turn where the API wants it there.
pub(crate) struct Turns<'a> {
    pub(crate) system: Option<&'a str>,
    pub(crate) messages: &'a [Message],
}

impl Serialize for Turns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let system = self.system.map(|content| Turn { role: "system", content });
        serializer.collect_seq(system.into_iter().chain(self.messages.iter().map(Turn::from)))
    }
}

#[cfg(test)]
pub(crate) mod tests;
