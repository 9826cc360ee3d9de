//! Ids: newtypes around validated strings that are safe in store keys, file names and queue names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what} id: {reason}")]
pub struct IdError {
    what: &'static str,
    text: String,
    reason: &'static str,
}

/// The longest id, in bytes: several of them and a job id must fit an S3 key of 1,024.
const LONGEST: usize = 100;

fn check(what: &'static str, text: &str) -> Result<(), IdError> {
    let fail = |reason| Err(IdError { what, text: text.to_owned(), reason });
    let plain = |c: char| c.is_ascii_alphanumeric();
    match text.chars().next() {
        None => fail("it is empty"),
        Some(first) if !plain(first) => fail("it must begin with a letter or a digit"),
        _ if text.len() > LONGEST => fail("it is longer than 100 characters"),
        _ if !text.chars().all(|c| plain(c) || "._-@".contains(c)) => {
            fail("only letters, digits and . _ - @ may stand in it")
        }
        _ => Ok(()),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks `text` and wraps it.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check($what, &text)?;
                Ok(Self(text.into()))
            }

            /// The id as it stands in keys and files.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(/// One execution of one suite.
    RunId, "run");
id!(/// A target within a suite.
    TargetId, "target");
id!(/// A probe within a suite.
    ProbeId, "probe");
id!(/// A simulated caller.
    UserId, "user");
id!(/// A fixed set of probes of one target that are stored and aggregated together.
    BlockId, "block");
id!(/// A job within a block: its round and its place there.
    JobId, "job");
id!(/// What a rate limit applies to: provider, account, model family.
    PoolId, "pool");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_in_keys() {
        for good in ["a", "7", "opus-4.5", "charter@w100", &"x".repeat(100)] {
            assert_eq!(ProbeId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", "-x", "a/b", "a b", "ä", "a\n", "a%", &"x".repeat(101)] {
            assert!(ProbeId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_id_is_checked_when_it_is_read() {
        assert!(serde_json::from_str::<RunId>("\"../x\"").is_err());
        assert_eq!(serde_json::to_string(&RunId::new("r1").unwrap()).unwrap(), "\"r1\"");
    }
}
