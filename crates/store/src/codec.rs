//! What a result looks like in the store: MessagePack with named fields in one zstd frame with a checksum.
//!
//! Named fields let an older reader skip what a newer writer added; the checksum finds what a disk or a network has changed.

use std::io::Read;

use antiphon_core::{ResultObject, check_format};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zstd::zstd_safe::CParameter;

use crate::StoreError;

/// The most bytes of an object before compression, 512 MiB: an object that claims more is damaged or hostile.
pub const LARGEST_OBJECT: usize = 512 << 20;
/// Level 1 stores 3 % more; the library's usual 3 takes a quarter longer to save 3 % (`cargo bench -p antiphon-store`).
const LEVEL: i32 = 2;

/// The only field that every format has. Read before the rest, which a newer format may have changed.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: Option<u32>,
}

/// A result as it is stored. `key` is what an error speaks of.
pub fn encode_result(key: &str, object: &ResultObject) -> Result<Bytes, StoreError> {
    encode_message_pack(key, object)
}

/// Any large object as it is stored.
pub(crate) fn encode_message_pack<T: serde::Serialize>(key: &str, object: &T) -> Result<Bytes, StoreError> {
    let fail = |reason: String| StoreError::Unencodable { key: key.to_owned(), reason };
    let plain = rmp_serde::to_vec_named(object).map_err(|error| fail(error.to_string()))?;
    if plain.len() > LARGEST_OBJECT {
        return Err(fail("it is larger than 512 MiB; use fewer sessions per job".to_owned()));
    }
    let compress = || {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        compressor.compress(&plain)
    };
    compress().map(Bytes::from).map_err(|error| fail(error.to_string()))
}

/// The result that was stored as `bytes` under `key`.
pub fn decode_result(key: &str, bytes: &[u8]) -> Result<ResultObject, StoreError> {
    decode_message_pack(key, bytes)
}

/// Any stored object as JSON, for people to look at: JSON as it is, results unpacked, a suite as a string of YAML.
pub fn decode(key: &str, bytes: &[u8]) -> Result<serde_json::Value, StoreError> {
    if key.ends_with(".mpk.zst") {
        decode_message_pack(key, bytes)
    } else if key.ends_with(".json") {
        decode_json(key, bytes)
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        Ok(text.into())
    } else {
        Err(StoreError::InvalidKey {
            key: key.to_owned(),
            reason: "what it names is neither a result nor text",
        })
    }
}

/// JSON as it is stored: indented, because people read it, with a line feed at the end.
pub(crate) fn encode_json<T: serde::Serialize>(key: &str, value: &T) -> Result<Bytes, StoreError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| StoreError::Unencodable { key: key.to_owned(), reason: error.to_string() })?;
    text.push(b'\n');
    Ok(text.into())
}

pub(crate) fn decode_json<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let corrupt = |error: serde_json::Error| StoreError::corrupt(key, error);
    // What has no such field, or is no map, has no format that could be too new.
    if let Ok(header) = serde_json::from_slice::<Header>(bytes) {
        check(key, &header)?;
    }
    serde_json::from_slice(bytes).map_err(corrupt)
}

pub(crate) fn decode_message_pack<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let plain = decompress(key, bytes)?;
    let corrupt = |error: rmp_serde::decode::Error| StoreError::corrupt(key, error);
    check(key, &rmp_serde::from_slice(&plain).map_err(corrupt)?)?;
    rmp_serde::from_slice(&plain).map_err(corrupt)
}

fn check(key: &str, header: &Header) -> Result<(), StoreError> {
    let newer = |source| StoreError::NewerFormat { key: key.to_owned(), source };
    header.format.map_or(Ok(()), check_format).map_err(newer)
}

fn decompress(key: &str, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let corrupt = |error: std::io::Error| StoreError::corrupt(key, error);
    let mut plain = Vec::new();
    let decoder = zstd::Decoder::with_buffer(bytes).map_err(corrupt)?;
    decoder.take(LARGEST_OBJECT as u64 + 1).read_to_end(&mut plain).map_err(corrupt)?;
    if plain.len() > LARGEST_OBJECT {
        return Err(StoreError::corrupt(key, "it unpacks to more than 512 MiB"));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests;
