//! A folder with a right suite and a right configuration, on which a command is run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use antiphon_simulator::{Simulator, SimulatorConfig, Voices};
use tempfile::TempDir;

/// The only key that the simulator lets in.
pub(crate) const KEY: &str = "canary-7f3b9c-right";

const PROGRAM: &str = env!("CARGO_BIN_EXE_antiphon");

const SUITE: &str = "\
version: 1
name: small
targets:
  - alias: voice
    max_tokens: 80
users:
  draw: 3
  personas: {nurse: The user is a nurse., pilot: The user is a pilot.}
sampling: {sessions: 2, repeats: 1}
probes:
  - id: music
    kind: short
    prompt: What is your favourite music?
  - id: identity
    prompt: Who are you?
";

const CONFIGURATION: &str = "\
[providers.sim]
api = \"anthropic\"
base_url = \"SIMULATOR\"
key_env = \"SIM_KEY\"
send_sample_key = true

[targets.voice]
provider = \"sim\"
model = \"steady\"
price = { input = 3.0, output = 15.0 }

[pools.sim]
concurrency = 8
";

/// Address of a simulator with the demo's voices, shared by all tests of the process.
pub(crate) static SIMULATOR: LazyLock<String> =
    LazyLock::new(|| simulator(&fs::read_to_string(repository().join("configs/voices.demo.yaml")).unwrap()));

/// Address of a simulator with these voices, which plays until the process ends.
pub(crate) fn simulator(voices: &str) -> String {
    let voices = Voices::from_yaml(voices, &repository().join("configs")).unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let config = SimulatorConfig { api_key: Some(KEY.to_owned()), ..SimulatorConfig::new(voices) };
            let running = Simulator::start(config, ([127, 0, 0, 1], 0).into()).await.unwrap();
            send.send(running.base_url()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receive.recv().unwrap()
}

/// The folder of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The folder, and how the command is run in it.
#[derive(Debug)]
pub(crate) struct Desk {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        Self {
            // Killed by a signal is as a shell says it.
            code: output.status.code().or(output.status.signal().map(|signal| 128 + signal)).unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Desk {
    /// `suite.yaml` and `antiphon.toml` in a new folder, and the right key in the environment.
    pub(crate) fn new() -> Self {
        let desk = Self {
            folder: TempDir::new().unwrap(),
            environment: BTreeMap::from([("SIM_KEY".to_owned(), KEY.to_owned())]),
        };
        desk.write("suite.yaml", SUITE);
        desk.write("antiphon.toml", CONFIGURATION.replace("SIMULATOR", &SIMULATOR));
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Replaces what must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, text.replace(from, to));
    }

    pub(crate) fn set(&mut self, variable: &str, value: &str) {
        self.environment.insert(variable.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&mut self, variable: &str) {
        self.environment.remove(variable);
    }

    /// `antiphon` with this desk's folder and environment, and nothing else of this process.
    pub(crate) fn command(&self) -> Command {
        self.of(PROGRAM)
    }

    /// Another program in the same surroundings.
    pub(crate) fn of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().envs(&self.environment).stdin(Stdio::null());
        // A coverage run writes its counts where this says.
        for name in ["PATH", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("HOME", self.folder.path());
        command
    }

    /// Runs `antiphon` with arguments that hold no spaces. No mistake may cost more than 2 GB or a minute of work.
    pub(crate) fn run(&self, line: &str) -> Done {
        let mut command = self.of("sh");
        command.args(["-c", "ulimit -v 2000000; ulimit -t 60; exec \"$0\" \"$@\"", PROGRAM]);
        command.args(line.split_whitespace()).output().unwrap().into()
    }

    /// Runs `antiphon`, which must end well, and gives its standard output.
    pub(crate) fn good(&self, line: &str) -> String {
        let done = self.run(line);
        assert_eq!(done.code, 0, "antiphon {line}\n{}{}", done.out, done.err);
        done.out
    }

    /// Every file below `name` with its content; nothing if there is no such folder.
    pub(crate) fn listing(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path(name)];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_none_or(|name| name != ".lock") {
                    // A run's lock file holds no data.
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}
