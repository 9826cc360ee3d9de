//! What can go wrong.

use antiphon_core::RunId;
use antiphon_core::prompt::TemplateError;
use antiphon_store::StoreError;

/// Why there is nothing to see.
#[derive(Debug, thiserror::Error)]
pub enum ViewerError {
    /// There is no such run.
    #[error("there is no run {run} in this store; `antiphon runs` lists what there is")]
    NoRun {
        /// The run.
        run: RunId,
    },
    /// The run has not been summed up.
    #[error("run {run} has no summary yet; `antiphon report {run}` makes it")]
    NoSummary {
        /// The run.
        run: RunId,
    },
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A prompt cannot be made again.
    #[error(transparent)]
    Template(#[from] TemplateError),
}
