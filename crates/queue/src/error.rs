//! What can go wrong with a queue, by what the caller can do about it.

use antiphon_core::PoolId;

/// Why the queue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The pool's queue is at its bound. Publish again when some of its jobs are done.
    #[error(
        "the queue of pool {pool} is full with {waiting} jobs; publish fewer at once, and again when some are done"
    )]
    Full {
        /// The pool.
        pool: PoolId,
        /// Jobs that wait in it.
        waiting: usize,
    },
    /// The delivery was handed back before it was settled: its consumer is gone. Its job is delivered again; where the result is
    /// stored already, nothing is lost but a look into the store.
    #[error(
        "the delivery of {job} had already been handed back; it will be delivered again, so nothing is to be done"
    )]
    HandedBack {
        /// The job's place in its run.
        job: String,
    },
    /// A message that is no job of this version's formats. It is taken out of the queue.
    #[error(
        "dropped a message from {queue} that is no job ({reason}); do all roles run the same version of antiphon?"
    )]
    Malformed {
        /// The queue it came from.
        queue: String,
        /// How it shows.
        reason: String,
    },
}
