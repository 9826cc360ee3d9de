//! One answer of a file: who was asked what by whom, and what became of it.

use antiphon_core::{Billing, FailureKind, Logged, Outcome, Usage};
use serde::{Deserialize, Serialize};

use crate::error::Refusal;
use crate::field::Field;
use crate::map::{Binding, Kind};
use crate::value::{LONGEST, Row, score, short, text, time_ms, whole};

/// An answer as a file has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) target: Option<String>,
    pub(crate) probe: Option<String>,
    /// What the user said in this turn.
    pub(crate) prompt: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) group: Option<String>,
    /// As they were shown.
    pub(crate) options: Option<Vec<String>>,
    /// In the probe's own order, where the file says so.
    pub(crate) own_options: Option<Vec<String>>,
    pub(crate) session: Option<u64>,
    pub(crate) repeat: Option<u32>,
    pub(crate) turn: Option<u32>,
    /// How the answer is taken, where the file says so.
    pub(crate) kind: Option<Kind>,
    pub(crate) said: Said,
}

/// What became of it: the part that is kept on disk while files are read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
    pub(crate) text: String,
    pub(crate) billing: Billing,
    pub(crate) started_ms: u64,
    pub(crate) latency_ms: u32,
    pub(crate) logged: Logged,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            outcome: Outcome::Answered,
            text: String::new(),
            billing: Billing::default(),
            started_ms: 0,
            latency_ms: 0,
            logged: Logged::default(),
        }
    }
}

impl Answer {
    /// Reads a row.
    pub(crate) fn of(row: &Row<'_>, binding: &Binding) -> Result<Self, Refusal> {
        let value = |field: Field| row.get(binding.sources.get(&field)?);
        let column = |field: Field| binding.words.get(field.name()).cloned().unwrap_or_default();
        let words = |field: Field| -> Result<Option<String>, Refusal> {
            let Some(found) = value(field) else { return Ok(None) };
            let found = text(&found);
            if found.len() > LONGEST {
                let reason = format!("the text has {} bytes, and at most {LONGEST} are taken", found.len());
                return Err(Refusal::of(column(field), reason));
            }
            Ok(Some(found))
        };
        // An empty cell of a table says nothing, except as an answer.
        let name = |field| Ok::<_, Refusal>(words(field)?.filter(|found| !found.trim().is_empty()));
        let number = |field: Field| match value(field) {
            None => Ok(None),
            Some(found) if text(&found).trim().is_empty() => Ok(None),
            Some(found) => match whole(&found) {
                Some(number) => Ok(Some(number)),
                None => {
                    let reason = format!("{} is no whole number{}", short(&text(&found)), leave_out(field));
                    Err(Refusal::of(column(field), reason))
                }
            },
        };
        let small = |field: Field| match number(field)? {
            None => Ok(None),
            Some(found) => match u32::try_from(found) {
                Ok(found) if found < 1_000_000 => Ok(Some(found)),
                _ => Err(Refusal::of(column(field), format!("{found} is too large"))),
            },
        };
        let in_column =
            |field: Field| move |refusal: Refusal| Refusal { column: Some(column(field)), ..refusal };
        let mut said = Said {
            billing: Billing {
                model: name(Field::Model)?,
                stop_reason: name(Field::Status)?,
                usage: match (number(Field::InputTokens)?, number(Field::OutputTokens)?) {
                    (None, None) => None,
                    (input, output) => Some(Usage {
                        input_tokens: input.unwrap_or(0),
                        output_tokens: output.unwrap_or(0),
                        ..Usage::default()
                    }),
                },
                ..Billing::default()
            },
            started_ms: match value(Field::Time).filter(|found| !text(found).trim().is_empty()) {
                Some(found) => time_ms(&found).map_err(|refusal| {
                    let reason = refusal.reason + &leave_out(Field::Time);
                    Refusal::of(column(Field::Time), reason)
                })?,
                None => 0,
            },
            latency_ms: value(Field::Latency).map_or(0, |found| milliseconds(&found)),
            ..Said::default()
        };
        for (name, source) in &binding.scores {
            if let Some(found) = row.get(source).and_then(|found| score(&found)) {
                said.logged.scores.insert(name.clone(), found);
            }
        }
        // What tables and languages write where there was none.
        let none =
            |word: &String| ["false", "0", "none", "null", "nan"].contains(&word.to_lowercase().as_str());
        let error = name(Field::Error)?.filter(|word| !none(word));
        said.settle(words(Field::Answer)?, error.as_deref());
        Ok(Self {
            target: name(Field::Target)?,
            probe: name(Field::Probe)?,
            prompt: name(Field::Prompt)?,
            system: name(Field::System)?,
            user: name(Field::User)?,
            language: name(Field::Language)?,
            group: name(Field::Group)?,
            options: value(Field::Options)
                .map(|found| options(&found))
                .filter(|options| !options.is_empty())
                .map(|options| check_options(options).map_err(in_column(Field::Options)))
                .transpose()?,
            own_options: None,
            session: name(Field::Session)?.map(|name| session_of(&name)),
            repeat: small(Field::Repeat)?,
            turn: small(Field::Turn)?,
            kind: None,
            said,
        })
    }
}

impl Said {
    /// Decides what became of it by the text, the error and the word for why it stopped. No text and no word about it is a failure of
    /// the log, never behaviour of the model.
    pub(crate) fn settle(&mut self, found: Option<String>, error: Option<&str>) {
        let text = found.as_deref().unwrap_or_default();
        let stop = self.billing.stop_reason.as_deref().unwrap_or_default().trim().to_lowercase();
        let failed = |detail: &str| Outcome::Failed {
            kind: failure_of(detail),
            detail: detail.chars().take(300).collect(),
        };
        self.outcome = match (error, stop.as_str()) {
            (Some(error), _) => failed(error),
            (None, "error" | "failed" | "failure" | "timeout" | "cancelled" | "canceled") => failed(&stop),
            (None, "refusal" | "refused") => Outcome::Refused,
            (None, "content_filter" | "filtered" | "safety" | "blocked") => Outcome::Filtered,
            (None, "unsupported") => Outcome::Unsupported { what: "what the probe needs".to_owned() },
            (None, "unreached" | "ended") => Outcome::Unreached,
            (None, _) if found.is_none() => failed("the log has no answer"),
            (None, _) if text.trim().is_empty() => Outcome::Empty,
            (None, "max_tokens" | "length" | "model_length" | "truncated" | "max_output_tokens") => {
                Outcome::Truncated
            }
            (None, _) => Outcome::Answered,
        };
        if self.outcome.is_behaviour() {
            self.text = found.unwrap_or_default();
        } else {
            // Whoever scored it did not score the model.
            self.text.clear();
            self.logged.scores.clear();
        }
    }
}

/// A failure's kind, as far as its words tell.
fn failure_of(detail: &str) -> FailureKind {
    let folded = detail.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    if says(&["timeout", "timed out"]) {
        FailureKind::Timeout
    } else if says(&["rate limit", "ratelimit", "rate_limit", "429"]) {
        FailureKind::RateLimited
    } else if says(&["overloaded", "529", "503"]) {
        FailureKind::Overloaded
    } else if says(&["connection", "connect"]) {
        FailureKind::Connection
    } else if says(&["internal server error", "server_error"]) {
        FailureKind::Server
    } else if says(&["invalid_request", "badrequest", "bad request"]) {
        FailureKind::RejectedRequest
    } else {
        FailureKind::Unknown
    }
}

/// How to do without a column that was taken for something else.
fn leave_out(field: Field) -> String {
    format!("; `--constant {}=` leaves it out", field.name())
}

/// What is no number is not known, and nothing depends on it.
fn milliseconds(value: &serde_json::Value) -> u32 {
    let number = text(value).trim().parse::<f64>().unwrap_or(0.0).clamp(0.0, 4e9);
    format!("{number:.0}").parse().unwrap_or(0)
}

/// A session by a number of its own, or by the hash of its name; numbers come first.
pub(crate) fn session_of(name: &str) -> u64 {
    const NAMED: u64 = 1 << 63;
    let name = name.trim();
    if let Some(number) = name.parse::<u64>().ok().filter(|number| *number < NAMED) {
        return number;
    }
    let hash = blake3::hash(name.as_bytes());
    let (first, _) = hash.as_bytes().split_at(8);
    NAMED | u64::from_le_bytes(first.try_into().expect("eight bytes"))
}

/// Options as a list, as JSON, or with bars between them.
fn options(value: &serde_json::Value) -> Vec<String> {
    if let Some(list) = value.as_array() {
        return list.iter().map(text).collect();
    }
    let cell = text(value);
    let listed = serde_json::from_str(&cell)
        .unwrap_or_else(|_| cell.split('|').map(|option| option.trim().to_owned()).collect::<Vec<String>>());
    listed.into_iter().filter(|option| !option.is_empty()).collect()
}

/// Refuses options that could not be told apart by letters or words.
pub(crate) fn check_options(options: Vec<String>) -> Result<Vec<String>, Refusal> {
    let most = antiphon_core::prompt::MOST_OPTIONS;
    let mut sorted: Vec<&String> = options.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        _ if options.len() < 2 => Err(Refusal::new("a choice has at least two options, with | between them")),
        _ if options.len() > most => Err(Refusal::new(format!("a choice has at most {most} options"))),
        Some(pair) => Err(Refusal::new(format!("the option {} stands twice", short(pair[0])))),
        None => Ok(options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(found: Option<&str>, stop: Option<&str>, error: Option<&str>) -> (String, String) {
        let mut said = Said::default();
        said.billing.stop_reason = stop.map(str::to_owned);
        said.settle(found.map(str::to_owned), error);
        let outcome = match &said.outcome {
            Outcome::Failed { kind, .. } => format!("failed:{kind}"),
            other => format!("{other:?}").to_lowercase(),
        };
        (outcome, said.text)
    }

    #[test]
    fn what_became_of_an_answer() {
        let check = |found, stop, error, outcome: &str, text: &str| {
            assert_eq!(settled(found, stop, error), (outcome.to_owned(), text.to_owned()));
        };
        check(Some("hi"), None, None, "answered", "hi");
        check(Some("hi"), Some("stop"), None, "answered", "hi");
        check(Some("hi"), Some("length"), None, "truncated", "hi");
        check(Some(""), Some("length"), None, "empty", "");
        check(Some(" \n"), None, None, "empty", " \n");
        check(Some(""), Some("content_filter"), None, "filtered", "");
        check(Some("I can't"), Some("refusal"), None, "refused", "I can't");
        check(None, None, None, "failed:unknown", "");
        check(Some("half"), None, Some("Request timed out."), "failed:timeout", "");
        check(None, None, Some("HTTP 429"), "failed:rate_limited", "");
    }

    #[test]
    fn sessions_by_number_come_before_sessions_by_name() {
        assert_eq!(session_of("7"), 7);
        assert!(session_of("a") > session_of("99999999"));
        assert_ne!(session_of("a"), session_of("b"));
    }
}
