//! The measurements. Both sides take turns, so that whatever else the machine does meets both.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use serde::Deserialize;

use crate::Size;
use crate::bare_loop::BareLoop;
use crate::child::{self, Used};
use crate::figure::{Figure, Target};
use crate::simulator::Simulator;
use crate::workload::{
    BURST, CALLS_PER_MINUTE, FAST_CONCURRENCY, LIMITED_LATENCY_MS, SLOW_CONCURRENCY, calls,
};

/// What all measurements need.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) antiphon: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) simulator: Simulator,
    pub(crate) size: Size,
}

/// What one side used and left behind.
#[derive(Debug, Clone, Copy)]
struct Measured {
    used: Used,
    bytes: u64,
}

/// A line of `antiphon export --format jsonl`, as far as it matters here.
#[derive(Deserialize)]
struct Line {
    sample: Sample,
}

#[derive(Deserialize)]
struct Sample {
    billing: Billing,
}

#[derive(Deserialize)]
struct Billing {
    response_id: Option<String>,
}

/// Processor time, throughput, memory and bytes: answers that come at once. Gives besides a bare call's processor time in microseconds.
pub(crate) async fn speed(bench: &Bench) -> anyhow::Result<(Vec<Figure>, f64)> {
    let Size { small, large, repeats, .. } = bench.size;
    let mut bare = Sides::default();
    let mut antiphon = Sides::default();
    for _ in 0..repeats {
        bare.small.push(bench.bare("fast", small, FAST_CONCURRENCY)?);
        antiphon.small.push(bench.antiphon("fast", small).await?);
        bare.large.push(bench.bare("fast", large, FAST_CONCURRENCY)?);
        antiphon.large.push(bench.antiphon("fast", large).await?);
    }
    let extra = f64::from(calls(large) - calls(small));
    let slope = |sides: &Sides| {
        let cpu = |runs: &[Measured]| median(runs, |run| run.used.cpu_seconds);
        (cpu(&sides.large) - cpu(&sides.small)) / extra * 1e6
    };
    let speed = |sides: &Sides| f64::from(calls(large)) / median(&sides.large, |run| run.used.wall_seconds);
    let peak = |runs: &[Measured]| median(runs, |run| run.used.peak_mib);
    #[expect(clippy::cast_precision_loss, reason = "bytes of a benchmark are far below 2^53")]
    let bytes = |sides: &Sides| median(&sides.large, |run| run.bytes as f64) / f64::from(calls(large));
    let own_peaks = (peak(&antiphon.small), peak(&antiphon.large));
    let figures = vec![
        Figure {
            name: "cpu_per_call_vs_bare_loop",
            value: slope(&antiphon) / slope(&bare),
            unit: "times",
            compared_with: format!("bare loop: {:.1} µs a call; here {:.1}", slope(&bare), slope(&antiphon)),
            target: Target::AtMost(3.0),
        },
        Figure {
            name: "throughput_vs_bare_loop",
            value: speed(&antiphon) / speed(&bare),
            unit: "times",
            compared_with: format!("bare loop: {:.0} calls/s; here {:.0}", speed(&bare), speed(&antiphon)),
            target: Target::AtLeast(0.4),
        },
        Figure {
            name: "peak_mib_100k_calls",
            value: own_peaks.1,
            unit: "MiB",
            compared_with: format!("bare loop: {:.1} MiB", peak(&bare.large)),
            target: Target::AtMost(150.0),
        },
        Figure {
            name: "peak_growth_10k_to_100k",
            value: own_peaks.1 / own_peaks.0,
            unit: "times",
            compared_with: format!("itself at a tenth of the calls: {:.1} MiB", own_peaks.0),
            target: Target::AtMost(1.1),
        },
        Figure {
            name: "stored_bytes_vs_jsonl",
            value: bytes(&antiphon) / bytes(&bare),
            unit: "times",
            compared_with: format!(
                "JSON lines: {:.0} B a sample; here {:.0}",
                bytes(&bare),
                bytes(&antiphon)
            ),
            target: Target::AtMost(0.6),
        },
    ];
    Ok((figures, slope(&bare)))
}

/// Wall time where a thousand calls wait at a time.
pub(crate) async fn slow(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let (mut bare, mut antiphon) = (Vec::new(), Vec::new());
    for _ in 0..bench.size.repeats {
        bare.push(bench.bare("slow", bench.size.slow, SLOW_CONCURRENCY)?);
        antiphon.push(bench.antiphon("slow", bench.size.slow).await?);
    }
    let wall = |runs: &[Measured]| median(runs, |run| run.used.wall_seconds);
    Ok(vec![Figure {
        name: "wall_vs_bare_loop_500ms",
        value: wall(&antiphon) / wall(&bare),
        unit: "times",
        compared_with: format!("bare loop: {:.2} s; here {:.2}", wall(&bare), wall(&antiphon)),
        target: Target::AtMost(1.05),
    }])
}

/// How much of a limit is used.
pub(crate) async fn limited(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let sessions = bench.size.limited;
    let run = bench.antiphon("limited", sessions).await?;
    let refused = bench.simulator.stats().await?.limited;
    let per_second = f64::from(CALLS_PER_MINUTE) / 60.0;
    let ideal = f64::from(calls(sessions) - BURST) / per_second + f64::from(LIMITED_LATENCY_MS) / 1e3;
    let wall = run.used.wall_seconds;
    Ok(vec![
        Figure {
            name: "rate_limit_use",
            value: wall / ideal,
            unit: "times",
            compared_with: format!("as fast as the limit allows: {ideal:.2} s; here {wall:.2}"),
            target: Target::AtMost(1.03),
        },
        Figure {
            name: "rate_limit_429s",
            #[expect(clippy::cast_precision_loss, reason = "at most as many as calls")]
            value: refused as f64,
            unit: "answers",
            compared_with: "none".to_owned(),
            target: Target::AtMost(3.0),
        },
    ])
}

#[derive(Default)]
struct Sides {
    small: Vec<Measured>,
    large: Vec<Measured>,
}

impl Bench {
    fn bare(&self, model: &str, sessions: u32, concurrency: u32) -> anyhow::Result<Measured> {
        let output = self.folder.join("bare-loop.jsonl");
        let bare_loop = BareLoop {
            base_url: self.simulator.url().to_owned(),
            model: model.to_owned(),
            calls: calls(sessions),
            concurrency,
            output: output.clone(),
        };
        let mut command = Command::new(std::env::current_exe()?);
        let used = child::run(command.args(bare_loop.arguments()), &self.folder.join("bare-loop.log"))?;
        tell("bare loop", sessions, used);
        Ok(Measured { used, bytes: output.metadata()?.len() })
    }

    /// One run into a fresh store, which must hold every answer that the simulator gave.
    async fn antiphon(&self, target: &str, sessions: u32) -> anyhow::Result<Measured> {
        self.simulator.reset().await?;
        let store = self.folder.join("store");
        let suite = self.folder.join(format!("{target}.suite.yaml"));
        let mut command = self.command(&store);
        command
            .args(["run", "--run", "bench", "--collect-only", "--sessions"])
            .arg(sessions.to_string())
            .arg(suite);
        let used = child::run(&command, &self.folder.join("antiphon.log"))?;
        tell("antiphon", sessions, used);
        let bytes = bytes_below(&store.join("runs/bench/samples"))?;
        self.check_stored(&store, sessions).await?;
        std::fs::remove_dir_all(&store)?;
        Ok(Measured { used, bytes })
    }

    /// Seconds from start to exit of one run into a fresh store.
    pub(crate) async fn antiphon_wall(&self, target: &str, sessions: u32) -> anyhow::Result<f64> {
        Ok(self.antiphon(target, sessions).await?.used.wall_seconds)
    }

    async fn check_stored(&self, store: &Path, sessions: u32) -> anyhow::Result<()> {
        let log = self.folder.join("export.log");
        let mut command = self.command(store);
        child::run(
            command.args(["export", "bench", "--format", "jsonl", "--force", "--output"]).arg(&self.folder),
            &log,
        )?;
        let exported = std::io::BufReader::new(std::fs::File::open(self.folder.join("samples.jsonl"))?);
        let lines = serde_json::Deserializer::from_reader(exported).into_iter::<Line>();
        let ids = lines.filter_map(|line| line.map(|line| line.sample.billing.response_id).transpose());
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        let distinct: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let given = self.simulator.answers().await?;
        let given: BTreeSet<&str> = given.iter().map(String::as_str).collect();
        ensure!(
            ids.len() == calls(sessions) as usize,
            "{} answers stored, {} asked",
            ids.len(),
            calls(sessions)
        );
        ensure!(distinct == given, "{} answers stored, {} given", distinct.len(), given.len());
        Ok(())
    }

    fn command(&self, store: &Path) -> Command {
        let mut command = Command::new(&self.antiphon);
        command.arg("--config").arg(self.folder.join("antiphon.toml")).arg("--store").arg(store);
        command
    }
}

#[expect(clippy::print_stderr, reason = "a benchmark says how far it is")]
fn tell(side: &str, sessions: u32, used: Used) {
    let calls = calls(sessions);
    let Used { wall_seconds, cpu_seconds, peak_mib } = used;
    eprintln!(
        "{side:>9}, {calls:>6} calls: {wall_seconds:>6.2} s, {cpu_seconds:>6.2} s of CPU, {peak_mib:.1} MiB"
    );
}

/// The middle one, or the mean of the two in the middle.
fn median(runs: &[Measured], what: impl Fn(&Measured) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(what).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

fn bytes_below(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
