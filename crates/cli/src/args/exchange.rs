//! The commands that take answers from other tools and give them to other tools.

use std::path::PathBuf;

use antiphon_core::RunId;
use antiphon_exchange::Kind;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "\
Fields: target, probe, prompt, answer, user, session, repeat, turn, language, group, options, system, status, error, time, latency, \
input_tokens, output_tokens, model, score. Columns that are called so, or as other tools call them, are recognised; what was taken \
for what is printed. A dotted name is a path into JSON; @file is the file's name. docs/import.md has examples.")]
pub(crate) struct ImportArguments {
    /// Inspect logs (.eval, .json), or answers row by row (.csv, .tsv, .jsonl, each also .gz or .zst, or .parquet)
    #[arg(required = true, value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    /// Name of the run [default: the task's or the file's name and a hash of the answers]
    #[arg(long, value_name = "NAME")]
    pub(crate) run: Option<RunId>,
    /// A file that says which column is what; the options below go before it
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Take a field from that column or path; may be given several times
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = pair)]
    pub(crate) column: Vec<(String, String)>,
    /// The same value of a field for all answers, or none: `time=` leaves times out; may be given several times
    #[arg(long, value_name = "FIELD=VALUE", value_parser = constant)]
    pub(crate) constant: Vec<(String, String)>,
    /// Take a score of that name from that column or path; may be given several times [default for Inspect: all]
    #[arg(long, value_name = "NAME=COLUMN", value_parser = pair)]
    pub(crate) score: Vec<(String, String)>,
    /// How answers are taken, of all probes or of one: open, short, choice or scale:1..7; may be given several times [default: choice
    /// where there are options, else open]
    #[arg(long, value_name = "[PROBE=]KIND", value_parser = kind)]
    pub(crate) kind: Vec<(String, Kind)>,
    /// Options of choices, in their order
    #[arg(long, value_name = "A|B|C", value_delimiter = '|')]
    pub(crate) options: Vec<String>,
    /// Users were drawn independently from those spoken of [default: intervals speak of these users only]
    #[arg(long)]
    pub(crate) drawn_users: bool,
    /// Read and check everything, say what it comes to, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The run
    pub(crate) run: RunId,
    /// What to copy
    #[arg(long, short, default_value = "parquet")]
    pub(crate) format: ExportFormat,
    /// Folder to write into; for `inspect` also a file that ends in .eval or .json
    #[arg(long, short, value_name = "FOLDER", default_value = ".")]
    pub(crate) output: PathBuf,
    /// Overwrite files that are there
    #[arg(long)]
    pub(crate) force: bool,
}

/// What `export` copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// samples.parquet and probes.parquet
    Parquet,
    /// samples.jsonl, one sample a line with its exact request
    Jsonl,
    /// summary.json and operations.json
    Summary,
    /// The report
    Html,
    /// A log of Inspect for each target, for `inspect view` and inspect_ai.log
    Inspect,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() => {
            Ok((left.to_owned(), right.to_owned()))
        }
        _ => Err("give two names with = between them".to_owned()),
    }
}

fn constant(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("give a field and its value with = between them")?;
    Ok((field.to_owned(), value.to_owned()))
}

fn kind(text: &str) -> Result<(String, Kind), String> {
    let (probe, kind) = text.rsplit_once('=').unwrap_or(("default", text));
    Ok((probe.to_owned(), kind.parse()?))
}
