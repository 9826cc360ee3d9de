//! The `OpenAI` Chat Completions API, with what compatible servers add to it.

use std::time::Duration;

use axum::http::HeaderMap;
use serde::{
    Deserialize, Serialize,
    de::{Deserializer, IgnoredAny},
};
use serde_json::{Value, json};

use super::{Rejection, Said, content::Content, limit_name, put};
use crate::{
    limits::Meters,
    question::{Question, Role, Turn},
    voice::Ending,
};

/// The request body: the API's fields, then those of compatible servers. Others are refused, so that a misspelt one shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that are accepted and change nothing")]
struct Body {
    model: String,
    messages: Vec<Message>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    #[serde(default, deserialize_with = "one_or_many")]
    stop: Vec<String>,
    stream: Option<bool>,
    n: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    audio: Option<IgnoredAny>,
    function_call: Option<IgnoredAny>,
    functions: Option<IgnoredAny>,
    logit_bias: Option<IgnoredAny>,
    logprobs: Option<IgnoredAny>,
    metadata: Option<IgnoredAny>,
    modalities: Option<IgnoredAny>,
    moderation: Option<IgnoredAny>,
    parallel_tool_calls: Option<IgnoredAny>,
    prediction: Option<IgnoredAny>,
    prompt_cache_key: Option<IgnoredAny>,
    prompt_cache_options: Option<IgnoredAny>,
    prompt_cache_retention: Option<IgnoredAny>,
    reasoning_effort: Option<IgnoredAny>,
    response_format: Option<IgnoredAny>,
    safety_identifier: Option<IgnoredAny>,
    seed: Option<IgnoredAny>,
    service_tier: Option<IgnoredAny>,
    store: Option<IgnoredAny>,
    stream_options: Option<IgnoredAny>,
    tool_choice: Option<IgnoredAny>,
    tools: Option<IgnoredAny>,
    top_logprobs: Option<IgnoredAny>,
    user: Option<IgnoredAny>,
    verbosity: Option<IgnoredAny>,
    web_search_options: Option<IgnoredAny>,
    // Compatible servers.
    top_k: Option<i64>,
    min_p: Option<f64>,
    repetition_penalty: Option<f64>,
    add_generation_prompt: Option<IgnoredAny>,
    cache_prompt: Option<IgnoredAny>,
    chat_template_kwargs: Option<IgnoredAny>,
    continue_final_message: Option<IgnoredAny>,
    ignore_eos: Option<IgnoredAny>,
    min_tokens: Option<IgnoredAny>,
    options: Option<IgnoredAny>,
    provider: Option<IgnoredAny>,
    reasoning: Option<IgnoredAny>,
    think: Option<IgnoredAny>,
    transforms: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Message {
    role: Speaker,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Speaker {
    System,
    Developer,
    User,
    Assistant,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stop {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Option::<Stop>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Stop::One(stop)) => vec![stop],
        Some(Stop::Many(stops)) => stops,
    })
}

pub(super) fn read(body: &[u8]) -> Result<Question, Rejection> {
    let body: Body = serde_json::from_slice(body).map_err(|error| Rejection::invalid(worded(&error)))?;
    let refuse = |param, message: &str| {
        Err(Rejection::Invalid {
            message: message.to_owned(),
            param: Some(param),
            code: Some("unsupported_value"),
        })
    };
    if body.stream == Some(true) {
        return refuse("stream", "The simulator does not stream; send false.");
    }
    if body.n.is_some_and(|n| n != 1) {
        return refuse("n", "The simulator gives one choice a call; send 1.");
    }
    if body.messages.is_empty() {
        return refuse(
            "messages",
            "Invalid 'messages': empty array. Expected an array with minimum length 1.",
        );
    }
    if body.max_tokens == Some(0) || body.max_completion_tokens == Some(0) {
        return refuse(
            "max_tokens",
            "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1.",
        );
    }
    let sampling = [
        ("temperature", body.temperature.is_some()),
        ("top_p", body.top_p.is_some()),
        ("top_k", body.top_k.is_some()),
    ];
    let turns = body.messages.into_iter().map(|message| Turn {
        role: match message.role {
            Speaker::System | Speaker::Developer => Role::System,
            Speaker::User => Role::User,
            Speaker::Assistant => Role::Assistant,
        },
        text: message.content.unwrap_or_default().0,
    });
    Ok(Question {
        model: body.model,
        turns: turns.collect(),
        max_tokens: body.max_completion_tokens.or(body.max_tokens),
        stop: body.stop,
        sampling: sampling.into_iter().find_map(|(name, sent)| sent.then_some(name)),
    })
}

fn worded(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quoted = text.split('`').nth(1).unwrap_or_default();
    if text.starts_with("unknown field") {
        format!("Unrecognized request argument supplied: {quoted}")
    } else if text.starts_with("missing field") {
        format!("Missing required parameter: '{quoted}'.")
    } else {
        text
    }
}

/// The reply. Typed, since writing it is a good part of what a call costs.
#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    usage: Usage,
    service_tier: &'static str,
    system_fingerprint: String,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: Answer<'a>,
    logprobs: (),
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Answer<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    annotations: [(); 0],
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Default, Serialize)]
struct PromptDetails {
    cached_tokens: u32,
    audio_tokens: u32,
}

#[derive(Default, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u32,
    audio_tokens: u32,
    accepted_prediction_tokens: u32,
    rejected_prediction_tokens: u32,
}

pub(super) fn write(said: &Said<'_>) -> Vec<u8> {
    let utterance = said.utterance;
    let finish_reason = match utterance.ending {
        Ending::Natural | Ending::Stop(_) | Ending::Refused => "stop",
        Ending::Length => "length",
        Ending::Filtered => "content_filter",
    };
    let text = Some(utterance.text.as_str());
    let (content, refusal) = if utterance.ending == Ending::Refused { (None, text) } else { (text, None) };
    let message = Answer { role: "assistant", content, refusal, annotations: [] };
    let completion = Completion {
        id: said.token,
        object: "chat.completion",
        created: said.seconds,
        model: &said.voice.name,
        choices: [Choice { index: 0, message, logprobs: (), finish_reason }],
        usage: Usage {
            prompt_tokens: utterance.input_tokens,
            completion_tokens: utterance.output_tokens,
            total_tokens: utterance.input_tokens.saturating_add(utterance.output_tokens),
            prompt_tokens_details: PromptDetails::default(),
            completion_tokens_details: CompletionDetails::default(),
        },
        service_tier: "default",
        system_fingerprint: format!("fp_{:010x}", said.voice.seed),
    };
    serde_json::to_vec(&completion).expect("strings and numbers are JSON")
}

pub(super) fn write_rejection(rejection: &Rejection) -> (u16, Vec<u8>) {
    let invalid = "invalid_request_error";
    let (status, kind, param, code, message) = match rejection {
        Rejection::Unauthorized => {
            (401, invalid, None, Some("invalid_api_key"), "Incorrect API key provided.".to_owned())
        }
        Rejection::Invalid { message, param, code } => (400, invalid, *param, *code, message.clone()),
        Rejection::UnknownModel(model) => {
            let message = format!("The model `{model}` does not exist or you do not have access to it.");
            (404, invalid, None, Some("model_not_found"), message)
        }
        Rejection::RateLimited(exceeded) => {
            let message = format!("Rate limit reached on {}.", limit_name(exceeded.dimension));
            (429, "requests", None, Some("rate_limit_exceeded"), message)
        }
        Rejection::Quota => {
            let message = "You exceeded your current quota, please check your plan and billing details.";
            (429, "insufficient_quota", None, Some("insufficient_quota"), message.to_owned())
        }
        Rejection::Overloaded => (503, "server_error", None, None, "The server is overloaded.".to_owned()),
        Rejection::ServerError => (
            500,
            "server_error",
            None,
            None,
            "The server had an error while processing your request.".to_owned(),
        ),
    };
    let body = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    (status, body.to_string().into_bytes())
}

pub(super) fn headers(headers: &mut HeaderMap, id: &str, meters: Option<&Meters>) {
    put(headers, "x-request-id", id);
    put(headers, "openai-version", "2020-10-01");
    let Some(meters) = meters else { return };
    headers.insert("x-ratelimit-limit-requests", meters.requests.limit.into());
    headers.insert("x-ratelimit-remaining-requests", meters.requests.remaining.into());
    put(headers, "x-ratelimit-reset-requests", &go_duration(meters.requests.reset));
    let tokens = if meters.input.remaining <= meters.output.remaining { meters.input } else { meters.output };
    headers.insert("x-ratelimit-limit-tokens", tokens.limit.into());
    headers.insert("x-ratelimit-remaining-tokens", tokens.remaining.into());
    put(headers, "x-ratelimit-reset-tokens", &go_duration(tokens.reset));
}

pub(super) fn models<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    json!({"object": "list", "data": names.map(model).collect::<Vec<Value>>()})
}

pub(super) fn model(name: &str) -> Value {
    json!({"id": name, "object": "model", "created": 1_767_225_600, "owned_by": "antiphon"})
}

/// As Go prints a duration, to the millisecond and rounded up: `0s`, `12ms`, `1.5s`, `6m0s`, `1h0m2s`.
pub(super) fn go_duration(duration: Duration) -> String {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    if millis == 0 {
        return "0s".to_owned();
    }
    if millis < 1000 {
        return format!("{millis}ms");
    }
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let mut text = String::new();
    if hours > 0 {
        text.push_str(&format!("{hours}h"));
    }
    if millis >= 60_000 {
        text.push_str(&format!("{minutes}m"));
    }
    let seconds = format!("{}.{:03}", millis / 1000 % 60, millis % 1000);
    text.push_str(seconds.trim_end_matches('0').trim_end_matches('.'));
    text + "s"
}
