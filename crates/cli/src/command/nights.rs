//! What comparisons have in common: summaries that are up to date, baselines, the nights of a suite, and files.

use std::path::Path;

use antiphon_aggregator::{Look, Movements, Parts, compare, season, with_season};
use antiphon_core::plan::Plan;
use antiphon_core::summary::{Operations, Summary};
use antiphon_core::{Baseline, Comparison, History, RunId, RunVerdict, Uncompared, UncomparedVerdict, keys};
use antiphon_report::{
    comparison_junit, comparison_markdown, comparison_page, comparison_terminal, history_page,
    uncompared_junit, uncompared_markdown, uncompared_page, uncompared_terminal,
};
use antiphon_store::Store;
use anyhow::Context;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::export;
use crate::args::WrittenArguments;
use crate::compose::sum_up;
use crate::config::Config;
use crate::exit::Exit;
use crate::output::{Output, Usage};

/// A store in which runs are compared.
pub(crate) struct Nights<'a> {
    pub(crate) store: &'a Store,
    pub(crate) config: &'a Config,
}

impl Nights<'_> {
    /// The summary of a run, made again where it is not there or not of all that is stored by now.
    pub(crate) async fn summary(&self, run: &RunId) -> anyhow::Result<Summary> {
        let stored: Option<Summary> = self.store.get_json(&keys::summary(run, "summary.json")).await?;
        if let Some(summary) = stored.filter(|summary| summary.completeness.complete) {
            let manifest = self.store.get_manifest(run).await?.with_context(|| format!("no run {run}"))?;
            let rounds = self.store.rounds(run).await?;
            if Plan::new(&manifest, &rounds).samples() == summary.completeness.total.planned {
                return Ok(summary);
            }
        }
        let (summary, ..) =
            sum_up(self.store, run, self.config.aggregate, None, &CancellationToken::new()).await?;
        Ok(summary)
    }

    /// Compares two runs.
    pub(crate) async fn compare(
        &self,
        base: &RunId,
        run: &RunId,
        look: Option<Look>,
    ) -> anyhow::Result<(Comparison, Movements)> {
        let (base, run) = (self.summary(base).await?, self.summary(run).await?);
        let parts = Parts { store: self.store.clone(), settings: self.config.aggregate };
        Ok(compare(&parts, [&base, &run], look, &CancellationToken::new()).await?)
    }

    /// The baseline of a suite.
    pub(crate) async fn baseline(&self, suite: &str) -> anyhow::Result<Option<Baseline>> {
        Ok(self.store.get_json(&keys::baseline(suite)).await?)
    }

    /// Makes a run the baseline of its suite.
    pub(crate) async fn set_baseline(&self, run: &RunId, incomplete: bool) -> anyhow::Result<Baseline> {
        let summary = self.summary(run).await?;
        if !summary.completeness.complete && !incomplete {
            let hint = format!("ask again what is missing with `antiphon retry {run}`, or give --incomplete");
            return Err(Usage(format!("run {run} is not complete, and a baseline should be; {hint}")).into());
        }
        let before = self.baseline(&summary.suite).await?.map(|baseline| baseline.run);
        let baseline = Baseline {
            format: antiphon_core::OBJECT_FORMAT,
            suite: summary.suite.clone(),
            run: run.clone(),
            set_ms: u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default(),
            before: before.filter(|before| before != run),
        };
        self.store.put_json(&keys::baseline(&summary.suite), &baseline).await?;
        Ok(baseline)
    }

    /// The later runs of a suite, in the order of their first calls. A run without calls has no place in it.
    pub(crate) async fn later(&self, baseline: &Baseline) -> anyhow::Result<Vec<RunId>> {
        let Some(begin) = self.first_call(&baseline.run).await? else {
            let why = "it has no times, as of imported answers, so no night comes after it";
            return Err(Usage(format!("the baseline {} can't begin a history: {why}", baseline.run)).into());
        };
        let mut found = Vec::new();
        for run in self.store.runs().await? {
            let manifest = self.store.get_manifest(&run).await?;
            let is_one =
                manifest.is_some_and(|manifest| manifest.suite == baseline.suite) && run != baseline.run;
            if is_one && let Some(at) = self.first_call(&run).await?.filter(|at| *at >= begin) {
                found.push((at, run));
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, run)| run).collect())
    }

    /// When the first call of a run began; `None` if none was made.
    pub(crate) async fn first_call(&self, run: &RunId) -> anyhow::Result<Option<u64>> {
        let key = keys::summary(run, "operations.json");
        if !self.store.exists(&key).await? {
            self.summary(run).await?;
        }
        let operations: Option<Operations> = self.store.get_json(&key).await?;
        Ok(operations.and_then(|operations| operations.first_call_ms))
    }

    /// All nights since the baseline, up to one if it is named. Each is compared once, unless it has changed since.
    pub(crate) async fn history(&self, baseline: &Baseline, last: Option<&RunId>) -> anyhow::Result<History> {
        let base = self.summary(&baseline.run).await?;
        let mut nights = Vec::new();
        let mut policy = None;
        for run in self.later(baseline).await? {
            let now = self.summary(&run).await?;
            let stored: Option<Movements> = self.store.get_packed(&keys::movements(&run, &base.run)).await?;
            let made_from = Movements::source([&base, &now]);
            nights.push(match stored.filter(|stored| stored.made_from == made_from) {
                Some(stored) => stored,
                None => self.compare(&base.run, &run, None).await?.1,
            });
            // The newest night's: it is the one that is judged.
            policy = self.store.get_manifest(&run).await?.and_then(|manifest| manifest.policy);
            if Some(&run) == last {
                break;
            }
        }
        let policy = policy.unwrap_or_default();
        Ok(season(&baseline.suite, &base.run, &nights, &policy, policy.alpha / 2.0))
    }

    /// Judges a night by the baseline and all nights before it. Comparison and history are stored beside its report.
    pub(crate) async fn judge(
        &self,
        baseline: &Baseline,
        night: &RunId,
    ) -> anyhow::Result<(Comparison, History)> {
        let later = self.later(baseline).await?;
        let Some(look) = later.iter().position(|run| run == night) else {
            let hint = "its calls began before the baseline's; choose an earlier baseline";
            return Err(Usage(format!(
                "run {night} is no night after the baseline {}; {hint}",
                baseline.run
            ))
            .into());
        };
        let look = Look(u32::try_from(look + 1).unwrap_or(u32::MAX));
        let (comparison, _) = self.compare(&baseline.run, night, Some(look)).await?;
        let history = self.history(baseline, Some(night)).await?;
        let comparison = with_season(comparison, &history);
        self.store.put(&beside(night, "comparison.html"), comparison_page(&comparison).into()).await?;
        self.store.put(&beside(night, "history.html"), history_page(&history).into()).await?;
        self.store.put_json(&keys::summary(night, "comparison.json"), &comparison).await?;
        self.store.put_json(&keys::summary(night, "history.json"), &history).await?;
        Ok((comparison, history))
    }
}

/// The key of a file beside the report of a run.
pub(crate) fn beside(run: &RunId, name: &str) -> String {
    keys::report(run).replace("index.html", name)
}

/// What came of a run: held against another one, or against nothing.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    Compared(Box<Comparison>),
    Uncompared(Uncompared),
}

impl From<Comparison> for Outcome {
    fn from(comparison: Comparison) -> Self {
        Self::Compared(Box::new(comparison))
    }
}

impl Outcome {
    fn markdown(&self) -> String {
        match self {
            Self::Compared(comparison) => comparison_markdown(comparison),
            Self::Uncompared(uncompared) => uncompared_markdown(uncompared),
        }
    }

    fn junit(&self) -> String {
        match self {
            Self::Compared(comparison) => comparison_junit(comparison),
            Self::Uncompared(uncompared) => uncompared_junit(uncompared),
        }
    }

    fn page(&self) -> String {
        match self {
            Self::Compared(comparison) => comparison_page(comparison),
            Self::Uncompared(uncompared) => uncompared_page(uncompared),
        }
    }

    /// How the program ends after it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Compared(comparison) => match comparison.verdict {
                RunVerdict::Pass | RunVerdict::Warn => Exit::Complete,
                RunVerdict::Block => Exit::Block,
                RunVerdict::Inconclusive if !comparison.run.is_complete() => Exit::Incomplete,
                RunVerdict::Inconclusive => Exit::Inconclusive,
            },
            Self::Uncompared(uncompared) if !uncompared.complete => Exit::Incomplete,
            Self::Uncompared(uncompared) => match uncompared.verdict {
                UncomparedVerdict::Baseline => Exit::Complete,
                UncomparedVerdict::Inconclusive => Exit::Inconclusive,
            },
        }
    }
}

/// Prints what came of a run and writes the files that are wanted. One that can't be written hides neither the others nor what came.
pub(crate) fn tell(outcome: &Outcome, written: &WrittenArguments, output: Output) -> anyhow::Result<()> {
    type Render = fn(&Outcome) -> String;
    let forms: [(&Option<std::path::PathBuf>, Render); 3] = [
        (&written.markdown, Outcome::markdown),
        (&written.junit, Outcome::junit),
        (&written.html, Outcome::page),
    ];
    let (mut printed, mut written) = (false, Ok(()));
    for (file, render) in forms {
        match file.as_deref() {
            None => {}
            Some(file) if file == Path::new("-") => {
                output.raw(&render(outcome));
                printed = true;
            }
            Some(file) => match export::write(file, render(outcome).as_bytes()) {
                Ok(()) => output.note(format!("{}", file.display())),
                Err(error) if written.is_ok() => written = Err(error),
                // The first is the command's error.
                Err(error) => output.warning(crate::output::chain(&error)),
            },
        }
    }
    if output.json {
        output.value(outcome);
    } else if !printed {
        output.raw(&match outcome {
            Outcome::Compared(comparison) => comparison_terminal(comparison, output.style()),
            Outcome::Uncompared(uncompared) => uncompared_terminal(uncompared, output.style()),
        });
    }
    written
}

/// Refuses what would put two documents on standard output, or a file into a folder that does not exist.
pub(crate) fn check(written: &WrittenArguments, output: Output) -> anyhow::Result<()> {
    let all = [&written.markdown, &written.junit, &written.html];
    let to_output = all.iter().filter(|file| file.as_deref() == Some(Path::new("-"))).count();
    if to_output + usize::from(output.json) > 1 {
        return Err(Usage(
            "only one of --json, --markdown -, --junit - and --html - fits on standard output".to_owned(),
        )
        .into());
    }
    for file in all.into_iter().flatten() {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let (file, folder) = (file.display(), folder.display());
            return Err(
                Usage(format!("can't write {file}: there is no folder {folder}; make it first")).into()
            );
        }
    }
    Ok(())
}
