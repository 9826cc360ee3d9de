//! Anthropic Messages: bodies both ways.

use antiphon_core::{Billing, Outcome, Usage};
use serde::{Deserialize, Serialize};

use crate::reply::Answer;
use crate::request::{Ask, Turns};

/// The version of the API that is spoken.
pub(crate) const VERSION: &str = "2023-06-01";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Turns<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// Appends the body of `ask`. A prefill needs nothing special: the last message is the assistant's.
pub(crate) fn write_body(ask: &Ask<'_>, out: &mut Vec<u8>) {
    let parameters = &ask.target.parameters;
    let body = Body {
        model: &ask.target.model,
        max_tokens: parameters.max_tokens,
        system: ask.system,
        messages: Turns { system: None, messages: ask.messages },
        temperature: parameters.temperature,
        top_p: parameters.top_p,
        top_k: parameters.top_k,
        stop_sequences: &parameters.stop,
        metadata: ask.end_user_id.map(|user_id| Metadata { user_id }),
    };
    serde_json::to_writer(out, &body).expect("texts and numbers are always JSON");
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Tokens>,
}

/// A block of content; all but text (thinking, for one) is not what the user reads.
#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: BlockKind,
    text: Option<String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum BlockKind {
    Text,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Tokens {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl From<Tokens> for Usage {
    /// What was written to or read from a cache is input like any other, but is listed apart.
    fn from(tokens: Tokens) -> Self {
        let cached = tokens.cache_read_input_tokens.unwrap_or(0);
        let fresh = tokens.input_tokens.unwrap_or(0);
        let written = tokens.cache_creation_input_tokens.unwrap_or(0);
        Self {
            input_tokens: fresh.saturating_add(written).saturating_add(cached),
            cached_input_tokens: cached,
            output_tokens: tokens.output_tokens.unwrap_or(0),
        }
    }
}

/// Reads the body of a 200. The request's id is the caller's to fill in.
pub(crate) fn read_answer(body: &[u8]) -> Result<Answer, String> {
    let message: Message = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut texts = message.content.into_iter().filter(|block| block.kind == BlockKind::Text);
    let mut text = texts.next().and_then(|block| block.text).unwrap_or_default();
    texts.filter_map(|block| block.text).for_each(|more| text.push_str(&more));
    let outcome = match message.stop_reason.as_deref() {
        Some("refusal") => Outcome::Refused,
        Some("max_tokens" | "model_context_window_exceeded") => Outcome::Truncated,
        _ if text.trim().is_empty() => Outcome::Empty,
        _ => Outcome::Answered,
    };
    let billing = Billing {
        response_id: message.id,
        model: message.model,
        stop_reason: message.stop_reason,
        usage: message.usage.map(Usage::from),
        ..Billing::default()
    };
    Ok(Answer { outcome, text, billing })
}
