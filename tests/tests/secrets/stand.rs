//! A fleet whose every secret is a canary, and all that it leaves behind.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use antiphon_s3_server::{Kept, Server, ServerConfig};
use antiphon_simulator::{Running, Simulator, SimulatorConfig, Voices};
use antiphon_store::{S3Credentials, S3Settings, Store, StoreSettings};
use antiphon_tests::{Broker, BrokerKind, Program, VOICES, object_names};
use tempfile::TempDir;
use tokio::process::Child;

use crate::canaries::Canaries;
use crate::parrot::Parrot;
use crate::tap::Tap;

const BUCKET: &str = "runs";
const USER: &str = "canary";
/// What does not come by then never does. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);

/// Broker, S3 server, models, and processes that know all their secrets.
pub(crate) struct Stand {
    pub(crate) canaries: Canaries,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) low: Running,
    pub(crate) parrot: Parrot,
    pub(crate) store: Store,
    pub(crate) tap: Tap,
    pub(crate) broker: Broker,
    started: RefCell<BTreeMap<String, u32>>,
    folder: TempDir,
    _server: Server,
}

/// A running `antiphon`, killed when it is dropped.
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) child: Child,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        let mut canaries = Canaries::default();
        let [password, access_key, secret_key, file_key] =
            ["broker password", "S3 access key", "S3 secret key", "provider key of a file"]
                .map(|name| canaries.plant(name));
        // An access key's id has no slash: it is a part of a path in signatures.
        let access_key = access_key.replace(['/', '+', '='], "A");
        let broker = Broker::with(&BrokerKind { management: true, ..BrokerKind::default() }).await;
        tell(
            &broker,
            &format!("users/{USER}"),
            &serde_json::json!({"password": password, "tags": "administrator"}),
        )
        .await;
        let all = serde_json::json!({"configure": ".*", "write": ".*", "read": ".*"});
        tell(&broker, &format!("permissions/%2f/{USER}"), &all).await;
        tell(&broker, "vhosts/%2f", &serde_json::json!({"tracing": true})).await;
        let (server, store) = bucket(&access_key, &secret_key).await;
        let stand = Self {
            low: models(&file_key).await,
            parrot: Parrot::start().await,
            tap: Tap::open(&broker).await,
            environment: BTreeMap::from(
                [
                    ("RUST_BACKTRACE", "full".to_owned()),
                    ("PROVIDER_KEY", canaries.plant("provider key")),
                    ("PROVIDER_HEADER", format!("Token {}", canaries.plant("secret header"))),
                    ("ANTIPHON_BROKER", url(&password, broker.address())),
                    ("AWS_ENDPOINT_URL", server.url()),
                    ("AWS_ACCESS_KEY_ID", access_key),
                    ("AWS_SECRET_ACCESS_KEY", secret_key),
                    ("AWS_SESSION_TOKEN", canaries.plant("S3 session token")),
                ]
                .map(|(name, value)| (name.to_owned(), value)),
            ),
            canaries,
            store,
            broker,
            started: RefCell::default(),
            folder: tempfile::tempdir().unwrap(),
            _server: server,
        };
        stand.write("low.key", &file_key);
        fs::set_permissions(stand.path("low.key"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::create_dir(stand.path("said")).unwrap();
        stand.write("voices.yaml", VOICES);
        stand
    }

    /// Writes the configuration, with `antiphon sim` at this address.
    pub(crate) fn configure(&self, high: &str) {
        let secrets = "key_env = \"PROVIDER_KEY\"\nheaders_env = { \"x-gateway\" = \"PROVIDER_HEADER\" }\n";
        let (low, parrot) = (self.low.base_url(), self.parrot.address);
        let mut text = format!(
            "store = \"s3://{BUCKET}\"\n[broker]\nmanagement_url = \"{}\"\n[http]\ntimeout = \"5s\"\n\
             [providers.high]\napi = \"anthropic\"\nbase_url = \"{high}\"\nsend_sample_key = true\n{secrets}\
             [providers.low]\napi = \"openai\"\nbase_url = \"{low}/v1\"\nsend_sample_key = true\nkey_file = \"low.key\"\n\
             [providers.parrot]\napi = \"anthropic\"\nbase_url = \"http://{parrot}\"\n{secrets}",
            self.broker.management_url()
        );
        for (target, provider, model) in [
            ("alto", "high", "alto"),
            ("bass", "low", "bass"),
            ("answers", "parrot", "answers"),
            ("fails", "parrot", "fails"),
            ("refuses", "stubborn", "refuses"),
        ] {
            text += &format!(
                "[targets.{target}]\nprovider = \"{}\"\nmodel = \"{model}\"\npool = \"{provider}\"\n",
                provider.replace("stubborn", "parrot")
            );
            text += "price = { input = 1.0, output = 1.0 }\n";
        }
        for pool in ["high", "low", "parrot", "stubborn"] {
            text += &format!("[pools.{pool}]\nrequests_per_minute = 6000\nconcurrency = 4\n");
        }
        self.write("antiphon.toml", &text);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// All that a process has written to standard output or standard error (`out` or `err`).
    pub(crate) fn said(&self, name: &str, where_to: &str) -> String {
        fs::read_to_string(self.path(&format!("said/{name}.{where_to}"))).unwrap()
    }

    /// Starts `antiphon` at its loudest, and keeps its arguments as everybody on the machine can see them.
    pub(crate) fn start(&self, line: &str, change: &[(&str, &str)]) -> Process {
        let words: Vec<&str> = line.split_whitespace().collect();
        let count = self.started.borrow().len();
        let name = format!("{count:02}-{}", words[0]);
        let file = |end: &str| File::create(self.path(&format!("said/{name}.{end}"))).unwrap();
        let mut command = Program::command();
        command
            .env_clear()
            .envs(&self.environment)
            .env("HOME", self.folder.path())
            .envs(change.iter().copied())
            // A coverage run writes its counts where this says.
            .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)));
        command
            .current_dir(self.folder.path())
            .args(words)
            .args(["--log", "trace"])
            .args((count % 2 == 1).then_some("--log-format=json"));
        let child = command.stdout(file("out")).stderr(file("err")).spawn().unwrap();
        let id = child.id().unwrap();
        let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap();
        self.write(&format!("said/{name}.arguments"), &String::from_utf8(arguments).unwrap());
        self.started.borrow_mut().insert(name.clone(), id);
        Process { name, child }
    }

    /// Runs `antiphon` to its end; gives its name and its exit code.
    pub(crate) async fn run_with(&self, line: &str, change: &[(&str, &str)]) -> (String, Option<i32>) {
        let mut process = self.start(line, change);
        let code = process.ended().await;
        (process.name, code)
    }

    /// Runs `antiphon`, which must end so, and gives its standard output.
    pub(crate) async fn run(&self, line: &str, code: i32) -> String {
        let (name, ended) = self.run_with(line, &[]).await;
        assert_eq!(ended, Some(code), "{line}: {}", self.last_words(&name));
        self.said(&name, "out")
    }

    pub(crate) fn last_words(&self, name: &str) -> String {
        let said = self.said(name, "err");
        said[said.char_indices().rev().nth(3000).map_or(0, |(at, _)| at)..].to_owned()
    }

    /// Where a process says that it serves its health, once it does.
    pub(crate) async fn health(&self, process: &Process) -> String {
        let mut found = None;
        until("a service says where its health is", async || {
            let log = self.said(&process.name, "err");
            let line = log.lines().find(|line| line.contains("serving /healthz"));
            found = line.and_then(|line| {
                Some(line.split("127.0.0.1:").nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.to_owned())
            });
            found.is_some()
        })
        .await;
        format!("http://127.0.0.1:{}", found.unwrap())
    }

    /// Everything that is left: every file, object and message, by its place.
    pub(crate) async fn remains(&self) -> BTreeMap<String, Vec<u8>> {
        let mut remains = BTreeMap::new();
        for name in object_names(self.folder.path()) {
            if name != "low.key" {
                remains.insert(format!("file {name}"), fs::read(self.path(&name)).unwrap());
            }
        }
        for key in self.store.list("").await.unwrap() {
            let bytes = self.store.get(&key).await.unwrap().unwrap();
            remains.insert(format!("object {key}"), bytes.to_vec());
        }
        for (exchange, bytes) in self.tap.messages() {
            remains.insert(format!("messages {exchange}"), bytes);
        }
        remains.insert("broker's log".to_owned(), self.broker.log().into_bytes());
        remains
    }
}

impl Process {
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(HANGS, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("{} hangs", self.name)).unwrap().code()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(HANGS, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// An address of the broker with this password.
pub(crate) fn url(password: &str, address: impl std::fmt::Display) -> String {
    let password = password.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    format!("amqp://{USER}:{password}@{address}/%2f")
}

/// Sets something at the broker by its management API.
async fn tell(broker: &Broker, what: &str, value: &serde_json::Value) {
    let (user, password) = broker.user();
    let request = reqwest::Client::new().put(format!("{}/api/{what}", broker.management_url()));
    let request = request.basic_auth(user, Some(password)).body(value.to_string());
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    assert!(answer.status().is_success(), "{what}: {answer:?}");
}

async fn models(key: &str) -> Running {
    let voices = Voices::from_yaml(VOICES, Path::new(".")).unwrap();
    let config = SimulatorConfig { api_key: Some(key.to_owned()), ..SimulatorConfig::new(voices) };
    Simulator::start(config, ([127, 0, 0, 1], 0).into()).await.unwrap()
}

async fn bucket(access_key: &str, secret_key: &str) -> (Server, Store) {
    let config = ServerConfig {
        access_key: access_key.to_owned(),
        secret_key: secret_key.to_owned(),
        buckets: vec![BUCKET.to_owned()],
        kept: Kept::Memory,
    };
    let server = Server::start(config, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let credentials =
        S3Credentials { access_key: access_key.into(), secret_key: secret_key.into(), session_token: None };
    let s3 =
        S3Settings { endpoint: Some(server.url()), credentials: Some(credentials), ..S3Settings::default() };
    let store = Store::open_with(&format!("s3://{BUCKET}"), &StoreSettings { s3 }).await.unwrap();
    (server, store)
}
