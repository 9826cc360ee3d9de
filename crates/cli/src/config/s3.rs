//! `[s3]`: how a store in an S3 bucket is reached. What stands in the file goes before the environment's AWS_* variables.

use std::path::{Path, PathBuf};
use std::time::Duration;

use antiphon_store::{Checksums, S3Credentials, S3Settings};
use secrecy::SecretString;
use serde::Deserialize;

use super::raw::duration;
use super::secret::{Environment, secret_file};
use super::{ConfigError, pem_file};

/// Where S3 users keep their keys.
const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";

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
    platform_keys: bool,
    ca_file: Option<PathBuf>,
    connect_timeout: Option<String>,
    timeout: Option<String>,
}

/// When checksums are sent beside what is needed anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawChecksums {
    /// Always, as AWS wants.
    WhenSupported,
    /// Only where an operation needs one: many other servers refuse them.
    WhenRequired,
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
            if self.platform_keys && (variable.is_some() || file.is_some()) {
                return Err(format!(
                    "s3: `platform_keys` and a place for {name} exclude each other; keep one"
                ));
            }
        }
        self.timeouts().map(|_| ())
    }

    /// The settings with their keys.
    pub(super) fn resolve(
        &self,
        folder: &Path,
        environment: &Environment,
    ) -> Result<S3Settings, ConfigError> {
        let given = |field: &Option<String>, variables: [&str; 2]| {
            let usual = || variables.into_iter().find_map(|name| environment.setting(name));
            field.clone().or_else(usual)
        };
        let (connect_timeout, timeout) = self.timeouts().map_err(ConfigError)?;
        let ca = self.ca_file.as_ref().map(|file| pem_file("s3.ca_file", &folder.join(file)));
        Ok(S3Settings {
            endpoint: given(&self.endpoint, ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
            region: given(&self.region, ["AWS_REGION", "AWS_DEFAULT_REGION"]),
            path_style: self.path_style,
            checksums: self.checksums.map(|checksums| match checksums {
                RawChecksums::WhenSupported => Checksums::WhenSupported,
                RawChecksums::WhenRequired => Checksums::WhenRequired,
            }),
            conditional_writes: self.conditional_writes.unwrap_or(true),
            credentials: self.credentials(folder, environment)?,
            ask_platform: self.platform_keys,
            ca_pem: ca.transpose()?,
            connect_timeout,
            timeout,
            ..S3Settings::default()
        })
    }

    /// The keys that are named, else those of the usual variables, else those of the platform if it may be asked.
    fn credentials(
        &self,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Option<S3Credentials>, ConfigError> {
        let key = |name: &str, variable: &Option<String>, file: &Option<PathBuf>, usual: &str| match file {
            Some(file) => secret_file(&format!("s3.{name}_file"), &folder.join(file)),
            None => environment.variable(variable.as_deref().unwrap_or(usual), &format!("s3.{name}_env")),
        };
        let named = [&self.access_key_env, &self.secret_key_env].into_iter().any(Option::is_some)
            || [&self.access_key_file, &self.secret_key_file].into_iter().any(Option::is_some);
        if self.platform_keys && !named && environment.optional(ACCESS_KEY).is_none() {
            return Ok(None);
        }
        Ok(Some(S3Credentials {
            access_key: key("access_key", &self.access_key_env, &self.access_key_file, ACCESS_KEY)?,
            secret_key: key("secret_key", &self.secret_key_env, &self.secret_key_file, SECRET_KEY)?,
            session_token: self.session_token(folder, environment)?,
        }))
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
        let S3Settings { connect_timeout, timeout, .. } = S3Settings::default();
        let connect = duration("s3.connect_timeout", self.connect_timeout.as_deref(), connect_timeout)?;
        Ok((connect, duration("s3.timeout", self.timeout.as_deref(), timeout)?))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];

    fn resolved(toml: &str, more: &[(&str, &str)]) -> Result<S3Settings, String> {
        let raw: RawS3 = toml::from_str(toml).unwrap();
        raw.check()?;
        let environment = Environment::of(&[&KEYS, more].concat());
        raw.resolve(Path::new("."), &environment).map_err(|error| error.0)
    }

    #[test]
    fn the_usual_variables_do() {
        let more =
            [("AWS_REGION", "eu-central-1"), ("AWS_SESSION_TOKEN", "t"), ("AWS_ENDPOINT_URL", "http://s3")];
        let s3 = resolved("", &more).unwrap();
        assert_eq!((s3.endpoint.as_deref(), s3.region.as_deref()), (Some("http://s3"), Some("eu-central-1")));
        let keys = s3.credentials.unwrap();
        assert_eq!((keys.access_key.expose_secret(), keys.secret_key.expose_secret()), ("id", "hunter2"));
        assert_eq!(keys.session_token.unwrap().expose_secret(), "t");
        assert!(s3.conditional_writes);
        // Without any, the platform is asked only if it may be.
        let platform: RawS3 = toml::from_str("platform_keys = true").unwrap();
        let settings = platform.resolve(Path::new("."), &Environment::of(&[])).unwrap();
        assert!(settings.credentials.is_none() && settings.ask_platform);
        let error = RawS3::default().resolve(Path::new("."), &Environment::of(&[])).unwrap_err();
        assert_eq!(
            error.0,
            "s3.access_key_env: the environment variable AWS_ACCESS_KEY_ID is not set; export it and try again"
        );
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
        assert_eq!((s3.endpoint.as_deref(), s3.region.as_deref()), (Some("https://minio"), Some("r")));
        assert_eq!((s3.checksums, s3.path_style), (Some(Checksums::WhenSupported), Some(false)));
        assert_eq!(s3.timeout, Duration::from_secs(5));
        let keys = s3.credentials.unwrap();
        assert_eq!((keys.access_key.expose_secret(), keys.secret_key.expose_secret()), ("a", "s"));
        assert!(keys.session_token.is_none(), "that token belongs to other keys");
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
