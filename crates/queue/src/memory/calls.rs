//! Calls within a process: whoever opened a stream first hears them all.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Calls that wait while nobody leads; the oldest go first.
const CALLS_KEPT: usize = 1_000;

/// All calls and who may hear them.
#[derive(Debug, Default)]
pub(super) struct Calls {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Bytes>,
    streams: BTreeSet<u64>,
    opened: u64,
}

impl Calls {
    pub(super) fn publish(&self, body: Bytes) {
        let mut state = self.state.lock();
        if state.waiting.len() == CALLS_KEPT {
            state.waiting.pop_front();
        }
        state.waiting.push_back(body);
        drop(state);
        self.changed.notify_waiters();
    }

    pub(super) fn consume(self: &Arc<Self>) -> CallConsumer {
        let mut state = self.state.lock();
        state.opened += 1;
        let id = state.opened;
        state.streams.insert(id);
        CallConsumer { calls: Arc::clone(self), id }
    }

    fn take(&self, id: u64) -> Option<Bytes> {
        let mut state = self.state.lock();
        if state.streams.first() == Some(&id) { state.waiting.pop_front() } else { None }
    }
}

/// One stream of calls.
#[derive(Debug)]
pub(crate) struct CallConsumer {
    calls: Arc<Calls>,
    id: u64,
}

impl CallConsumer {
    pub(crate) async fn next(&mut self) -> Bytes {
        loop {
            let changed = self.calls.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed, also one between the look and the wait.
            changed.as_mut().enable();
            if let Some(body) = self.calls.take(self.id) {
                return body;
            }
            changed.await;
        }
    }
}

impl Drop for CallConsumer {
    fn drop(&mut self) {
        self.calls.state.lock().streams.remove(&self.id);
        self.calls.changed.notify_waiters();
    }
}
