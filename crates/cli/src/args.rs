//! The command line.

mod documents;
mod exchange;
mod extraction;
mod fleet;
mod nights;
mod recall;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use antiphon_core::{ProbeId, RunId, TargetId, UserId};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use documents::CompareDocumentsArguments;
pub(crate) use exchange::{ExportArguments, ExportFormat, ImportArguments};
pub(crate) use extraction::{ExtractedArguments, SealArguments};
pub(crate) use fleet::{
    AggregatorArguments, CancelArguments, CoordinatorArguments, DeadAction, DeadArguments, PurgeArguments,
    ServiceArguments, StatusArguments, SubmitArguments, TopologyAction, TopologyArguments, TopologyPools,
    ViewerArguments, WatchArguments, WorkerArguments,
};
pub(crate) use nights::{
    BaselineAction, BaselineArguments, CompareArguments, HistoryArguments, NightlyArguments, WrittenArguments,
};
pub(crate) use recall::{RecallArguments, RecallCommand, RecallNewArguments};

/// Does a model say the same thing to everybody? Antiphon asks it thousands of times, as many users in many fresh sessions,
/// and says with honest error bars how consistently it answers.
#[derive(Debug, Parser)]
#[command(name = "antiphon", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 complete · 1 unexpected failure · 2 usage or configuration · 3 incomplete · 4 BLOCK · 5 INCONCLUSIVE · 130 interrupted"
)]
pub(crate) struct Arguments {
    /// Configuration file [default: antiphon.toml here or beside the suite, then the user's own]
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "FILE",
        env = "ANTIPHON_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Store: a folder, file:PATH, memory: or s3://BUCKET/PREFIX [default: the configuration's, else ./antiphon-data]
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "ADDRESS",
        env = "ANTIPHON_STORE"
    )]
    pub(crate) store: Option<String>,
    /// Print results as JSON on standard output
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Print nothing but results and errors
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// When to use colours; NO_COLOR is respected
    #[arg(long, global = true, help_heading = "Global options", value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colour,
    /// What to log on standard error, for example `info` or `antiphon_worker=debug` [default: warn; for services: warn,antiphon=info]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILTER", env = "ANTIPHON_LOG")]
    pub(crate) log: Option<String>,
    /// How to log
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "FORMAT",
        default_value = "text",
        env = "ANTIPHON_LOG_FORMAT"
    )]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a starter suite and configuration with comments
    Init(InitArguments),
    /// Run a suite of all kinds of probes against two simulated models, and write the report
    Demo(DemoArguments),
    /// Run a suite, or go on with it; the same command resumes
    Run(RunArguments),
    /// Ask again what failed, as a new round of a run
    Retry(RetryArguments),
    /// Ask whether targets know a document: make a suite for it
    Recall(RecallArguments),
    /// Say what a run would ask, take and cost, without asking
    Plan(PlanArguments),
    /// Say what change between two nights a suite could find, and what finding half of it would cost
    Power(PowerArguments),
    /// Check a suite and the configuration, and print what they come to
    Check(CheckArguments),
    /// Print the JSON Schema of the suite format, for editors
    Schema,
    /// List the runs in the store
    Runs,
    /// Show conversations of a run
    Show(ShowArguments),
    /// Sum a run up again and write its report
    Report(ReportArguments),
    /// Hold a run against an earlier one, and judge what has changed
    Compare(CompareArguments),
    /// Choose the run that later runs of a suite are compared with
    Baseline(BaselineArguments),
    /// Say what has changed in a suite over many nights
    History(HistoryArguments),
    /// Ask a suite tonight, judge what has changed, and tell somebody
    Nightly(NightlyArguments),
    /// Compute the vectors of a run's answers, where its suite compares by embeddings
    Embed(EmbedArguments),
    /// Make a run of answers that are there already: Inspect logs, CSV, JSON lines or Parquet. No model is called
    Import(ImportArguments),
    /// Copy a run's tables, summary or samples out of the store
    Export(ExportArguments),
    /// Say what two documents have in common, word by word: how much, where, and what differs there
    CompareDocuments(CompareDocumentsArguments),
    /// Print the texts that a run's `extract` probes have grown, or write them to files
    Extracted(ExtractedArguments),
    /// Stamp what a run has extracted with hashes and the time
    Seal(SealArguments),
    /// Print a stored object as JSON
    Decode {
        /// The object's file, or its key in the store
        object: PathBuf,
    },
    /// Remove a run from the store, and say what was removed
    Purge(PurgeArguments),
    /// Fleet: plan runs and publish their jobs, until it is stopped
    Coordinator(CoordinatorArguments),
    /// Fleet: ask models, until it is stopped
    Worker(WorkerArguments),
    /// Fleet: help `antiphon report --fleet` to sum up, until it is stopped
    Aggregator(AggregatorArguments),
    /// Serve reports, and the results of the newest runs as metrics, until it is stopped
    Viewer(ViewerArguments),
    /// Fleet: hand a suite to the fleet
    Submit(SubmitArguments),
    /// Fleet: say what the fleet works on, or how one run stands
    Status(StatusArguments),
    /// Fleet: follow a run to its end
    Watch(WatchArguments),
    /// Fleet: stop a run for good; what is stored stays
    Cancel(CancelArguments),
    /// Fleet: jobs that were given up
    Dead(DeadArguments),
    /// Fleet: queues and exchanges at the broker
    Topology(TopologyArguments),
    /// Say whether broker, store and keys are as they must be, and what to do if not
    Doctor,
    /// Serve simulated models, for trying things out
    Sim(SimArguments),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Folder to write into
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Overwrite files that are there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder for the demo's suite, configuration and results [default: antiphon-demo, or antiphon-demo-nightly]
    pub(crate) folder: Option<PathBuf>,
    /// Play ten nights of a small suite instead, with a change on the seventh; writes their history
    #[arg(long)]
    pub(crate) nightly: bool,
}

/// How a run is worked on.
#[derive(Debug, Args)]
pub(crate) struct WorkArguments {
    /// After Ctrl-C, how long open jobs may take to end
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) grace: std::time::Duration,
    /// Only ask and store; sum up later with `antiphon report`
    #[arg(long)]
    pub(crate) collect_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The suite
    pub(crate) suite: PathBuf,
    /// Name of the run [default: the suite's name and a hash of what it asks]
    #[arg(long, value_name = "NAME")]
    pub(crate) run: Option<RunId>,
    #[command(flatten)]
    pub(crate) wanted: WantedArguments,
    /// Spend above the budget's warning without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) work: WorkArguments,
}

/// What part of a suite is asked; a later start without these asks the rest.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WantedArguments {
    /// Only these targets, probes or groups, with commas between them
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Only the first so many probes
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// So many sessions of each user, instead of the suite's number; raising it later asks the new ones only
    #[arg(long, value_name = "N")]
    pub(crate) sessions: Option<u32>,
    /// Only the first so many users
    #[arg(long, value_name = "N")]
    pub(crate) users: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct RetryArguments {
    /// The run
    pub(crate) run: RunId,
    /// Hand it to the fleet instead of asking from here
    #[arg(long)]
    pub(crate) submit: bool,
    #[command(flatten)]
    pub(crate) work: WorkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// The suite
    pub(crate) suite: PathBuf,
    /// Name of the run [default: the suite's name and a hash of what it asks]
    #[arg(long, value_name = "NAME")]
    pub(crate) run: Option<RunId>,
    #[command(flatten)]
    pub(crate) wanted: WantedArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PowerArguments {
    /// The suite
    pub(crate) suite: PathBuf,
    /// Take agreement and its parts from this run instead of assuming them
    #[arg(long, value_name = "RUN")]
    pub(crate) from: Option<RunId>,
    /// Assume this share, of refusals or of an answer
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    pub(crate) share: f64,
    /// Assume this agreement between users
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    pub(crate) agreement: f64,
    /// Assume that users account for this part of the variance
    #[arg(long, value_name = "PART", default_value_t = 0.2)]
    pub(crate) user_part: f64,
    /// Assume that sessions of a user account for this part
    #[arg(long, value_name = "PART", default_value_t = 0.16)]
    pub(crate) session_part: f64,
    /// Assume that a night moves users by this part of the variance between them
    #[arg(long, value_name = "PART", default_value_t = 0.1)]
    pub(crate) drift: f64,
    /// What a session costs besides its samples, in samples
    #[arg(long, value_name = "SAMPLES", default_value_t = 0.0)]
    pub(crate) session_cost: f64,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The suite; without one, only the configuration is checked
    pub(crate) suite: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// The run
    pub(crate) run: RunId,
    /// Only this target
    #[arg(long, value_name = "ID")]
    pub(crate) target: Option<TargetId>,
    /// Only this probe
    #[arg(long, value_name = "ID")]
    pub(crate) probe: Option<ProbeId>,
    /// Only this user
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<UserId>,
    /// Only the session with this number
    #[arg(long, value_name = "N")]
    pub(crate) session: Option<u32>,
    /// At most so many conversations of each target and probe
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The run
    pub(crate) run: RunId,
    /// Blocks that are summed up at a time [default: what the configuration says, else one for each core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// MiB that samples may take at a time, about [default: what the configuration says, else 512]
    #[arg(long, value_name = "MIB")]
    pub(crate) memory_mib: Option<NonZero<u32>>,
    /// Fleet: let its aggregators help; needs a broker
    #[arg(long)]
    pub(crate) fleet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EmbedArguments {
    /// The run
    pub(crate) run: RunId,
    /// Where the suite's file of word vectors is now [default: the path that the suite gives, from here]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SimArguments {
    /// Voices: models with a known truth [default: the demo's]
    pub(crate) voices: Option<PathBuf>,
    /// Address to listen at; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The only API key that is let in
    #[arg(long, value_name = "KEY", env = "ANTIPHON_SIM_KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
    /// The simulated day, for voices that drift (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<jiff::civil::Date>,
}

pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let parsed: jiff::SignedDuration =
        text.parse().map_err(|_| "give a duration such as 90s or 5m".to_owned())?;
    parsed.try_into().map_err(|_| "a duration cannot be negative".to_owned())
}
