//! `[broker]`: where RabbitMQ is, and as whom the fleet speaks to it.

use std::path::{Path, PathBuf};

use antiphon_queue::topology::Management;
use antiphon_queue::{ClientCertificate, RabbitMqSettings, Tls};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

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
    /// How; shown without the password.
    pub(crate) settings: RabbitMqSettings,
    /// The management API, where it is named; its user is that of the broker.
    pub(crate) management: Option<Management>,
}

impl Broker {
    /// What is spoken to so that somebody on the way can read along: neither with TLS nor on this machine.
    pub(crate) fn in_the_clear(&self) -> Vec<String> {
        let Self { settings, management } = self;
        let mut found = Vec::new();
        if settings.tls.is_none() && !is_here(&settings.host) {
            found.push(settings.to_string());
        }
        if let Some(Management { url, .. }) = management
            && let Some(rest) = url.strip_prefix("http://")
            && !is_here(host(rest))
        {
            found.push(format!("the management API at {url}"));
        }
        found
    }
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host of what stands behind `http://`.
fn host(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

impl RawBroker {
    /// Checks what needs no secret.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(url) = &self.url {
            parse(url, "broker.url").map_err(|error| error.0)?;
            if Named::by(url).password {
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
        if let Some(url) = &self.management_url {
            let web = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
            let Some(rest) = web.filter(|rest| !host(rest).is_empty()) else {
                return Err("broker.management_url: write it as https://host:15671".to_owned());
            };
            if rest.contains('@') {
                return Err("broker.management_url: it holds a user; the API is asked as the broker's user, so leave user and password out".to_owned());
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
        let Some((url, field)) = self.url(environment)? else { return Ok(None) };
        let mut settings = parse(url.expose_secret(), &field)?;
        let named = Named::by(url.expose_secret());
        if let Some(vhost) = &self.vhost {
            if named.vhost {
                let twice = format!("broker: {field} and `vhost` both name a vhost; keep one");
                return Err(ConfigError(twice));
            }
            settings.vhost.clone_from(vhost);
        }
        if let (false, Some(user)) = (named.user, &self.user) {
            settings.user.clone_from(user);
            settings.password = None;
        }
        if !named.password
            && let Some(password) = self.password(folder, environment)?
        {
            if !named.user && self.user.is_none() {
                return Err(ConfigError("broker: there is a password without `user`".to_owned()));
            }
            settings.password = Some(password);
        }
        self.encrypt(&mut settings, &field, folder)?;
        let shows_certificate = settings.tls.as_ref().is_some_and(|tls| tls.client.is_some());
        let names_nobody = !named.user && self.user.is_none();
        if shows_certificate && names_nobody {
            // The certificate says who it is; `guest` is for who says nothing.
            settings.user.clear();
            settings.password = None;
        }
        let management = self.management(&settings, folder)?;
        Ok(Some(Broker { settings, management }))
    }

    /// The address, and what names it.
    fn url(&self, environment: &Environment) -> Result<Option<(SecretString, String)>, ConfigError> {
        if let Some(url) = environment.optional(BROKER) {
            return Ok(Some((url, BROKER.to_owned())));
        }
        if let Some(variable) = &self.url_env {
            return Ok(Some((environment.variable(variable, "broker.url_env")?, variable.clone())));
        }
        Ok(self.url.as_ref().map(|url| (SecretString::from(url.clone()), "broker.url".to_owned())))
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

    fn management(
        &self,
        settings: &RabbitMqSettings,
        folder: &Path,
    ) -> Result<Option<Management>, ConfigError> {
        let Some(url) = &self.management_url else { return Ok(None) };
        let Some(password) = settings.password.clone() else {
            let missing = "broker.management_url: the management API needs a password";
            return Err(ConfigError(missing.to_owned()));
        };
        let ca = self.ca_file.as_ref().map(|file| pem_text("broker.ca_file", &folder.join(file)));
        let (url, user) = (url.clone(), settings.user.clone());
        Ok(Some(Management { url, user, password, authority: ca.transpose()? }))
    }

    fn encrypt(
        &self,
        settings: &mut RabbitMqSettings,
        field: &str,
        folder: &Path,
    ) -> Result<(), ConfigError> {
        let files = [("ca_file", &self.ca_file), ("client_cert_file", &self.client_cert_file)];
        if settings.tls.is_none() {
            return match files.iter().find(|(_, file)| file.is_some()) {
                Some((name, _)) => Err(ConfigError(format!(
                    "broker.{name}: {field} begins with amqp:// and so encrypts nothing; write amqps://"
                ))),
                None => Ok(()),
            };
        }
        let [authority, certificate] = files.map(|(name, file)| {
            let pem = |file| pem_text(&format!("broker.{name}"), &folder.join(file));
            file.as_ref().map(pem).transpose()
        });
        let client = match (certificate?, &self.client_key_file) {
            (Some(chain), Some(key)) => {
                let key = secret_file("broker.client_key_file", &folder.join(key))?;
                Some(ClientCertificate { chain, key })
            }
            _ => None,
        };
        settings.tls = Some(Tls { authority: authority?, client });
        Ok(())
    }
}

/// What an address names itself, so that the fields beside it do not have to.
struct Named {
    user: bool,
    password: bool,
    vhost: bool,
}

impl Named {
    fn by(url: &str) -> Self {
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        Self {
            user: user.is_some(),
            password: user.is_some_and(|user| user.contains(':')),
            vhost: !path.split('?').next().unwrap_or_default().is_empty(),
        }
    }
}

/// Reads an address; what is wrong with it is said without the address, which may hold a password.
fn parse(url: &str, field: &str) -> Result<RabbitMqSettings, ConfigError> {
    if !url.starts_with("amqp://") && !url.starts_with("amqps://") {
        return Err(ConfigError(format!(
            "{field}: it begins with neither amqp:// nor amqps://; write it as amqps://host:5671"
        )));
    }
    url.parse().map_err(|error| ConfigError(format!("{field}: {error}")))
}

fn pem_text(field: &str, path: &Path) -> Result<String, ConfigError> {
    String::from_utf8(pem_file(field, path)?)
        .map_err(|_| ConfigError(format!("{field}: {} holds no certificate in PEM form", path.display())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
        let check = |toml: &str, environment: &[(&str, &str)], shown: &str, password: Option<&str>| {
            let Broker { settings, .. } = resolved(toml, environment).unwrap();
            assert_eq!(settings.to_string(), shown, "{toml}");
            assert_eq!(settings.password.as_ref().map(|secret| secret.expose_secret()), password, "{toml}");
        };
        check("url = \"amqp://rabbit\"", &[], "amqp://guest@rabbit:5672/%2f", Some("guest"));
        check(
            "url = \"amqps://rabbit\"\nuser = \"worker\"\npassword_env = \"P\"\nvhost = \"a/b\"",
            &[("P", "p@s/s:%41")],
            "amqps://worker@rabbit:5671/a%2fb",
            Some("p@s/s:%41"),
        );
        // The environment's own address goes before the file's, and takes user and password from the file if it has none.
        check(
            "url = \"amqp://other\"\nuser = \"u\"\npassword_env = \"P\"",
            &[("P", "secret"), (BROKER, "amqp://here/v")],
            "amqp://u@here:5672/v",
            Some("secret"),
        );
        check("", &[(BROKER, "amqp://u:s@h/v")], "amqp://u@h:5672/v", Some("s"));
        check("url_env = \"U\"", &[("U", "amqp://u:s@h")], "amqp://u@h:5672/%2f", Some("s"));
        check("url = \"amqps://h\"\nuser = \"u\"", &[], "amqps://u@h:5671/%2f", None);
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
        check("", &[(BROKER, "amqp://u:hunter2@h:x")], "ANTIPHON_BROKER: ");
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
        for (url, says) in [
            ("https://u:hunter2@h:15671", "broker.management_url: it holds a user"),
            ("http://u@h:15672", "broker.management_url: it holds a user"),
            ("hunter2@h", "broker.management_url: write it as https://host:15671"),
            ("https://", "broker.management_url: write it as https://host:15671"),
        ] {
            check(&format!("url = \"amqp://h\"\nmanagement_url = \"{url}\""), &[], says);
        }
        check("url = \"amqps://h\"\nca_file = \"none.pem\"", &[], "broker.ca_file: can't read ./none.pem");
        check(
            "url = \"amqp://h\"\nca_file = \"none.pem\"",
            &[],
            "broker.ca_file: broker.url begins with amqp://",
        );
    }

    #[test]
    fn a_certificate_says_who_it_is_unless_somebody_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("c.pem"), "certificate").unwrap();
        let key = folder.path().join("k.pem");
        std::fs::write(&key, "key").unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let check = |toml: &str, shown: &str, password: Option<&str>| {
            let toml = format!("{toml}\nclient_cert_file = \"c.pem\"\nclient_key_file = \"k.pem\"");
            let raw: RawBroker = toml::from_str(&toml).unwrap();
            let environment = Environment::of(&[("P", "secret"), ("U", "amqps://u:s@h")]);
            let Broker { settings, .. } = raw.resolve(folder.path(), &environment).unwrap().unwrap();
            assert_eq!(settings.to_string(), shown, "{toml}");
            assert_eq!(settings.password.as_ref().map(|secret| secret.expose_secret()), password, "{toml}");
        };
        check("url = \"amqps://h\"", "amqps://h:5671/%2f", None);
        check("url = \"amqps://u@h\"", "amqps://u@h:5671/%2f", None);
        check("url = \"amqps://h\"\nuser = \"u\"", "amqps://u@h:5671/%2f", None);
        check(
            "url = \"amqps://h\"\nuser = \"u\"\npassword_env = \"P\"",
            "amqps://u@h:5671/%2f",
            Some("secret"),
        );
        check("url_env = \"U\"", "amqps://u@h:5671/%2f", Some("s"));
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
            let found = resolved("", &[(BROKER, url)]).unwrap().in_the_clear();
            assert_eq!(found.is_empty(), private, "{url}: {found:?}");
        }
        for (url, private) in [
            ("http://127.0.0.1:15672", true),
            ("http://localhost/", true),
            ("http://[::1]:15672", true),
            ("https://rabbit:15671", true),
            ("http://rabbit:15672", false),
            ("http://localhost.example", false),
        ] {
            let toml = format!("url = \"amqps://rabbit\"\nmanagement_url = \"{url}\"");
            let found = resolved(&toml, &[]).unwrap().in_the_clear();
            assert_eq!(found.is_empty(), private, "{url}: {found:?}");
        }
    }
}
