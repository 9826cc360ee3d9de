//! What can go wrong with files of answers.

use std::path::PathBuf;

use antiphon_core::RunId;
use antiphon_store::StoreError;

/// Why nothing was imported or exported.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Something in a file.
    #[error("{file}{place}: {reason}")]
    Input {
        /// The file.
        file: String,
        /// Where in it, such as `, line 3, column answer`.
        place: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The mapping cannot be used.
    #[error("{0}")]
    Map(String),
    /// The run has other answers.
    #[error(
        "run {run} exists and holds something else; name another run with `--run NAME`, or remove it with `antiphon purge {run}`"
    )]
    AnotherRun {
        /// The run.
        run: RunId,
    },
    /// There is no such run.
    #[error("there is no run {run}")]
    NoRun {
        /// As it was asked for.
        run: RunId,
    },
    /// A file cannot be read or written.
    #[error("can't {action} {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a value cannot be taken, without the place, which the reader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The column or field, where it is one's fault.
    pub(crate) column: Option<String>,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { column: None, reason: reason.into() }
    }

    pub(crate) fn of(column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { column: Some(column.into()), reason: reason.into() }
    }

    pub(crate) fn at(self, file: &str, row: &str) -> ExchangeError {
        let column = self.column.map_or(String::new(), |column| format!(", column {column}"));
        ExchangeError::Input { file: file.to_owned(), place: format!(", {row}{column}"), reason: self.reason }
    }
}
