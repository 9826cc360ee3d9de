//! One connection, from its login to its end. It is never repaired: what comes after it is another one.

use std::fmt;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use async_rs::traits::Reactor;
use async_rs::{Runtime, Tokio};
use futures::StreamExt;
use lapin::auth::AuthProvider;
use lapin::options::ConfirmSelectOptions;
use lapin::tcp::AsyncTcpStream;
use lapin::types::{LongString, ShortString};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Channel, Connection, ConnectionProperties, Event};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::driver::driver;
use super::failure::Failure;
use super::settings::RabbitMqSettings;
use super::tls;

/// A live connection, or one that was.
#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    /// The same socket, to end it at once whatever the library waits for.
    socket: Option<TcpStream>,
    given_up: CancellationToken,
    settings: Arc<RabbitMqSettings>,
}

pub(super) type Stream = AsyncTcpStream<<Tokio as Reactor>::TcpStream>;

/// Most channels that are found closing one after the other.
const CLOSING: u32 = 5;

impl Session {
    /// Connects and logs in. `purpose` stands beside the name in the broker's lists.
    pub(super) async fn open(settings: Arc<RabbitMqSettings>, purpose: &str) -> Result<Self, Failure> {
        let runtime = Runtime::tokio_with_handle(driver().clone());
        let kept = Arc::new(Mutex::new(None));
        let connect = {
            let (settings, kept) = (settings.clone(), kept.clone());
            async move |_uri: AMQPUri, runtime: Runtime<Tokio>| {
                silence();
                let connected = timeout(settings.patience, stream(&settings, &runtime, &kept)).await;
                let connected = connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
                connected.map_err(lapin::Error::from)
            }
        };
        let name = format!("{} {purpose}", settings.name);
        let properties = ConnectionProperties::default()
            .with_connection_name(name.into())
            .with_client_property("product".into(), "antiphon".into())
            .with_client_property("version".into(), env!("CARGO_PKG_VERSION").into())
            .with_auth_provider(Login::new(&settings));
        let opening = Connection::connector(uri(&settings), runtime, connect, properties);
        let opening = opening.with_subscriber(NoSubscriber::default());
        let opened = timeout(settings.patience * 2, opening).await;
        let socket: Option<TcpStream> = kept.lock().take();
        match opened {
            Ok(Ok(connection)) => {
                Ok(Self { connection, socket, given_up: CancellationToken::new(), settings })
            }
            failed => {
                if let Some(socket) = socket {
                    // It may be shut already.
                    let _ = socket.shutdown(Shutdown::Both);
                }
                Err(failed.map_or_else(
                    |_| Failure::Broken("no greeting in time".to_owned()),
                    |error| error.err().map_or_else(|| Failure::Broken(String::new()), Failure::from),
                ))
            }
        }
    }

    /// The library may hand out a channel that the broker is just closing for what was asked on it before; then it is asked again.
    pub(super) async fn channel(&self) -> Result<Channel, Failure> {
        for _ in 0..CLOSING {
            match self.ask(self.connection.create_channel()).await {
                Err(Failure::Refused { .. }) if self.is_live() => {}
                created => return created,
            }
        }
        self.ask(self.connection.create_channel()).await
    }

    /// A channel whose messages the broker confirms.
    pub(super) async fn confirming_channel(&self) -> Result<Channel, Failure> {
        let channel = self.channel().await?;
        self.ask(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(channel)
    }

    /// Waits for an answer, but not for ever: a broker that answers nothing loses its session. What was asked just when a session
    /// ended is never answered by the library.
    pub(super) async fn ask<T>(
        &self,
        question: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, Failure> {
        tokio::pin!(question);
        loop {
            tokio::select! {
                biased;
                answer = &mut question => return answer.map_err(Failure::from),
                () = self.given_up.cancelled() => return Err(Failure::Broken("the connection is gone".to_owned())),
                // It reads nothing of this connection until it has memory or disk again.
                () = sleep(self.settings.patience) => if !self.is_held_up() {
                    self.give_up();
                    return Err(Failure::Broken("no answer in time".to_owned()));
                },
            }
        }
    }

    /// Waits for the confirmation of a message. A queue without a majority never gives one, which says nothing of the connection:
    /// that is given up only if another question is not answered either.
    pub(super) async fn confirmation<T>(
        &self,
        confirmation: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, Failure> {
        tokio::pin!(confirmation);
        loop {
            tokio::select! {
                biased;
                answer = &mut confirmation => return answer.map_err(Failure::from),
                () = self.given_up.cancelled() => return Err(Failure::Broken("the connection is gone".to_owned())),
                () = sleep(self.settings.patience) => if !self.is_held_up() {
                    let another = self.channel().await?;
                    self.ask(another.close(200, "done".into())).await?;
                    return Err(Failure::Broken("no confirmation in time".to_owned()));
                },
            }
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.connection.status().connected()
    }

    /// Whether the broker takes no messages at the moment, for lack of memory or disk.
    pub(super) fn is_held_up(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Ends it without a word. All its channels fail.
    pub(super) fn give_up(&self) {
        self.given_up.cancel();
        if let Some(socket) = &self.socket {
            // It may be shut already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Says farewell, so that the broker need not wonder.
    pub(super) async fn close(&self) {
        // Whatever comes of it, it is over afterwards.
        let _ = timeout(self.settings.patience, self.connection.close(200, "done".into())).await;
        self.give_up();
    }

    /// Waits for its end and tells why.
    pub(super) async fn end(&self) -> String {
        let mut events = self.connection.events_listener().boxed();
        let mut look = interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = self.given_up.cancelled() => return "the broker answered nothing".to_owned(),
                event = events.next() => match event {
                    // A channel that fails is nothing to the others.
                    Some(Event::Error(_)) if self.is_live() => {}
                    Some(Event::Error(error)) => return Failure::from(error).reason().to_owned(),
                    Some(Event::ConnectionBlocked(reason)) => tracing::warn!(
                        broker = %self.settings, reason,
                        "the broker takes no messages for now; they wait"
                    ),
                    Some(Event::ConnectionUnblocked) => {
                        tracing::info!(broker = %self.settings, "the broker takes messages again");
                    }
                    Some(_) => {}
                    None => return "the connection is gone".to_owned(),
                },
                // Not every end is an event.
                _ = look.tick() => if !self.is_live() {
                    return "the connection was closed".to_owned();
                },
            }
        }
    }
}

/// Called on the library's own thread: from then on it logs nothing. At the level `trace` it would log all frames, that of the login
/// with the password included, and it calls errors what is none, such as a queue that is looked for and not there. What matters of
/// it is logged by `link`.
fn silence() {
    std::mem::forget(tracing::subscriber::set_default(NoSubscriber::default()));
}

/// Without user and password: those are with [`Login`] only.
fn uri(settings: &RabbitMqSettings) -> AMQPUri {
    let heartbeat = u16::try_from(settings.heartbeat.as_secs()).unwrap_or(u16::MAX).max(1);
    AMQPUri {
        scheme: if settings.tls.is_some() { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo { username: settings.user.clone(), password: String::new() },
            host: settings.host.clone(),
            port: settings.port,
        },
        vhost: settings.vhost.clone(),
        query: AMQPQueryString { heartbeat: Some(heartbeat), ..AMQPQueryString::default() },
    }
}

/// Connects, and keeps a second handle of the socket.
pub(super) async fn stream(
    settings: &RabbitMqSettings,
    runtime: &Runtime<Tokio>,
    kept: &Mutex<Option<TcpStream>>,
) -> std::io::Result<Stream> {
    let addresses = tokio::net::lookup_host((settings.host.as_str(), settings.port)).await?;
    let connect = |address| runtime.tcp_connect_addr(address);
    let stream = first_that_answers(addresses.collect(), settings.patience, connect).await?;
    *kept.lock() = Some(second_handle(stream.get_ref())?);
    tls::encrypt(settings, AsyncTcpStream::Plain(stream)).await
}

/// How long one of several addresses may take, so that the others are tried in time.
const LONGEST_CONNECTING: Duration = Duration::from_secs(5);

/// Tries them in their order. The last one has all the time that is left.
async fn first_that_answers<T, F: Future<Output = std::io::Result<T>>>(
    addresses: Vec<SocketAddr>,
    patience: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> std::io::Result<T> {
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let each = (patience / count.max(1)).min(LONGEST_CONNECTING);
    let mut failed = std::io::Error::from(std::io::ErrorKind::NotFound);
    for (left, address) in (0..addresses.len()).rev().zip(addresses) {
        let longest = if left == 0 { patience } else { each };
        match timeout(longest, connect(address)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = std::io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failed)
}

fn second_handle(stream: &tokio::net::TcpStream) -> std::io::Result<TcpStream> {
    use std::os::fd::AsFd;
    Ok(TcpStream::from(stream.as_fd().try_clone_to_owned()?))
}

/// How to log in.
enum Login {
    Password { user: String, password: SecretString },
    Certificate,
}

impl Login {
    fn new(settings: &RabbitMqSettings) -> Self {
        let has_certificate = settings.tls.as_ref().is_some_and(|tls| tls.client.is_some());
        match &settings.password {
            None if has_certificate => Self::Certificate,
            password => {
                Self::Password { user: settings.user.clone(), password: password.clone().unwrap_or_default() }
            }
        }
    }
}

impl AuthProvider for Login {
    fn mechanism(&self) -> ShortString {
        match self {
            Self::Password { .. } => "PLAIN".into(),
            Self::Certificate => "EXTERNAL".into(),
        }
    }

    fn auth_starter(&self) -> Result<LongString, String> {
        Ok(match self {
            Self::Password { user, password } => format!("\0{user}\0{}", password.expose_secret()).into(),
            Self::Certificate => LongString::default(),
        })
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::time::Instant;

    use super::*;

    fn addresses(count: u8) -> Vec<SocketAddr> {
        (0..count).map(|last| ([192, 0, 2, last], 5672).into()).collect()
    }

    /// Only that address answers; the others take everything and say nothing.
    async fn found(count: u8, answering: u8, patience: Duration) -> std::io::Result<SocketAddr> {
        let answering = addresses(u8::MAX)[usize::from(answering)];
        let connect = async |address| match address == answering {
            true => Ok(address),
            false => std::future::pending().await,
        };
        first_that_answers(addresses(count), patience, connect).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_says_nothing_does_not_hide_the_others() {
        let patience = Duration::from_secs(30);
        for (count, answering, after) in [(2, 1, 5), (4, 2, 10), (10, 9, 27)] {
            let begin = Instant::now();
            let found = timeout(patience, found(count, answering, patience)).await;
            assert!(found.is_ok_and(|found| found.is_ok()), "{answering} of {count}");
            assert_eq!(begin.elapsed().as_secs(), after, "{answering} of {count}");
        }
        let silent = found(3, 9, patience).await.unwrap_err();
        assert_eq!(silent.kind(), ErrorKind::TimedOut);
        assert_eq!(found(0, 9, patience).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
