//! The time of day, by which machines tell each other how long a job has waited.

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "only what is shown of waiting depends on it")]
pub(super) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
