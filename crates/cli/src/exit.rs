//! Exit codes: decided in one place.

use std::io;
use std::process::ExitCode;

use antiphon_aggregator::AggregatorError;
use antiphon_coordinator::{CoordinatorError, LoadError};
use antiphon_exchange::ExchangeError;
use antiphon_providers::ClientError;
use antiphon_queue::QueueError;
use antiphon_store::StoreError;
use antiphon_viewer::ViewerError;
use antiphon_worker::WorkerError;

use crate::config::ConfigError;
use crate::output::Usage;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for is there.
    Complete,
    /// Something that nobody foresaw.
    Failure,
    /// The command line, the suite, the configuration or the place given cannot be used.
    Usage,
    /// Samples are missing; the run can be gone on with.
    Incomplete,
    /// Something changed that must not.
    Block,
    /// Neither a change nor its absence could be shown.
    Inconclusive,
    /// Ctrl-C; the run can be gone on with.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Complete => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::Block => 4,
            Exit::Inconclusive => 5,
            Exit::Interrupted => 130,
        })
    }
}

/// The code of an error, by what the user can do about it.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    let cause = |found: fn(&(dyn std::error::Error + 'static)) -> Option<Exit>| error.chain().find_map(found);
    cause(|error| {
        if error.is::<LoadError>()
            || error.is::<ConfigError>()
            || error.is::<ClientError>()
            || error.is::<Usage>()
        {
            return Some(Exit::Usage);
        }
        if let Some(error) = error.downcast_ref::<CoordinatorError>() {
            return coordinator(error);
        }
        if let Some(error) = error.downcast_ref::<ViewerError>() {
            return match error {
                ViewerError::NoRun { .. } | ViewerError::NoSummary { .. } => Some(Exit::Usage),
                ViewerError::Store(error) => Some(store(error)),
                ViewerError::Template(_) => Some(Exit::Failure),
            };
        }
        if let Some(error) = error.downcast_ref::<AggregatorError>() {
            return aggregator(error);
        }
        if let Some(error) = error.downcast_ref::<ExchangeError>() {
            return match error {
                ExchangeError::Store(error) => Some(store(error)),
                ExchangeError::File { source, .. } => place(source.kind()),
                _ => Some(Exit::Usage),
            };
        }
        match error.downcast_ref::<WorkerError>() {
            Some(WorkerError::Store(error)) => return Some(store(error)),
            Some(WorkerError::Queue(error)) => return queue(error),
            _ => {}
        }
        if let Some(error) = error.downcast_ref::<QueueError>() {
            return queue(error);
        }
        let stored = error.downcast_ref::<StoreError>().map(store);
        stored.or_else(|| error.downcast_ref::<io::Error>().and_then(|error| place(error.kind())))
    })
    .unwrap_or(Exit::Failure)
}

fn coordinator(error: &CoordinatorError) -> Option<Exit> {
    match error {
        CoordinatorError::AnotherSuite { .. }
        | CoordinatorError::NoRun { .. }
        | CoordinatorError::NothingSelected(_)
        | CoordinatorError::WiderAlready { .. }
        | CoordinatorError::WiderChain { .. }
        | CoordinatorError::TooMuch { .. }
        | CoordinatorError::Imported { .. }
        | CoordinatorError::Cancelled { .. } => Some(Exit::Usage),
        CoordinatorError::Store(error) => Some(store(error)),
        CoordinatorError::Queue(error) | CoordinatorError::CallLost { source: error, .. } => queue(error),
        CoordinatorError::Panicked { .. } | CoordinatorError::Gauge(_) => None,
    }
}

/// A broker that refuses or is out of reach is one whose address, password or rights are to be corrected.
fn queue(error: &QueueError) -> Option<Exit> {
    match error {
        QueueError::Settings { .. }
        | QueueError::Refused { .. }
        | QueueError::Hidden { .. }
        | QueueError::Unreachable { .. }
        | QueueError::Unroutable { .. }
        | QueueError::Management { .. }
        | QueueError::NotEmpty { .. } => Some(Exit::Usage),
        QueueError::Full { .. } | QueueError::HandedBack { .. } | QueueError::Malformed { .. } => None,
    }
}

fn aggregator(error: &AggregatorError) -> Option<Exit> {
    match error {
        AggregatorError::NoRun { .. } => Some(Exit::Usage),
        AggregatorError::Queue(error) => queue(error),
        AggregatorError::Store(error) => Some(store(error)),
        AggregatorError::Stopped { .. } => Some(Exit::Interrupted),
        AggregatorError::Table { .. } | AggregatorError::Scratch { .. } | AggregatorError::NoBlock { .. } => {
            None
        }
    }
}

/// A file or folder, named on the command line, that cannot be used.
fn place(kind: io::ErrorKind) -> Option<Exit> {
    use io::ErrorKind as Kind;
    let unusable = [
        Kind::NotFound,
        Kind::NotADirectory,
        Kind::IsADirectory,
        Kind::AlreadyExists,
        Kind::PermissionDenied,
        Kind::ReadOnlyFilesystem,
        Kind::StorageFull,
    ];
    unusable.contains(&kind).then_some(Exit::Usage)
}

/// A full disk leaves a run that can be gone on with; most else is the address, the permissions or another process.
fn store(error: &StoreError) -> Exit {
    match error {
        StoreError::Full { .. } => Exit::Incomplete,
        StoreError::UnknownAddress { .. }
        | StoreError::NoStore { .. }
        | StoreError::Denied { .. }
        | StoreError::Unsuitable { .. }
        | StoreError::Locked { .. }
        | StoreError::NewerFormat { .. } => Exit::Usage,
        _ => Exit::Failure,
    }
}
