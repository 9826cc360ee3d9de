//! Listing a folder in the order of its keys.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::StoreError;

/// A file, or a folder with a slash at its end: sorted so, a walk visits keys in the order of their bytes (`a.b` before `a/b`).
type Name = String;

/// The first `limit` keys that begin with `prefix` and sort after `after`.
pub(super) fn keys(
    root: &Path,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let mut walk = Walk { root, prefix, after, limit, found: Vec::new() };
    let folder = prefix.rfind('/').map_or("", |end| &prefix[..=end]);
    walk.visit(folder)?;
    Ok(walk.found)
}

/// The names of the folders directly below `folder`.
pub(super) fn folders(root: &Path, folder: &str) -> Result<Vec<String>, StoreError> {
    let names = names(root, folder)?;
    let mut folders: Vec<String> =
        names.iter().filter_map(|name| name.strip_suffix('/')).map(str::to_owned).collect();
    folders.sort_unstable();
    Ok(folders)
}

struct Walk<'a> {
    root: &'a Path,
    prefix: &'a str,
    after: Option<&'a str>,
    limit: usize,
    found: Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, folder: &str) -> Result<(), StoreError> {
        for name in names(self.root, folder)? {
            if self.found.len() >= self.limit {
                return Ok(());
            }
            let key = format!("{folder}{name}");
            if key.ends_with('/') {
                let within_prefix = key.starts_with(self.prefix) || self.prefix.starts_with(&key);
                // All keys below `key/` sort before `after` unless `after` stands below it too.
                let behind = self.after.is_some_and(|after| after > key.as_str() && !after.starts_with(&key));
                if within_prefix && !behind {
                    self.visit(&key)?;
                }
            } else if key.starts_with(self.prefix) && self.after.is_none_or(|after| key.as_str() > after) {
                self.found.push(key);
            }
        }
        Ok(())
    }
}

/// What stands in a folder, sorted. Ours (hidden), symbolic links and names that are no text are left out; a folder that is not
/// there is empty, but the store itself must be there: one that was moved away is not one without runs.
fn names(root: &Path, folder: &str) -> Result<Vec<Name>, StoreError> {
    let path = root.join(folder);
    let fail = |error| StoreError::from_io("list", path.display().to_string(), error);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) && root.is_dir() =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(fail(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fail)?;
        let Ok(mut name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type().map_err(fail)?;
        if name.starts_with('.') || !(kind.is_dir() || kind.is_file()) {
            continue;
        }
        if kind.is_dir() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}
