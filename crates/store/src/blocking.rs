//! Work that blocks a thread: disks and compression.

use std::io;

use crate::StoreError;

/// Runs blocking work where it holds up nobody. The work goes on to its end even if the caller stops waiting.
pub(crate) async fn blocking<T, W>(place: &str, work: W) -> Result<T, StoreError>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, StoreError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(cancelled) => Err(StoreError::from_io("reach", place, io::Error::other(cancelled))),
        },
    }
}
