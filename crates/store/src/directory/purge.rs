//! Removing a folder and all that is in it.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::durable::{Writer, sync_folder};
use crate::{Purged, StoreError};

/// Removes `folder`, whose file of the key `last` goes last. Symbolic links are removed, never followed.
pub(super) fn folder(writer: &Writer, folder: &str, last: &str) -> Result<Purged, StoreError> {
    let root = writer.path(folder.trim_end_matches('/'))?;
    let last = writer.path(last)?;
    let fail = |error| StoreError::from_io("remove", root.display().to_string(), error);
    let mut purged = Purged::default();
    for entry in fs::read_dir(&root).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path != last {
            remove(&path, &mut purged).map_err(fail)?;
        }
    }
    // Else a power failure could take the manifest and leave results that nobody finds.
    sync_folder(&root)?;
    remove(&last, &mut purged).map_err(fail)?;
    fs::remove_dir(&root).map_err(fail)?;
    sync_folder(root.parent().unwrap_or(writer.root()))?;
    Ok(purged)
}

fn remove(path: &Path, purged: &mut Purged) -> io::Result<()> {
    let found: Metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            remove(&entry?.path(), purged)?;
        }
        return fs::remove_dir(path);
    }
    fs::remove_file(path)?;
    let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    if found.is_file() && !is_hidden {
        purged.objects += 1;
        purged.bytes += found.len();
    }
    Ok(())
}
