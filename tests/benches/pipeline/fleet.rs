//! A fleet on this machine: a real RabbitMQ, an S3 server that keeps objects in memory, and roles as processes.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use antiphon_tests::{Broker, Vhost};
use anyhow::{Context, ensure};
use serde::Deserialize;

const SECRET: &str = "only-for-benchmarks";
const BUCKET: &str = "bench";
/// Between two looks at a run.
const LOOK: Duration = Duration::from_millis(200);

/// Where the parts of a fleet meet.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) broker: Broker,
    _s3: Service,
    s3_url: String,
    antiphon: PathBuf,
    folder: PathBuf,
}

/// A process that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Service(Child);

/// `antiphon status RUN --json`, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    submissions: Vec<SubmissionStatus>,
    pub(crate) jobs: Counts,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    pub(crate) planned: u64,
    pub(crate) stored: u64,
}

#[derive(Debug, Deserialize)]
struct SubmissionStatus {
    submission: Submitted,
    ended: Option<Ended>,
}

#[derive(Debug, Deserialize)]
struct Submitted {
    at_ms: u64,
}

#[derive(Debug, Deserialize)]
struct Ended {
    at_ms: u64,
}

impl Fleet {
    pub(crate) async fn start(antiphon: &Path, folder: &Path) -> anyhow::Result<Self> {
        let server = antiphon.with_file_name("antiphon-s3-server");
        ensure!(server.is_file(), "there is no {}; run `make bench`", server.display());
        let mut s3 = Command::new(server)
            .args(["--memory", "--access-key", "antiphon", "--secret-key", SECRET, "--bucket", BUCKET])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("s3.log"))?)
            .spawn()?;
        let mut url = String::new();
        BufReader::new(s3.stdout.take().context("it is piped")?).read_line(&mut url)?;
        Ok(Self {
            broker: Broker::start().await,
            _s3: Service(s3),
            s3_url: url.trim().to_owned(),
            antiphon: antiphon.to_owned(),
            folder: folder.to_owned(),
        })
    }

    /// A fresh part of the broker, so that queues of earlier measurements are not in the way.
    pub(crate) async fn stage(&self) -> Stage<'_> {
        Stage {
            fleet: self,
            vhost: self.broker.vhost().await,
            store: format!("s3://{BUCKET}/{:016x}", rand::random::<u64>()),
        }
    }
}

/// One measurement's own queues and objects.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    fleet: &'a Fleet,
    pub(crate) vhost: Vhost<'a>,
    pub(crate) store: String,
}

impl Stage<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.fleet.antiphon);
        command
            .current_dir(&self.fleet.folder)
            .env("ANTIPHON_BROKER", self.vhost.url())
            .env("ANTIPHON_STORE", &self.store)
            .env("ANTIPHON_CONFIG", self.fleet.folder.join("antiphon.toml"))
            .envs(self.s3_environment())
            .stdin(Stdio::null());
        command
    }

    /// What finds the S3 server.
    pub(crate) fn s3_environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", self.fleet.s3_url.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "antiphon".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// Starts a role; what it says is in a file of its name.
    pub(crate) fn role(&self, name: &str, arguments: &[&str]) -> anyhow::Result<Service> {
        let log =
            File::options().create(true).append(true).open(self.fleet.folder.join(format!("{name}.log")))?;
        Ok(Service(self.command().args(arguments).stdout(Stdio::null()).stderr(log).spawn()?))
    }

    /// Runs a command to its end and gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = self.command().args(arguments).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    }

    pub(crate) fn submit(&self, target: &str, run: &str, sessions: u32) -> anyhow::Result<()> {
        let (suite, sessions) = (format!("{target}.suite.yaml"), sessions.to_string());
        self.run(&["submit", &suite, "--run", run, "--sessions", &sessions, "--yes"])?;
        Ok(())
    }

    /// The same; returns when the run has ended.
    pub(crate) fn submit_and_wait(&self, target: &str, run: &str, sessions: u32) -> anyhow::Result<()> {
        let (suite, sessions) = (format!("{target}.suite.yaml"), sessions.to_string());
        self.run(&["submit", &suite, "--run", run, "--sessions", &sessions, "--yes", "--wait"])?;
        Ok(())
    }

    pub(crate) fn status(&self, run: &str) -> anyhow::Result<Status> {
        Ok(serde_json::from_slice(&self.run(&["status", run, "--json"])?)?)
    }

    /// Waits until a run has ended; gives how long the fleet worked on it.
    pub(crate) async fn until_ended(&self, run: &str) -> anyhow::Result<Duration> {
        loop {
            let status = self.status(run)?;
            if let Some(SubmissionStatus { submission, ended: Some(ended) }) = status.submissions.last() {
                ensure!(status.jobs.stored == status.jobs.planned, "run {run} is not complete: {status:?}");
                return Ok(Duration::from_millis(ended.at_ms.saturating_sub(submission.at_ms)));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Service {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) -> anyhow::Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?;
        ensure!(status.success(), "process {} is gone", self.id());
        Ok(())
    }

    /// SIGTERM, and then its end.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.terminate()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Nothing of a benchmark is kept.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Fleet {
    /// Processor time that the broker has used so far, in seconds.
    pub(crate) fn broker_cpu_seconds(&self) -> anyhow::Result<f64> {
        cpu_seconds(self.broker.process().context("the broker runs")?)
    }
}

/// Processor time, user and system, that a process and all that it started have used so far.
pub(crate) fn cpu_seconds(process: u32) -> anyhow::Result<f64> {
    let mut ticks = 0_u32;
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if let Some((parent, used)) = times(id)
            && (id == process || descends(parent, process))
        {
            ticks += used;
        }
    }
    // Linux counts in hundredths of a second on all processors that it runs on today.
    Ok(f64::from(ticks) / 100.0)
}

fn descends(mut id: u32, from: u32) -> bool {
    while id > 1 {
        if id == from {
            return true;
        }
        let Some((parent, _)) = times(id) else { return false };
        id = parent;
    }
    false
}

/// Parent and ticks used of a process, if it is there.
fn times(id: u32) -> Option<(u32, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in brackets may hold anything, so it is counted from its end: state, parent, … utime is the 12th, stime the 13th.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |place: usize| fields.get(place)?.parse::<u32>().ok();
    Some((number(1)?, number(11)? + number(12)?))
}
