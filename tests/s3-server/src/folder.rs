//! Objects on a disk: one file for each, which begins with a line that says what it is.
//!
//! A file is named after the hash of its key, because keys may be longer than names, and one may be another's folder.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use s3s::crypto::{Checksum, Sha256};
use tempfile::NamedTempFile;

use crate::buckets::About;

/// Where files are before they are whole. No bucket can be named so.
const STAGE: &str = ".stage";

/// A folder with one folder for each bucket.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// Where an object's content stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    file: PathBuf,
    /// The content begins so many bytes behind the file's beginning.
    begins: usize,
}

/// A whole file that is not in its place.
pub(crate) struct Staged {
    file: NamedTempFile,
    place: Place,
}

/// A bucket that was found, and its objects.
pub(crate) type Found = (String, Vec<(About, Place)>);

impl Folder {
    /// Uses a folder, which is made if it is not there.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let stage = root.join(STAGE);
        if stage.exists() {
            // What a killed server did not finish.
            fs::remove_dir_all(&stage)?;
        }
        fs::create_dir_all(&stage)?;
        Ok(Self { root: root.to_owned() })
    }

    pub(crate) fn create(&self, bucket: &str) -> io::Result<()> {
        fs::create_dir_all(self.root.join(bucket))?;
        sync(&self.root)
    }

    /// All buckets, in any order.
    pub(crate) fn load(&self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            if let Some(bucket) = entry.file_name().to_str().filter(|name| *name != STAGE) {
                let files = fs::read_dir(entry.path())?;
                let objects = files.map(|file| read_about(file?.path())).collect::<io::Result<_>>()?;
                found.push((bucket.to_owned(), objects));
            }
        }
        Ok(found)
    }

    /// Writes a file that is not yet in its place.
    pub(crate) fn stage(&self, bucket: &str, about: &About, body: &Bytes) -> io::Result<Staged> {
        let mut line = serde_json::to_vec(about)?;
        line.push(b'\n');
        let mut file = NamedTempFile::new_in(self.root.join(STAGE))?;
        file.write_all(&line)?;
        file.write_all(body)?;
        file.as_file().sync_data()?;
        let name: String =
            Sha256::checksum(about.key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Staged { file, place: Place { file: self.root.join(bucket).join(name), begins: line.len() } })
    }

    /// Has the names of a bucket's files on the disk.
    pub(crate) fn settle(&self, bucket: &str) -> io::Result<()> {
        sync(&self.root.join(bucket))
    }
}

impl Staged {
    /// Puts the file into its place at once. `None` if it must not replace another and there is one.
    pub(crate) fn commit(self, replace: bool) -> io::Result<Option<Place>> {
        let moved = match replace {
            true => self.file.persist(&self.place.file),
            false => self.file.persist_noclobber(&self.place.file),
        };
        match moved {
            Ok(_) => Ok(Some(self.place)),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error.error),
        }
    }
}

impl Place {
    pub(crate) fn read(&self) -> io::Result<Bytes> {
        Ok(Bytes::from(fs::read(&self.file)?).slice(self.begins..))
    }

    pub(crate) fn delete(&self) -> io::Result<()> {
        fs::remove_file(&self.file)
    }
}

fn read_about(file: PathBuf) -> io::Result<(About, Place)> {
    let mut line = String::new();
    let begins = BufReader::new(File::open(&file)?).read_line(&mut line)?;
    let about = serde_json::from_str(&line).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", file.display()))
    })?;
    Ok((about, Place { file, begins }))
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
