//! The command that makes recall suites from documents.

use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exchange::pair;

#[derive(Debug, Args)]
pub(crate) struct RecallArguments {
    #[command(subcommand)]
    pub(crate) command: RecallCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecallCommand {
    /// Write a suite that asks whether targets know a document, with its controls and the tests that decide
    New(Box<RecallNewArguments>),
}

#[derive(Debug, Args)]
#[command(after_help = "\
The suite refers to the document by its path and its hash; its text stays where it is. Look at the suite, then `antiphon plan` says what \
it costs and `antiphon run` asks. The report says of each target whether it recalls the document, and why. docs/recall.md explains.")]
pub(crate) struct RecallNewArguments {
    /// The document: plain text or Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) document: PathBuf,
    /// Targets of the configuration, the others being siblings of each
    #[arg(long, value_name = "A,B", value_delimiter = ',', required = true)]
    pub(crate) targets: Vec<String>,
    /// The suite to write [default: recall-NAME.suite.yaml]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Overwrite the suite if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// What the document is called in questions [default: its first heading, or its file's name]
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Who wrote it: targets are asked for the name. Other spellings may be given as well
    #[arg(long, value_name = "NAME", conflicts_with = "completion")]
    pub(crate) author: Vec<String>,
    /// What it is about, in a few words: targets are asked which texts on that there are, and whether they name it is counted
    #[arg(long, value_name = "TEXT", conflicts_with = "completion")]
    pub(crate) about: Option<String>,
    /// Ask about these words of the document only, counted from 0
    #[arg(long, value_name = "FROM..TO", value_parser = words)]
    pub(crate) words: Option<Range<usize>>,
    /// Places at which the document is cut
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) cuts: usize,
    /// Words of passages: the first length at all cuts, further ones at a quarter of them
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [60, 20, 150])]
    pub(crate) passage_words: Vec<usize>,
    /// Words looked for after each cut
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) reference_words: usize,
    /// Another document of the same kind that no target can know
    #[arg(long, value_name = "FILE")]
    pub(crate) other: Option<PathBuf>,
    /// A text that every target knows [default: a famous speech, written beside the suite]
    #[arg(long, value_name = "FILE", conflicts_with = "no_known")]
    pub(crate) known: Option<PathBuf>,
    /// No target knows any text: silence is then taken for not knowing
    #[arg(long)]
    pub(crate) no_known: bool,
    /// Another edition of the document; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) edition: Vec<PathBuf>,
    /// Targets only continue texts: passages stand alone, without instructions
    #[arg(long)]
    pub(crate) completion: bool,
    /// Users drawn
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) users: u32,
    /// Sessions of each user
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) sessions: u32,
    /// Temperature of all targets [default: the provider's]
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f64>,
    /// Most tokens of an answer [default: three for each word looked for]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Providers that may see the document
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) egress: Vec<String>,
    /// When the document was first public: YYYY, YYYY-MM or YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(crate) first_public: Option<String>,
    /// The end of what a target learned from, as exactly as it is known; may be given several times
    #[arg(long, value_name = "TARGET=DATE", value_parser = pair)]
    pub(crate) cutoff: Vec<(String, String)>,
}

fn words(text: &str) -> Result<Range<usize>, String> {
    let parts = text.split_once("..").map(|(from, to)| (from.parse(), to.parse()));
    match parts {
        Some((Ok(from), Ok(to))) if from < to => Ok(from..to),
        _ => Err("give two word numbers, such as 0..8000".to_owned()),
    }
}
