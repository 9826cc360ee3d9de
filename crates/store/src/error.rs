//! What can go wrong with a store, by what the caller can do about it.

use std::io;

use antiphon_core::{FormatError, RunId};

/// Why the store did not do what it was asked. The cause stands in `source` only.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names no backend that this version knows. Correct it.
    #[error("unknown store {address:?}: give a folder, file:PATH or memory:")]
    UnknownAddress {
        /// As it was given.
        address: String,
    },
    /// There is no such folder. Correct the address, or start a run, which makes the folder.
    #[error(
        "no store at {place}: there is no such folder; check the path, or start a run there to create it"
    )]
    NoStore {
        /// The folder.
        place: String,
    },
    /// The key cannot stand in any store. A mistake of the program or of a command line.
    #[error("{key:?} is not a store key: {reason}")]
    InvalidKey {
        /// As it was given.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nothing is stored under a key that was expected to be there.
    #[error("nothing is stored under {key}; it may have been removed by hand")]
    Absent {
        /// The key.
        key: String,
    },
    /// Disk, quota or file size limit is used up. Free space; nothing was lost.
    #[error("no room for {place}: free space there (or raise its quota), then run the same command again")]
    Full {
        /// The file.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system forbids it. Correct permissions or the mount.
    #[error("no permission for {place}: check its owner, its mode and whether it is mounted read-only")]
    Denied {
        /// The file.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The backend lacks what the store's promises need. Use another place.
    #[error("{place} cannot hold a store: {reason}; use a folder on another file system")]
    Unsuitable {
        /// The file or folder.
        place: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// Another process works on the run. Wait for it, or end it.
    #[error("run {run} is being worked on by {}; wait for it or stop it first", holder(*.pid))]
    Locked {
        /// The run.
        run: RunId,
        /// The process, if it wrote its number.
        pid: Option<u32>,
    },
    /// A stored object is not what was written. Removing a result makes its job run again.
    #[error("{key} is damaged ({reason}); {}", mend(key))]
    Corrupt {
        /// The key.
        key: String,
        /// How it shows.
        reason: String,
    },
    /// A newer version wrote the object. Use that version.
    #[error("cannot read {key}")]
    NewerFormat {
        /// The key.
        key: String,
        /// Which format it is, and which one this version reads.
        source: FormatError,
    },
    /// A value cannot be written in the store's encoding. A mistake of the program.
    #[error("cannot encode {key}: {reason}")]
    Unencodable {
        /// The key.
        key: String,
        /// What the encoder said.
        reason: String,
    },
    /// Anything else that the system reports. Trying again may help.
    #[error("cannot {action} {place}; if the cause has passed, run the same command again")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        place: String,
        /// What the system said.
        source: io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl StoreError {
    /// Sorts what the system said by what the caller can do.
    pub(crate) fn from_io(action: &'static str, place: impl Into<String>, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let place = place.into();
        match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::Full { place, source },
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::Denied { place, source },
            _ => Self::Io { action, place, source },
        }
    }

    pub(crate) fn corrupt(key: &str, reason: impl ToString) -> Self {
        Self::Corrupt { key: key.to_owned(), reason: reason.to_string() }
    }
}

/// What to do about a damaged object: results and what is derived can be made again, what the run is made of cannot.
fn mend(key: &str) -> &'static str {
    if key.contains("/samples/") || key.contains("/summary/") {
        "delete this object and run the same `antiphon run` again to make it anew"
    } else {
        "restore it from a copy; the run cannot be gone on with without it"
    }
}
