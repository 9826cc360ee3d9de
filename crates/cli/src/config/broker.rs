//! `[broker]`: where RabbitMQ is, and as whom the fleet speaks to it.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::secret::{Environment, secret_file};
use super::{ConfigError, pem_file};

/// The variable that holds the broker's whole address, in the simple case.
pub(crate) const BROKER: &str = "ANTIPHON_BROKER";

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBroker {
    url: Option<String>,
    url_env: Option<String>,
    user: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    vhost: Option<String>,
    ca_file: Option<PathBuf>,
    client_cert_file: Option<PathBuf>,
    client_key_file: Option<PathBuf>,
    management_url: Option<String>,
}

/// A broker as it will be connected to.
#[derive(Debug, Clone)]
pub(crate) struct Broker {
    /// With user, password and vhost.
    pub(crate) url: SecretString,
    /// The same without the password, to be shown.
    pub(crate) shown: String,
    /// Whether nobody on the way can read along: TLS, or this machine.
    pub(crate) is_private: bool,
    /// Certificates that are trusted besides the system's.
    pub(crate) ca_pem: Option<Vec<u8>>,
    /// Certificate and key that the client shows.
    pub(crate) identity: Option<(Vec<u8>, SecretString)>,
    /// The management API, without user and password; they are those of the broker.
    pub(crate) management_url: Option<String>,
}

impl RawBroker {
    /// Checks what needs no secret.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(url) = &self.url {
            let url = parse(url, "broker.url").map_err(|error| error.0)?;
            if url.password().is_some() {
                return Err("broker.url: it holds a password; name its place by `password_env` or `password_file`, or the whole URL's by `url_env`".to_owned());
            }
        }
        for (one, first, other, second) in [
            ("url", self.url.is_some(), "url_env", self.url_env.is_some()),
            ("password_env", self.password_env.is_some(), "password_file", self.password_file.is_some()),
        ] {
            if first && second {
                return Err(format!("broker: `{one}` and `{other}` exclude each other; keep one"));
            }
        }
        if self.client_cert_file.is_some() != self.client_key_file.is_some() {
            return Err("broker: `client_cert_file` and `client_key_file` belong together".to_owned());
        }
        Ok(())
    }

    /// The broker to connect to; `None` where neither file nor environment names one.
    pub(super) fn resolve(
        &self,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Option<Broker>, ConfigError> {
        let Some((mut url, field)) = self.url(environment)? else { return Ok(None) };
        if url.username().is_empty()
            && let Some(user) = &self.user
        {
            url.set_username(&encoded(user))
                .map_err(|()| ConfigError("broker.user cannot stand in a URL".to_owned()))?;
        }
        if url.password().is_none()
            && let Some(password) = self.password(folder, environment)?
        {
            if url.username().is_empty() {
                return Err(ConfigError("broker: there is a password without `user`".to_owned()));
            }
            url.set_password(Some(&encoded(password.expose_secret())))
                .map_err(|()| ConfigError("broker: the password cannot stand in a URL".to_owned()))?;
        }
        self.set_vhost(&mut url, &field)?;
        let read = |field: &str, file: &Option<PathBuf>| {
            file.as_ref().map(|file| pem_file(&format!("broker.{field}"), &folder.join(file))).transpose()
        };
        let identity = match (read("client_cert_file", &self.client_cert_file)?, &self.client_key_file) {
            (Some(certificate), Some(key)) => {
                Some((certificate, secret_file("broker.client_key_file", &folder.join(key))?))
            }
            _ => None,
        };
        Ok(Some(Broker {
            shown: masked(&url),
            is_private: url.scheme() == "amqps" || is_this_machine(&url),
            url: SecretString::from(url.as_str().to_owned()),
            ca_pem: read("ca_file", &self.ca_file)?,
            identity,
            management_url: self.management_url.clone(),
        }))
    }

    /// The address, and what names it.
    fn url(&self, environment: &Environment) -> Result<Option<(Url, String)>, ConfigError> {
        if let Some(text) = environment.optional(BROKER) {
            return Ok(Some((parse(text.expose_secret(), BROKER)?, BROKER.to_owned())));
        }
        if let Some(variable) = &self.url_env {
            let text = environment.variable(variable, "broker.url_env")?;
            return Ok(Some((parse(text.expose_secret(), variable)?, variable.clone())));
        }
        let Some(text) = &self.url else { return Ok(None) };
        Ok(Some((parse(text, "broker.url")?, "broker.url".to_owned())))
    }

    fn password(
        &self,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Option<SecretString>, ConfigError> {
        match (&self.password_env, &self.password_file) {
            (Some(variable), _) => environment.variable(variable, "broker.password_env").map(Some),
            (None, Some(file)) => secret_file("broker.password_file", &folder.join(file)).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn set_vhost(&self, url: &mut Url, field: &str) -> Result<(), ConfigError> {
        let path = url.path().trim_start_matches('/').to_owned();
        let vhost = match (&self.vhost, path.as_str()) {
            (None, "") => "%2f".to_owned(),
            (None, _) => return Ok(()),
            (Some(vhost), "") => encoded(vhost),
            (Some(_), _) => {
                return Err(ConfigError(format!("broker: {field} and `vhost` both name a vhost; keep one")));
            }
        };
        url.set_path(&vhost);
        Ok(())
    }
}

/// Reads an address; what is wrong with it is said without the address, which may hold a password.
fn parse(text: &str, field: &str) -> Result<Url, ConfigError> {
    let refuse = |reason: &str| {
        ConfigError(format!("{field}: {reason}; write it as amqp://host:5672 or amqps://host:5671"))
    };
    let url = Url::parse(text).map_err(|error| refuse(&format!("it is not a URL ({error})")))?;
    if !["amqp", "amqps"].contains(&url.scheme()) {
        return Err(refuse("it begins with neither amqp:// nor amqps://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refuse("it names no host"));
    }
    Ok(url)
}

/// The address with stars for the password.
fn masked(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // A URL with a password has a host, and so can have another password.
        let _set = url.set_password(Some("***"));
    }
    url.set_query(None);
    url.to_string()
}

fn is_this_machine(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// Percent-encoded, so that no character ends a part of the URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(toml: &str, environment: &[(&str, &str)]) -> Result<Broker, String> {
        let raw: RawBroker = toml::from_str(toml).unwrap();
        raw.check()?;
        let environment = Environment::of(environment);
        let broker = raw.resolve(Path::new("."), &environment).map_err(|error| error.0)?;
        broker.ok_or_else(|| "none".to_owned())
    }

    #[test]
    fn the_parts_of_an_address_come_together() {
        let check = |toml: &str, environment: &[(&str, &str)], url: &str, shown: &str| {
            let broker = resolved(toml, environment).unwrap();
            assert_eq!(broker.url.expose_secret(), url, "{toml}");
            assert_eq!(broker.shown, shown, "{toml}");
        };
        check("url = \"amqp://rabbit\"", &[], "amqp://rabbit/%2f", "amqp://rabbit/%2f");
        check(
            "url = \"amqps://rabbit:5671\"\nuser = \"worker\"\npassword_env = \"P\"\nvhost = \"a/b\"",
            &[("P", "p@s/s:%41")],
            "amqps://worker:p%40s%2Fs%3A%2541@rabbit:5671/a%2Fb",
            "amqps://worker:***@rabbit:5671/a%2Fb",
        );
        // The environment's own address goes before the file's, and takes user and password from the file if it has none.
        check(
            "url = \"amqp://other\"\nuser = \"u\"\npassword_env = \"P\"",
            &[("P", "secret"), (BROKER, "amqp://here/v")],
            "amqp://u:secret@here/v",
            "amqp://u:***@here/v",
        );
        check("", &[(BROKER, "amqp://u:s@h/v")], "amqp://u:s@h/v", "amqp://u:***@h/v");
        check("url_env = \"U\"", &[("U", "amqp://u:s@h")], "amqp://u:s@h/%2f", "amqp://u:***@h/%2f");
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_saying_the_password() {
        let check = |toml: &str, environment: &[(&str, &str)], says: &str| {
            let error = resolved(toml, environment).unwrap_err();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        };
        check("", &[], "none");
        check("url = \"amqp://u:hunter2@h\"", &[], "broker.url: it holds a password");
        check("url = \"http://h\"", &[], "broker.url: it begins with neither amqp://");
        check("", &[(BROKER, "u:hunter2@h")], "ANTIPHON_BROKER: it begins with neither amqp://");
        check("", &[(BROKER, "amqp://u:hunter2@h:x")], "ANTIPHON_BROKER: it is not a URL");
        check("url = \"amqp://h\"\nurl_env = \"U\"", &[], "`url` and `url_env` exclude each other");
        check(
            "password_env = \"P\"\npassword_file = \"p\"",
            &[],
            "`password_env` and `password_file` exclude each other",
        );
        check("url = \"amqp://h\"\npassword_env = \"P\"", &[("P", "hunter2")], "a password without `user`");
        check("url = \"amqp://h\"\nuser = \"u\"\npassword_env = \"P\"", &[], "variable P is not set");
        check("url = \"amqp://h/a\"\nvhost = \"b\"", &[], "broker.url and `vhost` both name a vhost");
        check("url = \"amqp://h\"\nclient_cert_file = \"c\"", &[], "belong together");
        check("url = \"amqp://h\"\nca_file = \"none.pem\"", &[], "broker.ca_file: can't read ./none.pem");
    }

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        for (url, private) in [
            ("amqp://127.0.0.1", true),
            ("amqp://localhost:1", true),
            ("amqp://[::1]", true),
            ("amqps://rabbit", true),
            ("amqp://rabbit", false),
        ] {
            assert_eq!(resolved("", &[(BROKER, url)]).unwrap().is_private, private, "{url}");
        }
    }
}
