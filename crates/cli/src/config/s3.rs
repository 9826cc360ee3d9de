//! `[s3]`: how a store in an S3 bucket is reached. What stands in the file goes before the environment's AWS_* variables.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::raw::duration;
use super::secret::{Environment, secret_file};
use super::{ConfigError, pem_file};

/// How long a connection to the store may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one attempt of one operation may take: results are small.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The region of servers that know none, and the one S3 began with.
const REGION: &str = "us-east-1";

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawS3 {
    endpoint: Option<String>,
    region: Option<String>,
    path_style: Option<bool>,
    checksums: Option<RawChecksums>,
    conditional_writes: Option<bool>,
    access_key_env: Option<String>,
    access_key_file: Option<PathBuf>,
    secret_key_env: Option<String>,
    secret_key_file: Option<PathBuf>,
    session_token_env: Option<String>,
    session_token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    connect_timeout: Option<String>,
    timeout: Option<String>,
}

/// When checksums are sent beside what is needed anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawChecksums {
    /// Always, as AWS wants.
    WhenSupported,
    /// Only where an operation needs one: many other servers refuse them.
    WhenRequired,
}

/// How a bucket is reached.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    /// The server; `None` is AWS.
    pub(crate) endpoint: Option<String>,
    pub(crate) region: String,
    pub(crate) path_style: bool,
    pub(crate) checksums: RawChecksums,
    /// Whether the server keeps `If-None-Match: *`.
    pub(crate) conditional_writes: bool,
    pub(crate) access_key: SecretString,
    pub(crate) secret_key: SecretString,
    pub(crate) session_token: Option<SecretString>,
    pub(crate) ca_pem: Option<Vec<u8>>,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
}

impl RawS3 {
    /// Checks what needs no secret.
    pub(super) fn check(&self) -> Result<(), String> {
        for (name, variable, file) in [
            ("access_key", &self.access_key_env, &self.access_key_file),
            ("secret_key", &self.secret_key_env, &self.secret_key_file),
            ("session_token", &self.session_token_env, &self.session_token_file),
        ] {
            if variable.is_some() && file.is_some() {
                return Err(format!("s3: `{name}_env` and `{name}_file` exclude each other; keep one"));
            }
        }
        self.timeouts().map(|_| ())
    }

    /// The settings with their keys.
    pub(super) fn resolve(&self, folder: &Path, environment: &Environment) -> Result<S3, ConfigError> {
        let endpoint = self
            .endpoint
            .clone()
            .or_else(|| environment.setting("AWS_ENDPOINT_URL_S3"))
            .or_else(|| environment.setting("AWS_ENDPOINT_URL"));
        let region = self
            .region
            .clone()
            .or_else(|| environment.setting("AWS_REGION"))
            .or_else(|| environment.setting("AWS_DEFAULT_REGION"));
        let is_elsewhere = endpoint.is_some();
        let (connect_timeout, timeout) = self.timeouts().map_err(ConfigError)?;
        let key = |name: &str, variable: &Option<String>, file: &Option<PathBuf>, usual: &str| match file {
            Some(file) => secret_file(&format!("s3.{name}_file"), &folder.join(file)),
            None => environment.variable(variable.as_deref().unwrap_or(usual), &format!("s3.{name}_env")),
        };
        Ok(S3 {
            region: region.unwrap_or_else(|| REGION.to_owned()),
            path_style: self.path_style.unwrap_or(is_elsewhere),
            checksums: self.checksums.unwrap_or(match is_elsewhere {
                true => RawChecksums::WhenRequired,
                false => RawChecksums::WhenSupported,
            }),
            conditional_writes: self.conditional_writes.unwrap_or(true),
            access_key: key("access_key", &self.access_key_env, &self.access_key_file, "AWS_ACCESS_KEY_ID")?,
            secret_key: key(
                "secret_key",
                &self.secret_key_env,
                &self.secret_key_file,
                "AWS_SECRET_ACCESS_KEY",
            )?,
            session_token: self.session_token(folder, environment)?,
            ca_pem: match &self.ca_file {
                Some(file) => Some(pem_file("s3.ca_file", &folder.join(file))?),
                None => None,
            },
            endpoint,
            connect_timeout,
            timeout,
        })
    }

    /// Lasting keys have none; the usual variable's token belongs to the usual variables' keys only.
    fn session_token(
        &self,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Option<SecretString>, ConfigError> {
        if let Some(file) = &self.session_token_file {
            return secret_file("s3.session_token_file", &folder.join(file)).map(Some);
        }
        if let Some(variable) = &self.session_token_env {
            return environment.variable(variable, "s3.session_token_env").map(Some);
        }
        let keys_are_usual = self.access_key_env.is_none() && self.access_key_file.is_none();
        Ok(if keys_are_usual { environment.optional("AWS_SESSION_TOKEN") } else { None })
    }

    fn timeouts(&self) -> Result<(Duration, Duration), String> {
        let connect = duration("s3.connect_timeout", self.connect_timeout.as_deref(), CONNECT_TIMEOUT)?;
        Ok((connect, duration("s3.timeout", self.timeout.as_deref(), TIMEOUT)?))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];

    fn resolved(toml: &str, more: &[(&str, &str)]) -> Result<S3, String> {
        let raw: RawS3 = toml::from_str(toml).unwrap();
        raw.check()?;
        let environment = Environment::of(&[&KEYS, more].concat());
        raw.resolve(Path::new("."), &environment).map_err(|error| error.0)
    }

    #[test]
    fn aws_is_the_default_and_other_servers_are_spoken_to_as_they_like_it() {
        let aws = resolved("", &[("AWS_REGION", "eu-central-1"), ("AWS_SESSION_TOKEN", "t")]).unwrap();
        assert_eq!((aws.endpoint, aws.region.as_str(), aws.path_style), (None, "eu-central-1", false));
        assert_eq!(aws.checksums, RawChecksums::WhenSupported);
        assert!(aws.conditional_writes);
        assert_eq!(aws.session_token.unwrap().expose_secret(), "t");
        let other = resolved("", &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]).unwrap();
        assert_eq!((other.region.as_str(), other.path_style), ("us-east-1", true));
        assert_eq!(other.checksums, RawChecksums::WhenRequired);
    }

    #[test]
    fn the_file_goes_before_the_environment() {
        let toml = "endpoint = \"https://minio\"\nregion = \"r\"\npath_style = false\nchecksums = \"when_supported\"\n\
                    access_key_env = \"A\"\nsecret_key_env = \"S\"\ntimeout = \"5s\"";
        let more = [
            ("AWS_ENDPOINT_URL", "http://no"),
            ("AWS_REGION", "no"),
            ("AWS_SESSION_TOKEN", "no"),
            ("A", "a"),
            ("S", "s"),
        ];
        let s3 = resolved(toml, &more).unwrap();
        assert_eq!((s3.endpoint.as_deref(), s3.region.as_str()), (Some("https://minio"), "r"));
        assert_eq!((s3.access_key.expose_secret(), s3.secret_key.expose_secret()), ("a", "s"));
        assert!(s3.session_token.is_none(), "that token belongs to other keys");
        assert_eq!((s3.checksums, s3.path_style), (RawChecksums::WhenSupported, false));
        assert_eq!(s3.timeout, Duration::from_secs(5));
        assert!(!format!("{s3:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |toml: &str, says: &str| {
            let error = resolved(toml, &[]).unwrap_err();
            assert!(error.contains(says), "{error}");
        };
        check("access_key_env = \"A\"", "s3.access_key_env: the environment variable A is not set");
        check("secret_key_file = \"none\"", "s3.secret_key_file: ./none: ");
        check("secret_key_file = \"f\"\nsecret_key_env = \"E\"", "exclude each other");
        check("timeout = \"soon\"", "s3.timeout: \"soon\" is no duration");
        check("ca_file = \"none.pem\"", "s3.ca_file: can't read ./none.pem");
    }
}
