//! The store within a process: for tests, and for runs that nobody wants to keep.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use antiphon_core::RunId;
use bytes::Bytes;
use parking_lot::Mutex;

use crate::{Purged, Put, RunLock, StoreError};

/// Objects in a sorted map. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
    locked: Arc<Mutex<HashSet<RunId>>>,
}

impl Memory {
    pub(crate) fn put_once(&self, key: &str, bytes: Bytes) -> Put {
        let mut objects = self.objects.lock();
        if objects.contains_key(key) {
            return Put::Exists;
        }
        objects.insert(key.to_owned(), bytes);
        Put::Created
    }

    pub(crate) fn put(&self, key: &str, bytes: Bytes) {
        self.objects.lock().insert(key.to_owned(), bytes);
    }

    pub(crate) fn get(&self, key: &str) -> Option<Bytes> {
        self.objects.lock().get(key).cloned()
    }

    pub(crate) fn exists(&self, key: &str) -> bool {
        self.objects.lock().contains_key(key)
    }

    pub(crate) fn list_after(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let objects = self.objects.lock();
        let keys = objects.range::<str, _>((from, Bound::Unbounded)).map(|(key, _)| key);
        keys.take_while(|key| key.starts_with(prefix)).take(limit).cloned().collect()
    }

    pub(crate) fn folders(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for key in self.list_after(folder, None, usize::MAX) {
            if let Some((name, _)) = key[folder.len()..].split_once('/')
                && names.last().is_none_or(|last| last != name)
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names
    }

    pub(crate) fn purge(&self, prefix: &str) -> Purged {
        let mut purged = Purged::default();
        self.objects.lock().retain(|key, bytes| {
            let stays = !key.starts_with(prefix);
            if !stays {
                purged.objects += 1;
                purged.bytes += bytes.len() as u64;
            }
            stays
        });
        purged
    }

    pub(crate) fn lock_run(&self, run: &RunId) -> Result<RunLock, StoreError> {
        if !self.locked.lock().insert(run.clone()) {
            return Err(StoreError::Locked { run: run.clone(), pid: Some(std::process::id()) });
        }
        Ok(RunLock::memory(Arc::clone(&self.locked), run.clone()))
    }
}
