//! A fleet of real processes: a broker, an S3 server, simulated models, coordinators, workers and aggregators, with a relay on every way.

mod bucket;
mod check;
mod ground;
mod member;
mod wires;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use antiphon_core::Manifest;
use antiphon_simulator::{SimulatorConfig, Voices};
use serde_json::Value;

pub use self::bucket::Bucket;
use self::bucket::{ACCESS_KEY, BUCKET, SECRET_KEY};
pub use self::check::undisturbed;
pub use self::ground::Ground;
pub use self::member::Member;
use self::member::Role;
pub use self::wires::Wires;
use crate::stage::{RUN, targets_at};
use crate::{Asked, Depth, Ended, Program, Stage, VOICES};

/// Calls of each pool in a minute.
const REQUESTS: u32 = 6_000;
/// Calls of each pool that may come at once.
const BURST: u32 = 10;
/// Calls of each pool in flight.
const CONCURRENCY: u32 = 8;
/// The windows in which the simulator counts. Shorter ones than a minute are the stricter test, and a test need not last minutes.
const WINDOW: Duration = Duration::from_secs(2);

/// An answer comes by then, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// A run that has not ended by then never does. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(240);
/// Lines of a log that a failed test shows.
const SHOWN: usize = 40;

/// What a fleet is made of.
#[derive(Debug)]
pub struct FleetKind {
    /// What it is asked.
    pub asked: Asked,
    /// How many workers there are.
    pub workers: usize,
    /// How many coordinators there are.
    pub coordinators: usize,
    /// How many aggregators there are; with any, they help to sum up.
    pub aggregators: usize,
    /// Where its jobs travel.
    pub ground: Ground,
    /// How long a worker waits for an answer of a model.
    pub patience: Duration,
}

impl FleetKind {
    /// So many workers and one coordinator, on a quick network.
    #[must_use]
    pub fn new(asked: Asked, workers: usize, ground: Ground) -> Self {
        Self { asked, workers, coordinators: 1, aggregators: 0, ground, patience: PATIENCE }
    }
}

/// A fleet. Dropping it kills all its processes; if a test has panicked, their logs are shown first.
#[derive(Debug)]
pub struct Fleet {
    /// Those that plan and publish.
    pub coordinators: Vec<Member>,
    /// Those that ask.
    pub workers: Vec<Member>,
    /// Those that sum up.
    pub aggregators: Vec<Member>,
    /// Where the jobs travel.
    pub ground: Ground,
    /// The suite, and the simulated models.
    pub stage: Stage,
    /// Where the results are.
    pub bucket: Bucket,
    asked: Asked,
    /// For every kill, the objects of jobs that were there, by their names below `samples/`.
    survivors: Vec<BTreeSet<String>>,
}

impl Fleet {
    /// A fleet at work, with nothing to do yet.
    ///
    /// # Panics
    /// If any of it does not start.
    pub async fn start(kind: FleetKind) -> Self {
        let mut fleet = Self::idle(kind).await;
        fleet.start_rest();
        fleet
    }

    /// The same, with no process running yet.
    ///
    /// # Panics
    /// If broker, store or simulator do not start.
    pub async fn idle(kind: FleetKind) -> Self {
        let FleetKind { asked, workers, coordinators, aggregators, ground, patience } = kind;
        let voices = VOICES.replace("seed: 11", "seed: 11\n    limit_group: high");
        let voices =
            voices.replace("seed: 12", "seed: 12\n    limit_group: low") + "limits: {high: {}, low: {}}\n";
        let voices = Voices::from_yaml(&voices, Path::new(".")).expect("the voices are well formed");
        let models = SimulatorConfig {
            window: WINDOW,
            trickle: Duration::from_millis(100),
            ..SimulatorConfig::new(voices)
        };
        let stage = Stage::with(&asked, models).await;
        let bucket = Bucket::start().await;
        let mut fleet = Self {
            coordinators: Vec::new(),
            workers: Vec::new(),
            aggregators: Vec::new(),
            ground,
            stage,
            bucket,
            asked,
            survivors: Vec::new(),
        };
        for number in 0..coordinators {
            let member = fleet.hire(Role::Coordinator, number, patience).await;
            fleet.coordinators.push(member);
        }
        for number in 0..workers {
            let member = fleet.hire(Role::Worker, number, patience).await;
            fleet.workers.push(member);
        }
        for number in 0..aggregators {
            let member = fleet.hire(Role::Aggregator, number, patience).await;
            fleet.aggregators.push(member);
        }
        let simulator = fleet.stage.simulator.addr();
        fleet.stage.write("antiphon.toml", &config(simulator, patience));
        fleet
    }

    /// A member with relays of its own on all its ways.
    async fn hire(&self, role: Role, number: usize, patience: Duration) -> Member {
        let broker = self.ground.address(number);
        let wires = Wires::new(broker, self.bucket.address(), self.stage.simulator.addr()).await;
        let mut member = Member::new(role, number, self.stage.folder().to_owned(), wires);
        let config = config(member.wires.models.address(), patience);
        std::fs::write(member.config(), config).expect("the folder can be written");
        // A connection that nothing comes through any more is given up soon.
        let broker = self.ground.url_at(member.wires.broker.address()) + "?heartbeat=2";
        for (variable, value) in settings(&broker, member.wires.store.address()) {
            member.set(variable, &value);
        }
        member
    }

    /// All its services.
    pub fn members_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.coordinators.iter_mut().chain(&mut self.workers).chain(&mut self.aggregators)
    }

    /// Starts all that do not run.
    pub fn start_rest(&mut self) {
        for member in self.members_mut() {
            if !member.is_running() {
                member.start();
            }
        }
    }

    /// SIGKILL for a worker.
    pub fn kill_worker(&mut self, number: usize) {
        self.workers[number].kill();
        self.workers[number].wires.revive();
        // After its death: what it stored in its last moment has been stored.
        self.excuse(self.results());
    }

    /// From here on jobs without any of these objects may be asked once more.
    pub fn excuse(&mut self, survivors: BTreeSet<String>) {
        self.survivors.push(survivors);
    }

    /// SIGKILL for an aggregator.
    pub fn kill_aggregator(&mut self, number: usize) {
        self.aggregators[number].kill();
        self.aggregators[number].wires.revive();
    }

    /// SIGKILL for a coordinator.
    pub fn kill_coordinator(&mut self, number: usize) {
        self.coordinators[number].kill();
        self.coordinators[number].wires.revive();
    }

    /// The objects of jobs that are there, by their names below `samples/`.
    #[must_use]
    pub fn results(&self) -> BTreeSet<String> {
        let folder = format!("runs/{RUN}/samples/");
        self.bucket.keys(&folder).into_iter().map(|key| key[folder.len()..].to_owned()).collect()
    }

    /// Waits until so many jobs have objects.
    pub async fn until_results(&self, jobs: usize) {
        while self.results().len() < jobs {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until so many more jobs have objects than now, or all have.
    pub async fn until_more_results(&self, jobs: usize) {
        let all = self.planned_jobs().await.len();
        self.until_results((self.results().len() + jobs).min(all)).await;
    }

    /// The run's manifest.
    pub async fn manifest(&self) -> Manifest {
        self.bucket.json(&format!("runs/{RUN}/manifest.json")).await
    }

    /// How many blocks have their parts.
    #[must_use]
    pub fn parts(&self) -> usize {
        let keys = self.bucket.keys(&format!("runs/{RUN}/summary/parts/"));
        keys.iter().filter(|key| key.ends_with(".part.mpk.zst")).count()
    }

    /// Waits until so many blocks have their parts.
    pub async fn until_parts(&self, blocks: usize) {
        while self.parts() < blocks {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until workers have no jobs any more.
    pub async fn until_idle(&self) {
        let waits = |queue: &Depth| queue.name.contains(".jobs.") && queue.ready + queue.unacked > 0;
        while self.ground.queues().await.iter().any(waits) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Runs a command of an operator, who has no relays between, to its end.
    pub async fn operate(&self, arguments: &[&str]) -> Ended {
        self.start_operator(arguments).output().await
    }

    /// Starts such a command.
    #[must_use]
    pub fn start_operator(&self, arguments: &[&str]) -> Program {
        let mut command = Program::command();
        command.current_dir(self.stage.folder()).args(arguments).args(["--config", "antiphon.toml"]);
        let broker = self.ground.url_at(self.ground.address(0));
        command.envs(settings(&broker, self.bucket.address()));
        Program::start(&mut command)
    }

    /// The same to its end, which must be a success.
    ///
    /// # Panics
    /// If it ends with another code than 0.
    pub async fn command(&self, arguments: &[&str]) -> Ended {
        let ended = self.operate(arguments).await;
        assert_eq!(ended.code, Some(0), "antiphon {arguments:?}: {ended:?}");
        ended
    }

    /// Hands the suite to the fleet.
    ///
    /// # Panics
    /// If that fails.
    pub async fn submit(&self) {
        self.command(&["submit", "suite.yaml", "--run", RUN]).await;
    }

    /// What `antiphon status` says of the run, if it can say anything.
    ///
    /// # Panics
    /// If it says no JSON.
    pub async fn status(&self) -> Option<Value> {
        let ended = self.operate(&["status", RUN, "--json"]).await;
        let said = |error| panic!("{error}: {ended:?}");
        (ended.code == Some(0)).then(|| serde_json::from_str(&ended.out).unwrap_or_else(said))
    }

    /// Waits until the fleet has nothing to do for the run any more, and `antiphon status` says so.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_done(&self) -> Value {
        let done = async {
            loop {
                // The command costs much; the server's journal, nothing. An operator whom the store does not answer looks again.
                if self.has_ended()
                    && let Some(status) = self.status().await.filter(is_done)
                {
                    return status;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let done = tokio::time::timeout(HANGS, done).await;
        done.unwrap_or_else(|_| panic!("the run does not end"))
    }

    /// Whether every submission has an end in the store.
    fn has_ended(&self) -> bool {
        let keys = self.bucket.keys(&format!("runs/{RUN}/submissions/"));
        let ended = keys.iter().filter(|key| key.ends_with(".ended.json")).count();
        ended > 0 && 2 * ended == keys.len()
    }

    /// Sums the run up; gives its summary.
    ///
    /// # Panics
    /// If that fails.
    pub async fn sum_up(&self) -> String {
        let help = (!self.aggregators.is_empty()).then_some("--fleet");
        self.command(&[&["report", RUN], help.as_slice()].concat()).await;
        let bytes = self.bucket.get(&format!("runs/{RUN}/summary/summary.json")).await;
        String::from_utf8(bytes).expect("a summary is text")
    }
}

/// A configuration with models at this address.
fn config(models: SocketAddr, patience: Duration) -> String {
    let pool = format!("requests_per_minute = {REQUESTS}\nburst = {BURST}\nconcurrency = {CONCURRENCY}\n");
    targets_at(&format!("http://{models}"))
        + &format!(
            "[pools.high]\n{pool}[pools.low]\n{pool}\
             [http]\nconnect_timeout = \"1s\"\ntimeout = \"{}s\"\n[s3]\nconnect_timeout = \"1s\"\ntimeout = \"3s\"\n",
            patience.as_secs()
        )
}

/// The environment of a process that reaches broker and store there.
fn settings(broker: &str, store: SocketAddr) -> [(&'static str, String); 6] {
    [
        ("ANTIPHON_BROKER", broker.to_owned()),
        ("ANTIPHON_STORE", format!("s3://{BUCKET}")),
        ("AWS_ENDPOINT_URL", format!("http://{store}")),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
    ]
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for member in self.coordinators.iter().chain(&self.workers) {
                show(member);
            }
        }
    }
}

/// The end of a log: what a failed test is understood by.
#[expect(clippy::print_stderr, reason = "the logs of a failed test's services")]
fn show(member: &Member) {
    let log = member.log();
    let lines: Vec<&str> = log.lines().collect();
    eprintln!("--- {}", member.name);
    for line in &lines[lines.len().saturating_sub(SHOWN)..] {
        eprintln!("{line}");
    }
}

/// Whether all that was asked of the fleet has ended.
fn is_done(status: &Value) -> bool {
    let submissions = status["submissions"].as_array().expect("a status lists submissions");
    !submissions.is_empty() && submissions.iter().all(|submission| !submission["ended"].is_null())
}
