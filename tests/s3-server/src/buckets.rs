//! All objects, in the order of their keys. Their contents may stand in a folder.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, Place};
use crate::journal::{Journal, Outcome};
use crate::listing::{Asked, Page, page};

/// All buckets of a server. Every change takes one lock, so that of many that race one is the first.
#[derive(Debug)]
pub(crate) struct Buckets {
    all: RwLock<State>,
    folder: Option<Folder>,
    journal: Arc<Journal>,
}

#[derive(Debug, Default)]
struct State {
    buckets: BTreeMap<Arc<str>, Bucket>,
    /// Objects ever written.
    written: u64,
}

#[derive(Debug)]
struct Bucket {
    name: Arc<str>,
    objects: BTreeMap<Arc<str>, Arc<Object>>,
}

/// An object as it was written.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) about: About,
    pub(crate) content: Content,
    /// Its place among all that were written.
    pub(crate) number: u64,
}

/// What stands beside the content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) key: Arc<str>,
    pub(crate) etag: String,
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    pub(crate) sums: Sums,
}

/// What the sender said that was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) crc32: Option<String>,
    pub(crate) crc32c: Option<String>,
    pub(crate) crc64nvme: Option<String>,
    pub(crate) sha1: Option<String>,
    pub(crate) sha256: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Memory(Bytes),
    Disk(Place),
}

/// On what a write depends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    None,
    /// Nothing is there.
    Absent,
    /// That is there.
    Etag(String),
}

/// There is no such bucket.
#[derive(Debug)]
pub(crate) struct NoBucket;

impl Buckets {
    /// All that the folder holds; without one, nothing.
    pub(crate) fn open(folder: Option<Folder>, journal: Arc<Journal>) -> io::Result<Self> {
        let mut state = State::default();
        if let Some(folder) = &folder {
            for (bucket, objects) in folder.load()? {
                let written = state.add(&bucket);
                for (about, place) in objects {
                    let object = Object { about, content: Content::Disk(place), number: 0 };
                    written.objects.insert(object.about.key.clone(), Arc::new(object));
                }
            }
        }
        Ok(Self { all: RwLock::new(state), folder, journal })
    }

    /// Whether contents stand in files, so that reading and writing take time.
    pub(crate) fn on_disk(&self) -> bool {
        self.folder.is_some()
    }

    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.all.read().buckets.keys().cloned().collect()
    }

    pub(crate) fn has(&self, bucket: &str) -> bool {
        self.all.read().buckets.contains_key(bucket)
    }

    /// False if it is there already.
    pub(crate) fn create(&self, bucket: &str) -> io::Result<bool> {
        let mut all = self.all.write();
        if all.buckets.contains_key(bucket) {
            return Ok(false);
        }
        if let Some(folder) = &self.folder {
            folder.create(bucket)?;
        }
        all.add(bucket);
        Ok(true)
    }

    pub(crate) fn get(&self, bucket: &str, key: &str) -> Result<Option<Arc<Object>>, NoBucket> {
        Ok(self.all.read().buckets.get(bucket).ok_or(NoBucket)?.objects.get(key).cloned())
    }

    /// Writes an object if its condition holds. Returns when it would survive a loss of power, if there is a folder.
    pub(crate) fn put(
        &self,
        bucket: &str,
        about: About,
        body: Bytes,
        condition: &Condition,
    ) -> io::Result<Result<Outcome, NoBucket>> {
        let mut staged = match &self.folder {
            // What will be refused anyhow need not be written first.
            Some(folder) if self.has(bucket) && self.holds(bucket, &about.key, condition) => {
                Some(folder.stage(bucket, &about, &body)?)
            }
            _ => None,
        };
        let mut all = self.all.write();
        let State { buckets, written } = &mut *all;
        let Some(bucket) = buckets.get_mut(bucket) else { return Ok(Err(NoBucket)) };
        let there = bucket.objects.get(&about.key);
        let replaces = there.is_some();
        let mut outcome = match (condition.holds(there.map(|object| &object.about)), replaces) {
            (false, _) => Outcome::Refused,
            (true, false) => Outcome::Created,
            (true, true) => Outcome::Replaced,
        };
        let mut content = Content::Memory(body);
        if outcome != Outcome::Refused && self.on_disk() {
            // Not staged: the condition did not hold a moment ago, and somebody deleted the object since.
            match staged.take().map(|staged| staged.commit(replaces)).transpose()? {
                Some(Some(place)) => content = Content::Disk(place),
                Some(None) | None => outcome = Outcome::Refused,
            }
        }
        self.journal.wrote(&bucket.name, &about.key, &about.etag, outcome);
        if outcome != Outcome::Refused {
            *written += 1;
            bucket.objects.insert(about.key.clone(), Arc::new(Object { about, content, number: *written }));
        }
        let bucket = bucket.name.clone();
        drop(all);
        if let Some(folder) = self.folder.as_ref().filter(|_| outcome != Outcome::Refused) {
            folder.settle(&bucket)?;
        }
        Ok(Ok(outcome))
    }

    fn holds(&self, bucket: &str, key: &str, condition: &Condition) -> bool {
        let there = self.get(bucket, key).ok().flatten();
        condition.holds(there.as_ref().map(|object| &object.about))
    }

    /// Deletes an object, if it is there.
    pub(crate) fn delete(&self, bucket: &str, key: &str) -> io::Result<Result<(), NoBucket>> {
        let mut all = self.all.write();
        let Some(bucket) = all.buckets.get_mut(bucket) else { return Ok(Err(NoBucket)) };
        if let Some((key, object)) = bucket.objects.remove_entry(key) {
            if let Content::Disk(place) = &object.content {
                place.delete()?;
            }
            self.journal.wrote(&bucket.name, &key, "", Outcome::Deleted);
        }
        Ok(Ok(()))
    }

    pub(crate) fn list(&self, bucket: &str, asked: &Asked<'_>) -> Result<Page<Arc<Object>>, NoBucket> {
        Ok(page(&self.all.read().buckets.get(bucket).ok_or(NoBucket)?.objects, asked))
    }

    /// The key under a prefix that was written last.
    pub(crate) fn newest(&self, bucket: &str, prefix: &str) -> Option<Arc<str>> {
        let all = self.all.read();
        let objects = all.buckets.get(bucket)?.objects.iter().filter(|(key, _)| key.starts_with(prefix));
        objects.max_by_key(|(_, object)| object.number).map(|(key, _)| key.clone())
    }
}

impl State {
    /// An empty bucket.
    fn add(&mut self, name: &str) -> &mut Bucket {
        let name: Arc<str> = name.into();
        self.buckets.entry(name.clone()).or_insert(Bucket { name, objects: BTreeMap::new() })
    }
}

impl Condition {
    fn holds(&self, there: Option<&About>) -> bool {
        match self {
            Self::None => true,
            Self::Absent => there.is_none(),
            Self::Etag(etag) => there.is_some_and(|about| about.etag == *etag),
        }
    }
}
