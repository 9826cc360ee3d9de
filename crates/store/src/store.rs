//! The port: one small set of operations over bytes, and the backends that offer it.

use std::path::Path;

use antiphon_core::{RunId, keys};
use bytes::Bytes;

use crate::blocking::blocking;
use crate::{Directory, Memory, Purged, RunLock, S3, StoreError, StoreSettings, key};

/// Where runs are kept. Cheap to clone; clones share the same objects.
#[derive(Debug, Clone)]
pub enum Store {
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

/// What an address names.
enum Address<'a> {
    Memory,
    Directory(&'a str),
    S3 { bucket: &'a str, prefix: &'a str },
}

impl Address<'_> {
    fn parse(address: &str) -> Result<Address<'_>, StoreError> {
        let unknown = || StoreError::UnknownAddress { address: address.to_owned() };
        let scheme_of = |text: &str| {
            let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
            text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_scheme)
        };
        match address.split_once(':') {
            Some(("memory", "")) => Ok(Address::Memory),
            Some(("file", path)) => match path.strip_prefix("//") {
                Some(absolute) if absolute.starts_with('/') => Ok(Address::Directory(absolute)),
                None if !path.is_empty() => Ok(Address::Directory(path)),
                _ => Err(unknown()),
            },
            Some(("s3", bucket)) => {
                let bucket = bucket.strip_prefix("//").ok_or_else(unknown)?;
                let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
                let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
                let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
                if bucket.is_empty() || !bucket.chars().all(plain) || key::check_prefix(prefix).is_err() {
                    return Err(unknown());
                }
                Ok(Address::S3 { bucket, prefix })
            }
            Some((scheme, _)) if scheme_of(scheme) => Err(unknown()),
            _ if address.is_empty() => Err(unknown()),
            _ => Ok(Address::Directory(address)),
        }
    }
}

impl Store {
    /// A new, empty store within this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(Memory::default())
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
            Address::Directory(path) => Ok(Self::Directory(Directory::open(path).await?)),
            Address::S3 { bucket, prefix } => {
                Ok(Self::S3(Box::pin(S3::open(bucket, prefix, &settings.s3)).await?))
            }
        }
    }

    /// Like [`Store::open_with`], but makes the folder where there is none. A bucket is never made.
    pub async fn create_with(address: &str, settings: &StoreSettings) -> Result<Self, StoreError> {
        match Address::parse(address)? {
            Address::Directory(path) => Ok(Self::Directory(Directory::create(path).await?)),
            Address::Memory | Address::S3 { .. } => Self::open_with(address, settings).await,
        }
    }

    /// Finds out whether the store can be written and keeps the promise of [`Store::put_once`]. Whoever is going to write asks once, before
    /// money is spent.
    pub async fn probe(&self) -> Result<(), StoreError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Directory(directory) => directory.probe().await,
            Self::S3(s3) => s3.probe().await,
        }
    }

    /// Stores `bytes` under `key` if nothing is there. Of any number of racing writers exactly one gets [`Put::Created`].
    /// Readers see nothing or the whole object, also when the writer is killed; when this returns, it is durable.
    pub async fn put_once(&self, key: &str, bytes: Bytes) -> Result<Put, StoreError> {
        key::check(key)?;
        match self {
            Self::Memory(memory) => Ok(memory.put_once(key, bytes)),
            Self::Directory(directory) => directory.put_once(key, bytes).await,
            Self::S3(s3) => s3.put_once(key, bytes).await,
        }
    }

    /// Stores `bytes` under `key`, replacing what is there. Only for derived files, which may be remade at any time.
    /// Readers see the old object or the new one, whole.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        key::check(key)?;
        match self {
            Self::Memory(memory) => {
                memory.put(key, bytes);
                Ok(())
            }
            Self::Directory(directory) => directory.put(key, bytes).await,
            Self::S3(s3) => s3.put(key, bytes).await,
        }
    }

    /// The same for the bytes of a file of this machine, however many: they are never all in memory, except in the store that is.
    pub async fn put_file(&self, key: &str, file: &Path) -> Result<(), StoreError> {
        key::check(key)?;
        match self {
            Self::Memory(memory) => {
                memory.put(key, read_file(file).await?);
                Ok(())
            }
            Self::Directory(directory) => directory.put_file(key, file).await,
            Self::S3(s3) => s3.put_file(key, file).await,
        }
    }

    /// The bytes under `key`, if any.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        key::check(key)?;
        match self {
            Self::Memory(memory) => Ok(memory.get(key)),
            Self::Directory(directory) => directory.get(key).await,
            Self::S3(s3) => s3.get(key).await,
        }
    }

    /// Whether something is stored under `key`.
    pub async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        key::check(key)?;
        match self {
            Self::Memory(memory) => Ok(memory.exists(key)),
            Self::Directory(directory) => directory.exists(key).await,
            Self::S3(s3) => s3.exists(key).await,
        }
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
        match self {
            Self::Memory(memory) => Ok(memory.list_after(prefix, after, limit)),
            Self::Directory(directory) => directory.list_after(prefix, after, limit).await,
            Self::S3(s3) => s3.list_after(prefix, after, limit).await,
        }
    }

    /// The names of the folders directly below `folder`, sorted; `folder` is empty or ends with a slash. A backend with real
    /// folders may show one that holds no object.
    pub async fn folders(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        key::check_prefix(folder)?;
        if !folder.is_empty() && !folder.ends_with('/') {
            let reason = "a folder ends with a slash";
            return Err(StoreError::InvalidKey { key: folder.to_owned(), reason });
        }
        match self {
            Self::Memory(memory) => Ok(memory.folders(folder)),
            Self::Directory(directory) => directory.folders(folder).await,
            Self::S3(s3) => s3.folders(folder).await,
        }
    }

    /// Removes all of a run, for good, and says how much that was. The manifest goes last, so that the same command finishes what was
    /// interrupted. Only ever called because a person asked for just that.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if the run is being worked on, as far as [`Store::locks`].
    pub async fn purge(&self, run: &RunId) -> Result<Purged, StoreError> {
        let (folder, last) = (keys::run(run), keys::manifest(run));
        let _lock = self.lock_run(run).await?;
        match self {
            Self::Memory(memory) => Ok(memory.purge(&folder)),
            Self::Directory(directory) => directory.purge(&folder, &last).await,
            Self::S3(s3) => s3.purge(&folder, &last).await,
        }
    }

    /// Whether [`Store::lock_run`] keeps anybody away. S3 has no lock that dies with its holder: there two coordinators of one run
    /// pay twice, and the first result of each job stands.
    #[must_use]
    pub fn locks(&self) -> bool {
        !matches!(self, Self::S3(_))
    }

    /// Keeps other coordinators away from the run until the lock is dropped or its process dies. Who cannot have it gets
    /// [`StoreError::Locked`] at once. It guards against wasted money, not against wrong results: writes stay create-only.
    pub async fn lock_run(&self, run: &RunId) -> Result<RunLock, StoreError> {
        match self {
            Self::Memory(memory) => memory.lock_run(run),
            Self::Directory(directory) => directory.lock_run(run).await,
            Self::S3(_) => Ok(RunLock::none()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let folder = |address| match Address::parse(address) {
            Ok(Address::Directory(path)) => Some(path.to_owned()),
            _ => None,
        };
        let bucket = |address| match Address::parse(address) {
            Ok(Address::S3 { bucket, prefix }) => Some((bucket, prefix)),
            _ => None,
        };
        assert_eq!(bucket("s3://results"), Some(("results", "")));
        assert_eq!(bucket("s3://results/"), Some(("results", "")));
        assert_eq!(bucket("s3://re.sul-ts/a/b/"), Some(("re.sul-ts", "a/b")));
        assert!(matches!(Address::parse("memory:"), Ok(Address::Memory)));
        for (address, path) in [
            ("results", "results"),
            ("./a:b", "./a:b"),
            ("/data/x", "/data/x"),
            ("file:results", "results"),
            ("file:/data/x", "/data/x"),
            ("file:///data/x", "/data/x"),
        ] {
            assert_eq!(folder(address).as_deref(), Some(path), "{address}");
        }
        for unknown in [
            "",
            "memory:x",
            "file:",
            "file://host/x",
            "s3:",
            "s3:b",
            "s3://",
            "s3:///a",
            "s3://b/../c",
            "s3://b/a//c",
            "s3://k:s@b",
            "gs:bucket",
        ] {
            assert!(matches!(Address::parse(unknown), Err(StoreError::UnknownAddress { .. })), "{unknown}");
        }
    }
}
