//! Summing up: a generated run of a million samples of 500 words, and one of a hundredth.

use std::path::Path;
use std::process::Command;

use antiphon_core::RunId;
use antiphon_tests::Generated;

use crate::child::{self, Used};
use crate::figure::{Figure, Target};

/// The smaller run has one probe; both have as many targets, users and sessions.
fn generated(probes: u32) -> Generated {
    Generated { probes, scales: 0, targets: 10, users: 50, sessions: 20, probes_per_block: 0, words: 500 }
}

/// Sums up a run of one probe, so many times, and one of `probes`, once.
pub(crate) async fn aggregate(
    antiphon: &Path,
    folder: &Path,
    probes: u32,
    repeats: usize,
) -> anyhow::Result<Vec<Figure>> {
    let mut few = Vec::new();
    let small = folder.join("aggregate-small");
    let run: RunId = "made".parse()?;
    generated(1).write(&small, &run).await;
    for _ in 0..repeats {
        few.push(sum_up(antiphon, &small)?);
    }
    few.sort_by(|a, b| a.wall_seconds.total_cmp(&b.wall_seconds));
    let few = few[few.len() / 2];
    let large = folder.join("aggregate-large");
    generated(probes).write(&large, &run).await;
    let many = sum_up(antiphon, &large)?;
    // It is large.
    std::fs::remove_dir_all(&large)?;
    let samples = f64::from(u32::try_from(generated(probes).samples())?);
    let times = f64::from(probes);
    let per_sample = |used: Used, samples: f64| 1e6 * used.cpu_seconds / samples;
    Ok(vec![
        Figure {
            name: "aggregate_1m_samples_s",
            value: many.wall_seconds,
            unit: "s",
            compared_with: format!(
                "{samples} samples of 500 words, {:.0} us of processor a sample; {} samples {:.1} s, {:.0} us",
                per_sample(many, samples),
                samples / times,
                few.wall_seconds,
                per_sample(few, samples / times)
            ),
            // A matter of minutes, not of a night.
            target: Target::AtMost(3_600.0),
        },
        Figure {
            name: "aggregate_1m_peak_mib",
            value: many.peak_mib,
            unit: "MiB",
            compared_with: format!("{:.0} MiB at {} samples", few.peak_mib, samples / times),
            target: Target::AtMost(1_024.0),
        },
        Figure {
            name: "aggregate_growth",
            value: many.wall_seconds / (times * few.wall_seconds),
            unit: "",
            compared_with: format!(
                "{times} times that of {} samples; by processor time {:.2}",
                samples / times,
                many.cpu_seconds / (times * few.cpu_seconds)
            ),
            target: Target::AtMost(1.2),
        },
    ])
}

fn sum_up(antiphon: &Path, store: &Path) -> anyhow::Result<Used> {
    let mut command = Command::new(antiphon);
    command.args(["report", "made", "--store"]).arg(store);
    child::run(&command, &store.join("aggregate.log"))
}
