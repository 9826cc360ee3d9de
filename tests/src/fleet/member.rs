//! A service of a fleet: a coordinator, a worker or an aggregator, as a process that may die and begin again.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::Wires;
use crate::Program;
use crate::kept::Kept;

/// How often an end is looked for.
const LOOK: Duration = Duration::from_millis(20);
/// A service that does not end by then although it should hangs. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(60);

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Plans and publishes.
    Coordinator,
    /// Asks.
    Worker,
    /// Sums up.
    Aggregator,
}

impl Role {
    /// What the program calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Worker => "worker",
            Self::Aggregator => "aggregator",
        }
    }
}

/// A coordinator, a worker or an aggregator. Dropping it kills it.
#[derive(Debug)]
pub struct Member {
    /// `worker-0`, say.
    pub name: String,
    /// All its connections. They outlive its process.
    pub wires: Wires,
    role: Role,
    running: Option<Kept>,
    folder: PathBuf,
    arguments: Vec<(String, String)>,
    settings: Vec<(String, String)>,
}

impl Member {
    /// A service that has not begun. Its configuration and its log lie in `folder` under its name.
    pub(super) fn new(role: Role, number: usize, folder: PathBuf, wires: Wires) -> Self {
        let name = format!("{}-{number}", role.name());
        let mut member =
            Self { name, wires, role, running: None, folder, arguments: Vec::new(), settings: Vec::new() };
        member.argue("--config", &format!("{}.toml", member.name));
        member.argue("--grace", "20s");
        member
    }

    /// Where its configuration belongs.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.join(format!("{}.toml", self.name))
    }

    /// Sets an environment variable, from its next start on.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.settings.push((variable.to_owned(), value.to_owned()));
    }

    /// Sets an option, from its next start on.
    pub fn argue(&mut self, option: &str, value: &str) {
        self.arguments.retain(|(other, _)| other != option);
        self.arguments.push((option.to_owned(), value.to_owned()));
    }

    /// Starts it, after killing it if it runs. Its log goes on.
    ///
    /// # Panics
    /// If the system cannot.
    pub fn start(&mut self) {
        self.running = None;
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the folder can be written");
        let mut command = Kept::command(Program::path().to_str().expect("target folders are text"));
        for variable in ["ANTIPHON_CONFIG", "ANTIPHON_STORE", "ANTIPHON_LOG", "ANTIPHON_LISTEN"] {
            command.env_remove(variable);
        }
        command.current_dir(&self.folder).arg(self.role.name());
        command.args(self.arguments.iter().flat_map(|(option, value)| [option, value]));
        command.envs(self.settings.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.running = Some(Kept::start(command));
    }

    /// SIGKILL; it is dead when this returns.
    pub(super) fn kill(&mut self) {
        self.running = None;
    }

    /// Asks it to stop, by SIGTERM, unless it has ended.
    ///
    /// # Panics
    /// If it was killed, or never began.
    pub fn terminate(&mut self) {
        let running = self.running.as_mut().expect("the service was started");
        // The number of a process that has ended may be another's.
        if running.ended().is_none() {
            let id = i32::try_from(running.id()).ok().and_then(Pid::from_raw);
            let id = id.expect("a process has a number");
            rustix::process::kill_process(id, Signal::TERM).expect("a child can be sent signals");
        }
    }

    /// Whether it was killed, or never began.
    pub(super) fn was_killed(&self) -> bool {
        self.running.is_none()
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| running.ended().is_none())
    }

    /// Waits for its end; gives its exit code, `None` if a signal ended it.
    ///
    /// # Panics
    /// If it was not started, or hangs.
    pub async fn ended(&mut self) -> Option<i32> {
        let running = self.running.as_mut().expect("the service was started");
        let ends = async {
            loop {
                if let Some(status) = running.ended() {
                    return status.code();
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(HANGS, ends).await.expect("the service does not end")
    }

    /// What it wrote into its log, in all its lives.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }
}
