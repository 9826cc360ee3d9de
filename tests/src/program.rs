//! The real `antiphon` as a process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// A program that has not ended by then hangs. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(120);

/// A running `antiphon`. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    child: Child,
}

/// How a program ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Program {
    /// Where it is, built now if it is not. `ANTIPHON=path` takes one that is built already.
    pub(crate) fn path() -> &'static Path {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        BUILT.get_or_init(|| std::env::var_os("ANTIPHON").map_or_else(build, PathBuf::from))
    }

    /// A command for the program, whose target folder is that of the running test.
    #[must_use]
    pub fn command() -> Command {
        let mut command = Command::new(Self::path());
        for setting in ["ANTIPHON_CONFIG", "ANTIPHON_STORE", "ANTIPHON_LOG"] {
            command.env_remove(setting);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts it.
    ///
    /// # Panics
    /// If the system cannot.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        Self { child: command.spawn().expect("the program can be started") }
    }

    /// Waits until it ends by itself. May be dropped at any time without disturbing it.
    ///
    /// # Panics
    /// If it hangs.
    pub async fn ended(&mut self) {
        let ended = tokio::time::timeout(HANGS, self.child.wait()).await;
        ended.expect("the program hangs").expect("the program can be waited for");
    }

    /// Waits until it has written that to standard error; what it wrote until then is gone.
    ///
    /// # Panics
    /// If it never does.
    pub async fn until_it_says(&mut self, text: &str) {
        let stderr = self.child.stderr.as_mut().expect("standard error is a pipe");
        let mut said = Vec::new();
        let reads = async {
            while !String::from_utf8_lossy(&said).contains(text) {
                assert!(stderr.read_buf(&mut said).await.expect("a pipe can be read") > 0, "it ended");
            }
        };
        tokio::time::timeout(HANGS, reads).await.expect("it says something else");
    }

    /// Sends a signal such as `TERM`, unless it has ended.
    ///
    /// # Panics
    /// If there is no `kill` in this system.
    pub async fn signal(&self, name: &str) {
        if let Some(id) = self.child.id() {
            let sent = Command::new("kill").args(["-s", name, &id.to_string()]).status().await;
            sent.expect("there is a `kill`");
        }
    }

    /// SIGKILL, and waits for its death.
    ///
    /// # Panics
    /// If the system cannot.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the program can be killed");
    }

    /// Waits for its end and gives what it said.
    ///
    /// # Panics
    /// If it hangs.
    pub async fn output(mut self) -> Ended {
        let (mut out, mut err) = (String::new(), String::new());
        let mut stdout = self.child.stdout.take().expect("standard output is a pipe");
        let mut stderr = self.child.stderr.take().expect("standard error is a pipe");
        let read = async {
            tokio::try_join!(stdout.read_to_string(&mut out), stderr.read_to_string(&mut err))
                .expect("the program writes text");
            self.child.wait().await.expect("the program can be waited for").code()
        };
        let code = tokio::time::timeout(HANGS, read).await.expect("the program hangs");
        Ended { code, out, err }
    }
}

/// Builds the program into the target folder that holds this test, so that it is never an old one.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().nth(2).expect("tests stand in <target>/<profile>/deps");
    let target = profile.parent().expect("tests stand in <target>/<profile>/deps");
    let mut cargo = std::process::Command::new(env!("CARGO"));
    // Of the whole workspace, tests' features included: then it is what `cargo test --workspace` has built already.
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--examples", "--target-dir"]).arg(target);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success(), "the program does not build");
    profile.join("antiphon")
}
