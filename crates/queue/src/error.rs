//! What can go wrong with a queue, by what the caller can do about it.

use antiphon_core::PoolId;

/// Why the queue did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
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
    /// The way to the broker cannot be used as it is written.
    #[error("the URI of the broker cannot be used: {what}")]
    Settings {
        /// Why; never the URI itself, which may hold a password.
        what: String,
    },
    /// The broker said no. Waiting does not help.
    #[error("{broker} refused: {reason}; {advice}")]
    Refused {
        /// Which, without its password.
        broker: String,
        /// What it said.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// The user may not count the messages of a queue, so nobody knows how many there are. All else may work.
    #[error("{broker} does not let this user look at the queue {queue}; grant the user to read it")]
    Hidden {
        /// Which, without its password.
        broker: String,
        /// The queue.
        queue: String,
    },
    /// The broker did not answer in time. Only those who cannot wait are told.
    #[error("{broker} is out of reach: {reason}")]
    Unreachable {
        /// Which, without its password.
        broker: String,
        /// What is known.
        reason: String,
    },
    /// No queue takes the message, and none could be declared.
    #[error("no queue takes messages for {key:?} from the exchange {exchange}; apply the topology")]
    Unroutable {
        /// Where it was published.
        exchange: String,
        /// Its routing key, the pool for a job.
        key: String,
    },
    /// The management API did not do what it was asked.
    #[error("the management API at {url} failed: {reason}")]
    Management {
        /// Where.
        url: String,
        /// How it shows.
        reason: String,
    },
    /// Messages wait in a queue that was to be deleted.
    #[error("{messages} messages wait in {queue}; let them be worked off, or delete them with it")]
    NotEmpty {
        /// Which.
        queue: String,
        /// How many.
        messages: u32,
    },
}
