//! How a store is reached, beyond its address. Only S3 asks for more.

use std::time::Duration;

use secrecy::SecretString;

/// What [`crate::Store::open_with`] may need besides an address. The default does for folders.
#[derive(Debug, Clone, Default)]
pub struct StoreSettings {
    /// For `s3://BUCKET`.
    pub s3: S3Settings,
}

/// How a bucket is reached.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// The server, as `https://HOST:PORT`; `None` is AWS.
    pub endpoint: Option<String>,
    /// Where the bucket stands. `None` is `us-east-1` for any server but AWS, and for AWS what the platform says, if it may be asked.
    pub region: Option<String>,
    /// Whether the bucket stands in the path and not in the host's name; `None` is yes for any server but AWS.
    pub path_style: Option<bool>,
    /// Whether requests carry a checksum; `None` is yes for AWS only: many other servers refuse what they don't know.
    pub checksums: Option<Checksums>,
    /// Whether the server keeps its promise to create an object only where there is none. Without it the first write wins only if
    /// no other writer comes at the same moment.
    pub conditional_writes: bool,
    /// Who speaks to it; `None` asks the platform, if it may be asked.
    pub credentials: Option<S3Credentials>,
    /// Whether the platform may be asked for what is not given: environment, profile, web identity, pod identity and instance role, in
    /// that order. Never unless somebody wants it: a mistyped address must not go looking for keys.
    pub ask_platform: bool,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait for an answer, or for more of it. Sending a large body may take a second per MiB longer.
    pub timeout: Duration,
    /// How long to go on trying what fails with a passing cause.
    pub patience: Duration,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            path_style: None,
            checksums: None,
            conditional_writes: true,
            credentials: None,
            ask_platform: false,
            ca_pem: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            patience: Duration::from_secs(120),
        }
    }
}

/// When requests carry a checksum of their body and answers are checked against theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksums {
    /// Wherever S3 has one.
    WhenSupported,
    /// Only where S3 insists on it.
    WhenRequired,
}

/// Who speaks to S3.
#[derive(Debug, Clone)]
pub struct S3Credentials {
    /// The access key's id.
    pub access_key: SecretString,
    /// The secret access key.
    pub secret_key: SecretString,
    /// Of temporary credentials only.
    pub session_token: Option<SecretString>,
}
