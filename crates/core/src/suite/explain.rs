//! What is wrong with a suite's form, in one line: where, what, and what was probably meant.

use serde::Deserialize;
use serde_saphyr::{Error as YamlError, Spanned};

use crate::nearest;

/// A suite that is not of the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place(*line, *column))]
pub struct SuiteError {
    /// Line in the file, from 1, if known.
    pub line: Option<u64>,
    /// Column in the line, from 1, if known.
    pub column: Option<u64>,
    /// What is wrong and what to do.
    pub message: String,
}

fn place(line: Option<u64>, column: Option<u64>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        (Some(line), None) => format!("line {line}: "),
        _ => String::new(),
    }
}

/// Says a YAML error in one line: what, where, and what was probably meant.
#[must_use]
pub fn explain(error: &YamlError) -> SuiteError {
    let error = error.without_snippet();
    let location = error.location();
    let message = match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            match nearest(field, expected.iter().copied()) {
                Some(meant) => format!("unknown field `{field}`, did you mean `{meant}`?"),
                None => format!("unknown field `{field}`; known here: {}", expected.join(", ")),
            }
        }
        other => plain_words(&first_line(&other.to_string())),
    };
    SuiteError { line: location.map(|at| at.line()), column: location.map(|at| at.column()), message }
}

/// The library speaks of Rust's types; users of a suite do not.
fn plain_words(message: &str) -> String {
    match message {
        "invalid u32" | "invalid u64" => "expected a whole number, 0 or more".to_owned(),
        "invalid i32" => "expected a whole number".to_owned(),
        "invalid f64" => "expected a number".to_owned(),
        other if other.contains("DuplicateKeyPolicy") => {
            let what = other.split("set DuplicateKeyPolicy").next().unwrap_or(other);
            format!("{}; keep one of them", what.trim_end_matches([' ', ',', ';', '(']))
        }
        "expected string scalar" => "expected a text".to_owned(),
        other => other.to_owned(),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    // The library puts its own position in front or behind; ours stands in front already.
    let line = line.strip_prefix("error: ").unwrap_or(line);
    match line.rfind(" at line ") {
        Some(at) => line[..at].to_owned(),
        None => line.to_owned(),
    }
}

/// In which lines the items of the suite's lists begin, so that errors of meaning can name a line too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lines {
    pub(crate) targets: Vec<Spanned<serde::de::IgnoredAny>>,
    pub(crate) probes: Vec<Spanned<serde::de::IgnoredAny>>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        serde_saphyr::from_str(text).unwrap_or_default()
    }
}
