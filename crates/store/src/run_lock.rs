//! The lock that keeps two coordinators from working on one run at the same time.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use antiphon_core::RunId;
use parking_lot::Mutex;

use crate::StoreError;

/// Held while a run is worked on. Dropping it frees the run; so does the death of its process, however it dies.
#[derive(Debug)]
#[must_use = "the run is free again as soon as this is dropped"]
pub struct RunLock {
    _hold: Hold,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held, never read")]
enum Hold {
    /// The backend has no locks.
    Nothing,
    Memory(InProcess),
    /// The system's lock lives as long as the open file.
    File(File),
}

#[derive(Debug)]
struct InProcess {
    locked: Arc<Mutex<HashSet<RunId>>>,
    run: RunId,
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.locked.lock().remove(&self.run);
    }
}

impl RunLock {
    pub(crate) fn none() -> Self {
        Self { _hold: Hold::Nothing }
    }

    pub(crate) fn memory(locked: Arc<Mutex<HashSet<RunId>>>, run: RunId) -> Self {
        Self { _hold: Hold::Memory(InProcess { locked, run }) }
    }

    /// Takes the system's lock on the file at `path`, which is made if need be and never removed: a file that is removed
    /// and made again could be locked twice.
    pub(crate) fn file(path: &Path, run: &RunId) -> Result<Self, StoreError> {
        let fail = |action| move |error| StoreError::from_io(action, path.display().to_string(), error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(fail("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(StoreError::Locked { run: run.clone(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(fail("lock")(error)),
        }
        let write_pid = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write_pid(&mut file).map_err(fail("write"))?;
        Ok(Self { _hold: Hold::File(file) })
    }
}
