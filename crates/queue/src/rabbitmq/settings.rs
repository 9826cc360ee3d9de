//! Where the broker is and how to log in. Passwords and keys show nowhere.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};
use secrecy::SecretString;

use crate::QueueError;

/// How to reach a RabbitMQ. From a URI: `"amqps://user:password@host/vhost".parse()`.
#[derive(Debug, Clone)]
pub struct RabbitMqSettings {
    /// Name or address.
    pub host: String,
    /// 5672, or 5671 with TLS.
    pub port: u16,
    /// The name space of all exchanges and queues.
    pub vhost: String,
    /// Who logs in. The broker takes the name from a client certificate instead, if there is no password; then it may be empty.
    pub user: String,
    /// Without one, the client certificate logs in (mechanism EXTERNAL); without that either, the password is empty.
    pub password: Option<SecretString>,
    /// Encryption; `None` sends everything, also the password, in the clear.
    pub tls: Option<Tls>,
    /// What the broker's lists of connections show.
    pub name: String,
    /// How often each side shows that it lives. A connection that is silent for twice as long is dead.
    pub heartbeat: Duration,
    /// How long the broker may take to answer a question, or to confirm a message that it does not hold up.
    pub patience: Duration,
}

/// Encryption, and who is believed.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Certificates in PEM that the broker's must come from; `None` believes what the system believes.
    pub authority: Option<String>,
    /// What this side shows of itself.
    pub client: Option<ClientCertificate>,
}

/// A certificate that the broker may ask for.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// The certificate and what leads to its authority, in PEM.
    pub chain: String,
    /// Its key, in PEM.
    pub key: SecretString,
}

/// Port of AMQP.
const HEARTBEAT: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(30);

impl FromStr for RabbitMqSettings {
    type Err = QueueError;

    /// `amqp[s]://[user[:password]@]host[:port][/vhost][?heartbeat=seconds]`; what is percent-encoded is decoded. No user is
    /// `guest`, no vhost is `/`. An error never repeats the URI, as it may hold the password.
    fn from_str(uri: &str) -> Result<Self, QueueError> {
        let wrong = |what: &str| QueueError::Settings { what: what.to_owned() };
        let url = reqwest::Url::parse(uri).map_err(|error| wrong(&error.to_string()))?;
        // The parser's own words repeat the URI.
        let parsed: AMQPUri =
            uri.parse().map_err(|_| wrong("it must look like amqps://user:password@host:5671/vhost"))?;
        if let Some((key, _)) = url.query_pairs().find(|(key, _)| key != "heartbeat") {
            return Err(wrong(&format!("its parameter {key} is unknown; `heartbeat` is the only one")));
        }
        // What the parser gives for an address in brackets is `localhost`.
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let AMQPUri { scheme, authority, vhost, query } = parsed;
        let heartbeat = query.heartbeat.filter(|seconds| *seconds > 0);
        Ok(Self {
            host,
            port: url.port().unwrap_or_else(|| scheme.default_port()),
            vhost: if vhost.is_empty() { "/".to_owned() } else { vhost },
            user: authority.userinfo.username,
            password: match (url.username(), url.password()) {
                (_, Some(_)) | ("", None) => Some(authority.userinfo.password.into()),
                (_, None) => None,
            },
            tls: (scheme == AMQPScheme::AMQPS).then(Tls::default),
            name: "antiphon".to_owned(),
            heartbeat: heartbeat.map_or(HEARTBEAT, |seconds| Duration::from_secs(seconds.into())),
            patience: PATIENCE,
        })
    }
}

impl fmt::Display for RabbitMqSettings {
    /// As a URI, without password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "amqps" } else { "amqp" };
        let Self { host, port, vhost, user, .. } = self;
        let vhost = vhost.replace('%', "%25").replace('/', "%2f");
        let at = if user.is_empty() { "" } else { "@" };
        write!(f, "{scheme}://{user}{at}{host}:{port}/{vhost}")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn settings(uri: &str) -> RabbitMqSettings {
        uri.parse().unwrap_or_else(|error| panic!("{uri}: {error}"))
    }

    fn password(settings: &RabbitMqSettings) -> Option<&str> {
        settings.password.as_ref().map(ExposeSecret::expose_secret)
    }

    #[test]
    fn a_uri_says_everything() {
        let full = settings("amqps://me%40home:p%2fw%3a@rabbit.example:1234/my%2fhost?heartbeat=7");
        assert_eq!((full.host.as_str(), full.port), ("rabbit.example", 1234));
        assert_eq!((full.user.as_str(), password(&full)), ("me@home", Some("p/w:")));
        assert_eq!((full.vhost.as_str(), full.heartbeat), ("my/host", Duration::from_secs(7)));
        assert!(full.tls.is_some());
        assert_eq!(full.to_string(), "amqps://me@home@rabbit.example:1234/my%2fhost");
    }

    #[test]
    fn what_a_uri_leaves_out_is_as_usual() {
        for uri in ["amqp://h", "amqp://h/", "amqp://h/%2f"] {
            let short = settings(uri);
            assert_eq!((short.port, short.vhost.as_str(), short.user.as_str()), (5672, "/", "guest"));
            assert_eq!(password(&short), Some("guest"));
        }
        assert_eq!(settings("amqps://h").port, 5671);
        assert_eq!(settings("amqp://[::1]:7").host, "::1");
        assert_eq!(password(&settings("amqps://me@h")), None, "the certificate says who it is");
    }

    #[test]
    fn a_password_shows_nowhere() {
        let settings = settings("amqp://me:geheim@h");
        assert!(!format!("{settings:?} {settings}").contains("geheim"));
        for uri in
            ["amqp:me:geheim@h", "http://me:geheim@h", "amqp://me:geheim@h:port", "amqp://me:geheim@h?a=1"]
        {
            let error = uri.parse::<RabbitMqSettings>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
        }
    }
}
