//! Publishes, and knows what has arrived.
//!
//! A message has arrived when the broker confirms it and did not hand it back: one that no queue takes is confirmed, too. What is
//! not confirmed when a session ends is published again in the next; so a message may arrive twice, but never not at all. With hints
//! it is the other way round.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use antiphon_core::PoolId;
use futures::FutureExt;
use futures::future::BoxFuture;
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::declare::{declare_all, ensure};
use super::driver::driver;
use super::failure::{ACCESS_REFUSED, Backoff, Failure};
use super::link::Link;
use super::parcel::Parcel;
use super::pieces::{self, GONE, Piece};
use super::session::Session;
use crate::QueueError;

/// Messages that are published but not confirmed.
const WINDOW: usize = 256;
/// How long a hint waits for a broker that is away.
const HINT_PATIENCE: Duration = Duration::from_secs(5);

/// Cheap to clone; clones publish over one connection, hints and calls in one order, everything else in another.
#[derive(Debug, Clone)]
pub(super) struct Publisher {
    work: mpsc::Sender<Letter>,
    talk: mpsc::Sender<Letter>,
}

#[derive(Debug)]
struct Letter {
    parcel: Parcel,
    arrived: oneshot::Sender<Result<(), QueueError>>,
    /// Different for all letters of one postman.
    number: u64,
    /// Whether the broker had no queue for it, so that all it needs was declared.
    is_repaired: bool,
}

impl Publisher {
    /// Publishes over the link until all clones are dropped.
    pub(super) fn start(link: Link) -> Self {
        Self {
            work: Postman::start(link.clone(), pieces::fixed()),
            talk: Postman::start(link, pieces::talk()),
        }
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
        let inbox = if parcel.is_talk() { &self.talk } else { &self.work };
        inbox.send(Letter { parcel, arrived, number: 0, is_repaired: false }).await.expect(POSTMAN_LIVES);
        result
    }
}

const POSTMAN_LIVES: &str = "the postman lives as long as his inbox";

async fn arrived(letter: oneshot::Receiver<Result<(), QueueError>>) -> Result<(), QueueError> {
    letter.await.expect(POSTMAN_LIVES)
}

/// What the broker said of a letter.
enum Said {
    Confirmed,
    /// It did not take it for now: a queue that is full, or has no leader.
    Declined,
    Forbidden(QueueError),
    /// Nobody knows whether it arrived.
    Nothing,
}

/// Publishes in batches, each confirmed as a whole before the next. The library hangs a message that the broker returns on whatever
/// confirmation comes next, not on that of the message: only when all of a batch are confirmed it is known which were not returned.
struct Postman {
    link: Link,
    /// What the broker must have before the first letter.
    needed: Vec<Piece>,
    letters: mpsc::Receiver<Letter>,
    /// To be published, in their order.
    waiting: VecDeque<Letter>,
    numbers: u64,
}

impl Postman {
    fn start(link: Link, needed: Vec<Piece>) -> mpsc::Sender<Letter> {
        let (inbox, letters) = mpsc::channel(WINDOW);
        driver().spawn(Self { link, needed, letters, waiting: VecDeque::new(), numbers: 0 }.run());
        inbox
    }

    async fn run(mut self) {
        let mut backoff = Backoff::default();
        while !self.waiting.is_empty() || self.receive().await {
            match self.open().await {
                Ok((session, channel)) => self.publish_on(&session, &channel, &mut backoff).await,
                Err(failure @ Failure::Refused { .. }) => {
                    let error = failure.into_error(&self.link.settings().to_string());
                    for letter in self.waiting.drain(..) {
                        letter.settle(Err(error.clone()));
                    }
                }
                Err(Failure::Broken(_)) => sleep(backoff.wait()).await,
            }
        }
    }

    /// Waits for letters; `false` if none will ever come.
    async fn receive(&mut self) -> bool {
        let mut letters = Vec::with_capacity(WINDOW);
        let count = self.letters.recv_many(&mut letters, WINDOW).await;
        for letter in letters {
            self.numbers += 1;
            self.waiting.push_back(Letter { number: self.numbers, ..letter });
        }
        count > 0
    }

    async fn open(&self) -> Result<(Arc<Session>, Channel), Failure> {
        let session = self.link.session().await?;
        ensure(&session, &self.needed).await?;
        let channel = session.confirming_channel().await?;
        Ok((session, channel))
    }

    /// Until the channel fails, or nobody publishes any more.
    async fn publish_on(&mut self, session: &Session, channel: &Channel, backoff: &mut Backoff) {
        let mut known = BTreeSet::new();
        while !self.waiting.is_empty() || self.receive().await {
            // It may have ended while there was nothing to publish.
            if !channel.status().connected() {
                return;
            }
            // A hint that nobody waits for is old.
            self.waiting.retain(|letter| !(letter.parcel.is_hint && letter.arrived.is_closed()));
            let batch: Vec<Letter> = self.waiting.drain(..self.waiting.len().min(WINDOW)).collect();
            look_for_queues(session, &batch, &mut known).await;
            let (said, returned) = publish(session, channel, &batch).await;
            if self.settle(session, batch, said, &returned).await {
                if backoff.is_new() && channel.status().connected() {
                    tracing::warn!(broker = %session, "the broker does not take all messages; trying on");
                }
                // Those that come meanwhile need not wait for a queue that is full.
                tokio::select! {
                    () = sleep(backoff.wait()) => {}
                    _ = self.receive(), if self.letters.sender_strong_count() > 0 => {}
                }
            } else {
                backoff.reset();
            }
        }
    }

    /// Settles what is certain and keeps the rest; gives whether the broker had trouble with any of it.
    async fn settle(
        &mut self,
        session: &Session,
        batch: Vec<Letter>,
        said: Vec<Said>,
        returned: &BTreeSet<String>,
    ) -> bool {
        let (mut again, mut trouble, mut repaired) = (Vec::new(), false, BTreeMap::new());
        for (mut letter, said) in batch.into_iter().zip(said) {
            let was_returned = returned.contains(&letter.number.to_string());
            match said {
                Said::Forbidden(error) => letter.settle(Err(error)),
                // A hint that may have arrived must not arrive a second time after those that follow it.
                _ if letter.parcel.is_hint => letter.settle(Ok(())),
                Said::Confirmed if !was_returned => letter.settle(Ok(())),
                Said::Confirmed if letter.is_repaired => letter.refuse(),
                Said::Confirmed => {
                    let key = letter.parcel.key.clone();
                    if let Entry::Vacant(unknown) = repaired.entry(key) {
                        sleep(GONE).await;
                        unknown.insert(declare_all(session, &around(&letter.parcel)).await);
                    }
                    match &repaired[&letter.parcel.key] {
                        Err(Failure::Refused { .. }) => letter.refuse(),
                        declared => {
                            letter.is_repaired = declared.is_ok();
                            again.push(letter);
                        }
                    }
                }
                Said::Declined | Said::Nothing => {
                    trouble = true;
                    again.push(letter);
                }
            }
        }
        // Behind the others, which may be for queues that take them.
        self.waiting.extend(again);
        trouble
    }
}

impl Letter {
    fn settle(self, result: Result<(), QueueError>) {
        // Nobody may wait for it any more.
        let _ = self.arrived.send(result);
    }

    /// No queue takes it.
    fn refuse(self) {
        let (exchange, key) = (self.parcel.exchange.to_string(), self.parcel.key.to_string());
        self.settle(Err(QueueError::Unroutable { exchange, key }));
    }
}

/// Makes sure that pools have queues before the first job of each. Where that fails, the broker returns the job.
async fn look_for_queues(session: &Session, batch: &[Letter], known: &mut BTreeSet<String>) {
    for Parcel { exchange, key, .. } in batch.iter().map(|letter| &letter.parcel) {
        if exchange.as_str() == pieces::JOBS
            && !known.contains(key.as_str())
            && let Ok(pool) = key.as_str().parse()
            && ensure(session, &pieces::of_pool(&pool)).await.is_ok()
        {
            known.insert(key.to_string());
        }
    }
}

/// What the broker said of each, and the ids of those that it returned. If the channel ends in between, not all that it returned is
/// known.
async fn publish(session: &Session, channel: &Channel, batch: &[Letter]) -> (Vec<Said>, BTreeSet<String>) {
    let mut flights = Vec::with_capacity(batch.len());
    for letter in batch {
        flights.push(sent(session.confirmation(confirmed(channel, letter))).await);
    }
    let (mut said, mut returned) = (Vec::with_capacity(batch.len()), BTreeSet::new());
    let mut is_late = false;
    for (letter, flight) in batch.iter().zip(flights) {
        // Whoever came after one that is late has waited as long.
        let confirmed = match is_late {
            true => flight.now_or_never().unwrap_or_else(|| Err(Failure::Broken(String::new()))),
            false => flight.await,
        };
        is_late |= matches!(confirmed, Err(Failure::Broken(_)));
        said.push(match confirmed {
            Ok(confirmation) => {
                let was_taken = confirmation.is_ack();
                let message = confirmation.take_message();
                let id = message.and_then(|message| message.delivery.properties.message_id().clone());
                returned.extend(id.map(|id| id.to_string()));
                if was_taken { Said::Confirmed } else { Said::Declined }
            }
            // All that is on its way falls with the channel; only one of them is to blame.
            Err(failure)
                if failure.is(ACCESS_REFUSED)
                    && failure.reason().contains(letter.parcel.exchange.as_str()) =>
            {
                Said::Forbidden(failure.into_error(&session.to_string()))
            }
            Err(_) => Said::Nothing,
        });
    }
    if is_late && channel.status().connected() {
        // What comes late must not be taken for what is published next.
        let _ = session.ask(channel.close(200, "late".into())).await;
    }
    if !returned.is_empty() && said.iter().any(|said| matches!(said, Said::Nothing | Said::Forbidden(_))) {
        said.iter_mut().filter(|said| matches!(said, Said::Confirmed)).for_each(|said| *said = Said::Nothing);
    }
    (said, returned)
}

type Flight<'a> = BoxFuture<'a, Result<Confirmation, Failure>>;

/// Polls it once: then its message stands in line behind those before it.
async fn sent<'a>(flight: impl Future<Output = Result<Confirmation, Failure>> + Send + 'a) -> Flight<'a> {
    let mut flight: Flight<'a> = Box::pin(flight);
    let first = std::future::poll_fn(|context| Poll::Ready(flight.as_mut().poll(context))).await;
    match first {
        Poll::Ready(ended) => Box::pin(std::future::ready(ended)),
        Poll::Pending => flight,
    }
}

async fn confirmed(channel: &Channel, letter: &Letter) -> lapin::Result<Confirmation> {
    let Letter { parcel, number, .. } = letter;
    let options = BasicPublishOptions { mandatory: !parcel.is_hint, ..BasicPublishOptions::default() };
    let properties = parcel.properties(&number.to_string());
    let (exchange, key) = (parcel.exchange.clone(), parcel.key.clone());
    channel.basic_publish(exchange, key, options, &parcel.body, properties).await?.await
}

/// All that the parcel may need on its way.
fn around(parcel: &Parcel) -> Vec<Piece> {
    let mut pieces = pieces::fixed();
    if let Ok(pool) = parcel.key.as_str().parse::<PoolId>() {
        pieces.extend(pieces::of_pool(&pool));
    }
    pieces
}
