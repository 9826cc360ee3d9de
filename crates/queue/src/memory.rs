//! The queue within a process. It carries bytes, as a broker does, and fails on request, as a broker does unasked.

mod calls;
mod line;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use antiphon_core::PoolId;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::{DELIVERY_LIMIT_REASON, QueueError, wire};
pub(crate) use calls::CallConsumer;
use calls::Calls;
use line::{Line, Lost, Message};

/// Most jobs that wait in one pool's queue. Windows keep far below it; a runaway publisher is told instead of filling memory.
const LARGEST_DEPTH: usize = 100_000;
/// Hints kept for a listener that is slow.
const EVENTS_KEPT: usize = 4_096;
/// Dead letters in work at a time.
const DEAD_PREFETCH: u16 = 64;

/// Queues in memory. Clones are the same queues.
#[derive(Debug, Clone)]
pub struct MemoryQueue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something may have become deliverable.
    changed: Notify,
    events: broadcast::Sender<Bytes>,
    choirs: Mutex<BTreeMap<PoolId, Vec<mpsc::UnboundedSender<Bytes>>>>,
    calls: Arc<Calls>,
}

#[derive(Debug, Default)]
struct State {
    lines: BTreeMap<LineName, Line>,
    consumers: u64,
    faults: Faults,
}

/// What goes wrong next.
#[derive(Debug, Default)]
struct Faults {
    lost_acks: u32,
    doubled_deliveries: u32,
    lost_events: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum LineName {
    Jobs(PoolId),
    Dead,
}

impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jobs(pool) => write!(f, "the queue of pool {pool}"),
            Self::Dead => f.write_str("the dead letters"),
        }
    }
}

impl Default for MemoryQueue {
    fn default() -> Self {
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let shared = Shared {
            state: Mutex::default(),
            changed: Notify::new(),
            events,
            choirs: Mutex::default(),
            calls: Arc::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl MemoryQueue {
    /// The next `count` acks of jobs get lost on their way: the worker believes in them, and the jobs are delivered again.
    pub fn lose_acks(&self, count: u32) {
        self.shared.state.lock().faults.lost_acks += count;
    }

    /// Each of the next `count` jobs that are delivered is delivered once more.
    pub fn deliver_twice(&self, count: u32) {
        self.shared.state.lock().faults.doubled_deliveries += count;
    }

    /// The next `count` hints reach nobody.
    pub fn lose_events(&self, count: u32) {
        self.shared.state.lock().faults.lost_events += count;
    }

    pub(crate) fn publish_job(
        &self,
        pool: &PoolId,
        body: Bytes,
        trace: Option<String>,
    ) -> Result<(), QueueError> {
        let mut state = self.shared.state.lock();
        let line = state.line(&LineName::Jobs(pool.clone()));
        let waiting = line.waiting();
        if waiting >= LARGEST_DEPTH {
            return Err(QueueError::Full { pool: pool.clone(), waiting });
        }
        line.add(Message::new(body).of_trace(trace));
        drop(state);
        self.shared.changed.notify_waiters();
        Ok(())
    }

    pub(crate) fn publish_events(&self, body: Bytes) {
        let lost = take_one(&mut self.shared.state.lock().faults.lost_events);
        if !lost {
            // An error means that nobody listens.
            let _ = self.shared.events.send(body);
        }
    }

    pub(crate) fn subscribe_events(&self) -> broadcast::Receiver<Bytes> {
        self.shared.events.subscribe()
    }

    /// Whoever is gone is forgotten.
    pub(crate) fn publish_choir(&self, pool: &PoolId, body: &Bytes) {
        if let Some(listeners) = self.shared.choirs.lock().get_mut(pool) {
            listeners.retain(|listener| listener.send(body.clone()).is_ok());
        }
    }

    /// Without a bound, as a choir's queue must not drop a message; what a listener has not heard is a few beats a second.
    pub(crate) fn listen_choir(&self, pool: &PoolId) -> mpsc::UnboundedReceiver<Bytes> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.shared.choirs.lock().entry(pool.clone()).or_default().push(sender);
        receiver
    }

    pub(crate) fn publish_call(&self, body: Bytes) {
        self.shared.calls.publish(body);
    }

    pub(crate) fn consume_calls(&self) -> CallConsumer {
        self.shared.calls.consume()
    }

    pub(crate) fn depth(&self, pool: &PoolId) -> u64 {
        let mut state = self.shared.state.lock();
        let ready = state.line(&LineName::Jobs(pool.clone())).ready(Instant::now());
        u64::try_from(ready).expect("a count of things in memory")
    }

    pub(crate) fn consume_jobs(&self, pool: &PoolId, prefetch: u16) -> Consumer {
        self.consume(LineName::Jobs(pool.clone()), prefetch)
    }

    pub(crate) fn consume_dead(&self) -> Consumer {
        self.consume(LineName::Dead, DEAD_PREFETCH)
    }

    fn consume(&self, line: LineName, prefetch: u16) -> Consumer {
        let mut state = self.shared.state.lock();
        state.consumers += 1;
        Consumer {
            shared: Arc::clone(&self.shared),
            line,
            id: state.consumers,
            prefetch: usize::from(prefetch.max(1)),
        }
    }
}

impl State {
    fn line(&mut self, name: &LineName) -> &mut Line {
        self.lines.entry(name.clone()).or_default()
    }

    /// Puts back what was lost, or gives it up. Dead letters are never given up: somebody must hear of them.
    fn bring_back(&mut self, name: &LineName, message: Message) {
        let lost = match name {
            LineName::Jobs(_) => message.lost(),
            LineName::Dead => Lost::Again(message),
        };
        match lost {
            Lost::Again(message) => self.line(name).add(message),
            Lost::TooOften(body) => {
                // What cannot be read as a job was never delivered as one, so nobody can have lost it.
                if let Ok(job) = wire::decode_job(&body) {
                    let dead = wire::Dead { job, reason: DELIVERY_LIMIT_REASON.to_owned() };
                    self.line(&LineName::Dead).add(Message::new(wire::encode(&dead)));
                }
            }
        }
    }
}

fn take_one(count: &mut u32) -> bool {
    let any = *count > 0;
    *count = count.saturating_sub(1);
    any
}

/// Takes messages from one line. Dropping it brings back what it has not settled.
#[derive(Debug)]
pub(crate) struct Consumer {
    shared: Arc<Shared>,
    line: LineName,
    id: u64,
    prefetch: usize,
}

impl Consumer {
    pub(crate) async fn next(&mut self) -> (Bytes, Receipt) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed, also one between the look and the wait.
            changed.as_mut().enable();
            let due = match self.take() {
                Ok(taken) => return taken,
                Err(due) => due,
            };
            match due {
                Some(due) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(due) => {}
                },
                None => changed.await,
            }
        }
    }

    /// A message, or when the next one becomes due.
    fn take(&self) -> Result<(Bytes, Receipt), Option<Instant>> {
        let mut state = self.shared.state.lock();
        let State { lines, faults, .. } = &mut *state;
        let line = lines.entry(self.line.clone()).or_default();
        if line.unsettled_of(self.id) >= self.prefetch {
            return Err(None);
        }
        let Some((tag, message)) = line.take(self.id, Instant::now()) else { return Err(line.next_due()) };
        let (body, waited, trace) = (message.body(), message.waited(), message.trace());
        if matches!(self.line, LineName::Jobs(_)) && take_one(&mut faults.doubled_deliveries) {
            line.add(message);
        }
        let (shared, line) = (Arc::clone(&self.shared), self.line.clone());
        Ok((body, Receipt { shared, line, tag, waited, trace }))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        for message in state.line(&self.line).take_back_all(self.id) {
            state.bring_back(&self.line, message);
        }
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

/// What becomes of a message.
#[derive(Debug)]
pub(crate) enum Settlement {
    Ack,
    Retry(Duration),
    /// The body of its dead letter.
    Reject(Bytes),
}

/// The right to settle a message. Dropping it unused brings the message back.
#[derive(Debug)]
pub(crate) struct Receipt {
    shared: Arc<Shared>,
    line: LineName,
    tag: u64,
    waited: Duration,
    trace: Option<String>,
}

impl Receipt {
    /// The trace that it belongs to.
    pub(crate) fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    /// How long the message could have been delivered before it was.
    pub(crate) fn waited(&self) -> Duration {
        self.waited
    }

    /// Whether the message was still ours to settle.
    pub(crate) fn settle(self, settlement: Settlement) -> bool {
        let mut state = self.shared.state.lock();
        let Some(message) = state.line(&self.line).take_back(self.tag) else { return false };
        let is_job = matches!(self.line, LineName::Jobs(_));
        match settlement {
            Settlement::Ack if is_job && take_one(&mut state.faults.lost_acks) => {
                state.bring_back(&self.line, message);
            }
            Settlement::Ack => {}
            Settlement::Retry(delay) => state.line(&self.line).add_later(message, Instant::now() + delay),
            Settlement::Reject(dead) => state.line(&LineName::Dead).add(Message::new(dead)),
        }
        // The lock must be free before `self` is dropped, which takes it.
        drop(state);
        self.shared.changed.notify_waiters();
        true
    }

    /// Takes the message out of the queue, since nobody could ever read it.
    pub(crate) fn drop_malformed(self, reason: String) -> QueueError {
        let queue = self.line.to_string();
        self.shared.state.lock().line(&self.line).take_back(self.tag);
        QueueError::Malformed { queue, reason }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        // Nothing is there after settling, and after the consumer brought it back.
        if let Some(message) = state.line(&self.line).take_back(self.tag) {
            state.bring_back(&self.line, message);
        }
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
