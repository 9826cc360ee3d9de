//! What a pool is sung for at present: whether there is anything to ask, and how strict the suites are that it is for.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use antiphon_core::{Limits, Manifest, RunId};
use tokio::sync::Notify;
use tokio::time::Instant;

/// For so long after its last job a run still counts as being asked: the next job comes soon, and who leaves the choir waits
/// before it may sing again.
const LINGER: Duration = Duration::from_secs(5);

/// The runs that a pool is asked for.
#[derive(Debug, Default)]
pub(crate) struct Song {
    runs: Mutex<BTreeMap<RunId, Asked>>,
    begun: Notify,
}

#[derive(Debug)]
struct Asked {
    limits: Limits,
    jobs: usize,
    /// When the last of its jobs ended.
    ended: Instant,
}

impl Song {
    /// Counts a job of the run for as long as the guard lives.
    pub(crate) fn begin(&self, manifest: &Manifest) -> Sung<'_> {
        let mut runs = self.runs.lock().expect("no holder panics");
        let asked = runs.entry(manifest.run.clone()).or_insert_with(|| Asked {
            limits: manifest.limits.clone(),
            jobs: 0,
            ended: Instant::now(),
        });
        asked.jobs += 1;
        drop(runs);
        self.begun.notify_one();
        Sung { song: self, run: manifest.run.clone() }
    }

    /// Waits until a job has begun since the last wait.
    pub(crate) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Whether there is anything to sing.
    pub(crate) fn is_sung(&self) -> bool {
        !self.present().is_empty()
    }

    /// These limits, lowered by the suites of all runs that are asked for.
    pub(crate) fn lower(&self, limits: &Limits) -> Limits {
        self.present().values().fold(limits.clone(), |limits, asked| limits.lowered_by(&asked.limits))
    }

    fn present(&self) -> std::sync::MutexGuard<'_, BTreeMap<RunId, Asked>> {
        let mut runs = self.runs.lock().expect("no holder panics");
        let now = Instant::now();
        runs.retain(|_, asked| asked.jobs > 0 || asked.ended + LINGER > now);
        runs
    }
}

/// A job that is being asked.
#[derive(Debug)]
pub(crate) struct Sung<'a> {
    song: &'a Song,
    run: RunId,
}

impl Drop for Sung<'_> {
    fn drop(&mut self) {
        if let Some(asked) = self.song.runs.lock().expect("no holder panics").get_mut(&self.run) {
            asked.jobs -= 1;
            asked.ended = Instant::now();
        }
    }
}
