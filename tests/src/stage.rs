//! A folder with suite, configuration and store beside a simulator.

use std::path::{Path, PathBuf};

use antiphon_simulator::{Running, Simulator, SimulatorConfig, Voices};
use antiphon_store::Store;
use tempfile::TempDir;

use crate::{Asked, Ended, Program, Stored, VOICES};

/// The run of all tests: answers do not depend on it, summaries name it.
pub(crate) const RUN: &str = "held";

/// Where one test plays.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    /// What the models' side saw.
    pub simulator: Running,
}

impl Stage {
    /// A stage for a suite, with the usual voices.
    ///
    /// # Panics
    /// If the folder cannot be written or no port is free.
    pub async fn new(asked: &Asked) -> Self {
        let voices = Voices::from_yaml(VOICES, Path::new(".")).expect("the voices are well formed");
        Self::with(asked, SimulatorConfig::new(voices)).await
    }

    /// A stage with a simulator of its own kind.
    ///
    /// # Panics
    /// If the folder cannot be written or no port is free.
    pub async fn with(asked: &Asked, config: SimulatorConfig) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let simulator =
            Simulator::start(config, ([127, 0, 0, 1], 0).into()).await.expect("there is a free port");
        let stage = Self { folder, simulator };
        stage.write("suite.yaml", &asked.yaml());
        stage.configure("");
        stage
    }

    /// Writes the configuration anew: both targets at the simulator, eight calls at a time, and `more`.
    pub fn configure(&self, more: &str) {
        let pools = "[pools.high]\nconcurrency = 8\n[pools.low]\nconcurrency = 8\n";
        self.configure_at(&self.simulator.base_url(), &format!("{pools}{more}"));
    }

    /// Writes the configuration with another address of the models, and without pools.
    pub fn configure_at(&self, url: &str, more: &str) {
        self.write("antiphon.toml", &(targets_at(url) + more));
    }

    /// Writes the suite anew.
    pub fn ask(&self, asked: &Asked) {
        self.write("suite.yaml", &asked.yaml());
    }

    /// Writes a file into the folder.
    ///
    /// # Panics
    /// If it cannot.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("the folder can be written");
    }

    /// Where everything of it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of a store.
    #[must_use]
    pub fn store(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The path of an object of the run in a store.
    #[must_use]
    pub fn object(&self, store: &str, name: &str) -> PathBuf {
        self.store(store).join("runs").join(RUN).join(name)
    }

    /// Opens a store by the library.
    ///
    /// # Panics
    /// If it is not there.
    pub async fn open(&self, store: &str) -> Store {
        let path = self.store(store);
        Store::open(path.to_str().expect("temporary folders are text")).await.expect("the store is there")
    }

    /// Starts `antiphon run` of the suite in a store.
    #[must_use]
    pub fn start_run(&self, store: &str, more: &[&str]) -> Program {
        self.start(store, &[&["run", "suite.yaml", "--run", RUN], more].concat())
    }

    /// Starts any command on a store.
    #[must_use]
    pub fn start(&self, store: &str, arguments: &[&str]) -> Program {
        let mut command = Program::command();
        command.current_dir(self.folder.path()).args(arguments);
        command.args(["--config", "antiphon.toml", "--store", store]);
        Program::start(&mut command)
    }

    /// `antiphon run` of the suite in a store, to its end.
    pub async fn run(&self, store: &str, more: &[&str]) -> Ended {
        self.start_run(store, more).output().await
    }

    /// `antiphon retry` of the run in a store, to its end.
    pub async fn retry(&self, store: &str) -> Ended {
        self.start(store, &["retry", RUN]).output().await
    }

    /// The bytes of `summary.json`.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn summary(&self, store: &str) -> String {
        let path = self.object(store, "summary/summary.json");
        std::fs::read_to_string(path).expect("the run has been summed up")
    }

    /// All stored samples, as `antiphon export` gives them.
    ///
    /// # Panics
    /// If the program fails.
    pub async fn stored(&self, store: &str) -> Vec<Stored> {
        let folder = self.store("exported");
        let folder = folder.to_str().expect("temporary folders are text");
        let ended =
            self.start(store, &["export", RUN, "-f", "jsonl", "-o", folder, "--force"]).output().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let text = std::fs::read_to_string(self.store("exported").join("samples.jsonl"));
        text.expect("the export is there").lines().map(Stored::read).collect()
    }
}

/// The part of a configuration that says where the models are, without pools.
pub(crate) fn targets_at(url: &str) -> String {
    format!(
        "[providers.high]\napi = \"anthropic\"\nbase_url = \"{url}\"\nsend_sample_key = true\n\
         [providers.low]\napi = \"openai\"\nbase_url = \"{url}/v1\"\nsend_sample_key = true\n\
         [targets.alto]\nprovider = \"high\"\nmodel = \"alto\"\nprice = {{ input = 1.0, output = 1.0 }}\n\
         [targets.bass]\nprovider = \"low\"\nmodel = \"bass\"\nprice = {{ input = 1.0, output = 1.0 }}\n"
    )
}
