//! Processes and what they used.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use wait4::Wait4;

/// The argument that makes this program run another one and say what it used.
pub(crate) const COMMAND: &str = "measured";

/// What a process used from its start to its end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Used {
    pub(crate) wall_seconds: f64,
    /// Of user and system.
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_mib: f64,
}

/// Runs a command to its end. What it says goes to a file, and into the error where it fails.
///
/// A process inherits the peak of the one that started it, so a small process in between starts it.
pub(crate) fn run(command: &Command, log: &Path) -> anyhow::Result<Used> {
    let mut between = Command::new(std::env::current_exe()?);
    between.arg(COMMAND).arg(command.get_program()).args(command.get_args());
    let ended = between.stdin(Stdio::null()).stderr(File::create(log)?).output()?;
    ensure!(ended.status.success(), "{command:?} failed: {}", std::fs::read_to_string(log)?);
    serde_json::from_slice(&ended.stdout).context("the process in between")
}

/// The process in between: runs its arguments and prints what they used.
pub(crate) fn measure(arguments: &[&str]) -> anyhow::Result<()> {
    let (program, arguments) = arguments.split_first().context("nothing to run")?;
    let begun = Instant::now();
    let child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn()?;
    let ended = child.wait4()?;
    let wall_seconds = begun.elapsed().as_secs_f64();
    ensure!(ended.status.success(), "it ended with {}", ended.status);
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^53")]
    let peak_mib = ended.rusage.maxrss as f64 / f64::from(1 << 20);
    let cpu_seconds = (ended.rusage.utime + ended.rusage.stime).as_secs_f64();
    serde_json::to_writer(std::io::stdout().lock(), &Used { wall_seconds, cpu_seconds, peak_mib })?;
    Ok(())
}
