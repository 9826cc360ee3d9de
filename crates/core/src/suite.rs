//! The suite as a user writes it: YAML in, checked for form here, for meaning in `resolve`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod clusters;
mod columns;
mod explain;
mod extract;
mod mirrored;
mod policy;
mod recall;

pub use clusters::{SuiteClusters, SuiteEquivalence};
pub use columns::Columns;
pub use explain::{SuiteError, explain};
pub use extract::{Grow, SuiteConvergence};
pub use mirrored::{Expect, Margins, SuiteSide, SuiteSides};
pub use policy::{ChangeMargins, Measured, Policy};
pub use recall::{Control, RecallForm, SuiteRecall};

pub(crate) use explain::Lines;

use crate::{Limits, SeedPolicy};

/// A suite: what is asked, of which targets, by which users, how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Version of the suite format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Name of the suite: letters, digits and . _ - @. Runs are named after it.
    pub name: String,
    /// What the suite is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Seed of everything random: which users are drawn, in which order jobs run and options stand.
    #[serde(default)]
    pub seed: u64,
    /// Language of the plain `prompt`, `turns` and `options`.
    #[serde(default = "english")]
    pub language: String,
    /// Models under test.
    pub targets: Vec<SuiteTarget>,
    /// Providers of the configuration that may see what is asked; a target elsewhere is refused. If absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress: Option<Vec<String>>,
    /// Who asks. If absent: one user without a system prompt.
    #[serde(default)]
    pub users: Users,
    /// How often.
    #[serde(default)]
    pub sampling: SuiteSampling,
    /// What is asked.
    pub probes: Vec<SuiteProbe>,
    /// How answers become numbers.
    #[serde(default)]
    pub scoring: SuiteScoring,
    /// By which a run is judged against a baseline. If absent: the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Limits for every pool of this suite. They can only lower those of the configuration.
    #[serde(default)]
    pub limits: Limits,
    /// Most to spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// A model under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteTarget {
    /// Name of a target in the configuration.
    pub alias: String,
    /// Name in the report, if the same alias is tested twice with different parameters. If absent: the alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Softmax temperature. Sent only if set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Nucleus sampling. Sent only if set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Top-k sampling. Sent only if set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Most tokens of an answer. If absent: 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Whether each sample sends a seed of its own.
    #[serde(default)]
    pub seed: SeedPolicy,
    /// Texts that end an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

/// Who asks: exactly one of `draw`, `grid: true` and `list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Users {
    /// So many users, each drawn independently from the pools below. Intervals speak of all such users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draw: Option<u32>,
    /// Every combination of the pools below. Intervals speak of these users only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<bool>,
    /// Users written out. Intervals speak of these users only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<ListedUser>>,
    /// Pool of system prompts, name → template (it may use `language` and `persona`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub system_prompts: BTreeMap<String, String>,
    /// Pool of personas, name → template. Stands in the system prompt, unless a template says `{{ persona }}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub personas: BTreeMap<String, String>,
    /// Pool of ways to word a question, name → template around `{{ question }}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub wordings: BTreeMap<String, String>,
    /// Pool of languages. Every probe must have a translation into each, unless it comes from a data set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Whether an opaque id of the user is sent along, where the provider takes one.
    pub send_user_id: bool,
}

/// A user written out. Absent texts are not sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedUser {
    /// The user's name.
    pub id: String,
    /// Language; if absent, the suite's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// System prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Persona.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// Way to word a question, a template around `{{ question }}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}

/// How often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuiteSampling {
    /// Fresh sessions of each user with each target for each probe. `--sessions` can raise it later.
    #[schemars(range(min = 1))]
    pub sessions: u32,
    /// Independent answers from each history within a session.
    #[schemars(range(min = 1))]
    pub repeats: u32,
    /// Ask each probe on until its interval is narrow enough: `sessions` and the users of `draw` are then only the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<SuiteUntil>,
}

/// When a probe has been asked enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteUntil {
    /// Half the width of a 95 % interval of the agreement between users that is narrow enough, such as 0.05.
    #[schemars(range(min = 0, max = 0.5))]
    pub half_width: f64,
    /// Most users that a probe is asked by, where users are drawn. If absent: those of `draw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_users: Option<u32>,
    /// Most sessions of each user. If absent: those of `sessions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_sessions: Option<u32>,
}

impl Default for SuiteSampling {
    fn default() -> Self {
        Self { sessions: 1, repeats: 1, until: None }
    }
}

/// One thing to ask, or a data set of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuiteProbe {
    /// Name of the probe: letters, digits and . _ - @.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How the answer is taken. If absent: `open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SuiteKind>,
    /// Probes that belong together in the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The question, a template (it may use `language` and `persona`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Several turns of the user instead of one `prompt`; every answer is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<Vec<String>>,
    /// `choice`: the options, at most 26. Their order is shuffled in each session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<String>>,
    /// `choice` and `scale`: how to answer, instead of the built-in English sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// `scale`: the least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i32>,
    /// `scale`: the greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i32>,
    /// `refusal`: what a good answer does, so that refusing too much is told from refusing too little.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// `paired`: two mirrored prompts on one topic, instead of `prompt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sides: Option<SuiteSides>,
    /// `open`, `short` and `refusal`: names that are looked for in the answers, whole words whatever their case. One of them is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Vec<String>>,
    /// The same in other languages.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, Translation>,
    /// `recall` and `extract`: a text file, relative to the suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// `recall` and `extract`: where to cut, in words from the beginning of the document. Each cut is a probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cuts: Option<Vec<u32>>,
    /// `recall` and `extract`: words given before a cut. If absent: 60, and 40.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage_words: Option<u32>,
    /// `recall`: words looked for after a cut. If absent: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_words: Option<u32>,
    /// `recall`: how it is asked for what follows; `extract`: `user` or `prefill`. If absent: `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<RecallForm>,
    /// `recall`: what it is a control for; if absent, it asks for the document. `extract`: `invented`, for a title that does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// `extract`: the text to begin with, instead of a cut of a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<String>,
    /// `extract`: a question to begin with, a template, instead of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
    /// `extract`: how the text is grown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grow: Option<Grow>,
    /// Providers of the configuration that may see this probe, its document or its data set. Every probe is asked of every target, so a
    /// target elsewhere is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<Vec<String>>,
    /// A data set of probes: a .csv, .jsonl or .parquet file, relative to the suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `from`: which columns hold what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
}

/// How the answer is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuiteKind {
    /// Free text, compared as wording.
    Open,
    /// A short free answer, compared as a label: two answers agree if they are the same after normalising.
    Short,
    /// One of `options`.
    Choice,
    /// A whole number from `min` to `max`.
    Scale,
    /// A passage of `document`, to be continued.
    Recall,
    /// Free text of which it matters whether it is a refusal.
    Refusal,
    /// Two mirrored prompts on one topic, each asked in sessions of its own and compared.
    Paired,
    /// A text that is grown step by step from what samples agree on, from a passage or a question.
    Extract,
}

/// A probe in another language.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Translation {
    /// See the probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// See the probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<Vec<String>>,
    /// The options in the same order as in the probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<String>>,
    /// See the probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
}

/// How answers become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuiteScoring {
    /// Whether upper and lower case count as the same.
    pub casefold: bool,
    /// Up to so many different texts all pairs are compared; beyond, a sample of pairs.
    #[schemars(range(min = 2))]
    pub exact_pairs_up_to: u32,
    /// `paired`: differences between the sides that do not matter, decided before anything is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margins: Option<Margins>,
    /// Which answers mean the same. If absent: `open` by lexical likeness, `short` by their normalised text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<SuiteClusters>,
    /// `recall`: by which tests it is decided whether a target knows the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall: Option<SuiteRecall>,
    /// `extract`: whether chains from different beginnings come to one text. If absent: looked at if a chain has `control: invented`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convergence: Option<SuiteConvergence>,
}

impl Default for SuiteScoring {
    fn default() -> Self {
        let (margins, clusters, recall, convergence) = (None, None, None, None);
        Self { casefold: true, exact_pairs_up_to: 500, margins, clusters, recall, convergence }
    }
}

/// Most to spend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// In dollars, by the prices of the configuration.
    pub dollars: f64,
}

fn english() -> String {
    "en".to_owned()
}

impl Suite {
    /// Reads a suite, refusing unknown fields by name.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        serde_saphyr::from_str(text).map_err(|error| explain(&error))
    }

    /// The JSON Schema by which editors complete and check suites.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Suite).to_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "version: 1\nname: t\ntargets: [{alias: a}]\nprobes: [{id: p, prompt: hi}]\n";

    #[test]
    fn a_minimal_suite_has_defaults() {
        let suite = Suite::parse(MINIMAL).unwrap();
        assert_eq!(suite.sampling, SuiteSampling { sessions: 1, repeats: 1, until: None });
        assert_eq!(suite.language, "en");
        assert_eq!(Lines::of(MINIMAL).probes[0].referenced.line(), 4);
    }

    #[test]
    fn errors_say_where_and_what_was_meant() {
        let check = |yaml: &str, expected: &str| {
            assert_eq!(Suite::parse(yaml).unwrap_err().to_string(), expected);
        };
        check(
            &MINIMAL.replace("probes", "probez"),
            "line 4, column 1: unknown field `probez`, did you mean `probes`?",
        );
        check(
            "version: 1\nname: t\ntargets: [{alias: a}]\nprobes:\n  - id: p\n    promt: hi\n",
            "line 6, column 5: unknown field `promt`, did you mean `prompt`?",
        );
        check("version: 1\nname: [t", "line 2, column 7: expected a text");
        check("version: 1\nname: t\ntargets: [{alias: a}]\n", "line 3, column 1: missing field `probes`");
        check(
            &MINIMAL.replace("version: 1", "version: one"),
            "line 1, column 10: expected a whole number, 0 or more",
        );
    }
}
