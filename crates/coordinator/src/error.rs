//! What can go wrong, by what the caller can do about it.

use std::io;
use std::path::PathBuf;

use antiphon_core::suite::SuiteError;
use antiphon_core::{ProbeId, Problem, RunId};
use antiphon_queue::QueueError;
use antiphon_store::StoreError;

/// A suite that cannot be used; the user mends the suite.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file is missing or unreadable.
    #[error("can't read {}{}", path.display(), named_by.as_ref().map_or(String::new(), |by| format!(", named by {by}")))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Who names it.
        named_by: Option<String>,
        /// Why.
        source: io::Error,
    },
    /// Not the form of a suite.
    #[error("{}: {error}", path.display())]
    Form {
        /// The suite.
        path: PathBuf,
        /// Where and what.
        error: SuiteError,
    },
    /// A data set that is not what its name says.
    #[error("{}: {reason}", path.display())]
    Dataset {
        /// The data set.
        path: PathBuf,
        /// Where and what.
        reason: String,
    },
    /// The form is right, the meaning is not.
    #[error("{}", list(path, problems))]
    Meaning {
        /// The suite.
        path: PathBuf,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
}

fn list(path: &std::path::Path, problems: &[Problem]) -> String {
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
    lines.join("\n")
}

fn because(reason: Option<&str>) -> String {
    reason.map_or(String::new(), |reason| format!(" ({reason})"))
}

/// Why a run could not be coordinated.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorError {
    /// The run exists and asks something else.
    #[error(
        "run {run} exists and asks something else (what is asked of whom has changed since); name another run with \
         `--run NAME`, or restore the suite"
    )]
    AnotherSuite {
        /// The run.
        run: RunId,
    },
    /// There is no such run.
    #[error("there is no run {run}{hint}")]
    NoRun {
        /// As it was asked for.
        run: RunId,
        /// What there is.
        hint: String,
    },
    /// The selection leaves nothing to ask.
    #[error("{0}")]
    NothingSelected(String),
    /// A part of the suite is asked for, but the run plans more already.
    #[error(
        "run {run} plans {planned} samples already, more than --only, --limit and --users ask for; a run never shrinks: leave \
         them out to go on with it, or name another run with `--run NAME`"
    )]
    WiderAlready {
        /// The run.
        run: RunId,
        /// Samples that it plans.
        planned: u64,
    },
    /// A chain is to be asked otherwise than it began.
    #[error(
        "the chain {probe} is asked in {sessions} sessions of {users} users at every step, and that can't be changed by --sessions, \
         --users or the suite: what it grew came from those; name another run with `--run NAME`"
    )]
    WiderChain {
        /// The chain's probe.
        probe: ProbeId,
        /// Users that it is asked by.
        users: u32,
        /// Sessions of each, at each step.
        sessions: u32,
    },
    /// The selection asks more than a run can hold.
    #[error(
        "that would be {samples} samples, and a run holds at most {}; ask for fewer sessions or users",
        antiphon_core::MOST_SAMPLES
    )]
    TooMuch {
        /// Samples.
        samples: u64,
    },
    /// Its answers were imported.
    #[error("run {run} was imported: its answers are those of its files, and nobody is called for it")]
    Imported {
        /// The run.
        run: RunId,
    },
    /// The run is cancelled, for good.
    #[error("run {run} is cancelled{}; that is final, so name another run with `--run NAME`", because(reason.as_deref()))]
    Cancelled {
        /// The run.
        run: RunId,
        /// Why, in the words of whoever did it.
        reason: Option<String>,
    },
    /// The submission is in the store, but the coordinator could not be told.
    #[error(
        "run {run} is submitted, but the coordinator could not be told; it will find the run by itself within minutes"
    )]
    CallLost {
        /// The run.
        run: RunId,
        /// Why.
        source: QueueError,
    },
    /// It cannot be said how wide the intervals are, so neither whether the run is to go on.
    #[error("can't see whether intervals are narrow enough")]
    Gauge(#[source] crate::GaugeError),
    /// A mistake of the program.
    #[error("a task of the coordinator failed: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not do its part.
    #[error(transparent)]
    Queue(#[from] QueueError),
}
