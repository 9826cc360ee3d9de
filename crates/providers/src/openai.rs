//! OpenAI Chat Completions, and servers that speak it with an accent: bodies both ways.

use antiphon_core::{Billing, Dialect, Outcome, Provider, Usage};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::reply::Answer;
use crate::request::{Ask, Turns};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Turns<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continue_final_message: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_generation_prompt: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Routing>,
}

/// OpenRouter would otherwise mix back ends, and drop parameters that one does not know: both would pass for behaviour of the model.
#[derive(Serialize)]
struct Routing {
    allow_fallbacks: bool,
    require_parameters: bool,
}

/// Appends the body of `ask`.
pub(crate) fn write_body(ask: &Ask<'_>, out: &mut Vec<u8>) {
    let target = ask.target;
    let parameters = &target.parameters;
    // OpenAI has renamed these two; servers that copy it know the old names.
    let (new, old) = if target.provider == Provider::Openai { (Some(()), None) } else { (None, Some(())) };
    // llama.cpp and Ollama continue a last message of the assistant unasked; vLLM has to be told.
    let told = ask.has_prefill() && target.dialect == Some(Dialect::Vllm);
    let body = Body {
        model: &target.model,
        messages: Turns { system: ask.system, messages: ask.messages },
        max_completion_tokens: new.map(|()| parameters.max_tokens),
        max_tokens: old.map(|()| parameters.max_tokens),
        temperature: parameters.temperature,
        top_p: parameters.top_p,
        top_k: parameters.top_k,
        seed: ask.seed,
        stop: &parameters.stop,
        safety_identifier: new.and(ask.end_user_id),
        user: old.and(ask.end_user_id),
        continue_final_message: told.then_some(true),
        add_generation_prompt: told.then_some(false),
        provider: (target.dialect == Some(Dialect::Openrouter))
            .then_some(Routing { allow_fallbacks: false, require_parameters: true }),
    };
    serde_json::to_writer(out, &body).expect("texts and numbers are always JSON");
}

#[derive(Deserialize)]
struct Completion {
    id: Option<String>,
    model: Option<String>,
    system_fingerprint: Option<String>,
    /// OpenRouter: the back end that answered.
    provider: Option<String>,
    choices: Vec<Choice>,
    usage: Option<Tokens>,
    /// OpenRouter reports some errors with a 200.
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptTokens>,
}

#[derive(Deserialize)]
struct PromptTokens {
    cached_tokens: Option<u64>,
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        Self {
            input_tokens: tokens.prompt_tokens.unwrap_or(0),
            cached_input_tokens: tokens
                .prompt_tokens_details
                .and_then(|details| details.cached_tokens)
                .unwrap_or(0),
            output_tokens: tokens.completion_tokens.unwrap_or(0),
        }
    }
}

/// Reads the body of a 200. The request's id is the caller's to fill in.
pub(crate) fn read_answer(body: &[u8]) -> Result<Answer, String> {
    let completion: Completion = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if completion.error.is_some() {
        return Err("an error beside the answer".to_owned());
    }
    let Some(choice) = completion.choices.into_iter().next() else {
        return Err("no choices".to_owned());
    };
    if choice.finish_reason.as_deref() == Some("error") {
        return Err("the answer broke off with an error".to_owned());
    }
    let refusal = choice.message.refusal.filter(|refusal| !refusal.is_empty());
    let refused = refusal.is_some();
    let text = refusal.or(choice.message.content).unwrap_or_default();
    let outcome = match choice.finish_reason.as_deref() {
        _ if refused => Outcome::Refused,
        Some("content_filter") => Outcome::Filtered,
        Some("length") => Outcome::Truncated,
        _ if text.trim().is_empty() => Outcome::Empty,
        _ => Outcome::Answered,
    };
    let billing = Billing {
        response_id: completion.id,
        model: completion.model,
        fingerprint: match (completion.provider, completion.system_fingerprint) {
            (Some(provider), Some(fingerprint)) => Some(format!("{provider}/{fingerprint}")),
            (provider, fingerprint) => provider.or(fingerprint),
        },
        stop_reason: choice.finish_reason,
        usage: completion.usage.map(Usage::from),
        ..Billing::default()
    };
    Ok(Answer { outcome, text, billing })
}
