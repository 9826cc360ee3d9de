//! What can go wrong with a store, by what the caller can do about it.

use std::io;

use antiphon_core::{FormatError, RunId};

/// Why the store did not do what it was asked. The cause stands in `source` only.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names no backend that this version knows. Correct it.
    #[error("unknown store {address:?}: give a folder, file:PATH, s3://BUCKET or memory:")]
    UnknownAddress {
        /// As it was given.
        address: String,
    },
    /// There is no such folder or bucket. Correct the address; or start a run, which makes a folder, but never a bucket.
    #[error("no store at {place}: {}", where_it_is_missing(place))]
    NoStore {
        /// The folder or bucket.
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
    /// The system or the server forbids it. Correct permissions, keys or the mount.
    #[error("no permission for {place}: {remedy}")]
    Denied {
        /// The file or object.
        place: String,
        /// What to do.
        remedy: String,
        /// What the system said.
        source: io::Error,
    },
    /// The place lacks what the store's promises need, or is not reached so. Use another place, or correct the settings.
    #[error("cannot use {place} as a store: {reason}")]
    Unsuitable {
        /// The file, folder or bucket.
        place: String,
        /// What is wrong, and what to do.
        reason: String,
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

fn where_it_is_missing(place: &str) -> &'static str {
    if place.starts_with("s3://") {
        "there is no such bucket; check the address, or create the bucket"
    } else {
        "there is no such folder; check the path, or start a run there to create it"
    }
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
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                let remedy = "check its owner, its mode and whether it is mounted read-only".to_owned();
                Self::Denied { place, remedy, source }
            }
            _ => Self::Io { action, place, source },
        }
    }

    pub(crate) fn unsuitable(place: impl Into<String>, reason: impl ToString) -> Self {
        Self::Unsuitable { place: place.into(), reason: reason.to_string() }
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
