//! A real RabbitMQ of the test's own: private folder, ports, names and users, on the loopback device only.

mod certificates;
mod cluster;
mod node;
#[cfg(test)]
mod tests;
mod vhost;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;

pub use self::certificates::Certificates;
pub use self::cluster::Cluster;
use self::node::{Node, PortMapper, SCRIPTS};
pub use self::vhost::{Depth, Vhost};
use crate::kept::Kept;

/// A broker that does not stop within that time is killed.
const GRACE: Duration = Duration::from_secs(30);

/// A broker that does not do within that time what it is told hangs. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(120);

/// What a broker is to have beyond AMQP without encryption.
#[derive(Debug, Clone, Default)]
pub struct BrokerKind {
    /// The management plugin, thus [`Broker::management_url`].
    pub management: bool,
    /// A second listener, for AMQP over TLS.
    pub tls: Option<Tls>,
    /// More lines of `rabbitmq.conf`.
    pub config: String,
}

/// What the TLS listener asks of its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Nothing.
    Server,
    /// A certificate of the same authority. Its common name is a user of the mechanism EXTERNAL.
    Mutual,
}

/// A RabbitMQ. Dropping it kills it and deletes its folder.
#[derive(Debug)]
pub struct Broker {
    /// Before the others, because fields are dropped in this order: first it ends, then what it stands on.
    running: Option<Kept>,
    node: Node,
    mapper: Arc<PortMapper>,
}

impl Broker {
    /// A broker of this test's own, ready to be connected to.
    ///
    /// # Panics
    /// If RabbitMQ is not installed or does not start.
    pub async fn start() -> Self {
        Self::with(&BrokerKind::default()).await
    }

    /// A broker of some kind.
    ///
    /// # Panics
    /// If RabbitMQ is not installed or does not start.
    pub async fn with(kind: &BrokerKind) -> Self {
        let node = Node::new("rabbit", kind, &Secrets::new());
        Self::boot(node, Arc::new(PortMapper::start().await)).await
    }

    /// The broker that all tests of a binary share, for those that do not disturb it. Each takes a [`Broker::vhost`].
    ///
    /// # Panics
    /// If RabbitMQ is not installed or does not start.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Broker> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    async fn boot(node: Node, mapper: Arc<PortMapper>) -> Self {
        let mut broker = Self { running: None, node, mapper };
        broker.restart().await;
        broker
    }

    /// Where a client finds the vhost `/`, with user and password.
    #[must_use]
    pub fn url(&self) -> String {
        self.root().url()
    }

    /// The same over TLS.
    ///
    /// # Panics
    /// If the broker was not started with it.
    #[must_use]
    pub fn tls_url(&self) -> String {
        let Secrets { user, password, .. } = &self.node.secrets;
        format!("amqps://{user}:{password}@localhost:{}/%2f", self.node.tls_port().expect("started with TLS"))
    }

    /// The management API, without a slash at its end. User and password are those of [`Broker::url`].
    ///
    /// # Panics
    /// If the broker was not started with it.
    #[must_use]
    pub fn management_url(&self) -> String {
        let port = self.node.management_port.expect("started with the management plugin");
        format!("http://127.0.0.1:{port}")
    }

    /// The name of the user who may do everything, and the password.
    #[must_use]
    pub fn user(&self) -> (&str, &str) {
        (&self.node.secrets.user, &self.node.secrets.password)
    }

    /// `127.0.0.1:<port>` of AMQP without encryption, for a relay in front of it.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.node.port).into()
    }

    /// What a client needs to speak TLS with it.
    ///
    /// # Panics
    /// If the broker was not started with TLS.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        &self.node.tls.as_ref().expect("started with TLS").certificates
    }

    /// The vhost `/`.
    #[must_use]
    pub fn root(&self) -> Vhost<'_> {
        Vhost::new(self, "/".to_owned())
    }

    /// A fresh vhost, so that names in it are nobody else's.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn vhost(&self) -> Vhost<'_> {
        let name = format!("v{:016x}", rand::random::<u64>());
        let user = self.user().0;
        let everything = r#"<<".*">>, <<".*">>, <<".*">>"#;
        self.eval(&format!(
            r#"ok = rabbit_vhost:add(<<"{name}">>, <<"{user}">>),
            ok = rabbit_auth_backend_internal:set_permissions(<<"{user}">>, <<"{name}">>, {everything}, <<"{user}">>)."#
        ))
        .await;
        Vhost::new(self, name)
    }

    /// All queues of the vhost `/`.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn queues(&self) -> Vec<Depth> {
        self.root().queues().await
    }

    /// Stops it in order. [`Broker::restart`] brings it back.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.terminate(GRACE).await;
        }
    }

    /// Has the names of all quorum queues on the disk. RabbitMQ saves them only half a second after they were declared, and a queue
    /// whose name is lost has lost its messages, whatever was confirmed.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn save_names(&self) {
        self.eval("ok = dets:sync(ra_directory_reverse).").await;
    }

    /// SIGKILL. [`Broker::restart`] brings it back; quorum queues want [`Broker::save_names`] before.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again with the same folder, ports and users, after killing it if it runs.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn restart(&mut self) {
        self.kill();
        let mut running = Kept::start(self.node.command(&self.mapper));
        self.node.ready(&mut running).await;
        self.running = Some(running);
    }

    /// The broker's process, to stop it with signals. `None` while it does not run.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.running.as_ref().map(Kept::id)
    }

    /// What it wrote into its log.
    ///
    /// # Panics
    /// If the log cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.node.log()).expect("the broker writes a log")
    }

    /// Runs `rabbitmqctl` against it, and gives what that printed.
    ///
    /// # Panics
    /// If `rabbitmqctl` fails or hangs.
    pub async fn ctl(&self, arguments: &[&str]) -> String {
        let program: PathBuf = [SCRIPTS, "rabbitmqctl"].iter().collect();
        let mut command = Command::new(program);
        self.node.environment(command.as_std_mut(), &self.mapper);
        command.arg("--quiet").args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(HANGS, command.output()).await.expect("rabbitmqctl hangs");
        let output = output.expect("rabbitmqctl can be started");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rabbitmqctl {arguments:?}: {error}\n{}", self.log());
        String::from_utf8(output.stdout).expect("rabbitmqctl writes UTF-8")
    }

    /// Has it evaluate expressions of Erlang, and gives what they printed and then their value, as `{ok, <value>}`. Unlike
    /// [`Broker::ctl`], which starts a virtual machine of its own, this costs next to nothing.
    ///
    /// # Panics
    /// If the broker does not answer, or the expressions fail.
    pub async fn eval(&self, expressions: &str) -> String {
        let mut command = Command::new("erl_call");
        self.node.environment(command.as_std_mut(), &self.mapper);
        // Two of one name are refused at a time, and what it calls a random name is of the second.
        let name = format!("test{:016x}", rand::random::<u64>());
        command.args(["-h", &name, "-address", &self.node.peers().to_string(), "-fetch_stdout", "-e"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let answered = async {
            let mut asked = command.spawn().expect("erl_call can be started");
            let mut question = asked.stdin.take().expect("its input is ours");
            let lines = format!("{expressions}\n");
            question.write_all(lines.as_bytes()).await.expect("erl_call reads");
            drop(question);
            asked.wait_with_output().await.expect("erl_call ends")
        };
        let output = tokio::time::timeout(HANGS, answered).await.expect("erl_call hangs");
        let (answer, error) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // It ends well even when the expressions did not.
        let well = output.status.success() && answer.contains("{ok, ");
        assert!(well, "{expressions}: {answer}{error}\n{}", self.log());
        answer.into_owned()
    }

    /// Makes it believe that its memory is full, so that it blocks all publishers, or that it is not. Returns when it is so.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn memory_alarm(&self, on: bool) {
        let limit = if on { "1" } else { node::MEMORY };
        self.ctl(&["set_vm_memory_high_watermark", "absolute", limit]).await;
        let obeys = async {
            while self.eval("rabbit_alarm:get_alarms().").await.contains("memory") != on {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(HANGS, obeys).await.expect("the broker does not notice its memory");
    }

    /// Closes the connections of all clients.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn close_connections(&self) {
        self.ctl(&["close_all_connections", "closed by the test"]).await;
    }
}

/// What nobody else knows.
#[derive(Debug, Clone)]
struct Secrets {
    user: String,
    password: String,
    /// What the nodes of a cluster know each other by.
    cookie: String,
}

impl Secrets {
    fn new() -> Self {
        let random = |kind: &str| format!("{kind}{:032x}", rand::random::<u128>());
        Self { user: random("user"), password: random("pass"), cookie: random("cookie") }
    }
}
