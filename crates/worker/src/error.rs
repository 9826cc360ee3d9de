//! What can go wrong, by what the caller can do about it.

use antiphon_core::PoolId;
use antiphon_queue::QueueError;
use antiphon_store::StoreError;

/// Why a worker ended early. Jobs that it had are delivered again.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not do its part.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A job's own code panicked.
    #[error("a job of pool {pool} panicked: {message}")]
    Panicked {
        /// The pool.
        pool: PoolId,
        /// What it said.
        message: String,
    },
}
