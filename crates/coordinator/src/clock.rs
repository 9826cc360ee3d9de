//! The one place where the coordinator reads the clock on the wall: records say when they were written.

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a record says when it was written; nothing is decided by it")]
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
