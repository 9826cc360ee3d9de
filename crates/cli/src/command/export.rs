//! `antiphon export`: copies of a run for other tools.

use std::io::Write;
use std::path::{Path, PathBuf};

use antiphon_aggregator::label_of;
use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::{Manifest, Probe, RunId, Sample, TargetId, User, keys};
use antiphon_exchange::{ExportParts, LogFormat, export_log};
use antiphon_store::Store;
use anyhow::Context;
use serde::Serialize;

use super::open_store;
use crate::args::{Arguments, ExportArguments, ExportFormat};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    export: &ExportArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let (store, _) = open_store::holding(arguments, &export.run).await?;
    let run = &export.run;
    let manifest = store.get_manifest(run).await?.with_context(|| format!("no run {run}"))?;
    let files = files(export, &manifest)?;
    if let Some(file) = files.iter().find(|file| file.exists() && !export.force) {
        return Err(Usage(format!("{} is there already; --force overwrites it", file.display())).into());
    }
    if let Some(folder) = files.first().and_then(|file| file.parent()).filter(|it| *it != Path::new("")) {
        std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    }
    match export.format {
        ExportFormat::Inspect => inspect(&store, &manifest, &files, *output).await?,
        ExportFormat::Jsonl => jsonl(&store, run, &files[0], *output).await?,
        ExportFormat::Parquet => {
            for file in ["samples.parquet", "probes.parquet"] {
                copy(&store, run, &keys::summary(run, file), &export.output.join(file), *output).await?;
            }
        }
        ExportFormat::Summary => {
            for file in ["summary.json", "operations.json"] {
                copy(&store, run, &keys::summary(run, file), &export.output.join(file), *output).await?;
            }
        }
        ExportFormat::Html => {
            copy(&store, run, &keys::report(run), &export.output.join("report.html"), *output).await?;
        }
    }
    Ok(Exit::Complete)
}

/// What will be written.
fn files(export: &ExportArguments, manifest: &Manifest) -> anyhow::Result<Vec<PathBuf>> {
    let within = |names: &[&str]| names.iter().map(|name| export.output.join(name)).collect();
    Ok(match export.format {
        ExportFormat::Jsonl => within(&["samples.jsonl"]),
        ExportFormat::Parquet => within(&["samples.parquet", "probes.parquet"]),
        ExportFormat::Summary => within(&["summary.json", "operations.json"]),
        ExportFormat::Html => within(&["report.html"]),
        ExportFormat::Inspect if LogFormat::of(&export.output).is_some() && !export.output.is_dir() => {
            if manifest.targets.len() > 1 {
                let reason = "a log is of one target, and run";
                let then = "name a folder with --output instead, for a log of each";
                return Err(Usage(format!(
                    "{reason} {} has {}; {then}",
                    manifest.run,
                    manifest.targets.len()
                ))
                .into());
            }
            vec![export.output.clone()]
        }
        ExportFormat::Inspect => manifest
            .targets
            .iter()
            .map(|target| export.output.join(format!("{}_{}.eval", manifest.run, target.id)))
            .collect(),
    })
}

async fn inspect(
    store: &Store,
    manifest: &Manifest,
    files: &[PathBuf],
    output: Output,
) -> anyhow::Result<()> {
    let rounds = store.rounds(&manifest.run).await?;
    let label = |prompter: &Prompter, probe: &Probe, user: &User, sample: &Sample| {
        label_of(manifest, prompter, probe, user, sample).map(|label| label.name(manifest, probe))
    };
    let parts = ExportParts { store, manifest, rounds: &rounds, label: &label };
    for (target, to) in manifest.targets.iter().zip(files) {
        let format = LogFormat::of(to).unwrap_or(LogFormat::Eval);
        let part = Part::beside(to);
        let samples = export_log(parts, target, format, &part.0).await?;
        part.finish(to).with_context(|| format!("can't write {}", to.display()))?;
        output.note(format!("{}: {}", target.id, counted(samples, "sample", "samples")));
        output.line(to.display().to_string());
    }
    Ok(())
}

async fn copy(store: &Store, run: &RunId, key: &str, to: &Path, output: Output) -> anyhow::Result<()> {
    let bytes = store.get(key).await?;
    let bytes = bytes.ok_or_else(|| {
        Usage(format!("run {run} has not been summed up; `antiphon report {run}` does that"))
    })?;
    write(to, &bytes)?;
    output.line(to.display().to_string());
    Ok(())
}

/// Writes beside and renames, so that a file is never half there.
pub(super) fn write(to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let part = Part::beside(to);
    std::fs::write(&part.0, bytes)
        .and_then(|()| part.finish(to))
        .with_context(|| format!("can't write {}", to.display()))
}

/// A file that is being written. Unless it is finished, nothing of it is left.
struct Part(PathBuf);

impl Part {
    fn beside(to: &Path) -> Self {
        Self(to.with_extension("part"))
    }

    fn finish(self, to: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.0, to)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Finished, it has another name, and there is nothing to remove.
        let _finished = std::fs::remove_file(&self.0);
    }
}

/// A line of samples.jsonl: the sample as it is stored, with what its key leaves to the place.
#[derive(Serialize)]
struct Line<'a> {
    run: &'a RunId,
    target: &'a TargetId,
    job: &'a str,
    sample: &'a Sample,
}

async fn jsonl(store: &Store, run: &RunId, to: &Path, output: Output) -> anyhow::Result<()> {
    let part = Part::beside(to);
    let place = || format!("can't write {}", to.display());
    let mut file = std::io::BufWriter::new(std::fs::File::create(&part.0).with_context(place)?);
    let manifest = store.get_manifest(run).await?.with_context(|| format!("no run {run}"))?;
    let rounds = store.rounds(run).await?;
    let plan = Plan::new(&manifest, &rounds);
    let asks_each = store.lacks_a_few_results(&plan).await?;
    for (target, block) in
        manifest.targets.iter().flat_map(|target| (0..plan.blocks()).map(move |block| (target, block)))
    {
        for job in store.block_results(&plan, target, block, asks_each).await? {
            let key = keys::result_of(run, &target.id, &Plan::block_id(block), &job);
            for sample in &store.get_result(&key).await?.samples {
                let line = Line { run, target: &target.id, job: job.as_str(), sample };
                serde_json::to_writer(&mut file, &line).with_context(place)?;
                file.write_all(b"\n").with_context(place)?;
            }
        }
    }
    file.flush().with_context(place)?;
    part.finish(to).with_context(place)?;
    output.line(to.display().to_string());
    Ok(())
}
