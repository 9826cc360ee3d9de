//! The Anthropic Messages API.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{Rejection, Said, content::Content, limit_name, put};
use crate::{
    limits::{Meter, Meters},
    question::{Question, Role, Turn},
    voice::Ending,
};

/// The request body. A field that the API does not have is refused, as the API does, so that a misspelt one shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that are accepted and change nothing")]
struct Body {
    model: String,
    max_tokens: u32,
    messages: Vec<Message>,
    #[serde(default)]
    system: Option<Content>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    #[serde(default)]
    stream: bool,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    cache_control: Option<IgnoredAny>,
    container: Option<IgnoredAny>,
    inference_geo: Option<IgnoredAny>,
    metadata: Option<IgnoredAny>,
    output_config: Option<IgnoredAny>,
    service_tier: Option<IgnoredAny>,
    speed: Option<IgnoredAny>,
    thinking: Option<IgnoredAny>,
    tool_choice: Option<IgnoredAny>,
    tools: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Message {
    role: Speaker,
    content: Content,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Speaker {
    /// In the middle of a conversation; its beginning has a field of its own.
    System,
    User,
    Assistant,
}

/// The versions of the API. The newer one has no sampling parameters, whatever the model.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Of2023,
    Of2026,
}

impl Version {
    fn read(headers: &HeaderMap) -> Result<Self, Rejection> {
        match headers.get("anthropic-version").map(HeaderValue::as_bytes) {
            Some(b"2023-06-01") => Ok(Self::Of2023),
            Some(b"2026-10-21") => Ok(Self::Of2026),
            Some(_) => {
                Err(Rejection::invalid("anthropic-version: unknown version; send 2023-06-01 or 2026-10-21"))
            }
            None => Err(Rejection::invalid("anthropic-version: header is required")),
        }
    }
}

pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Question, Rejection> {
    let version = Version::read(headers)?;
    let body: Body = serde_json::from_slice(body).map_err(|error| Rejection::invalid(worded(&error)))?;
    if body.stream {
        return Err(Rejection::invalid("stream: the simulator does not stream; send false"));
    }
    if body.max_tokens == 0 {
        return Err(Rejection::invalid("max_tokens: Input should be greater than or equal to 1"));
    }
    if body.messages.is_empty() {
        return Err(Rejection::invalid("messages: at least one message is required"));
    }
    let prefill_ends_blank = body.messages.last().is_some_and(|last| {
        matches!(last.role, Speaker::Assistant) && last.content.0.ends_with(char::is_whitespace)
    });
    if prefill_ends_blank {
        return Err(Rejection::invalid(
            "messages: final assistant content cannot end with trailing whitespace",
        ));
    }
    let sampling = [
        ("temperature", body.temperature.is_some()),
        ("top_p", body.top_p.is_some()),
        ("top_k", body.top_k.is_some()),
    ];
    let sampling = sampling.into_iter().find_map(|(name, sent)| sent.then_some(name));
    if let (Some(name), Version::Of2026) = (sampling, version) {
        return Err(Rejection::invalid(format!("{name}: Extra inputs are not permitted")));
    }
    let system = body.system.map(|content| Turn { role: Role::System, text: content.0 });
    let messages = body.messages.into_iter().map(|message| Turn {
        role: match message.role {
            Speaker::System => Role::System,
            Speaker::User => Role::User,
            Speaker::Assistant => Role::Assistant,
        },
        text: message.content.0,
    });
    Ok(Question {
        model: body.model,
        turns: system.into_iter().chain(messages).collect(),
        max_tokens: Some(body.max_tokens),
        stop: body.stop_sequences,
        sampling,
    })
}

/// The API's own words for the two mistakes that matter most.
fn worded(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quoted = text.split('`').nth(1).unwrap_or_default();
    if text.starts_with("unknown field") {
        format!("{quoted}: Extra inputs are not permitted")
    } else if text.starts_with("missing field") {
        format!("{quoted}: Field required")
    } else {
        text
    }
}

/// The reply. Typed, since writing it is a good part of what a call costs.
#[derive(Serialize)]
struct Reply<'a> {
    id: &'a str,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: &'a [Block<'a>],
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    stop_details: Option<RefusalDetails>,
    usage: Usage,
}

#[derive(Serialize)]
struct Block<'a> {
    r#type: &'static str,
    text: &'a str,
    citations: (),
}

#[derive(Serialize)]
struct RefusalDetails {
    r#type: &'static str,
    category: (),
    explanation: (),
}

#[derive(Serialize)]
struct Usage {
    input_tokens: u32,
    output_tokens: u32,
    cache_creation_input_tokens: u32,
    cache_read_input_tokens: u32,
    service_tier: &'static str,
}

pub(super) fn write(said: &Said<'_>) -> Vec<u8> {
    let utterance = said.utterance;
    let (stop_reason, stop_sequence) = match &utterance.ending {
        Ending::Natural => ("end_turn", None),
        Ending::Length => ("max_tokens", None),
        Ending::Stop(sequence) => ("stop_sequence", Some(sequence.as_str())),
        Ending::Refused | Ending::Filtered => ("refusal", None),
    };
    let refusal = RefusalDetails { r#type: "refusal", category: (), explanation: () };
    let block = [Block { r#type: "text", text: &utterance.text, citations: () }];
    let reply = Reply {
        id: said.token,
        r#type: "message",
        role: "assistant",
        model: &said.voice.name,
        content: if utterance.text.is_empty() { &[] } else { &block },
        stop_reason,
        stop_sequence,
        stop_details: (stop_reason == "refusal").then_some(refusal),
        usage: Usage {
            input_tokens: utterance.input_tokens,
            output_tokens: utterance.output_tokens,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            service_tier: "standard",
        },
    };
    serde_json::to_vec(&reply).expect("strings and numbers are JSON")
}

pub(super) fn write_rejection(rejection: &Rejection, request_id: &str) -> (u16, Vec<u8>) {
    let (status, kind, message) = match rejection {
        Rejection::Unauthorized => (401, "authentication_error", "invalid x-api-key".to_owned()),
        Rejection::Invalid { message, .. } => (400, "invalid_request_error", message.clone()),
        Rejection::UnknownModel(model) => (404, "not_found_error", format!("model: {model}")),
        Rejection::RateLimited(exceeded) => {
            let limit = limit_name(exceeded.dimension);
            (
                429,
                "rate_limit_error",
                format!("This request would exceed your organization's rate limit of {limit}."),
            )
        }
        Rejection::Quota => {
            let text = "Your credit balance is too low to access the Anthropic API.";
            (400, "invalid_request_error", text.to_owned())
        }
        Rejection::Overloaded => (529, "overloaded_error", "Overloaded".to_owned()),
        Rejection::ServerError => (500, "api_error", "Internal server error".to_owned()),
    };
    let body =
        json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id});
    (status, body.to_string().into_bytes())
}

pub(super) fn headers(headers: &mut HeaderMap, id: &str, meters: Option<&Meters>, now: Duration) {
    put(headers, "request-id", id);
    put(headers, "anthropic-organization-id", "00000000-0000-4000-8000-000000000000");
    let Some(meters) = meters else { return };
    let time = |meter: Meter| full_at(now, meter);
    let requests = meters.requests;
    headers.insert("anthropic-ratelimit-requests-limit", requests.limit.into());
    headers.insert("anthropic-ratelimit-requests-remaining", requests.remaining.into());
    put(headers, "anthropic-ratelimit-requests-reset", &time(requests));
    headers.insert("anthropic-ratelimit-input-tokens-limit", meters.input.limit.into());
    headers.insert("anthropic-ratelimit-input-tokens-remaining", thousands(meters.input).into());
    put(headers, "anthropic-ratelimit-input-tokens-reset", &time(meters.input));
    headers.insert("anthropic-ratelimit-output-tokens-limit", meters.output.limit.into());
    headers.insert("anthropic-ratelimit-output-tokens-remaining", thousands(meters.output).into());
    put(headers, "anthropic-ratelimit-output-tokens-reset", &time(meters.output));
    // The headers without a direction speak of the tighter limit.
    let tokens = [meters.input, meters.output].into_iter().min_by_key(|meter| meter.remaining);
    let tokens = tokens.unwrap_or(meters.input);
    headers.insert("anthropic-ratelimit-tokens-limit", tokens.limit.into());
    headers.insert("anthropic-ratelimit-tokens-remaining", thousands(tokens).into());
    put(headers, "anthropic-ratelimit-tokens-reset", &time(tokens));
}

pub(super) fn models<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    let data: Vec<Value> = names.map(model).collect();
    let id = |entry: Option<&Value>| entry.map(|entry| entry["id"].clone());
    json!({"has_more": false, "first_id": id(data.first()), "last_id": id(data.last()), "data": data})
}

pub(super) fn model(name: &str) -> Value {
    json!({
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
    })
}

/// Remaining tokens are told to the nearest thousand.
fn thousands(meter: Meter) -> u32 {
    meter.remaining.saturating_add(500) / 1000 * 1000
}

/// RFC 3339, in whole seconds, rounded up.
fn full_at(now: Duration, meter: Meter) -> String {
    let at = now + meter.reset;
    let seconds = i64::try_from(at.as_secs()).unwrap_or(0) + i64::from(at.subsec_nanos() > 0);
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}
