//! The commands of a fleet: its services, what is asked of it, and what it is asked.

use std::net::SocketAddr;
use std::path::PathBuf;

use antiphon_core::{PoolId, RunId};
use clap::{Args, Subcommand};

use super::{WantedArguments, duration};

/// How a service runs.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServiceArguments {
    /// Serve /healthz, /readyz and /metrics at this address, for example 0.0.0.0:8081 [default: not]
    #[arg(long, value_name = "ADDRESS", env = "ANTIPHON_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// After SIGTERM or Ctrl-C, how long open work may take to end
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) grace: std::time::Duration,
}

#[derive(Debug, Args)]
pub(crate) struct CoordinatorArguments {
    /// Jobs of one run that may wait in a pool's queue at once; fewer share the fleet more finely among runs
    #[arg(long, value_name = "JOBS", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) window: u32,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AggregatorArguments {
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ViewerArguments {
    /// Serve reports, /metrics, /healthz and /readyz at this address
    #[arg(long, value_name = "ADDRESS", env = "ANTIPHON_LISTEN", default_value = "127.0.0.1:9100")]
    pub(crate) listen: SocketAddr,
    /// How often the store is looked into
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) refresh: std::time::Duration,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// Only these pools, with commas between them [default: all of the configuration whose keys are there]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) pools: Vec<PoolId>,
    /// Sessions at a time in each pool, at most [default: the pool's concurrency]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) concurrency: Option<u32>,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArguments {
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
    /// Watch the run to its end, then sum it up
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// The run, to be shown in detail [default: all that the fleet works on]
    pub(crate) run: Option<RunId>,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// The run
    pub(crate) run: RunId,
}

#[derive(Debug, Args)]
pub(crate) struct CancelArguments {
    /// The run
    pub(crate) run: RunId,
    /// Why; it is kept with the run
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DeadArguments {
    #[command(subcommand)]
    pub(crate) action: DeadAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadAction {
    /// List the jobs of a run that were given up, and why
    List {
        /// The run
        run: RunId,
    },
    /// Show one of them, with what it would have asked
    Show {
        /// The run
        run: RunId,
        /// The job, as `dead list` names it
        job: String,
    },
    /// Let the fleet try them again
    Requeue {
        /// The run
        run: RunId,
        /// The jobs, as `dead list` names them [default: all]
        jobs: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TopologyArguments {
    #[command(subcommand)]
    pub(crate) action: TopologyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopologyAction {
    /// Make what is missing; what is there stays
    Apply(TopologyPools),
    /// Say what is missing or otherwise than it should be
    Check(TopologyPools),
    /// Remove it, with the messages that wait in it; runs go on from the store when it is made again. With --pool, only the queues of
    /// these pools: other pools work on
    Delete {
        #[command(flatten)]
        pools: TopologyPools,
        /// Do not ask, whatever waits
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TopologyPools {
    /// Only these pools, with commas between them [default: all of the configuration]
    #[arg(long = "pool", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) pools: Vec<PoolId>,
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArguments {
    /// The run
    pub(crate) run: RunId,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}
