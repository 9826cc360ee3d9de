//! The command that compares documents.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Words are what stands between white space, punctuation and Markdown's marks included; kinds of white space, quotation marks and Unicode \
forms make no difference. A passage is nearly verbatim where at most ten words in a row differ, between pieces of 20 words or more that may \
differ in two; it has at least 100 words, or 20 if a document has no more than 300. docs/statistics.md says more.")]
pub(crate) struct CompareDocumentsArguments {
    /// A document, plain text or Markdown in UTF-8; as the reference, if one of the two is
    pub(crate) a: PathBuf,
    /// The document to compare it with
    pub(crate) b: PathBuf,
    /// Take upper and lower case as the same
    #[arg(long)]
    pub(crate) casefold: bool,
    /// Runs of the same words count by themselves from so many words on
    #[arg(long, value_name = "WORDS", default_value = "5")]
    pub(crate) shortest: NonZero<usize>,
    /// Print at most so many passages, the longest
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Also write both documents, with what the other has shaded, as one HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Overwrite the HTML file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}
