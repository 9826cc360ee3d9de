//! Versions of what is stored.

/// The format of manifests, rounds, result objects and summaries. Raised when an older reader would misread a newer writer;
/// a new optional field does not raise it.
pub const OBJECT_FORMAT: u32 = 1;

/// A stored object of a format that this version does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("format {found} is newer than {OBJECT_FORMAT}, the newest this version reads; use a newer antiphon")]
pub struct FormatError {
    found: u32,
}

/// Refuses what a newer version wrote.
pub fn check_format(found: u32) -> Result<(), FormatError> {
    if found > OBJECT_FORMAT { Err(FormatError { found }) } else { Ok(()) }
}
