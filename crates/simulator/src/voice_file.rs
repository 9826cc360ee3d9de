//! The voice file as it is written: names, shapes and defaults. `voice` turns it into what the server uses.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoiceFile {
    pub(crate) voices: Vec<RawVoice>,
    /// Limit groups by name; a voice joins one with `limit_group`.
    #[serde(default)]
    pub(crate) limits: BTreeMap<String, Spanned<RawLimits>>,
}

/// One model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawVoice {
    pub(crate) name: Spanned<String>,
    pub(crate) seed: u64,
    #[serde(default)]
    pub(crate) vary_by_run: bool,
    #[serde(default)]
    pub(crate) limit_group: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) hidden_prompt_tokens: u32,
    #[serde(default)]
    pub(crate) accepts: RawAccepts,
    #[serde(default)]
    pub(crate) faults: RawFaults,
    #[serde(default)]
    pub(crate) knows: Vec<RawDocument>,
    #[serde(default)]
    pub(crate) position_bias: f64,
    /// One number, or the two ends of a range.
    #[serde(default)]
    pub(crate) latency_ms: Option<Vec<u64>>,
    #[serde(default)]
    pub(crate) user_concentration: Option<f64>,
    #[serde(default)]
    pub(crate) session_concentration: Option<f64>,
    #[serde(default)]
    pub(crate) refusal_rate: Option<f64>,
    /// Instead of `refusal_rate`, for prompts with a passage that is to be continued.
    #[serde(default)]
    pub(crate) quotation_refusal_rate: Option<f64>,
    #[serde(default)]
    pub(crate) refusals: Refusals,
    #[serde(default)]
    pub(crate) hedging_rate: Option<f64>,
    #[serde(default)]
    pub(crate) empty_rate: Option<f64>,
    #[serde(default)]
    pub(crate) filter_rate: Option<f64>,
    #[serde(default)]
    pub(crate) default: Option<RawProse>,
    #[serde(default)]
    pub(crate) answers: Vec<RawAnswers>,
    #[serde(default)]
    pub(crate) drift: Vec<RawDrift>,
}

/// What changes from a date on. What is not written stays; answers replace those of the same name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDrift {
    pub(crate) from: Spanned<String>,
    #[serde(default)]
    pub(crate) latency_ms: Option<Vec<u64>>,
    #[serde(default)]
    pub(crate) user_concentration: Option<f64>,
    #[serde(default)]
    pub(crate) session_concentration: Option<f64>,
    #[serde(default)]
    pub(crate) refusal_rate: Option<f64>,
    #[serde(default)]
    pub(crate) hedging_rate: Option<f64>,
    #[serde(default)]
    pub(crate) empty_rate: Option<f64>,
    #[serde(default)]
    pub(crate) filter_rate: Option<f64>,
    #[serde(default)]
    pub(crate) default: Option<RawProse>,
    #[serde(default)]
    pub(crate) answers: Vec<RawAnswers>,
}

/// What a voice says to the prompts that match.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAnswers {
    pub(crate) name: Spanned<String>,
    #[serde(rename = "match")]
    pub(crate) pattern: Spanned<String>,
    /// Further patterns by language; the language that matched picks `text_in`.
    #[serde(default)]
    pub(crate) match_in: BTreeMap<String, Spanned<String>>,
    /// Must match some earlier turn of the conversation.
    #[serde(default)]
    pub(crate) after: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) style: Style,
    pub(crate) options: Vec<RawOption>,
    #[serde(default)]
    pub(crate) user_concentration: Option<f64>,
    #[serde(default)]
    pub(crate) session_concentration: Option<f64>,
    #[serde(default)]
    pub(crate) refusal_rate: Option<f64>,
}

/// What form an answer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The option's text itself.
    #[default]
    Text,
    /// One of the lines that the request lists, such as `B) Do nothing`.
    Choice,
    /// A number.
    Scale,
}

/// How a choice is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Style {
    /// `B`
    #[default]
    Label,
    /// `B) Do nothing`
    LabelText,
    /// `Do nothing`
    Text,
}

/// How a refusal looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refusals {
    /// In words, and the API says that it is one.
    #[default]
    Marked,
    /// In words only, as any other answer.
    InWords,
    /// A filter takes the answer away.
    Filtered,
}

/// One thing that may be said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOption {
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) text_in: BTreeMap<String, String>,
    pub(crate) weight: f64,
}

/// Pseudo-text for prompts that nothing matches.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawProse {
    pub(crate) words: usize,
    /// Weights of alternative texts.
    pub(crate) stems: Vec<f64>,
    pub(crate) variation: f64,
    pub(crate) about: About,
}

/// What a text about nothing depends on, beside the draws of users, sessions and samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    /// The probe's name; the words are the simulator's own.
    #[default]
    Probe,
    /// The end of the passage in the prompt, of whose words it is made.
    Passage,
}

impl Default for RawProse {
    fn default() -> Self {
        Self { words: 150, stems: vec![4.0, 2.0, 1.0, 1.0], variation: 0.1, about: About::default() }
    }
}

/// A document that a voice can continue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDocument {
    /// Relative to the voice file.
    pub(crate) file: Spanned<String>,
    /// The words that it knows, counted from 0: from `first_word` up to, not including, `end_word`.
    #[serde(default)]
    pub(crate) first_word: usize,
    #[serde(default)]
    pub(crate) end_word: Option<usize>,
    #[serde(default)]
    pub(crate) verbatim: f64,
    #[serde(default)]
    pub(crate) paraphrase: f64,
    /// Share of answers that are the same invented text for everybody; what is left is the voice's `default`.
    #[serde(default)]
    pub(crate) confabulated: f64,
    /// Share of the words of a verbatim answer that are replaced by others of the document.
    #[serde(default)]
    pub(crate) slip: f64,
    /// Share of the words of a paraphrase that are replaced, others in each answer.
    #[serde(default = "reworded")]
    pub(crate) reworded: f64,
    /// Share of the words of an invented text that differ from answer to answer.
    #[serde(default)]
    pub(crate) variation: f64,
    /// Whether a passage is also found by 8 words in a row that stand before its end.
    #[serde(default)]
    pub(crate) loosely: bool,
    /// Whether a heading in the prompt asks for the text under it.
    #[serde(default)]
    pub(crate) headings: bool,
    /// Instead of the voice's own rates, for what is asked of this document.
    #[serde(default)]
    pub(crate) refusal_rate: Option<f64>,
    /// Length of a continuation; `max_tokens` may cut it.
    #[serde(default = "continuation_words")]
    pub(crate) words: usize,
}

fn reworded() -> f64 {
    0.3
}

fn continuation_words() -> usize {
    120
}

/// What the model refuses with a 400.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawAccepts {
    pub(crate) prefill: bool,
    pub(crate) sampling: bool,
}

impl Default for RawAccepts {
    fn default() -> Self {
        Self { prefill: true, sampling: true }
    }
}

/// Share of calls that meet each fault.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawFaults {
    pub(crate) rate_limit: f64,
    pub(crate) bare_rate_limit: f64,
    pub(crate) overloaded: f64,
    pub(crate) server_error: f64,
    pub(crate) quota: f64,
    pub(crate) reset: f64,
    pub(crate) hang: f64,
    pub(crate) trickle: f64,
    pub(crate) truncated: f64,
    pub(crate) error_body: f64,
    pub(crate) garbage: f64,
    pub(crate) first_attempt_only: bool,
}

/// What a limit group allows each API key; what is not written is unlimited.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawLimits {
    pub(crate) requests_per_minute: Option<u32>,
    /// Requests that may come at once; by default one second's worth, at least 1.
    pub(crate) burst: Option<u32>,
    pub(crate) input_tokens_per_minute: Option<u32>,
    pub(crate) output_tokens_per_minute: Option<u32>,
    pub(crate) concurrency: Option<u32>,
}
