//! Keys: paths of plain parts, the same on every backend.

use crate::StoreError;

/// S3's limit, in bytes.
pub(crate) const LONGEST_KEY: usize = 1_024;
/// The usual limit of a file name, in bytes.
const LONGEST_PART: usize = 255;

/// Refuses what could leave the root, hide from listings, or differ between backends.
pub(crate) fn check(key: &str) -> Result<(), StoreError> {
    let fail = |reason| Err(StoreError::InvalidKey { key: key.to_owned(), reason });
    if key.is_empty() {
        return fail("it is empty");
    }
    if key.len() > LONGEST_KEY {
        return fail("it is longer than 1,024 bytes");
    }
    for part in key.split('/') {
        match part {
            "" => return fail("it has an empty part, or begins or ends with a slash"),
            _ if part.starts_with('.') => return fail("a part begins with a dot"),
            _ if part.len() > LONGEST_PART => return fail("a part is longer than 255 bytes"),
            _ if part.contains(|c: char| c == '\\' || c.is_control()) => {
                return fail("it contains a backslash or a control character");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Like [`check`] for the beginning of keys: empty, or any beginning of a valid key.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), StoreError> {
    if prefix.is_empty() { Ok(()) } else { check(prefix.strip_suffix('/').unwrap_or(prefix)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_are_keys() {
        let long_part = "x".repeat(255);
        for good in ["a", "runs/r1/samples/t/b/r000-000000.mpk.zst", "a b/ä", "a..b/c.", &long_part] {
            check(good).unwrap();
        }
        let longer_part = "x".repeat(256);
        let longer_key = "xx/".repeat(341) + "xx";
        let bad = [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a/./b",
            ".tmp/x",
            "a/.lock",
            "a\\b",
            "a\0b",
            "a\nb",
            &longer_part,
            &longer_key,
        ];
        for bad in bad {
            assert!(matches!(check(bad), Err(StoreError::InvalidKey { .. })), "{bad:?}");
        }
    }

    #[test]
    fn a_prefix_may_be_empty_or_end_within_a_part_or_with_a_slash() {
        for good in ["", "a", "a/", "a/b"] {
            check_prefix(good).unwrap();
        }
        for bad in ["/", "a//", "../", "a/."] {
            assert!(check_prefix(bad).is_err(), "{bad:?}");
        }
    }
}
