//! Tells a command and a webhook what came of a night.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use antiphon_core::RunId;
use anyhow::{Context, bail};
use serde::Serialize;

use crate::command::nights::Outcome;

/// Longer than this nobody is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether a command has ended.
const LOOK: Duration = Duration::from_millis(20);

/// What is told.
#[derive(Debug, Serialize)]
pub(super) struct Notice<'a> {
    verdict: &'static str,
    suite: &'a str,
    run: Option<&'a str>,
    base: Option<&'a str>,
    complete: bool,
    reasons: Vec<String>,
    report: Option<&'a str>,
}

impl<'a> Notice<'a> {
    pub(super) fn of(outcome: &'a Outcome, report: &'a str) -> Self {
        match outcome {
            Outcome::Compared(comparison) => Self {
                verdict: comparison.verdict.name(),
                suite: &comparison.suite,
                run: Some(comparison.run.run.as_str()),
                base: Some(comparison.base.run.as_str()),
                complete: comparison.run.is_complete(),
                reasons: comparison.reasons.clone(),
                report: Some(report),
            },
            Outcome::Uncompared(uncompared) => Self {
                verdict: uncompared.verdict.name(),
                suite: &uncompared.suite,
                run: Some(uncompared.run.as_str()),
                base: None,
                complete: uncompared.complete,
                reasons: vec![uncompared.reason.clone()],
                report: Some(report),
            },
        }
    }

    /// Whether every planned sample has its final record.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// More reasons, the less important ones.
    pub(super) fn add(&mut self, reasons: impl Iterator<Item = String>) {
        self.reasons.extend(reasons);
    }

    /// Of a night that could not be asked or judged. A suite that could not be read is called by its file.
    pub(super) fn error(suite: &'a Path, night: Option<&'a (String, RunId)>, reasons: Vec<String>) -> Self {
        Self {
            verdict: "ERROR",
            suite: night.map_or_else(|| suite.to_str().unwrap_or_default(), |(suite, _)| suite),
            run: night.map(|(_, run)| run.as_str()),
            base: None,
            complete: false,
            reasons,
            report: None,
        }
    }
}

/// Tells both; what went wrong with either.
pub(super) async fn notify(
    notice: &Notice<'_>,
    command: Option<&str>,
    webhook: Option<&str>,
) -> Vec<anyhow::Error> {
    let json = serde_json::to_vec(notice).expect("a notice has string keys");
    let mut failed = Vec::new();
    if let Some(command) = command {
        failed.extend(
            tell_command(notice, command, &json).await.context("the command of --notify failed").err(),
        );
    }
    if let Some(address) = webhook {
        failed.extend(post(address, json).await.context("the webhook did not take it").err());
    }
    failed
}

async fn tell_command(notice: &Notice<'_>, command: &str, json: &[u8]) -> anyhow::Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("ANTIPHON_VERDICT", notice.verdict)
        .env("ANTIPHON_SUITE", notice.suite)
        .env("ANTIPHON_RUN", notice.run.unwrap_or_default())
        .env("ANTIPHON_REPORT", notice.report.unwrap_or_default())
        .stdin(Stdio::piped())
        // Standard output is for results.
        .stdout(std::io::stderr())
        .spawn()
        .context("can't start sh")?;
    let mut input = child.stdin.take().context("it has no standard input")?;
    let json = json.to_vec();
    // On a thread of its own, since a command need not read; it is told by its environment as well.
    std::thread::spawn(move || input.write_all(&json));
    let ended = async {
        loop {
            match child.try_wait() {
                Ok(None) => tokio::time::sleep(LOOK).await,
                ended => return ended,
            }
        }
    };
    let Ok(ended) = tokio::time::timeout(PATIENCE, ended).await else {
        child.kill().context("it can't be ended")?;
        child.wait().context("it can't be waited for")?;
        bail!("it did not end within {} s", PATIENCE.as_secs());
    };
    match ended? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("it ended with {status}"),
        None => unreachable!("it is waited for until it has ended"),
    }
}

async fn post(address: &str, json: Vec<u8>) -> anyhow::Result<()> {
    let client =
        reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
    // Its address may hold a secret, so no error may repeat it.
    let sent = client.post(address).header("content-type", "application/json").body(json).send().await;
    let status = sent.map_err(reqwest::Error::without_url)?.status();
    if !status.is_success() {
        bail!("it answered {status}");
    }
    Ok(())
}
