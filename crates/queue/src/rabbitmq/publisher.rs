//! Publishes, and knows what has arrived.
//!
//! A message has arrived when the broker confirms it and did not hand it back: one that no queue takes is confirmed, too. What is
//! not confirmed when a session ends is published again in the next; so a message may arrive twice, but never not at all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use antiphon_core::PoolId;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::declare::{declare_all, ensure};
use super::driver::driver;
use super::failure::{ACCESS_REFUSED, Backoff, Failure};
use super::link::Link;
use super::parcel::Parcel;
use super::pieces;
use super::session::Session;
use crate::QueueError;

/// Messages that are published but not confirmed.
const WINDOW: usize = 256;
/// How long a hint waits for a broker that is away.
const HINT_PATIENCE: Duration = Duration::from_secs(5);

/// Cheap to clone; clones publish in one order over one connection.
#[derive(Debug, Clone)]
pub(super) struct Publisher {
    inbox: mpsc::Sender<Letter>,
}

#[derive(Debug)]
struct Letter {
    parcel: Parcel,
    arrived: oneshot::Sender<Result<(), QueueError>>,
    /// Letters that are published again keep their order.
    number: u64,
}

impl Publisher {
    /// Publishes over the link until all clones are dropped.
    pub(super) fn start(link: Link) -> Self {
        let (inbox, letters) = mpsc::channel(WINDOW);
        driver().spawn(Postman { link, letters, numbers: 0 }.run());
        Self { inbox }
    }

    /// Returns when it has arrived. Waits as long as the broker is away, but with a hint only for a moment. If the wait is given
    /// up, the message may arrive all the same.
    pub(super) async fn publish(&self, parcel: Parcel) -> Result<(), QueueError> {
        if !parcel.is_hint {
            return self.arrive(parcel).await;
        }
        timeout(HINT_PATIENCE, self.arrive(parcel)).await.unwrap_or_else(|_| {
            tracing::debug!("a hint was not sent in time");
            Ok(())
        })
    }

    /// Many at a time; returns when all have arrived.
    pub(super) async fn publish_all(&self, parcels: Vec<Parcel>) -> Result<(), QueueError> {
        let mut underway = VecDeque::with_capacity(WINDOW);
        for parcel in parcels {
            if underway.len() == WINDOW
                && let Some(oldest) = underway.pop_front()
            {
                arrived(oldest).await?;
            }
            underway.push_back(self.send(parcel).await);
        }
        for letter in underway {
            arrived(letter).await?;
        }
        Ok(())
    }

    async fn arrive(&self, parcel: Parcel) -> Result<(), QueueError> {
        arrived(self.send(parcel).await).await
    }

    async fn send(&self, parcel: Parcel) -> oneshot::Receiver<Result<(), QueueError>> {
        let (arrived, result) = oneshot::channel();
        self.inbox.send(Letter { parcel, arrived, number: 0 }).await.expect(POSTMAN_LIVES);
        result
    }
}

const POSTMAN_LIVES: &str = "the postman lives as long as his inbox";

async fn arrived(letter: oneshot::Receiver<Result<(), QueueError>>) -> Result<(), QueueError> {
    letter.await.expect(POSTMAN_LIVES)
}

/// What became of a letter.
enum Outcome {
    Settled(Result<(), QueueError>),
    /// Nobody knows whether it arrived.
    Lost,
}

type Flight = BoxFuture<'static, (Letter, Outcome)>;

struct Postman {
    link: Link,
    letters: mpsc::Receiver<Letter>,
    numbers: u64,
}

impl Postman {
    async fn run(mut self) {
        let mut waiting = VecDeque::new();
        let mut backoff = Backoff::default();
        loop {
            if waiting.is_empty() {
                let Some(letter) = self.letters.recv().await else { return };
                waiting.push_back(self.numbered(letter));
            }
            match self.open().await {
                Ok((session, channel)) => {
                    waiting = self.publish(&session, &channel, waiting).await;
                    if waiting.is_empty() {
                        backoff.reset();
                    } else {
                        sleep(backoff.wait()).await;
                    }
                }
                Err(failure @ Failure::Refused { .. }) => {
                    let error = failure.into_error(&self.link.settings().to_string());
                    for letter in waiting.drain(..) {
                        // Nobody waits for it any more.
                        let _ = letter.arrived.send(Err(error.clone()));
                    }
                }
                Err(Failure::Broken(_)) => sleep(backoff.wait()).await,
            }
        }
    }

    fn numbered(&mut self, letter: Letter) -> Letter {
        self.numbers += 1;
        Letter { number: self.numbers, ..letter }
    }

    async fn open(&self) -> Result<(Arc<Session>, Channel), Failure> {
        let session = self.link.session().await?;
        ensure(&session, &pieces::fixed()).await?;
        let channel = session.confirming_channel().await?;
        Ok((session, channel))
    }

    /// Publishes until the channel fails; gives what must be published again.
    async fn publish(
        &mut self,
        session: &Arc<Session>,
        channel: &Channel,
        mut waiting: VecDeque<Letter>,
    ) -> VecDeque<Letter> {
        let (mut flying, mut lost) = (FuturesUnordered::<Flight>::new(), Vec::new());
        loop {
            while flying.len() < WINDOW
                && lost.is_empty()
                && let Some(letter) = waiting.pop_front()
            {
                // A hint that nobody waits for is old.
                if !(letter.parcel.is_hint && letter.arrived.is_closed()) {
                    let flight = sent(fly(session.clone(), channel.clone(), letter)).await;
                    flying.push(flight);
                }
            }
            if flying.is_empty() && !lost.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some((letter, outcome)) = flying.next() => match outcome {
                    Outcome::Settled(result) => drop(letter.arrived.send(result)),
                    Outcome::Lost => lost.push(letter),
                },
                letter = self.letters.recv(), if flying.len() < WINDOW && lost.is_empty() => match letter {
                    Some(letter) => waiting.push_back(self.numbered(letter)),
                    None if flying.is_empty() => break,
                    None => while flying.next().await.is_some() {},
                },
            }
        }
        lost.extend(waiting);
        lost.sort_by_key(|letter| letter.number);
        lost.into()
    }
}

/// Polls it once: then its message stands in line behind those before it.
async fn sent(flight: impl Future<Output = (Letter, Outcome)> + Send + 'static) -> Flight {
    let mut flight: Flight = Box::pin(flight);
    let first = std::future::poll_fn(|context| std::task::Poll::Ready(flight.as_mut().poll(context))).await;
    match first {
        std::task::Poll::Ready(ended) => Box::pin(std::future::ready(ended)),
        std::task::Poll::Pending => flight,
    }
}

async fn fly(session: Arc<Session>, channel: Channel, letter: Letter) -> (Letter, Outcome) {
    let outcome = publish(&session, &channel, &letter.parcel).await;
    (letter, outcome)
}

async fn publish(session: &Session, channel: &Channel, parcel: &Parcel) -> Outcome {
    let (mut repaired, mut backoff) = (false, Backoff::default());
    loop {
        match session.ask(confirmed(channel, parcel)).await {
            Ok(Confirmation::Ack(None)) => return Outcome::Settled(Ok(())),
            Ok(_) if parcel.is_hint => return Outcome::Settled(Ok(())),
            Ok(Confirmation::Ack(Some(_))) if repaired => return Outcome::Settled(Err(unroutable(parcel))),
            Ok(Confirmation::Ack(Some(_))) => {
                repaired = true;
                match declare_all(session, &around(parcel)).await {
                    Ok(()) => {}
                    Err(Failure::Refused { .. }) => return Outcome::Settled(Err(unroutable(parcel))),
                    Err(Failure::Broken(_)) => return Outcome::Lost,
                }
            }
            // A queue that is full, or has no leader at the moment.
            Ok(Confirmation::Nack(_)) => {
                if backoff.is_new() {
                    tracing::warn!(
                        exchange = parcel.exchange.as_str(),
                        key = parcel.key.as_str(),
                        "the broker did not take a message; trying on"
                    );
                }
                sleep(backoff.wait()).await;
            }
            Ok(Confirmation::NotRequested) => return Outcome::Lost,
            // All that is on its way falls with the channel; only one of them is to blame.
            Err(failure)
                if failure.is(ACCESS_REFUSED) && failure.reason().contains(parcel.exchange.as_str()) =>
            {
                return Outcome::Settled(Err(failure.into_error(&session.to_string())));
            }
            Err(_) => return Outcome::Lost,
        }
    }
}

async fn confirmed(channel: &Channel, parcel: &Parcel) -> lapin::Result<Confirmation> {
    let options = BasicPublishOptions { mandatory: !parcel.is_hint, ..BasicPublishOptions::default() };
    let (exchange, key) = (parcel.exchange.clone(), parcel.key.clone());
    channel.basic_publish(exchange, key, options, &parcel.body, parcel.properties()).await?.await
}

/// All that the parcel may need on its way.
fn around(parcel: &Parcel) -> Vec<pieces::Piece> {
    let mut pieces = pieces::fixed();
    if let Ok(pool) = parcel.key.as_str().parse::<PoolId>() {
        pieces.extend(pieces::of_pool(&pool));
    }
    pieces
}

fn unroutable(parcel: &Parcel) -> QueueError {
    QueueError::Unroutable { exchange: parcel.exchange.to_string(), key: parcel.key.to_string() }
}
