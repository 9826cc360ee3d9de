//! Writing files so that they are whole or not there, and stay so when the power fails.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{Put, StoreError};

/// Where files are written before they get their name; below the root, so that it is on the same file system.
const UNFINISHED: &str = ".tmp";
/// No write takes so long: an unfinished file of that age was left by a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Writes below one root.
#[derive(Debug)]
pub(super) struct Writer {
    root: PathBuf,
    /// Folders whose own entries are known to be on disk, so that a write syncs one folder and not five.
    durable: Mutex<HashSet<PathBuf>>,
    /// Begins the names of this writer's unfinished files. Random, since process numbers repeat between containers.
    name: String,
    next: AtomicU64,
}

/// An unfinished file; removed unless it was renamed away.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone already after a rename. If removing fails, `remove_abandoned` tries again another day.
        let _ = fs::remove_file(&self.0);
    }
}

impl Writer {
    pub(super) fn new(root: PathBuf) -> Self {
        let pid = std::process::id();
        let name = format!("{pid}-{:016x}", RandomState::new().hash_one(pid));
        Self { root, durable: Mutex::default(), name, next: AtomicU64::new(0) }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The file of a key. Refuses to pass through symbolic links below the root.
    pub(super) fn path(&self, key: &str) -> Result<PathBuf, StoreError> {
        let mut path = self.root.clone();
        for part in key.split('/') {
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_symlink() => {
                    let reason = "it is a symbolic link, and a store follows none below its root";
                    return Err(StoreError::unsuitable(path.display().to_string(), reason));
                }
                Ok(_) => {}
                // The rest cannot exist either.
                Err(_) => return Ok(self.root.join(key)),
            }
        }
        Ok(path)
    }

    pub(super) fn put_once(&self, key: &str, bytes: &[u8]) -> Result<Put, StoreError> {
        self.publish(key, &mut &*bytes, |unfinished, path| match fs::hard_link(unfinished, path) {
            Err(error) if has_no_hard_links(&error) => rename_once(unfinished, path),
            linked => created(linked, path),
        })
    }

    pub(super) fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.publish(key, &mut &*bytes, rename).map(drop)
    }

    /// The same with the bytes of another file.
    pub(super) fn replace_by(&self, key: &str, other: &Path) -> Result<(), StoreError> {
        let opened = File::open(other);
        let mut other =
            opened.map_err(|error| StoreError::from_io("open", other.display().to_string(), error))?;
        self.publish(key, &mut other, rename).map(drop)
    }

    /// Writes a file aside, gives it its name by `name`, and makes the name durable. The folder is synced also where the name
    /// was taken: its first writer may not have come so far, and the caller will rely on it.
    fn publish(
        &self,
        key: &str,
        bytes: &mut impl Read,
        name: impl FnOnce(&Path, &Path) -> Result<Put, StoreError>,
    ) -> Result<Put, StoreError> {
        let path = self.path(key)?;
        self.make_folder_of(key)?;
        let (unfinished, file) = self.unfinished()?;
        write_and_sync(file, bytes, &path)?;
        let put = name(&unfinished.0, &path)?;
        sync_folder(path.parent().unwrap_or(&self.root))?;
        Ok(put)
    }

    fn unfinished(&self) -> Result<(Unfinished, File), StoreError> {
        let folder = self.root.join(UNFINISHED);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}", self.name));
        let open = || OpenOptions::new().write(true).create_new(true).open(&path);
        let file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(&folder).and_then(|()| open())
            }
            other => other,
        };
        match file {
            Ok(file) => Ok((Unfinished(path), file)),
            Err(error) => Err(StoreError::from_io("create", path.display().to_string(), error)),
        }
    }

    /// Makes the folders that lead to `key`, durably.
    pub(super) fn make_folder_of(&self, key: &str) -> Result<(), StoreError> {
        let mut folder = self.root.clone();
        let Some((folders, _)) = key.rsplit_once('/') else { return Ok(()) };
        for part in folders.split('/') {
            let parent = folder.clone();
            folder.push(part);
            // A folder that another process removed is made anew; it is then not on disk yet, whatever we knew.
            let made = match fs::create_dir(&folder) {
                Ok(()) => true,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
                Err(error) => return Err(StoreError::from_io("create", folder.display().to_string(), error)),
            };
            if made || !self.durable.lock().contains(&folder) {
                sync_folder(&parent)?;
                self.durable.lock().insert(folder.clone());
            }
        }
        Ok(())
    }

    /// Whether files can be written at all.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        let (unfinished, file) = self.unfinished()?;
        write_and_sync(file, &mut &b"x"[..], &unfinished.0)
    }

    /// Removes what dead processes left unfinished. Nobody ever sees those files, so failing to is no error.
    pub(super) fn remove_abandoned(&self) {
        let Ok(entries) = fs::read_dir(self.root.join(UNFINISHED)) else { return };
        for entry in entries.flatten() {
            let age = entry.metadata().and_then(|found| found.modified()).map(|written| written.elapsed());
            if matches!(age, Ok(Ok(age)) if age > ABANDONED_AFTER) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Writes all of `bytes` to disk. `path` is what an error speaks of.
pub(super) fn write_and_sync(mut file: File, bytes: &mut impl Read, path: &Path) -> Result<(), StoreError> {
    io::copy(bytes, &mut file)
        .and_then(|_| file.sync_all())
        .map_err(|error| StoreError::from_io("write", path.display().to_string(), error))
}

fn rename(unfinished: &Path, path: &Path) -> Result<Put, StoreError> {
    fs::rename(unfinished, path)
        .map(|()| Put::Created)
        .map_err(|error| StoreError::from_io("write", path.display().to_string(), error))
}

/// Gives the file its name where the file system has no hard links, such as exFAT.
pub(super) fn rename_once(unfinished: &Path, path: &Path) -> Result<Put, StoreError> {
    match renameat_with(CWD, unfinished, CWD, path, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let reason = "its file system can neither link files nor rename them without replacing; \
                          use a folder on another one";
            Err(StoreError::unsuitable(path.display().to_string(), reason))
        }
        renamed => created(renamed.map_err(io::Error::from), path),
    }
}

fn created(named: io::Result<()>, path: &Path) -> Result<Put, StoreError> {
    match named {
        Ok(()) => Ok(Put::Created),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Put::Exists),
        Err(error) => Err(StoreError::from_io("write", path.display().to_string(), error)),
    }
}

/// Linux answers EPERM, other systems and network file systems "not supported".
fn has_no_hard_links(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported)
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network file systems cannot sync a folder and say so; they order their writes themselves.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        Err(error) => Err(StoreError::from_io("sync", folder.display().to_string(), error)),
        Ok(()) => Ok(()),
    }
}
