//! What an attempt came to when it came to nothing: whether to try again, and what to tell whom.

use std::error::Error;
use std::io;
use std::time::Duration;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::StoreError;

/// One attempt's failure.
#[derive(Debug)]
pub(super) struct Failure {
    /// Of the answer, if there was one.
    pub(super) status: Option<u16>,
    /// S3's name for it; empty where the answer had none, as those to HEAD.
    code: String,
    /// In words.
    said: String,
    /// How long the server asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// Where the bucket stands, if the answer says that it is elsewhere.
    region: Option<String>,
}

/// Our own code among S3's.
const TOO_LARGE: &str = "TooLargeToRead";

/// What was tried, and the permission that it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action {
    pub(super) verb: &'static str,
    pub(super) permission: &'static str,
}

pub(super) const READ: Action = Action { verb: "read", permission: "s3:GetObject and s3:ListBucket" };
pub(super) const WRITE: Action = Action { verb: "write", permission: "s3:PutObject" };
pub(super) const LIST: Action = Action { verb: "list", permission: "s3:ListBucket" };
pub(super) const DELETE: Action = Action { verb: "delete", permission: "s3:DeleteObject" };

impl<E: ProvideErrorMetadata + Error + 'static> From<SdkError<E, HttpResponse>> for Failure {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let response = error.raw_response();
        let header = |name| response.and_then(|response| response.headers().get(name));
        let said = match (error.code(), error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            (None, _) if response.is_some_and(|response| !response.status().is_success()) => {
                format!("HTTP status {}", response.map_or(0, |response| response.status().as_u16()))
            }
            (None, _) => chain(&error),
        };
        Self {
            status: response.map(|response| response.status().as_u16()),
            code: error.code().unwrap_or_default().to_owned(),
            said,
            retry_after: header("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs),
            region: header("x-amz-bucket-region").map(str::to_owned),
        }
    }
}

impl Failure {
    /// An answer that did not come in time, or broke off.
    pub(super) fn cut_off(said: impl ToString) -> Self {
        Self { status: None, code: String::new(), said: said.to_string(), retry_after: None, region: None }
    }

    /// An object that nobody of ours can have written.
    pub(super) fn too_large() -> Self {
        Self::of_one(TOO_LARGE, "it is larger than 512 MiB")
    }

    /// The failure of one object among many.
    pub(super) fn of_one(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), ..Self::cut_off(format!("{code}: {message}")) }
    }

    pub(super) fn is_absent(&self) -> bool {
        // The answer to HEAD has no body, so no code.
        self.status == Some(404) && matches!(self.code.as_str(), "" | "NotFound" | "NoSuchKey")
    }

    /// The condition of a create-only write failed: there is an object.
    pub(super) fn is_taken(&self) -> bool {
        self.status == Some(412)
    }

    /// Another write or delete of the same key was going on; this one has not happened.
    pub(super) fn is_conflict(&self) -> bool {
        self.status == Some(409)
            && matches!(self.code.as_str(), "ConditionalRequestConflict" | "OperationAborted")
    }

    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        if self.is_conflict() {
            return true;
        }
        match (self.status, self.code.as_str()) {
            (
                _,
                "RequestTimeout" | "IncompleteBody" | "InternalError" | "SlowDown" | "ServiceUnavailable",
            ) => true,
            (None, "") => !self.is_untrusted(),
            // An answer that was begun and not understood was cut off.
            (Some(200..=299 | 408 | 429 | 500 | 502 | 503 | 504), _) => true,
            _ => false,
        }
    }

    fn is_untrusted(&self) -> bool {
        self.said.contains("invalid peer certificate")
    }

    /// The same in the words of the store. `place` is what it is about.
    pub(super) fn into_error(self, action: Action, place: &str) -> StoreError {
        let place = place.to_owned();
        if let Some(remedy) = self.remedy_of_denial(action) {
            return StoreError::Denied { place, remedy, source: io::Error::other(self.said) };
        }
        if let Some(reason) = self.unsuitability() {
            return StoreError::Unsuitable { place, reason };
        }
        match (self.status, self.code.as_str()) {
            (_, TOO_LARGE) => StoreError::Corrupt { key: place, reason: self.said },
            (_, "NoSuchBucket") => StoreError::NoStore { place },
            (Some(507), _) | (_, "QuotaExceeded" | "XMinioStorageFull") => {
                StoreError::Full { place, source: io::Error::other(self.said) }
            }
            _ => StoreError::Io { action: action.verb, place, source: io::Error::other(self.said) },
        }
    }

    fn remedy_of_denial(&self, action: Action) -> Option<String> {
        let remedy = match self.code.as_str() {
            "InvalidAccessKeyId" => {
                "the server does not know the access key; check whose it is, and `endpoint` in [s3]"
            }
            "SignatureDoesNotMatch" => "the secret key does not belong to the access key; check both",
            "RequestTimeTooSkewed" => "the clock of this machine is wrong by more than 15 minutes; set it",
            "ExpiredToken" | "TokenRefreshRequired" | "InvalidToken" => {
                "the session token is not valid any more; get new temporary credentials"
            }
            _ if matches!(self.status, Some(401 | 403)) || self.code == "AccessDenied" => {
                return Some(format!("its owner must allow {} to these credentials", action.permission));
            }
            _ => return None,
        };
        Some(remedy.to_owned())
    }

    fn unsuitability(&self) -> Option<String> {
        let said = &self.said;
        if self.is_untrusted() {
            return Some(format!(
                "the server's certificate is not trusted ({said}); give its authority as `ca_file` in [s3]"
            ));
        }
        match (self.status, self.code.as_str()) {
            (Some(301 | 307), _)
            | (_, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
                let region = self.region.as_ref().map_or_else(
                    || "it stands in another region; correct `region` in [s3]".to_owned(),
                    |region| format!("it stands in another region; set `region = \"{region}\"` in [s3]"),
                );
                Some(format!("{region} ({said})"))
            }
            (Some(501), _) | (_, "NotImplemented") => Some(format!(
                "the server lacks what was asked of it ({said}); try `checksums = \"when_required\"`, then \
                 `conditional_writes = false` in [s3]"
            )),
            (_, "InvalidBucketName") => {
                Some(format!("no bucket can have such a name ({said}); correct the address"))
            }
            _ => None,
        }
    }
}

/// An error and its causes on one line. The client's own words for it would hold whole requests.
fn chain(error: &dyn Error) -> String {
    let (mut said, mut cause) = (vec![error.to_string()], error.source());
    while let Some(error) = cause {
        said.push(error.to_string());
        cause = error.source();
    }
    said.dedup();
    said.join(": ")
}
