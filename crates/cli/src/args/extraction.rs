//! The commands about texts that were grown.

use std::path::PathBuf;

use antiphon_core::RunId;
use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Without --out the texts are printed, each under a line with its chain, its target and why it ended; what was given stands in [given: …], \
all else was said. With it each becomes a file TARGET.PROBE.txt, seed and all that was grown, without marks.")]
pub(crate) struct ExtractedArguments {
    /// The run
    pub(crate) run: RunId,
    /// A folder to write a file for each chain into
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Overwrite files that are there
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A seal holds the BLAKE3 hash of every step of every chain, one hash of all of them, and the time. It stands in the store and is never \
replaced. Publish its hash, and whoever has the run can check later that the texts were there before a document was published.")]
pub(crate) struct SealArguments {
    /// The run
    pub(crate) run: RunId,
    /// Check the extractions against the seal that is there
    #[arg(long)]
    pub(crate) verify: bool,
}
