//! Files, unpacked where they are packed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::file_name;
use crate::ExchangeError;

const BUFFER: usize = 1 << 18;

/// The file's name without the ending of a packer.
pub(crate) fn plain_name(path: &Path) -> String {
    let name = file_name(path);
    let packed = [".gz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending));
    packed.map_or_else(|| name.clone(), str::to_owned)
}

/// Opens a file from its beginning, without a byte order mark.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, ExchangeError> {
    let failed = |source| ExchangeError::File { action: "read", path: path.to_owned(), source };
    let file = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
    let name = file_name(path);
    let unpacked: Box<dyn Read> = if name.ends_with(".gz") {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else if name.ends_with(".zst") {
        Box::new(zstd::Decoder::with_buffer(file).map_err(failed)?)
    } else {
        Box::new(file)
    };
    let mut reader = BufReader::with_capacity(BUFFER, unpacked);
    if reader.fill_buf().map_err(failed)?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(Box::new(reader))
}

/// BLAKE3 of a file's bytes.
pub(crate) fn hash(path: &Path) -> Result<String, ExchangeError> {
    let failed = |source| ExchangeError::File { action: "read", path: path.to_owned(), source };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(failed)?).map_err(failed)?;
    Ok(hasher.finalize().to_hex().to_string())
}
