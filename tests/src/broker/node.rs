//! The folder, the settings and the environment of one node.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{BrokerKind, Certificates, HANGS, Secrets, Tls};
use crate::kept::{Kept, free_port};

/// Where Debian's package puts the programs. Those in the search path insist on a user and a folder of their own.
pub(super) const SCRIPTS: &str = "/usr/lib/rabbitmq/bin";

/// How much memory a node takes before it blocks publishers.
pub(super) const MEMORY: &str = "400MB";

const LOOPBACK: &str = "127.0.0.1";
const PREFIX: &str = "antiphon-broker-";

/// How often a node that starts is tried.
const LOOK: Duration = Duration::from_millis(50);

/// What tells Erlang nodes where the others listen. One for each broker, or for each cluster.
#[derive(Debug)]
pub(super) struct PortMapper {
    port: u16,
    _running: Kept,
}

/// One node, whether it runs or not.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) secrets: Secrets,
    pub(super) port: u16,
    pub(super) management_port: Option<u16>,
    pub(super) tls: Option<TlsSide>,
    /// Where it listens for other nodes and for `rabbitmqctl`.
    node_port: u16,
    folder: TempDir,
}

/// The listener for AMQP over TLS.
#[derive(Debug)]
pub(super) struct TlsSide {
    port: u16,
    clients: Tls,
    pub(super) certificates: Certificates,
}

impl PortMapper {
    pub(super) async fn start() -> Self {
        let port = free_port();
        let mut command = Kept::command("epmd");
        command.args(["-address", LOOPBACK, "-port", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Kept::start(command);
        let listens = async {
            while TcpStream::connect((LOOPBACK, port)).await.is_err() {
                assert!(running.ended().is_none(), "epmd ended; {}", missing());
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(HANGS, listens).await.expect("epmd does not listen");
        Self { port, _running: running }
    }
}

impl Node {
    /// Writes the folder of a node that never ran.
    pub(super) fn new(name: &str, kind: &BrokerKind, secrets: &Secrets) -> Self {
        assert!(Path::new(SCRIPTS).join("rabbitmq-server").exists(), "{}", missing());
        sweep();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir().expect("there is room for a folder");
        let tls = kind.tls.map(|clients| TlsSide {
            port: free_port(),
            clients,
            certificates: Certificates::write(folder.path(), &secrets.user),
        });
        let node = Self {
            name: format!("{name}@localhost"),
            secrets: secrets.clone(),
            port: free_port(),
            management_port: kind.management.then(free_port),
            tls,
            node_port: free_port(),
            folder,
        };
        node.write("rabbitmq.conf", &node.config(&kind.config));
        node.write("enabled_plugins", &node.plugins());
        // Instead of the one in /etc, which may say anything.
        node.write("rabbitmq-env.conf", "");
        node.write(".erlang.cookie", &secrets.cookie);
        let owner_only = fs::Permissions::from_mode(0o400);
        fs::set_permissions(node.path(".erlang.cookie"), owner_only).expect("the folder is ours");
        node
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder can be written");
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path("broker.log")
    }

    /// Where it listens for other nodes.
    pub(super) fn peers(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.node_port).into()
    }

    pub(super) fn tls_port(&self) -> Option<u16> {
        self.tls.as_ref().map(|side| side.port)
    }

    fn config(&self, more: &str) -> String {
        let Secrets { user, password, .. } = &self.secrets;
        let mut lines = vec![
            format!("listeners.tcp.local = {LOOPBACK}:{}", self.port),
            format!("default_user = {user}"),
            format!("default_pass = {password}"),
            "default_user_tags.administrator = true".to_owned(),
            format!("vm_memory_high_watermark.absolute = {MEMORY}"),
            "disk_free_limit.absolute = 10MB".to_owned(),
            "raft.wal_max_size_bytes = 16000000".to_owned(),
        ];
        if let Some(port) = self.management_port {
            lines.push(format!("management.tcp.ip = {LOOPBACK}\nmanagement.tcp.port = {port}"));
        }
        if let Some(side) = &self.tls {
            let mutual = side.clients == Tls::Mutual;
            lines.push(format!(
                "listeners.ssl.local = {LOOPBACK}:{}\n\
                 ssl_options.cacertfile = {}\n\
                 ssl_options.certfile = {}\n\
                 ssl_options.keyfile = {}\n\
                 ssl_options.verify = {}\n\
                 ssl_options.fail_if_no_peer_cert = {mutual}",
                side.port,
                side.certificates.authority.display(),
                side.certificates.server.display(),
                side.certificates.server_key.display(),
                if mutual { "verify_peer" } else { "verify_none" },
            ));
            if mutual {
                lines.push("auth_mechanisms.1 = EXTERNAL\nauth_mechanisms.2 = PLAIN".to_owned());
                lines.push("auth_mechanisms.3 = AMQPLAIN\nssl_cert_login_from = common_name".to_owned());
            }
        }
        lines.push(more.to_owned());
        lines.join("\n") + "\n"
    }

    fn plugins(&self) -> String {
        let mut plugins = Vec::new();
        if self.management_port.is_some() {
            plugins.push("rabbitmq_management");
        }
        if self.tls.as_ref().is_some_and(|side| side.clients == Tls::Mutual) {
            plugins.push("rabbitmq_auth_mechanism_ssl");
        }
        format!("[{}].\n", plugins.join(","))
    }

    /// Everything by which RabbitMQ's scripts find this node and no other.
    pub(super) fn environment(&self, command: &mut Command, mapper: &PortMapper) {
        let own_device = "-kernel inet_dist_use_interface {127,0,0,1}";
        command.env_clear();
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("LANG", "C.UTF-8").env("HOME", self.folder.path());
        command.env("ERL_EPMD_PORT", mapper.port.to_string()).env("ERL_EPMD_ADDRESS", LOOPBACK);
        command.env("RABBITMQ_NODENAME", &self.name);
        command.env("RABBITMQ_CONF_ENV_FILE", self.path("rabbitmq-env.conf"));
        command.env("RABBITMQ_CONFIG_FILE", self.path("rabbitmq.conf"));
        command.env("RABBITMQ_ENABLED_PLUGINS_FILE", self.path("enabled_plugins"));
        command.env("RABBITMQ_MNESIA_BASE", self.path("data"));
        command.env("RABBITMQ_LOG_BASE", self.folder.path()).env("RABBITMQ_LOGS", self.log());
        command.env("RABBITMQ_DIST_PORT", self.node_port.to_string());
        // The port mapper runs already; one that a node starts would outlive it.
        let arguments = format!("-start_epmd false {own_device} +S 2:2");
        command.env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", arguments);
        command.env("RABBITMQ_CTL_ERL_ARGS", own_device);
        // Any port: many of them run at once.
        command.env("RABBITMQ_CTL_DIST_PORT_MIN", "0").env("RABBITMQ_CTL_DIST_PORT_MAX", "0");
    }

    pub(super) fn command(&self, mapper: &PortMapper) -> Command {
        let server = format!("{SCRIPTS}/rabbitmq-server");
        let mut command = Kept::command(&server);
        self.environment(&mut command, mapper);
        // The script then becomes the broker instead of watching over it: one process, which gets the signals itself.
        command.env("RUNNING_UNDER_SYSTEMD", "true");
        let said = |name| fs::File::create(self.path(name)).expect("the folder can be written");
        command.stdin(Stdio::null()).stdout(said("stdout")).stderr(said("stderr"));
        command
    }

    /// Waits until it greets clients on all its ports.
    pub(super) async fn ready(&self, running: &mut Kept) {
        let greets = async {
            while self.greets().await.is_err() {
                let ended = running.ended();
                assert!(ended.is_none(), "RabbitMQ ended ({ended:?}):\n{}", self.said());
                tokio::time::sleep(LOOK).await;
            }
        };
        let greeted = tokio::time::timeout(HANGS, greets).await;
        assert!(greeted.is_ok(), "RabbitMQ does not start:\n{}", self.said());
    }

    async fn greets(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect((LOOPBACK, self.port)).await?;
        stream.write_all(b"AMQP\0\0\x09\x01").await?;
        // Connection.start; what follows is for clients.
        stream.read_u8().await?;
        for port in self.management_port.into_iter().chain(self.tls_port()) {
            TcpStream::connect((LOOPBACK, port)).await?;
        }
        Ok(())
    }

    /// All that it wrote.
    fn said(&self) -> String {
        let files = ["stdout", "stderr", "broker.log"];
        let read = |name: &str| fs::read_to_string(self.path(name)).unwrap_or_default();
        files.iter().map(|name| read(name)).collect()
    }
}

fn missing() -> &'static str {
    "RabbitMQ is not installed: `make prepare` does it, or install Debian's package rabbitmq-server"
}

/// Deletes the folders of brokers whose tests were killed, or never dropped them because they were shared.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            // Another test may sweep at the same time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
