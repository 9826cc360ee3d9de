//! Addresses of stores: `memory:`, a path, or a bucket.

use crate::{StoreError, key};

/// What an address names.
pub(crate) enum Address<'a> {
    Memory,
    Directory(&'a str),
    S3 { bucket: &'a str, prefix: &'a str },
}

impl Address<'_> {
    pub(crate) fn parse(address: &str) -> Result<Address<'_>, StoreError> {
        let unknown = || StoreError::UnknownAddress { address: address.to_owned() };
        let scheme_of = |text: &str| {
            let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
            text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_scheme)
        };
        match address.split_once(':') {
            Some(("memory", "")) => Ok(Address::Memory),
            Some(("file", path)) => match path.strip_prefix("//") {
                Some(absolute) if absolute.starts_with('/') => Ok(Address::Directory(absolute)),
                None if !path.is_empty() => Ok(Address::Directory(path)),
                _ => Err(unknown()),
            },
            Some(("s3", bucket)) => {
                let bucket = bucket.strip_prefix("//").ok_or_else(unknown)?;
                let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
                let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
                let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
                if bucket.is_empty() || !bucket.chars().all(plain) || key::check_prefix(prefix).is_err() {
                    return Err(unknown());
                }
                Ok(Address::S3 { bucket, prefix })
            }
            Some((scheme, _)) if scheme_of(scheme) => Err(unknown()),
            _ if address.is_empty() => Err(unknown()),
            _ => Ok(Address::Directory(address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let folder = |address| match Address::parse(address) {
            Ok(Address::Directory(path)) => Some(path.to_owned()),
            _ => None,
        };
        let bucket = |address| match Address::parse(address) {
            Ok(Address::S3 { bucket, prefix }) => Some((bucket, prefix)),
            _ => None,
        };
        assert_eq!(bucket("s3://results"), Some(("results", "")));
        assert_eq!(bucket("s3://results/"), Some(("results", "")));
        assert_eq!(bucket("s3://re.sul-ts/a/b/"), Some(("re.sul-ts", "a/b")));
        assert!(matches!(Address::parse("memory:"), Ok(Address::Memory)));
        for (address, path) in [
            ("results", "results"),
            ("./a:b", "./a:b"),
            ("/data/x", "/data/x"),
            ("file:results", "results"),
            ("file:/data/x", "/data/x"),
            ("file:///data/x", "/data/x"),
        ] {
            assert_eq!(folder(address).as_deref(), Some(path), "{address}");
        }
        for unknown in [
            "",
            "memory:x",
            "file:",
            "file://host/x",
            "s3:",
            "s3:b",
            "s3://",
            "s3:///a",
            "s3://b/../c",
            "s3://b/a//c",
            "s3://k:s@b",
            "gs:bucket",
        ] {
            assert!(matches!(Address::parse(unknown), Err(StoreError::UnknownAddress { .. })), "{unknown}");
        }
    }
}
