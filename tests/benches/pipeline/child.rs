//! Processes and what they used.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use wait4::Wait4;

/// What a process used from its start to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) wall: Duration,
    /// Of user and system.
    pub(crate) cpu: Duration,
    pub(crate) peak_mib: f64,
}

/// Runs a command to its end. What it says goes to a file, which an error names.
pub(crate) fn run(command: &mut Command, log: &std::path::Path) -> anyhow::Result<Used> {
    let file = std::fs::File::create(log)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let begun = Instant::now();
    let child = command.spawn().with_context(|| format!("can't start {command:?}"))?;
    let ended = child.wait4()?;
    let wall = begun.elapsed();
    ensure!(ended.status.success(), "{command:?} failed: {}", std::fs::read_to_string(log)?);
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^53")]
    let peak_mib = ended.rusage.maxrss as f64 / f64::from(1 << 20);
    Ok(Used { wall, cpu: ended.rusage.utime + ended.rusage.stime, peak_mib })
}
