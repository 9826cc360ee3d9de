//! What a pool is sung for at present: whether there is anything to ask, and how strict the suites are that it is for.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use antiphon_core::{Limits, RunId};
use tokio::sync::Notify;
use tokio::time::Instant;

/// For so long after its last job a run still counts as being asked: the next job comes soon, and who leaves the choir waits
/// before it may sing again.
const LINGER: Duration = Duration::from_secs(5);

/// The runs that a pool is asked for.
#[derive(Debug, Default)]
pub(crate) struct Song {
    state: Mutex<State>,
    begun: Notify,
}

#[derive(Debug, Default)]
struct State {
    runs: BTreeMap<RunId, Asked>,
    /// When jobs were last seen in the queue.
    wanted: Option<Instant>,
}

#[derive(Debug)]
struct Asked {
    limits: Limits,
    jobs: usize,
    /// When the last of its jobs ended.
    ended: Instant,
}

impl Song {
    /// Counts a job of the run, whose suite asks for these limits, for as long as the guard lives.
    pub(crate) fn begin(&self, run: &RunId, limits: &Limits) -> Sung<'_> {
        let mut state = self.lock();
        let asked = state.runs.entry(run.clone()).or_insert_with(|| Asked {
            limits: limits.clone(),
            jobs: 0,
            ended: Instant::now(),
        });
        asked.jobs += 1;
        asked.limits.clone_from(limits);
        drop(state);
        self.begun.notify_one();
        Sung { song: self, run: run.clone() }
    }

    /// Jobs wait in the queue.
    pub(crate) fn want(&self) {
        self.lock().wanted = Some(Instant::now());
        self.begun.notify_one();
    }

    /// Waits until a job has begun, or is wanted, since the last wait.
    pub(crate) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Whether there is anything to sing.
    pub(crate) fn is_sung(&self) -> bool {
        let state = self.present();
        !state.runs.is_empty() || state.wanted.is_some()
    }

    /// These limits, lowered by the suites of all runs that are asked for.
    pub(crate) fn lower(&self, limits: &Limits) -> Limits {
        self.present().runs.values().fold(limits.clone(), |limits, asked| limits.lowered_by(&asked.limits))
    }

    fn present(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        let now = Instant::now();
        state.runs.retain(|_, asked| asked.jobs > 0 || asked.ended + LINGER > now);
        state.wanted = state.wanted.filter(|wanted| *wanted + LINGER > now);
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
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
        if let Some(asked) = self.song.lock().runs.get_mut(&self.run) {
            asked.jobs -= 1;
            asked.ended = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_song_lingers_and_is_as_strict_as_the_strictest_of_its_suites() {
        let (a, b): (RunId, RunId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let limits = |requests| Limits { requests_per_minute: Some(requests), ..Limits::default() };
        let (song, told) = (Song::default(), limits(100));
        let requests = || song.lower(&told).requests_per_minute;
        assert!(!song.is_sung());
        let (mild, strict) = (song.begin(&a, &Limits::default()), song.begin(&b, &limits(10)));
        assert_eq!((song.is_sung(), requests()), (true, Some(10)));
        drop(strict);
        tokio::time::sleep(LINGER - SECOND).await;
        assert_eq!(requests(), Some(10), "its next job comes soon");
        tokio::time::sleep(2 * SECOND).await;
        assert_eq!((song.is_sung(), requests()), (true, Some(100)));
        drop(mild);
        tokio::time::sleep(LINGER + SECOND).await;
        assert!(!song.is_sung());
    }
}
