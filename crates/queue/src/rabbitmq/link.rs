//! Keeps a connection: as soon as one is over, another is opened.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::driver::driver;
use super::failure::{Backoff, Failure, LONGEST_WAIT, Trust};
use super::session::Session;
use super::settings::RabbitMqSettings;
use crate::QueueError;

/// The way to the session of the moment. Clones share it; when the last is dropped, the session is closed.
#[derive(Debug, Clone)]
pub(super) struct Link {
    state: watch::Receiver<State>,
    settings: Arc<RabbitMqSettings>,
}

#[derive(Debug, Clone)]
enum State {
    /// With what was wrong last.
    Connecting(Option<Failure>),
    Live(Arc<Session>),
    /// Waiting does not help. It is tried again all the same, in case somebody acts on it.
    Refused(Failure),
}

impl Link {
    /// Connects from now on, until all clones are dropped.
    pub(super) fn open(settings: &Arc<RabbitMqSettings>, purpose: &'static str) -> Self {
        let (sender, state) = watch::channel(State::Connecting(None));
        driver().spawn(Keeper { settings: settings.clone(), purpose, state: sender }.run());
        Self { state, settings: settings.clone() }
    }

    pub(super) fn settings(&self) -> &Arc<RabbitMqSettings> {
        &self.settings
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(*self.state.borrow(), State::Live(_))
    }

    /// The session of the moment; waits for one, unless the broker refuses it.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Failure> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Connecting(_))).await;
        match settled.as_deref() {
            Ok(State::Live(session)) => Ok(session.clone()),
            Ok(State::Refused(failure)) => Err(failure.clone()),
            Ok(State::Connecting(_)) | Err(_) => {
                Err(Failure::Broken("the connection is not kept".to_owned()))
            }
        }
    }

    /// The same for those who cannot wait for ever.
    pub(super) async fn session_within(&self, patience: Duration) -> Result<Arc<Session>, QueueError> {
        let found = timeout(patience, self.session()).await.unwrap_or_else(|_| {
            let last = match &*self.state.borrow() {
                State::Connecting(Some(failure)) => failure.clone(),
                _ => Failure::Broken("no connection in time".to_owned()),
            };
            Err(last)
        });
        found.map_err(|failure| failure.into_error(&self.settings.to_string()))
    }
}

/// The one who connects.
struct Keeper {
    settings: Arc<RabbitMqSettings>,
    purpose: &'static str,
    state: watch::Sender<State>,
}

impl Keeper {
    async fn run(self) {
        let (mut backoff, mut trust, mut told) = (Backoff::default(), Trust::default(), false);
        while !self.state.is_closed() {
            match Session::open(self.settings.clone(), self.purpose).await {
                Ok(session) => {
                    if told {
                        tracing::info!(broker = %self.settings, purpose = self.purpose, "the broker is there again");
                    }
                    trust.worked();
                    // Its end is told.
                    told = true;
                    let opened = Instant::now();
                    self.keep(Arc::new(session)).await;
                    // A broker that lets everybody in and ends at once must not be overrun either.
                    if opened.elapsed() > LONGEST_WAIT {
                        backoff.reset();
                    }
                }
                Err(failure) => {
                    if !told {
                        let reason = failure.reason();
                        tracing::warn!(broker = %self.settings, reason, "the broker is out of reach; trying on");
                        told = true;
                    }
                    self.state.send_replace(match trust.ends_with(&failure) {
                        true => State::Refused(failure),
                        false => State::Connecting(Some(failure)),
                    });
                }
            }
            tokio::select! {
                () = sleep(backoff.wait()) => {}
                () = self.state.closed() => {}
            }
        }
    }

    /// Until the session is over, or nobody wants it any more.
    async fn keep(&self, session: Arc<Session>) {
        self.state.send_replace(State::Live(session.clone()));
        tokio::select! {
            reason = session.end() => {
                tracing::warn!(broker = %self.settings, purpose = self.purpose, reason, "lost the broker; trying on");
                self.state.send_replace(State::Connecting(Some(Failure::Broken(reason))));
                session.give_up();
            }
            () = self.state.closed() => session.close().await,
        }
    }
}
