//! One run, what happens to it, and what is remembered of it for the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use antiphon_coordinator::{Report, open_retry};
use antiphon_core::summary::Summary;
use antiphon_core::{RunId, keys};
use antiphon_queue::{DELIVERY_LIMIT, MemoryQueue, Queue};
use antiphon_simulator::{FaultKind, FaultOrder, Running};
use antiphon_store::Store;
use antiphon_tests::Asked;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::operation::Op;
use crate::pipeline::{Coordinator, Worker, coordinate, open, simulator, work};

/// A run that makes no call for so long, and does not end, hangs. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(10);
/// Most sessions that extensions come to.
const MOST_SESSIONS: u32 = 4;
/// A run that is not complete after so many rounds of retrying never will be: faults are bounded.
const MOST_RETRIES: u32 = 20;

/// Coordinator and worker at work.
struct Working {
    coordinator: Coordinator,
    worker: Worker,
    stop_coordinator: CancellationToken,
    stop_worker: CancellationToken,
}

/// Where the run is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Memory,
    /// A folder, whose writes go on for a moment when their writer is gone.
    Directory,
}

pub(crate) struct World {
    pub(crate) simulator: Running,
    pub(crate) store: Store,
    pub(crate) asked: Asked,
    /// For every crash and every doubled delivery, the objects that were there.
    pub(crate) mishaps: Vec<BTreeSet<String>>,
    memory: MemoryQueue,
    queue: Queue,
    working: Option<Working>,
    /// Losses of messages since the queue was made.
    losses: u32,
    /// Every object as it was when it was first seen.
    seen: BTreeMap<String, bytes::Bytes>,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn new(place: Place, sessions: u32) -> Self {
        let memory = MemoryQueue::default();
        let folder = tempfile::tempdir().unwrap();
        let store = match place {
            Place::Memory => Store::memory(),
            Place::Directory => Store::create(folder.path().to_str().unwrap()).await.unwrap(),
        };
        Self {
            simulator: simulator().await,
            store,
            asked: Asked { probes: 3, ..Asked::new(2, sessions, 1) },
            mishaps: Vec::new(),
            queue: Queue::Memory(memory.clone()),
            memory,
            working: None,
            losses: 0,
            seen: BTreeMap::new(),
            _folder: folder,
        }
    }

    pub(crate) fn run() -> RunId {
        "held".parse().unwrap()
    }

    pub(crate) async fn play(&mut self, op: &Op) {
        match *op {
            Op::Submit => self.submit().await,
            Op::StepWorker(calls) => self.step(calls).await,
            Op::Crash(turns) => self.crash(turns).await,
            Op::CrashWorker(turns) => self.crash_worker(turns).await,
            Op::CrashCoordinator(turns) => self.crash_coordinator(turns).await,
            Op::Redeliver(deliveries) => {
                self.memory.deliver_twice(deliveries);
                // Which ones will be doubled is not known yet, so nothing counts as stored.
                self.mishaps.extend((0..deliveries).map(|_| BTreeSet::new()));
            }
            Op::DropAck(acks) if self.may_lose(acks) => self.memory.lose_acks(acks),
            Op::DropAck(_) => {}
            Op::LoseHint(hints) => self.memory.lose_events(hints),
            Op::Throttle(calls) => self.fault(FaultKind::RateLimit, calls),
            Op::Fault(kind, calls) => self.fault(kind, calls),
            Op::ExtendSessions(more) => self.extend(more).await,
            Op::Retry => self.retry().await,
            Op::Aggregate => drop(self.aggregate().await),
        }
    }

    async fn submit(&mut self) {
        if self.working.is_none() {
            let (worker, stop_worker) = self.worker();
            let (coordinator, stop_coordinator) = self.coordinator().await;
            self.working = Some(Working { coordinator, worker, stop_coordinator, stop_worker });
        }
    }

    fn worker(&self) -> (Worker, CancellationToken) {
        let stop = CancellationToken::new();
        let url = self.simulator.base_url();
        (work(&self.queue, &self.store, &self.asked, &url, stop.clone()), stop)
    }

    async fn coordinator(&self) -> (Coordinator, CancellationToken) {
        let opened = open(&self.store, &self.asked, self.asked.sessions).await;
        let stop = CancellationToken::new();
        (coordinate(&self.queue, &self.store, opened, stop.clone()), stop)
    }

    /// Waits for so many calls, or for the end of all work.
    async fn step(&mut self, calls: u64) {
        for _ in 0..calls {
            let Some(working) = &mut self.working else { return };
            let next = self.simulator.stats().calls + 1;
            tokio::select! {
                biased;
                report = working.coordinator.join_next() => {
                    let report = report.unwrap().unwrap().unwrap();
                    self.finish(&report).await;
                }
                Some(ended) = working.worker.join_next() => panic!("the worker ended by itself: {ended:?}"),
                () = self.simulator.until_calls(next) => {}
                () = tokio::time::sleep(HANGS) => panic!("the run hangs"),
            }
            self.look().await;
        }
    }

    /// The coordinator is done, so the worker stops too.
    async fn finish(&mut self, report: &Report) {
        assert!(report.stopped_pools.is_empty() && report.dead == 0, "{report:?}");
        if let Some(mut working) = self.working.take() {
            working.stop_worker.cancel();
            working.worker.join_next().await.unwrap().unwrap().unwrap();
        }
    }

    async fn crash(&mut self, turns: u8) {
        self.turn(turns).await;
        if self.working.take().is_some() {
            self.mishap().await;
        }
        self.memory = MemoryQueue::default();
        self.queue = Queue::Memory(self.memory.clone());
        self.losses = 0;
    }

    async fn crash_worker(&mut self, turns: u8) {
        self.turn(turns).await;
        if !self.may_lose(1) {
            return;
        }
        let Some(mut working) = self.working.take() else { return };
        working.worker = Worker::new();
        (working.worker, working.stop_worker) = self.worker();
        self.working = Some(working);
        self.mishap().await;
    }

    async fn crash_coordinator(&mut self, turns: u8) {
        self.turn(turns).await;
        let Some(mut working) = self.working.take() else { return };
        working.coordinator = Coordinator::new();
        (working.coordinator, working.stop_coordinator) = self.coordinator().await;
        self.working = Some(working);
        // Its jobs are queued a second time.
        self.mishap().await;
    }

    /// Lets the tasks run for so many turns, so that a crash finds them anywhere.
    async fn turn(&self, turns: u8) {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    /// A job that is lost too often is given up, which is a guarantee of its own and not looked for here.
    fn may_lose(&mut self, times: u32) -> bool {
        let may = self.losses + times < DELIVERY_LIMIT - 1;
        self.losses += if may { times } else { 0 };
        may
    }

    async fn mishap(&mut self) {
        let there = self.store.list(&keys::samples(&Self::run())).await.unwrap();
        self.mishaps.push(there.into_iter().collect());
    }

    fn fault(&self, kind: FaultKind, calls: u64) {
        let order =
            FaultOrder { voice: None, kind, rate: None, next: Some(calls), first_attempt_only: false };
        self.simulator.order_fault(order).unwrap();
    }

    /// The coordinator is asked to stop, and another one wants more.
    async fn extend(&mut self, more: u32) {
        self.asked.sessions = (self.asked.sessions + more).min(MOST_SESSIONS);
        if let Some(working) = &mut self.working {
            working.stop_coordinator.cancel();
            working.coordinator.join_next().await.unwrap().unwrap().unwrap();
            self.crash_coordinator(0).await;
        }
    }

    async fn retry(&self) {
        if self.store.get_manifest(&Self::run()).await.unwrap().is_some() {
            open_retry(&self.store, &Self::run()).await.unwrap();
        }
    }

    /// The summary of what is there; its certificates must balance at any time.
    async fn aggregate(&self) -> Option<Summary> {
        self.store.get_manifest(&Self::run()).await.unwrap()?;
        let parts = antiphon_aggregator::Parts {
            store: self.store.clone(),
            settings: antiphon_aggregator::Settings::default(),
        };
        let (summary, _) =
            antiphon_aggregator::run(&parts, &Self::run(), &CancellationToken::new()).await.unwrap();
        assert!(summary.completeness.total.is_balanced(), "{:?}", summary.completeness);
        Some(summary)
    }

    /// Looks at all objects: none may ever change.
    pub(crate) async fn look(&mut self) {
        for key in self.store.list(&keys::samples(&Self::run())).await.unwrap() {
            let bytes = self.store.get(&key).await.unwrap().unwrap();
            let first = self.seen.entry(key).or_insert_with(|| bytes.clone());
            assert!(*first == bytes, "a stored object was replaced");
        }
    }

    /// Starts and retries until the run is complete.
    pub(crate) async fn drive_to_the_end(&mut self) {
        for _ in 0..MOST_RETRIES {
            self.submit().await;
            while self.working.is_some() {
                self.step(1).await;
            }
            let summary = self.aggregate().await.expect("there is a run");
            if summary.completeness.complete {
                return;
            }
            self.retry().await;
        }
        panic!("the run does not become complete");
    }
}
