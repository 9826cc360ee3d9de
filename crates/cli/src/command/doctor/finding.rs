//! One thing that was looked at.

use std::fmt::Display;

use serde::Serialize;

use crate::output::Output;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it must be.
    Ok,
    /// It works, but not as well as it could.
    Warn,
    /// It does not work.
    Fail,
}

/// What was looked at, how it is, and what to do about it.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) state: State,
    what: String,
    says: String,
    #[serde(rename = "do")]
    remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(what: impl Display, says: impl Display) -> Self {
        Self { state: State::Ok, what: what.to_string(), says: says.to_string(), remedy: None }
    }

    pub(super) fn warn(what: impl Display, says: impl Display, remedy: impl Display) -> Self {
        Self { state: State::Warn, remedy: Some(remedy.to_string()), ..Self::ok(what, says) }
    }

    pub(super) fn fail(what: impl Display, says: impl Display, remedy: impl Display) -> Self {
        Self { state: State::Fail, ..Self::warn(what, says, remedy) }
    }

    /// What an error says, which says itself what to do.
    pub(super) fn error(what: impl Display, error: &anyhow::Error) -> Self {
        Self { state: State::Fail, ..Self::ok(what, crate::output::chain(error)) }
    }

    pub(super) fn tell(&self, output: Output) {
        let state = match self.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        output.line(format!("{state}  {:<22} {}", self.what, self.says));
        if let Some(remedy) = &self.remedy {
            output.line(format!("{:<28} → {remedy}", ""));
        }
    }
}
