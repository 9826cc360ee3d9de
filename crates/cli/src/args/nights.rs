//! The commands that hold a run against earlier ones.

use std::path::PathBuf;

use antiphon_core::RunId;
use clap::{Args, Subcommand};

/// Where a comparison is written besides the terminal.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WrittenArguments {
    /// Write it as Markdown, for a comment on a pull request; - is standard output, instead of the table
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Write it as JUnit XML, for a build server; - is standard output, instead of the table
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write it as a page; - is standard output, instead of the table
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Two runs: the first is the base, the second is judged. One run: it is judged against the baseline of its suite (`antiphon baseline set`). \
What they do not share is said and left out.

Verdicts: PASS, WARN (exit code 0) · BLOCK (4) · INCONCLUSIVE (5, or 3 if samples of the run are missing)")]
pub(crate) struct CompareArguments {
    /// The base and the run, or the run alone
    #[arg(required = true, num_args = 1..=2, value_name = "RUN")]
    pub(crate) runs: Vec<RunId>,
    #[command(flatten)]
    pub(crate) written: WrittenArguments,
}

#[derive(Debug, Args)]
pub(crate) struct BaselineArguments {
    #[command(subcommand)]
    pub(crate) action: BaselineAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineAction {
    /// Make a run the one that later runs of its suite are compared with
    Set {
        /// The run
        run: RunId,
        /// Take a run that is not complete
        #[arg(long)]
        incomplete: bool,
    },
    /// Say which runs are baselines
    Show {
        /// Only of this suite
        suite: Option<String>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Each night is compared with the baseline and all nights before it. It may be looked at every night: of seasons without a change at most one \
in twenty (the policy's alpha) is ever called changed. Nights are the suite's later runs, by the time of their first call.")]
pub(crate) struct HistoryArguments {
    /// The suite's name
    pub(crate) suite: String,
    /// Write it as a page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The run is named after suite and date, so that the same command goes on where it stopped. With a broker in the configuration the fleet \
asks, else this process does. Comparison and history stand in the store, beside the run's report.

The command of --notify is run by `sh -c` and gets the verdict as JSON on standard input, and as ANTIPHON_VERDICT, ANTIPHON_SUITE, \
ANTIPHON_RUN and ANTIPHON_REPORT. The same JSON is posted to the webhook. A notification that fails is a warning, and makes 1 of a 0. The \
baseline itself is told and written as BASELINE, a run of a suite without one as INCONCLUSIVE. A night that could not be asked or judged \
is told as ERROR, and the exit code stays the error's.

Exit codes: those of `antiphon compare`, and of `antiphon run` where nothing could be judged.")]
pub(crate) struct NightlyArguments {
    /// The suite
    pub(crate) suite: PathBuf,
    /// The night [default: today's date, UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<jiff::civil::Date>,
    /// Ask in this process, whatever the configuration says of a broker
    #[arg(long)]
    pub(crate) in_process: bool,
    /// After Ctrl-C, how long open jobs may take to end
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = super::duration)]
    pub(crate) grace: std::time::Duration,
    /// Where the suite has no baseline, make this run it if it is complete
    #[arg(long)]
    pub(crate) first_is_baseline: bool,
    /// Run this command with the verdict
    #[arg(long, value_name = "COMMAND")]
    pub(crate) notify: Option<String>,
    /// Post the verdict to this address
    #[arg(long, value_name = "URL", env = "ANTIPHON_WEBHOOK", hide_env_values = true)]
    pub(crate) webhook: Option<String>,
    #[command(flatten)]
    pub(crate) written: WrittenArguments,
}
