//! One queue: what waits, what waits for its time, and what is delivered but not settled. Synchronous, told the time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::DELIVERY_LIMIT;

#[derive(Debug, Clone)]
pub(super) struct Message {
    body: Bytes,
    losses: u32,
    /// From when it could be delivered.
    ready: Instant,
    /// The trace that it belongs to.
    trace: Option<String>,
}

/// What becomes of a message that was lost.
pub(super) enum Lost {
    Again(Message),
    TooOften(Bytes),
}

impl Message {
    pub(super) fn new(body: Bytes) -> Self {
        Self { body, losses: 0, ready: Instant::now(), trace: None }
    }

    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    pub(super) fn of_trace(self, trace: Option<String>) -> Self {
        Self { trace, ..self }
    }

    pub(super) fn trace(&self) -> Option<String> {
        self.trace.clone()
    }

    /// How long it could have been delivered by now.
    pub(super) fn waited(&self) -> Duration {
        self.ready.elapsed()
    }

    pub(super) fn lost(mut self) -> Lost {
        self.losses += 1;
        if self.losses < DELIVERY_LIMIT { Lost::Again(self) } else { Lost::TooOften(self.body) }
    }
}

#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: VecDeque<Message>,
    /// By the time they become due; the number keeps apart those due at once.
    later: BTreeMap<(Instant, u64), Message>,
    unsettled: BTreeMap<u64, Unsettled>,
    numbers: u64,
}

#[derive(Debug)]
struct Unsettled {
    consumer: u64,
    message: Message,
}

impl Line {
    pub(super) fn add(&mut self, message: Message) {
        self.waiting.push_back(message);
    }

    pub(super) fn add_later(&mut self, message: Message, due: Instant) {
        let message = Message { ready: due, ..message };
        let number = self.number();
        self.later.insert((due, number), message);
    }

    /// Waiting now or for their time.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() + self.later.len()
    }

    /// Deliverable at `now`.
    pub(super) fn ready(&mut self, now: Instant) -> usize {
        self.ripen(now);
        self.waiting.len()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.later.keys().next().map(|(due, _)| *due)
    }

    /// Delivers a message to a consumer, with the tag to settle it by.
    pub(super) fn take(&mut self, consumer: u64, now: Instant) -> Option<(u64, Message)> {
        self.ripen(now);
        let message = self.waiting.pop_front()?;
        let tag = self.number();
        self.unsettled.insert(tag, Unsettled { consumer, message: message.clone() });
        Some((tag, message))
    }

    pub(super) fn unsettled_of(&self, consumer: u64) -> usize {
        self.unsettled.values().filter(|unsettled| unsettled.consumer == consumer).count()
    }

    pub(super) fn take_back(&mut self, tag: u64) -> Option<Message> {
        self.unsettled.remove(&tag).map(|unsettled| unsettled.message)
    }

    pub(super) fn take_back_all(&mut self, consumer: u64) -> Vec<Message> {
        self.unsettled
            .extract_if(.., |_, unsettled| unsettled.consumer == consumer)
            .map(|(_, of)| of.message)
            .collect()
    }

    fn ripen(&mut self, now: Instant) {
        while let Some(entry) = self.later.first_entry()
            && entry.key().0 <= now
        {
            self.waiting.push_back(entry.remove());
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}
