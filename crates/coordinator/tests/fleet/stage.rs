//! Where a fleet plays: a queue, a store, and those who work on them.

use std::sync::Arc;
use std::time::Duration;

use antiphon_coordinator::{
    Config, Ended, Gauge, GaugeError, Loaded, Look, Opened, Parts, Progress, RunStatus, Submitted, Wanted,
    serve, status, submit,
};
use antiphon_core::suite::Suite;
use antiphon_core::{
    Assets, Card, CatalogueTarget, Limits, Manifest, Outcome, Price, ProbeId, Provider, RunId, Seen,
    TargetCatalogue, TargetId, resolve,
};
use antiphon_queue::{MemoryQueue, Queue};
use antiphon_store::Store;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Jobs of a run in the queue of a pool at once.
pub(crate) const WINDOW: usize = 4;
/// A run that has not ended after so long, on a clock that jumps, never will.
const NEVER: Duration = Duration::from_secs(12 * 3600);

pub(crate) struct Stage {
    pub(crate) memory: MemoryQueue,
    pub(crate) queue: Queue,
    pub(crate) store: Store,
}

/// An interval that narrows as answers come: half as wide as one over the number of results of its target.
#[derive(Debug)]
struct Tape(Store);

impl Gauge for Tape {
    fn widest<'a>(
        &'a self,
        opened: &'a Opened,
        target: &'a TargetId,
        probes: &'a [ProbeId],
    ) -> BoxFuture<'a, Result<Vec<(ProbeId, Seen)>, GaugeError>> {
        async move {
            let stored = self.0.result_keys(&opened.manifest.run).await?;
            let count = stored.iter().filter(|(of, ..)| of == target).count() as f64;
            let seen =
                Seen { turn: 0, language: None, value: Some(0.0), low: Some(0.0), high: Some(2.0 / count) };
            Ok(probes.iter().map(|probe| (probe.clone(), seen.clone())).collect())
        }
        .boxed()
    }

    fn refuses(&self, _: &str, _: &Outcome, _: &str) -> bool {
        false
    }
}

/// What a run asks: one sample a job, so many jobs in each of these pools.
pub(crate) struct Asked {
    pub(crate) run: &'static str,
    pub(crate) pools: &'static [&'static str],
    pub(crate) jobs: u32,
    pub(crate) budget: Option<f64>,
    /// Ask on until the interval is so narrow, at most so many sessions of each target.
    pub(crate) until: Option<(f64, u32)>,
}

impl Asked {
    pub(crate) fn new(run: &'static str, pools: &'static [&'static str], jobs: u32) -> Self {
        Self { run, pools, jobs, budget: None, until: None }
    }

    pub(crate) fn loaded(&self) -> Loaded {
        let targets: Vec<String> = self.pools.iter().map(|pool| format!("{{alias: {pool}}}")).collect();
        let until = self.until.map_or(String::new(), |(half_width, most)| {
            format!(", until: {{half_width: {half_width}, max_sessions: {most}}}")
        });
        let text = format!(
            "version: 1\nname: t\ntargets: [{}]\nsampling: {{sessions: {}{until}}}\nprobes: [{{id: a, prompt: hi}}]\n",
            targets.join(", "),
            self.jobs
        );
        let target = |name: &str| CatalogueTarget {
            provider: Provider::Openai,
            provider_name: "house".to_owned(),
            dialect: None,
            model: name.to_owned(),
            card: Card::default(),
            // 1,024 tokens come to a dollar, more or less.
            price: Some(Price { input: 0.0, output: 1e6 / 1024.0 }),
            pool: name.parse().unwrap(),
        };
        let catalogue = TargetCatalogue {
            targets: self.pools.iter().map(|name| ((*name).to_owned(), target(name))).collect(),
            pools: self.pools.iter().map(|name| (name.parse().unwrap(), Limits::default())).collect(),
        };
        let suite = Suite::parse(&text).unwrap();
        let run = Some(self.run.parse().unwrap());
        let resolved = resolve(&text, &suite, &catalogue, &Assets::default(), run).unwrap();
        let manifest = Manifest { sessions_per_job: 1, budget_dollars: self.budget, ..resolved.manifest };
        Loaded { text, manifest, warnings: Vec::new() }
    }
}

pub(crate) fn run_id(run: &str) -> RunId {
    run.parse().unwrap()
}

/// A coordinator at work. Dropping it kills it.
pub(crate) struct Coordinator {
    pub(crate) progress: Arc<Progress>,
    _task: JoinSet<()>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let memory = MemoryQueue::default();
        Self { queue: Queue::Memory(memory.clone()), memory, store: Store::memory() }
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts {
            queue: self.queue.clone(),
            store: self.store.clone(),
            progress: Arc::default(),
            gauge: Arc::new(Tape(self.store.clone())),
        }
    }

    pub(crate) fn coordinator(&self) -> Coordinator {
        self.coordinator_with(Config::fleet(WINDOW))
    }

    pub(crate) fn coordinator_with(&self, config: Config) -> Coordinator {
        let parts = self.parts();
        let progress = Arc::clone(&parts.progress);
        let mut task = JoinSet::new();
        task.spawn(async move { serve(&parts, &config, &CancellationToken::new()).await.unwrap() });
        Coordinator { progress, _task: task }
    }

    pub(crate) async fn submit(&self, asked: &Asked) -> Submitted {
        submit(&self.store, &self.queue, &asked.loaded(), &Wanted::default()).await.unwrap()
    }

    pub(crate) async fn status(&self, run: &str) -> RunStatus {
        status(&self.store, &run_id(run), Look::default()).await.unwrap()
    }

    /// How the newest submission of the run ended.
    pub(crate) async fn ended(&self, run: &str) -> Ended {
        let end = async {
            while !self.store.open_submissions(&run_id(run)).await.unwrap().is_empty() {
                // The clock jumps, so this costs nothing.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            let status = self.status(run).await;
            assert!(!status.is_open());
            status.ended().expect("it has ended").clone()
        };
        tokio::time::timeout(NEVER, end).await.unwrap_or_else(|_| panic!("run {run} never ends"))
    }

    /// Waits until so many jobs of the run are stored.
    pub(crate) async fn stored(&self, run: &str, jobs: usize) {
        let wait = async {
            while self.store.result_keys(&run_id(run)).await.unwrap().len() < jobs {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(NEVER, wait)
            .await
            .unwrap_or_else(|_| panic!("run {run} never has {jobs} results"));
    }
}
