//! Programs of others that the tests start, and that never outlive them.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal};

/// How often an end is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// A program that is killed when this value is dropped, or when this process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Kept {
    child: Child,
}

/// What the starting thread is asked: a command, and where to send what came of it.
type Asked = (Command, mpsc::Sender<io::Result<Child>>);

impl Kept {
    /// A command that [`Kept::start`] accepts. The kernel kills what it becomes when its parent ends.
    pub(crate) fn command(program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", program]);
        command
    }

    /// Starts a command made by [`Kept::command`].
    ///
    /// # Panics
    /// If it cannot be started.
    pub(crate) fn start(command: Command) -> Self {
        // For the kernel the parent is the thread that started a child, and a test's thread ends before a broker that other tests
        // still use. This one never ends.
        static STARTER: LazyLock<Mutex<mpsc::Sender<Asked>>> = LazyLock::new(|| {
            let (ask, asked) = mpsc::channel::<Asked>();
            std::thread::spawn(move || {
                for (mut command, answer) in asked {
                    // Nobody waits only if the asking test has panicked.
                    let _ = answer.send(command.spawn());
                }
            });
            Mutex::new(ask)
        });
        let what = format!("{command:?}");
        let (answer, answered) = mpsc::channel();
        let asking = STARTER.lock().expect("nobody panics while asking");
        asking.send((command, answer)).expect("the starting thread never ends");
        drop(asking);
        let child = answered.recv().expect("the starting thread answers");
        Self { child: child.unwrap_or_else(|error| panic!("{what}: {error}; setpriv is in util-linux")) }
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// SIGTERM, and SIGKILL if it has not ended when the patience is over.
    pub(crate) async fn terminate(mut self, patience: Duration) {
        if self.ended().is_some() {
            return;
        }
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a process has a number");
        // It may end just now, and then there is nothing to send to.
        let _ = rustix::process::kill_process(id, Signal::TERM);
        let ends = async {
            while self.ended().is_none() {
                tokio::time::sleep(LOOK).await;
            }
        };
        // After that, dropping it kills it.
        let _ = tokio::time::timeout(patience, ends).await;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens at, below those that the kernel gives to clients.
pub(crate) fn free_port() -> u16 {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut ports = std::iter::repeat_with(|| rand::random_range(10_000..32_000)).take(1_000);
    ports.find(free).expect("there is a free port")
}
