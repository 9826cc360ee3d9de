//! Keys: from the environment or from files, and from nowhere else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::SecretString;

use super::ConfigError;
use super::raw::RawProvider;

/// The process environment, as far as it holds secrets. The only place that reads it.
#[derive(Debug, Default)]
pub(crate) struct Environment;

impl Environment {
    /// The secret in a variable; `field` is what names it.
    pub(crate) fn variable(&self, name: &str, field: &str) -> Result<SecretString, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads secrets")]
        let value = std::env::var(name);
        match value {
            Ok(value) if !value.trim().is_empty() => Ok(SecretString::from(value.trim().to_owned())),
            _ => Err(ConfigError(format!(
                "{field}: the environment variable {name} is not set; export it and try again"
            ))),
        }
    }

    /// The key of a provider, if the configuration names one.
    pub(super) fn key(
        &self,
        name: &str,
        provider: &RawProvider,
        folder: &Path,
    ) -> Result<Option<SecretString>, ConfigError> {
        match (&provider.key_env, &provider.key_file) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(ConfigError(format!(
                "providers.{name}: `key_env` and `key_file` exclude each other; keep one"
            ))),
            (Some(variable), None) => self.variable(variable, &format!("providers.{name}.key_env")).map(Some),
            (None, Some(file)) => key_file(name, &folder.join(file)).map(Some),
        }
    }
}

fn key_file(name: &str, path: &Path) -> Result<SecretString, ConfigError> {
    let problem =
        |text: String| ConfigError(format!("providers.{name}.key_file: {}: {text}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| problem(error.to_string()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(problem("others can read it; run `chmod 600` on it".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    if text.trim().is_empty() {
        return Err(problem("it is empty".to_owned()));
    }
    Ok(SecretString::from(text.trim().to_owned()))
}
