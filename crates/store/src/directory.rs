//! The store in a folder. Every object is a file; names that begin with a dot are ours and never objects.
//!
//! Symbolic links below the root are neither followed nor listed, so that a store ends where its folder ends.

mod durable;
mod purge;
mod walk;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use antiphon_core::{RunId, keys};
use bytes::Bytes;

use crate::blocking::blocking;
use crate::{Purged, Put, RunLock, StoreError};
use durable::Writer;

/// A folder whose files are the objects. Clones share it, and so may other processes.
#[derive(Debug, Clone)]
pub struct Directory {
    writer: Arc<Writer>,
}

impl Directory {
    pub(crate) async fn open(path: &str) -> Result<Self, StoreError> {
        let root = PathBuf::from(path);
        let writer = blocking(path, move || match fs::metadata(&root) {
            Ok(metadata) if metadata.is_dir() => Ok(Writer::new(root)),
            Ok(_) => Err(StoreError::unsuitable(root.display().to_string(), "it is a file, not a folder")),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(StoreError::NoStore { place: root.display().to_string() })
            }
            Err(error) => Err(StoreError::from_io("open", root.display().to_string(), error)),
        });
        Ok(Self { writer: Arc::new(writer.await?) })
    }

    pub(crate) async fn create(path: &str) -> Result<Self, StoreError> {
        let root = PathBuf::from(path);
        let made = blocking(path, move || {
            fs::create_dir_all(&root)
                .map_err(|error| StoreError::from_io("create", root.display().to_string(), error))
        });
        match made.await {
            // `open` says it better where a file is in the way.
            Ok(()) | Err(StoreError::Io { .. }) => {}
            Err(error) => return Err(error),
        }
        let directory = Self::open(path).await?;
        let writer = Arc::clone(&directory.writer);
        blocking(path, move || {
            writer.remove_abandoned();
            Ok(())
        })
        .await?;
        Ok(directory)
    }

    pub(crate) async fn put_once(&self, key: &str, bytes: Bytes) -> Result<Put, StoreError> {
        self.write(key, move |writer, key| writer.put_once(key, &bytes)).await
    }

    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.write(key, move |writer, key| writer.replace(key, &bytes)).await
    }

    pub(crate) async fn put_file(&self, key: &str, from: &Path) -> Result<(), StoreError> {
        let from = from.to_owned();
        self.write(key, move |writer, key| writer.replace_by(key, &from)).await
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.read(key, |path| fs::read(path).map(Bytes::from)).await
    }

    pub(crate) async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.read(key, |path| fs::symlink_metadata(path).map(|found| found.is_file())).await?
            == Some(true))
    }

    pub(crate) async fn list_after(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let writer = Arc::clone(&self.writer);
        let (owned_prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        blocking(prefix, move || walk::keys(writer.root(), &owned_prefix, after.as_deref(), limit)).await
    }

    pub(crate) async fn folders(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let writer = Arc::clone(&self.writer);
        let owned = folder.to_owned();
        blocking(folder, move || walk::folders(writer.root(), &owned)).await
    }

    pub(crate) async fn lock_run(&self, run: &RunId) -> Result<RunLock, StoreError> {
        let writer = Arc::clone(&self.writer);
        let run = run.clone();
        let key = format!("{}.lock", keys::run(&run));
        blocking(&key.clone(), move || {
            let path = writer.path(&key)?;
            writer.make_folder_of(&key)?;
            RunLock::file(&path, &run)
        })
        .await
    }

    /// Writes a file that nobody sees, and removes it.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.write("", |writer, _| writer.probe()).await
    }

    /// Removes the folder `folder`, of which the file of `last` goes last.
    pub(crate) async fn purge(&self, folder: &str, last: &str) -> Result<Purged, StoreError> {
        let last = last.to_owned();
        self.write(folder, move |writer, folder| purge::folder(writer, folder, &last)).await
    }

    async fn write<T, W>(&self, key: &str, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Writer, &str) -> Result<T, StoreError> + Send + 'static,
    {
        let writer = Arc::clone(&self.writer);
        let owned = key.to_owned();
        blocking(key, move || work(&writer, &owned)).await
    }

    /// Runs `look` on the file of `key`; `None` if there is no such file.
    async fn read<T, L>(&self, key: &str, look: L) -> Result<Option<T>, StoreError>
    where
        T: Send + 'static,
        L: FnOnce(&Path) -> io::Result<T> + Send + 'static,
    {
        self.write(key, move |writer, key| {
            let path = writer.path(key)?;
            match look(&path) {
                Ok(found) => Ok(Some(found)),
                // A folder of that name, or a file where a folder would be, is no object either.
                Err(error) if is_no_object(error.kind()) => Ok(None),
                Err(error) => Err(StoreError::from_io("read", path.display().to_string(), error)),
            }
        })
        .await
    }
}

fn is_no_object(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

#[cfg(test)]
mod tests;
