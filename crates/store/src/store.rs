//! The port: one small set of operations over bytes, and the backends that offer it.

use std::path::Path;

use antiphon_core::{RunId, keys};
use bytes::Bytes;
use prometheus::Registry;

use crate::address::Address;
use crate::blocking::blocking;
use crate::metrics::Metrics;
use crate::{Directory, Memory, Purged, RunLock, S3, StoreError, StoreSettings, key};

/// Where runs are kept. Cheap to clone; clones share the same objects.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) backend: Backend,
    /// Absent where nobody watches.
    metrics: Option<Metrics>,
}

/// Where the objects are.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    /// Within this process; gone with it.
    Memory(Memory),
    /// A folder, which several processes may use at once.
    Directory(Directory),
    /// A bucket, which any number of machines may use at once.
    S3(S3),
}

/// What became of a create-only write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The bytes are stored, durably.
    Created,
    /// Something was there before and still is; the bytes were dropped.
    Exists,
}

impl From<Backend> for Store {
    fn from(backend: Backend) -> Self {
        Self { backend, metrics: None }
    }
}

impl Put {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Exists => "exists",
        }
    }
}

impl Store {
    /// A new, empty store within this process.
    #[must_use]
    pub fn memory() -> Self {
        Backend::Memory(Memory::default()).into()
    }

    /// [`Store::open_with`] the settings that do for folders.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::open_with(address, &StoreSettings::default()).await
    }

    /// [`Store::create_with`] the settings that do for folders.
    pub async fn create(address: &str) -> Result<Self, StoreError> {
        Self::create_with(address, &StoreSettings::default()).await
    }

    /// Opens the store at `memory:`, `file:PATH`, a plain path or `s3://BUCKET/PREFIX`, for reading and writing. A folder or bucket must be
    /// there already: who reads results has misspelt a path that does not exist.
    pub async fn open_with(address: &str, settings: &StoreSettings) -> Result<Self, StoreError> {
        match Address::parse(address)? {
            Address::Memory => Ok(Self::memory()),
            Address::Directory(path) => Ok(Backend::Directory(Directory::open(path).await?).into()),
            Address::S3 { bucket, prefix } => {
                Ok(Backend::S3(Box::pin(S3::open(bucket, prefix, &settings.s3)).await?).into())
            }
        }
    }

    /// Like [`Store::open_with`], but makes the folder where there is none. A bucket is never made.
    pub async fn create_with(address: &str, settings: &StoreSettings) -> Result<Self, StoreError> {
        match Address::parse(address)? {
            Address::Directory(path) => Ok(Backend::Directory(Directory::create(path).await?).into()),
            Address::Memory | Address::S3 { .. } => Self::open_with(address, settings).await,
        }
    }

    /// The same store, whose operations are counted.
    ///
    /// # Errors
    /// If the registry has such metrics already.
    pub fn watched_by(self, registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self { metrics: Some(Metrics::new(registry)?), ..self })
    }

    /// Operations come boxed: those of a bucket are large, and whoever waits for one would be as large.
    async fn watched<T>(
        &self,
        name: &'static str,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.watched_as(name, operation, |_| "ok").await
    }

    async fn watched_as<T>(
        &self,
        name: &'static str,
        operation: impl Future<Output = Result<T, StoreError>>,
        outcome: impl FnOnce(&T) -> &'static str,
    ) -> Result<T, StoreError> {
        match &self.metrics {
            Some(metrics) => metrics.watch(name, operation, outcome).await,
            None => operation.await,
        }
    }

    /// Finds out whether the store can be written and keeps the promise of [`Store::put_once`]. Whoever is going to write asks once, before
    /// money is spent.
    pub async fn probe(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Memory(_) => Ok(()),
            Backend::Directory(directory) => directory.probe().await,
            Backend::S3(s3) => s3.probe().await,
        }
    }

    /// Stores `bytes` under `key` if nothing is there. Of any number of racing writers exactly one gets [`Put::Created`].
    /// Readers see nothing or the whole object, also when the writer is killed; when this returns, it is durable.
    pub async fn put_once(&self, key: &str, bytes: Bytes) -> Result<Put, StoreError> {
        key::check(key)?;
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => Ok(memory.put_once(key, bytes)),
                Backend::Directory(directory) => directory.put_once(key, bytes).await,
                Backend::S3(s3) => s3.put_once(key, bytes).await,
            }
        });
        self.watched_as("put_once", operation, Put::outcome).await
    }

    /// Stores `bytes` under `key`, replacing what is there. Only for derived files, which may be remade at any time.
    /// Readers see the old object or the new one, whole.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        key::check(key)?;
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => {
                    memory.put(key, bytes);
                    Ok(())
                }
                Backend::Directory(directory) => directory.put(key, bytes).await,
                Backend::S3(s3) => s3.put(key, bytes).await,
            }
        });
        self.watched("put", operation).await
    }

    /// The same for the bytes of a file of this machine, however many: they are never all in memory, except in the store that is.
    pub async fn put_file(&self, key: &str, file: &Path) -> Result<(), StoreError> {
        key::check(key)?;
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => {
                    memory.put(key, read_file(file).await?);
                    Ok(())
                }
                Backend::Directory(directory) => directory.put_file(key, file).await,
                Backend::S3(s3) => s3.put_file(key, file).await,
            }
        });
        self.watched("put_file", operation).await
    }

    /// The bytes under `key`, if any.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        key::check(key)?;
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => Ok(memory.get(key)),
                Backend::Directory(directory) => directory.get(key).await,
                Backend::S3(s3) => s3.get(key).await,
            }
        });
        self.watched("get", operation).await
    }

    /// Whether something is stored under `key`.
    pub async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        key::check(key)?;
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => Ok(memory.exists(key)),
                Backend::Directory(directory) => directory.exists(key).await,
                Backend::S3(s3) => s3.exists(key).await,
            }
        });
        self.watched("exists", operation).await
    }

    /// All keys that begin with `prefix`, sorted by their bytes.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.list_after(prefix, None, usize::MAX).await
    }

    /// The first `limit` keys that begin with `prefix` and sort after `after`. Fewer than `limit` means that there are no more.
    pub async fn list_after(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        key::check_prefix(prefix)?;
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => Ok(memory.list_after(prefix, after, limit)),
                Backend::Directory(directory) => directory.list_after(prefix, after, limit).await,
                Backend::S3(s3) => s3.list_after(prefix, after, limit).await,
            }
        });
        self.watched("list", operation).await
    }

    /// The names of the folders directly below `folder`, sorted; `folder` is empty or ends with a slash. A backend with real
    /// folders may show one that holds no object.
    pub async fn folders(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        key::check_prefix(folder)?;
        if !folder.is_empty() && !folder.ends_with('/') {
            let reason = "a folder ends with a slash";
            return Err(StoreError::InvalidKey { key: folder.to_owned(), reason });
        }
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => Ok(memory.folders(folder)),
                Backend::Directory(directory) => directory.folders(folder).await,
                Backend::S3(s3) => s3.folders(folder).await,
            }
        });
        self.watched("folders", operation).await
    }

    /// Removes all of a run, for good, and says how much that was. The manifest goes last, so that the same command finishes what was
    /// interrupted. Only ever called because a person asked for just that.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if the run is being worked on, as far as [`Store::locks`].
    pub async fn purge(&self, run: &RunId) -> Result<Purged, StoreError> {
        let (folder, last) = (keys::run(run), keys::manifest(run));
        let _lock = self.lock_run(run).await?;
        let operation = Box::pin(async {
            match &self.backend {
                Backend::Memory(memory) => Ok(memory.purge(&folder)),
                Backend::Directory(directory) => directory.purge(&folder, &last).await,
                Backend::S3(s3) => s3.purge(&folder, &last).await,
            }
        });
        self.watched("purge", operation).await
    }

    /// Whether [`Store::lock_run`] keeps anybody away. S3 has no lock that dies with its holder: there two coordinators of one run
    /// pay twice, and the first result of each job stands.
    #[must_use]
    pub fn locks(&self) -> bool {
        !matches!(self.backend, Backend::S3(_))
    }

    /// Keeps other coordinators away from the run until the lock is dropped or its process dies. Who cannot have it gets
    /// [`StoreError::Locked`] at once. It guards against wasted money, not against wrong results: writes stay create-only.
    pub async fn lock_run(&self, run: &RunId) -> Result<RunLock, StoreError> {
        match &self.backend {
            Backend::Memory(memory) => memory.lock_run(run),
            Backend::Directory(directory) => directory.lock_run(run).await,
            Backend::S3(_) => Ok(RunLock::none()),
        }
    }
}

async fn read_file(file: &Path) -> Result<Bytes, StoreError> {
    let place = file.display().to_string();
    let path = file.to_owned();
    blocking(&place.clone(), move || {
        std::fs::read(path).map(Bytes::from).map_err(|error| StoreError::from_io("read", place, error))
    })
    .await
}
