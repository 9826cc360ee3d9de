//! What the pipeline costs, side by side with a bare loop that makes the same calls: `cargo bench -p antiphon-tests`, after
//! `cargo build --release -p antiphon -p antiphon-s3-server`. `-- --quick` makes fewer calls. `docs/benchmarks.md` says what is measured and why.

mod aggregate;
mod bare_loop;
mod child;
mod figure;
mod fleet;
mod fleet_cost;
mod fleet_limits;
#[path = "../../../crates/stats/benches/lcs/measure.rs"]
mod kernels;
mod lcs;
mod scenario;
mod simulator;
mod submit;
mod workload;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::aggregate::aggregate;
use crate::bare_loop::BareLoop;
use crate::figure::{Figure, show, write_json};
use crate::fleet::Fleet;
use crate::fleet_cost::cost;
use crate::fleet_limits::limits;
use crate::lcs::lcs;
use crate::scenario::{Bench, limited, slow, speed};
use crate::simulator::Simulator;
use crate::submit::submit;

/// The argument that measures only how a run is summed up.
const SUMMING_UP: &str = "aggregate";

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Sessions of each user and probe: a thousand calls each.
    pub(crate) small: u32,
    pub(crate) large: u32,
    pub(crate) slow: u32,
    pub(crate) limited: u32,
    pub(crate) fleet: u32,
    /// The fleet is watched for five of these, and changes after each.
    pub(crate) minute: Duration,
    pub(crate) few_jobs: u32,
    pub(crate) many_jobs: u32,
    /// Probes of the run that is summed up: ten thousand samples each.
    pub(crate) probes: u32,
    /// Medians are taken of so many runs.
    pub(crate) repeats: usize,
}

const FULL: Size = Size {
    small: 10,
    large: 100,
    slow: 20,
    limited: 3,
    fleet: 50,
    minute: Duration::from_secs(60),
    few_jobs: 500,
    many_jobs: 5_000,
    probes: 100,
    repeats: 3,
};
const QUICK: Size = Size {
    small: 2,
    large: 20,
    slow: 10,
    limited: 1,
    fleet: 20,
    minute: Duration::from_secs(12),
    few_jobs: 50,
    many_jobs: 500,
    probes: 4,
    repeats: 1,
};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [child::COMMAND, rest @ ..] => child::measure(rest),
        [bare_loop::COMMAND, rest @ ..] => runtime()?.block_on(BareLoop::parse(rest)?.run()),
        [SUMMING_UP, rest @ ..] => runtime()?.block_on(only_summing_up(size(rest))),
        rest => runtime()?.block_on(bench(size(rest))),
    }
}

fn size(arguments: &[&str]) -> Size {
    if arguments.contains(&"--quick") { QUICK } else { FULL }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Where everything is: the folder of what was built, the program, and a folder that is empty.
fn places() -> anyhow::Result<(PathBuf, PathBuf, PathBuf)> {
    let target = target_folder()?;
    let antiphon = target.join("release/antiphon");
    ensure!(
        antiphon.is_file(),
        "there is no {}; run `cargo build --release -p antiphon`",
        antiphon.display()
    );
    let folder = target.join("bench");
    // What an earlier bench left is in the way of fresh stores.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    Ok((target, antiphon, folder))
}

/// What needs neither simulator nor broker.
async fn summing_up(size: Size, antiphon: &Path, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = lcs(size.repeats);
    figures.extend(aggregate(antiphon, folder, size.probes, size.repeats).await?);
    Ok(figures)
}

async fn only_summing_up(size: Size) -> anyhow::Result<()> {
    let (_, antiphon, folder) = places()?;
    show(&summing_up(size, &antiphon, &folder).await?)
}

async fn bench(size: Size) -> anyhow::Result<()> {
    let (target, antiphon, folder) = places()?;
    let simulator = Simulator::start(&antiphon, &folder)?;
    workload::write_files(&folder, simulator.url())?;
    let bench = Bench { antiphon, folder, simulator, size };

    let (mut figures, bare_cpu_us) = speed(&bench).await?;
    figures.extend(slow(&bench).await?);
    figures.extend(limited(&bench).await?);
    let fleet = Fleet::start(&bench.antiphon, &bench.folder).await?;
    figures.extend(cost(&bench, &fleet, bare_cpu_us).await?);
    figures.extend(limits(&bench, &fleet).await?);
    figures.extend(submit(&bench, &fleet).await?);
    figures.extend(summing_up(size, &bench.antiphon, &bench.folder).await?);
    show(&figures)?;
    write_json(&figures, &target.join("bench.json"))
}

/// The folder that this program was built into, wherever that is.
fn target_folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().nth(3).map(Path::to_owned);
    folder.context("the benchmark runs from target/release/deps")
}
