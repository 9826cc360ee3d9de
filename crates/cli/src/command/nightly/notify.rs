//! Tells a command and a webhook what came of a night.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use antiphon_core::RunId;
use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;

use crate::command::nights::Outcome;
use crate::signals::Signals;

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
        let told = async { tell_command(notice, command, &json, patience()?).await };
        failed.extend(told.await.context("the command of --notify failed").err());
    }
    if let Some(address) = webhook {
        failed.extend(post(address, json).await.context("the webhook did not take it").err());
    }
    failed
}

/// Says why a command is waited for no longer. In a group of its own it does not hear Ctrl-C, so it is heard here, from now on.
fn patience() -> anyhow::Result<impl Future<Output = String>> {
    let mut signals = Signals::listen().context("can't listen for signals")?;
    Ok(async move {
        tokio::select! {
            () = tokio::time::sleep(PATIENCE) => format!("it did not end within {} s", PATIENCE.as_secs()),
            () = signals.next() => "it was interrupted".to_owned(),
        }
    })
}

/// Runs the command until it ends, or until `patience` is over, and then ends all that it started.
async fn tell_command(
    notice: &Notice<'_>,
    command: &str,
    json: &[u8],
    patience: impl Future<Output = String>,
) -> anyhow::Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("ANTIPHON_VERDICT", notice.verdict)
        .env("ANTIPHON_SUITE", notice.suite)
        .env("ANTIPHON_RUN", notice.run.unwrap_or_default())
        .env("ANTIPHON_REPORT", notice.report.unwrap_or_default())
        .stdin(Stdio::piped())
        // Standard output is for results.
        .stdout(std::io::stderr())
        // A group of its own, so that what the shell started can be ended with it.
        .process_group(0)
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
    let ended = tokio::select! {
        ended = ended => Ok(ended),
        why = patience => Err(why),
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(why) => {
            kill_process_group(Pid::from_child(&child), Signal::KILL).context("it can't be ended")?;
            child.wait().context("it can't be waited for")?;
            bail!(why);
        }
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

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::sync::mpsc;

    use super::*;

    /// The end of the FIFO comes when the last process that may write to it has ended.
    #[tokio::test]
    async fn a_command_that_hangs_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (ended, has_ended) = mpsc::channel();
        let command = format!("exec >'{}'; echo begun; sleep 100; echo ended", fifo.display());
        std::thread::spawn(move || {
            let mut fifo = BufReader::new(std::fs::File::open(fifo).unwrap());
            fifo.read_line(&mut String::new()).unwrap();
            begun.send(()).unwrap();
            let mut rest = String::new();
            fifo.read_to_string(&mut rest).unwrap();
            ended.send(rest).unwrap();
        });
        let patience = async { has_begun.await.map(|()| "it hangs".to_owned()).unwrap() };
        let notice = Notice::error(Path::new("suite.yaml"), None, Vec::new());
        let told = tell_command(&notice, &command, b"{}", patience).await;
        assert_eq!(told.unwrap_err().to_string(), "it hangs");
        // It waits in vain where something goes on, and must not for ever.
        assert_eq!(has_ended.recv_timeout(Duration::from_secs(20)).expect("nothing holds it open"), "");
    }
}
