//! Keys: from the environment or from files, and from nowhere else.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::SecretString;

use super::ConfigError;
use super::raw::RawProvider;

/// The process environment, as far as settings and secrets stand in it. The only place that reads it.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// What a test puts in its place.
    instead: Option<BTreeMap<String, String>>,
}

impl Environment {
    /// An environment of these variables only.
    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { instead: Some(variables.iter().map(owned).collect()) }
    }

    /// The secret in a variable; `field` is what names it.
    pub(crate) fn variable(&self, name: &str, field: &str) -> Result<SecretString, ConfigError> {
        self.optional(name).ok_or_else(|| {
            ConfigError(format!(
                "{field}: the environment variable {name} is not set; export it and try again"
            ))
        })
    }

    /// The secret in a variable that may be missing or empty.
    pub(crate) fn optional(&self, name: &str) -> Option<SecretString> {
        self.setting(name).map(SecretString::from)
    }

    /// What stands in a variable and is no secret.
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        let value = match &self.instead {
            Some(variables) => variables.get(name).cloned(),
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
            None => std::env::var(name).ok(),
        };
        value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
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
            (None, Some(file)) => {
                secret_file(&format!("providers.{name}.key_file"), &folder.join(file)).map(Some)
            }
        }
    }
}

/// The secret in a file that `field` names. A group may read it, as the pods of a cluster do; everybody may not.
pub(super) fn secret_file(field: &str, path: &Path) -> Result<SecretString, ConfigError> {
    let problem = |text: String| ConfigError(format!("{field}: {}: {text}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| problem(error.to_string()))?;
    if metadata.permissions().mode() & 0o007 != 0 {
        return Err(problem("others can read it; run `chmod 600` on it".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    if text.trim().is_empty() {
        return Err(problem("it is empty".to_owned()));
    }
    Ok(SecretString::from(text.trim().to_owned()))
}
