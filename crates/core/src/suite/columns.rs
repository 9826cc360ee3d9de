//! Which columns of a data set make a probe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which columns of a data set hold what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The question. Its text is data, never a template.
    #[serde(default = "prompt_column")]
    pub prompt: String,
    /// The probe's id; if absent, the number of the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The probe's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `choice`: the options, as a JSON list or separated by `|`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    /// `refusal`: what a good answer does, `answer` or `refuse`; an empty cell says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// `paired`: the prompt of side a. Its text is data, never a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<String>,
    /// `paired`: the prompt of side b.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
    /// `paired`: the name of side a.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_a: Option<String>,
    /// `paired`: the name of side b.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_b: Option<String>,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            prompt: prompt_column(),
            id: None,
            group: None,
            options: None,
            expect: None,
            a: None,
            b: None,
            name_a: None,
            name_b: None,
        }
    }
}

fn prompt_column() -> String {
    "prompt".to_owned()
}
