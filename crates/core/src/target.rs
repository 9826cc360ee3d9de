//! A target: a model under test, as the effective request sees it. Names and addresses come from the operator's config.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PoolId, TargetId};

/// A model under test, resolved from the suite and the operator's config. It holds no key and no address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its name in the suite and the store.
    pub id: TargetId,
    /// The operator's name for it: under it workers find address and key.
    pub alias: String,
    /// The API it is spoken to.
    pub provider: Provider,
    /// How an OpenAI-compatible server differs from OpenAI's own.
    pub dialect: Option<Dialect>,
    /// The provider's name of the model.
    pub model: String,
    /// What the suite asked to send. Nothing else about sampling is sent.
    pub parameters: SamplingParameters,
    /// What the model accepts.
    pub card: Card,
    /// Dollars per million tokens, if the operator's config knows.
    pub price: Option<Price>,
    /// The pool whose limits it shares.
    pub pool: PoolId,
}

/// The APIs that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Chat Completions.
    Openai,
    /// A server that speaks OpenAI's dialect, see [`Dialect`].
    OpenaiCompatible,
}

impl Provider {
    /// As it is written everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::OpenaiCompatible => "openai-compatible",
        }
    }
}

/// Servers that speak OpenAI's chat completions, each a little differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// llama.cpp's own server and llama-cpp-python.
    LlamaCpp,
    /// vLLM.
    Vllm,
    /// Ollama.
    Ollama,
    /// OpenRouter, pinned to one back end.
    Openrouter,
}

/// Sampling parameters. Each is sent only if set: an unset one is the provider's default, which is not neutral but is what users get.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SamplingParameters {
    /// Softmax temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Top-k sampling.
    pub top_k: Option<u32>,
    /// Most tokens of an answer. Anthropic requires it, so it always has a value.
    pub max_tokens: u32,
    /// Whether a seed goes with each request.
    pub seed: SeedPolicy,
    /// Texts that end an answer.
    pub stop: Vec<String>,
}

/// Whether a seed goes with each request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeedPolicy {
    /// No seed is sent: what users get.
    #[default]
    None,
    /// Each sample sends a seed of its own, drawn from the suite's. For servers whose own seeds depend on the order of calls, such as
    /// llama-cpp-python: answers can then be had again.
    PerSample,
}

/// Capability card: what a model accepts. A probe that needs what is not accepted is recorded `unsupported`, never failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Card {
    /// Accepts `temperature`.
    pub temperature: bool,
    /// Accepts `top_p`.
    pub top_p: bool,
    /// Accepts `top_k`.
    pub top_k: bool,
    /// Accepts a seed.
    pub seed: bool,
    /// Accepts a system prompt.
    pub system: bool,
    /// Accepts an assistant message as the last one, to be continued.
    pub prefill: bool,
    /// The most tokens of prompt and answer together, if known.
    pub context_tokens: Option<u32>,
}

impl Default for Card {
    fn default() -> Self {
        Self {
            temperature: true,
            top_p: true,
            top_k: true,
            seed: true,
            system: true,
            prefill: true,
            context_tokens: None,
        }
    }
}

/// Dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of input.
    pub input: f64,
    /// Of output.
    pub output: f64,
}

impl Price {
    /// What so many tokens cost, in dollars.
    #[must_use]
    pub fn dollars(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
        let (input, output) = (input_tokens as f64, output_tokens as f64);
        (input * self.input + output * self.output) / 1e6
    }
}

/// Limits of a pool. Absent means unlimited. A suite may lower the operator's limits, never raise them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Calls started in a minute.
    pub requests_per_minute: Option<u32>,
    /// Calls that may start at once; if absent, one second's worth.
    pub burst: Option<u32>,
    /// Input tokens in a minute.
    pub input_tokens_per_minute: Option<u32>,
    /// Output tokens in a minute.
    pub output_tokens_per_minute: Option<u32>,
    /// Calls in flight.
    pub concurrency: Option<u32>,
}

impl Limits {
    /// The stricter of both, limit by limit.
    #[must_use]
    pub fn lowered_by(&self, other: &Self) -> Self {
        let least = |a: Option<u32>, b: Option<u32>| [a, b].into_iter().flatten().min();
        Self {
            requests_per_minute: least(self.requests_per_minute, other.requests_per_minute),
            burst: least(self.burst, other.burst),
            input_tokens_per_minute: least(self.input_tokens_per_minute, other.input_tokens_per_minute),
            output_tokens_per_minute: least(self.output_tokens_per_minute, other.output_tokens_per_minute),
            concurrency: least(self.concurrency, other.concurrency),
        }
    }
}
