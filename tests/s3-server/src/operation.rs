//! What a request wants, by its first line alone.

use std::borrow::Cow;

use hyper::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// S3's name of what a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Operation {
    /// Writes an object.
    PutObject,
    /// Reads an object.
    GetObject,
    /// Reads what an object is like.
    HeadObject,
    /// Deletes an object.
    DeleteObject,
    /// Deletes many.
    DeleteObjects,
    /// One page of the names of a bucket's objects.
    ListObjectsV2,
    /// Asks for a bucket.
    HeadBucket,
    /// Makes a bucket.
    CreateBucket,
    /// Names all buckets.
    ListBuckets,
    /// Everything else, which this server does not do.
    Other,
}

/// What a request wants, and of which key; of a listing, the prefix.
pub(crate) fn recognise<'a>(method: &Method, uri: &'a Uri) -> (Operation, Cow<'a, str>) {
    let query = uri.query().unwrap_or("");
    let asks = |name: &str| query.split('&').any(|part| part.split('=').next() == Some(name));
    let path = uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let operation = match (method.as_str(), bucket.is_empty(), key.is_empty()) {
        ("GET", true, _) => Operation::ListBuckets,
        (_, true, _) => Operation::Other,
        ("GET", _, true) if asks("list-type") => Operation::ListObjectsV2,
        ("HEAD", _, true) => Operation::HeadBucket,
        ("PUT", _, true) if query.is_empty() || asks("x-id") => Operation::CreateBucket,
        ("POST", _, true) if asks("delete") => Operation::DeleteObjects,
        (_, _, true) => Operation::Other,
        (_, _, false) if asks("uploadId") || asks("uploads") || asks("tagging") => Operation::Other,
        ("PUT", _, false) => Operation::PutObject,
        ("GET", _, false) => Operation::GetObject,
        ("HEAD", _, false) => Operation::HeadObject,
        ("DELETE", _, false) => Operation::DeleteObject,
        _ => Operation::Other,
    };
    let subject = match operation {
        Operation::ListObjectsV2 => {
            query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or("")
        }
        _ => key,
    };
    (operation, percent_decode_str(subject).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_says_what_is_wanted() {
        for (method, uri, operation, key) in [
            ("PUT", "/b/a/b%20c?x-id=PutObject", Operation::PutObject, "a/b c"),
            ("GET", "/b/a", Operation::GetObject, "a"),
            ("GET", "/b/?list-type=2&prefix=runs%2Fone", Operation::ListObjectsV2, "runs/one"),
            ("GET", "/b?list-type=2", Operation::ListObjectsV2, ""),
            ("HEAD", "/b/a", Operation::HeadObject, "a"),
            ("HEAD", "/b", Operation::HeadBucket, ""),
            ("PUT", "/b/", Operation::CreateBucket, ""),
            ("PUT", "/b?tagging", Operation::Other, ""),
            ("DELETE", "/b/a", Operation::DeleteObject, "a"),
            ("POST", "/b?delete", Operation::DeleteObjects, ""),
            ("POST", "/b/a?uploads", Operation::Other, "a"),
            ("GET", "/", Operation::ListBuckets, ""),
        ] {
            let uri: Uri = uri.parse().unwrap();
            let wants = recognise(&method.parse().unwrap(), &uri);
            assert_eq!(wants, (operation, Cow::Borrowed(key)), "{method} {uri}");
        }
    }
}
