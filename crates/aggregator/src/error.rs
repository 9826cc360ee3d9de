//! What can go wrong.

use antiphon_core::{BlockId, RunId};
use antiphon_queue::QueueError;
use antiphon_store::StoreError;

/// Why there is no summary.
#[derive(Debug, thiserror::Error)]
pub enum AggregatorError {
    /// There is no such run.
    #[error("there is no run {run} in this store")]
    NoRun {
        /// The run.
        run: RunId,
    },
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not do its part.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A job speaks of a block that the run does not have.
    #[error("run {run} has no block {block} of such a target")]
    NoBlock {
        /// The run.
        run: RunId,
        /// The block.
        block: BlockId,
    },
    /// A table could not be written.
    #[error("can't write the table {table}")]
    Table {
        /// Which.
        table: &'static str,
        /// Why.
        source: parquet::errors::ParquetError,
    },
    /// The table of samples grows in a file of this machine until it is whole.
    #[error("can't write to the folder for temporary files {}; TMPDIR names another", place.display())]
    Scratch {
        /// The folder.
        place: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It was asked to stop.
    #[error("stopped before the summary was written; `antiphon report {run}` makes it")]
    Stopped {
        /// The run.
        run: RunId,
    },
}
