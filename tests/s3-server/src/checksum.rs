//! What a body must be, by the words of who sent it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{Checksum, PutObjectInput};
use s3s::{S3Result, s3_error};

/// The MD5 of a body in hex, which is S3's tag of an object.
pub(crate) fn etag(body: &[u8]) -> String {
    Md5::checksum(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks a body against all that its sender said of it before and after it, and gives back what that was.
///
/// # Errors
/// BadDigest, as S3.
pub(crate) fn verify(body: &Bytes, input: &PutObjectInput, after: Option<&HeaderMap>) -> S3Result<Checksum> {
    if let Some(said) = &input.content_md5
        && *said != BASE64_STANDARD.encode(Md5::checksum(body))
    {
        return Err(s3_error!(BadDigest, "the Content-MD5 is not that of the body"));
    }
    let said = |before: &Option<String>, name: &str| {
        let after = || Some(after?.get(name)?.to_str().ok()?.to_owned());
        before.clone().or_else(after)
    };
    let said = Checksum {
        checksum_crc32: said(&input.checksum_crc32, "x-amz-checksum-crc32"),
        checksum_crc32c: said(&input.checksum_crc32c, "x-amz-checksum-crc32c"),
        checksum_crc64nvme: said(&input.checksum_crc64nvme, "x-amz-checksum-crc64nvme"),
        checksum_sha1: said(&input.checksum_sha1, "x-amz-checksum-sha1"),
        checksum_sha256: said(&input.checksum_sha256, "x-amz-checksum-sha256"),
        checksum_type: None,
    };
    let mut hasher = ChecksumHasher {
        crc32: said.checksum_crc32.as_ref().map(|_| Default::default()),
        crc32c: said.checksum_crc32c.as_ref().map(|_| Default::default()),
        crc64nvme: said.checksum_crc64nvme.as_ref().map(|_| Default::default()),
        sha1: said.checksum_sha1.as_ref().map(|_| Default::default()),
        sha256: said.checksum_sha256.as_ref().map(|_| Default::default()),
    };
    hasher.update(body);
    if hasher.finalize() != said {
        return Err(s3_error!(BadDigest, "a checksum is not that of the body"));
    }
    Ok(said)
}
