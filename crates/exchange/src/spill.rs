//! Texts of answers on disk while files are read: memory holds their places only.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::ExchangeError;
use crate::answer::Said;

/// A file without a name, gone with the process.
#[derive(Debug)]
pub(crate) struct Spill {
    file: BufWriter<File>,
    length: u64,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    offset: u64,
    bytes: u32,
}

impl Place {
    pub(crate) fn bytes(self) -> u64 {
        self.bytes.into()
    }
}

impl Spill {
    pub(crate) fn new() -> Result<Self, ExchangeError> {
        let file = tempfile::tempfile().map_err(failed("make a temporary file in"))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, file), length: 0 })
    }

    pub(crate) fn add(&mut self, said: &Said) -> Result<Place, ExchangeError> {
        let bytes = rmp_serde::to_vec_named(said).expect("types of ours always serialise");
        self.file.write_all(&bytes).map_err(failed("write to"))?;
        let place = Place {
            offset: self.length,
            bytes: u32::try_from(bytes.len()).expect("fields are far below 4 GiB"),
        };
        self.length += bytes.len() as u64;
        Ok(place)
    }

    /// Ends writing, so that all can be read.
    pub(crate) fn finish(&mut self) -> Result<(), ExchangeError> {
        self.file.flush().map_err(failed("write to"))
    }

    pub(crate) fn get(&self, place: Place) -> Result<Said, ExchangeError> {
        let mut bytes = vec![0; place.bytes as usize];
        self.file.get_ref().read_exact_at(&mut bytes, place.offset).map_err(failed("read from"))?;
        Ok(rmp_serde::from_slice(&bytes).expect("it was written here"))
    }
}

fn failed(action: &'static str) -> impl Fn(std::io::Error) -> ExchangeError {
    move |source| ExchangeError::File { action, path: temporary(), source }
}

fn temporary() -> std::path::PathBuf {
    Path::new(&std::env::temp_dir()).to_owned()
}
