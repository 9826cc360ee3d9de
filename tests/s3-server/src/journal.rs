//! Who wrote what, and how often what was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Serialize;

use crate::Operation;

/// What a server was asked, and what it wrote.
#[derive(Debug)]
pub struct Journal {
    started: Instant,
    writes: Mutex<Vec<Write>>,
    requests: Mutex<BTreeMap<Operation, u64>>,
}

/// A write, or an attempt at one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Write {
    /// The bucket.
    pub bucket: Arc<str>,
    /// The key.
    pub key: Arc<str>,
    /// What was to be written: the MD5 of its content in hex. Empty for a deletion.
    pub etag: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Since the server's start.
    pub at: Duration,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is an object where none was.
    Created,
    /// Another object is where one was.
    Replaced,
    /// Its condition did not hold; nothing was written.
    Refused,
    /// The object is gone.
    Deleted,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), writes: Mutex::default(), requests: Mutex::default() }
    }

    pub(crate) fn asked(&self, operation: Operation) {
        *self.requests.lock().entry(operation).or_default() += 1;
    }

    pub(crate) fn wrote(&self, bucket: &Arc<str>, key: &Arc<str>, etag: &str, outcome: Outcome) {
        let (bucket, key, etag) = (bucket.clone(), key.clone(), etag.to_owned());
        let mut writes = self.writes.lock();
        // Under the lock, so that the times are in order.
        let at = self.started.elapsed();
        writes.push(Write { bucket, key, etag, outcome, at });
    }

    /// Requests by what they wanted, whatever came of them.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<Operation, u64> {
        self.requests.lock().clone()
    }

    /// How many requests wanted that.
    #[must_use]
    pub fn count(&self, operation: Operation) -> u64 {
        self.requests.lock().get(&operation).copied().unwrap_or(0)
    }

    /// All writes in the order in which they took place.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        self.writes.lock().clone()
    }

    /// All writes to keys that contain this.
    #[must_use]
    pub fn writes_to(&self, key: &str) -> Vec<Write> {
        self.writes.lock().iter().filter(|write| write.key.contains(key)).cloned().collect()
    }

    /// The keys that ever held two different objects, or one twice. Empty where everything was written once.
    #[must_use]
    pub fn rewritten(&self) -> BTreeSet<Arc<str>> {
        let writes = self.writes.lock();
        let mut created = BTreeSet::new();
        let again = writes.iter().filter(|write| match write.outcome {
            Outcome::Replaced => true,
            Outcome::Created => !created.insert((&write.bucket, &write.key)),
            Outcome::Refused | Outcome::Deleted => false,
        });
        again.map(|write| write.key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_twice_is_seen_however_it_was_done() {
        let journal = Journal::new();
        let wrote = |key: &str, outcome| journal.wrote(&"b".into(), &key.into(), "e", outcome);
        wrote("once", Outcome::Created);
        wrote("once", Outcome::Refused);
        assert!(journal.rewritten().is_empty());
        wrote("over", Outcome::Created);
        wrote("over", Outcome::Replaced);
        wrote("after", Outcome::Created);
        wrote("after", Outcome::Deleted);
        wrote("after", Outcome::Created);
        assert_eq!(journal.rewritten(), BTreeSet::from(["after".into(), "over".into()]));
        assert_eq!(journal.writes_to("onc").len(), 2);
    }
}
