//! What must be true of a run over a fleet, whatever happened on the way.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::{Duplicate, Round};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{BURST, CONCURRENCY, Fleet, LOOK, PATIENCE, REQUESTS, WINDOW};
use crate::audit::{Excuses, audit_repeated};
use crate::stage::RUN;
use crate::{Asked, Depth, Stage, Stored, audit, same_summary, samples_by_job};

impl Fleet {
    /// Sums up a run that has ended, stops the fleet, and holds everything that it left behind against the plan, the simulator's ledger
    /// and a run that nobody disturbed.
    ///
    /// # Panics
    /// If the run is not complete, or anything is lost, doubled, rewritten, too fast, or left in a queue.
    pub async fn check(&mut self) {
        let summary = self.sum_up().await;
        let stored = self.stored().await;
        self.drained().await;
        self.stop().await;

        let ledger = self.stage.simulator.ledger();
        let thrown_away = audit(&self.asked.keys(), &stored, &ledger);
        let jobs = self.planned_jobs().await;
        let (results, planned) = (self.results(), jobs.keys().cloned().collect::<BTreeSet<_>>());
        assert_eq!(results, planned, "every planned job has its object, and there are no others");
        let (in_vain, whole) = self.in_vain().await;
        let excuses = Excuses { survivors: self.survivors.clone(), in_vain, whole };
        audit_repeated(&jobs, &excuses, &stored, &ledger);
        if excuses.is_none() && stored.iter().all(|one| one.sample.attempts == 1) {
            assert_eq!(thrown_away, 0, "answers were thrown away");
        }
        self.check_store();
        self.check_dead().await;
        self.check_pace();
        let left = self.left().await;
        assert!(left.is_empty(), "left in queues: {left:?}");
        same_summary(&summary, &undisturbed(&self.asked).await);
    }

    /// All stored samples, as `antiphon export` gives them.
    async fn stored(&self) -> Vec<Stored> {
        self.command(&["export", RUN, "--format", "jsonl", "--output", "exported", "--force"]).await;
        let text = std::fs::read_to_string(self.stage.folder().join("exported/samples.jsonl"));
        text.expect("the export is there").lines().map(Stored::read).collect()
    }

    /// Asks all services to stop: they end well, as did those that have ended before, and what they held goes back into its queue.
    async fn stop(&mut self) {
        let mut started: Vec<_> = self.members_mut().filter(|member| !member.was_killed()).collect();
        started.iter_mut().for_each(|member| member.terminate());
        for member in &mut started {
            assert_eq!(member.ended().await, Some(0), "{} does not end well", member.name);
        }
    }

    /// The plan, as it stands in the store.
    pub(super) async fn planned_jobs(&self) -> BTreeMap<String, BTreeSet<String>> {
        let manifest = self.manifest().await;
        let mut rounds: Vec<Round> = Vec::new();
        for key in self.bucket.keys(&format!("runs/{RUN}/rounds/")) {
            rounds.push(self.bucket.json(&key).await);
        }
        samples_by_job(&manifest, &rounds)
    }

    /// How often work on each job is recorded as done in vain, and how often it was all of the job.
    async fn in_vain(&self) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
        let (mut in_vain, mut whole) = (BTreeMap::new(), BTreeMap::new());
        for key in self.bucket.keys(&format!("runs/{RUN}/duplicates/")) {
            let Duplicate { job, whole: is_whole, .. } = self.bucket.json(&key).await;
            let object = format!("{}/{}/{}.mpk.zst", job.target, job.block, job.id());
            *whole.entry(object.clone()).or_default() += usize::from(is_whole);
            *in_vain.entry(object).or_default() += 1;
        }
        (in_vain, whole)
    }

    /// Nothing but derived files is ever written twice or deleted, and nothing lies there that the design does not name.
    fn check_store(&self) {
        let derived = |key: &str| key.contains("/summary/") || key.contains("/report/");
        let rewritten: Vec<_> = self.bucket.rewritten().into_iter().filter(|key| !derived(key)).collect();
        assert!(rewritten.is_empty(), "rewritten: {rewritten:?}");
        let known = |key: &str| {
            let Some(rest) = key.strip_prefix(&format!("runs/{RUN}/")) else {
                return key.starts_with("suites/");
            };
            let folder = rest.split('/').next().unwrap_or_default();
            ["manifest.json", "rounds", "samples", "submissions", "duplicates", "dead", "summary", "report"]
                .contains(&folder)
        };
        let odd: Vec<_> = self.bucket.keys("").into_iter().filter(|key| !known(key)).collect();
        assert!(odd.is_empty(), "the run left {odd:?}");
    }

    /// Whatever died says why.
    async fn check_dead(&self) {
        for key in self.bucket.keys(&format!("runs/{RUN}/dead/")) {
            if key.contains(".requeued-") {
                continue;
            }
            let dead: Value = self.bucket.json(&key).await;
            let reason = dead["reason"].as_str().unwrap_or_default();
            assert!(!reason.trim().is_empty(), "{key} gives no reason: {dead}");
        }
    }

    /// By the simulator's own count no window was fuller than the limit and its burst allow. Calls that were held up on their way may
    /// come together with later ones: at most those in flight.
    fn check_pace(&self) {
        let stats = self.stage.simulator.stats();
        let most = f64::from(REQUESTS) / 60.0 * WINDOW.as_secs_f64() + f64::from(BURST + CONCURRENCY);
        for (pool, group) in &stats.groups {
            let calls = group.max_calls_in_window;
            let allowed = f64::from(u32::try_from(calls).expect("few calls")) <= most;
            assert!(allowed, "{calls} calls of {pool} within {WINDOW:?}, where {most} are allowed");
        }
    }

    /// Waits until the fleet has taken everything out of the queues. A run may be complete before that: what a worker had stored but
    /// not acknowledged when the broker went comes once more when the broker is back.
    async fn drained(&self) {
        let drained = async {
            while !self.left().await.is_empty() {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(PATIENCE, drained).await.is_err() {
            panic!("never taken out of queues: {:?}", self.left().await);
        }
    }

    /// What waits or is held anywhere. (Coordinators call each other until their end, and calls die by themselves.)
    async fn left(&self) -> Vec<Depth> {
        let queues = self.ground.queues().await;
        assert!(queues.iter().any(|queue| queue.name.contains("jobs")), "there are queues: {queues:?}");
        queues
            .into_iter()
            .filter(|queue| queue.ready + queue.unacked > 0 && queue.name != "antiphon.calls")
            .collect()
    }
}

/// The summary of the same run in one process, undisturbed. Each suite is run once.
///
/// # Panics
/// If that run is not complete.
pub async fn undisturbed(asked: &Asked) -> String {
    static SUMMARIES: Mutex<BTreeMap<String, String>> = Mutex::const_new(BTreeMap::new());
    let yaml = asked.yaml();
    let mut summaries = SUMMARIES.lock().await;
    if let Some(summary) = summaries.get(&yaml) {
        return summary.clone();
    }
    let stage = Stage::new(asked).await;
    let ended = stage.run("alone", &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let summary = stage.summary("alone");
    summaries.insert(yaml, summary.clone());
    summary
}
