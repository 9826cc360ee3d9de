//! Consumes a queue, across all sessions.
//!
//! A task of its own does so, because `next` is given up and asked again all the time: what it does must go on meanwhile. A stream
//! that ends although nobody asked for it (the queue was deleted, its leader moved, the broker gave up on a slow consumer) is opened
//! again like one whose connection broke.

use std::sync::Arc;

use antiphon_core::{Job, PoolId};
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::declare::{declare_ear, ensure};
use super::driver::driver;
use super::failure::{Backoff, Failure, Trust};
use super::link::Link;
use super::pieces;
use super::publisher::Publisher;
use super::receipt::{Order, Receipt};
use super::session::Session;
use super::triage::{Triage, ready_ms, trace, triage};
use crate::QueueError;

/// Dead letters and calls in work at a time.
const PREFETCH: u16 = 64;
/// Hints that wait for a slow listener, in the broker; the oldest go first.
const HINTS_KEPT: u32 = 4_096;

/// What is consumed.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Jobs(PoolId),
    Dead,
    Calls,
    Events,
    Choir(PoolId),
}

/// What a subscription hears.
#[derive(Debug)]
pub(crate) enum Heard {
    Job(Job, Receipt),
    Dead(Job, String, Receipt),
    Call(Bytes, Receipt),
    Hint(Bytes),
    /// It was interrupted: hints may be missing.
    Disconnected,
}

/// Dropping it hands back all that is not settled; that counts as a loss in every version.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Unbounded, because the broker bounds it by `prefetch`, or it is hints of which none may be dropped.
    heard: mpsc::UnboundedReceiver<Result<Heard, QueueError>>,
    over: Option<QueueError>,
}

impl Subscription {
    /// Returns when the broker delivers.
    pub(super) async fn open(
        link: &Link,
        publisher: &Publisher,
        source: Source,
        prefetch: Option<u16>,
    ) -> Result<Self, QueueError> {
        let (tell, heard) = mpsc::unbounded_channel();
        let (ready, is_ready) = oneshot::channel();
        let prefetch = prefetch.unwrap_or(PREFETCH).max(1);
        let (link, publisher) = (link.clone(), publisher.clone());
        let listener = Listener { link, publisher, source, prefetch, tell };
        driver().spawn(listener.run(ready));
        let mut subscription = Self { heard, over: None };
        match is_ready.await {
            Ok(()) => Ok(subscription),
            Err(_) => Err(subscription.next().await.expect_err("a listener that never began says why")),
        }
    }

    /// What comes next. After an error there is nothing but that error.
    pub(crate) async fn next(&mut self) -> Result<Heard, QueueError> {
        loop {
            if let Some(error) = &self.over {
                return Err(error.clone());
            }
            match self.heard.recv().await.expect("a listener says why it ends") {
                // It came by a connection that has ended since; it comes again.
                Ok(Heard::Job(_, receipt) | Heard::Dead(_, _, receipt)) if receipt.is_void() => {}
                Ok(heard) => return Ok(heard),
                Err(error) => self.over = Some(error),
            }
        }
    }
}

/// The task.
struct Listener {
    link: Link,
    publisher: Publisher,
    source: Source,
    prefetch: u16,
    tell: mpsc::UnboundedSender<Result<Heard, QueueError>>,
}

/// Moves a message elsewhere; gives its tag, and whether it arrived there.
type Chore = BoxFuture<'static, (u64, bool)>;

impl Listener {
    async fn run(self, ready: oneshot::Sender<()>) {
        let (mut ready, mut backoff, mut trust) = (Some(ready), Backoff::default(), Trust::default());
        loop {
            let opened = tokio::select! {
                () = self.tell.closed() => return,
                opened = self.open() => opened,
            };
            match opened {
                Ok((session, channel, consumer)) => {
                    backoff.reset();
                    trust.worked();
                    match ready.take() {
                        // Whoever waited may have gone; then the loop ends below.
                        Some(ready) => drop(ready.send(())),
                        None => self.hear(Heard::Disconnected),
                    }
                    self.serve(&session, &channel, consumer).await;
                    if session.is_live() {
                        // The queue was deleted, perhaps.
                        sleep(pieces::GONE).await;
                    }
                }
                Err(failure) if trust.ends_with(&failure) => {
                    let error = failure.into_error(&self.link.settings().to_string());
                    // Nobody listens any more.
                    let _ = self.tell.send(Err(error));
                    return;
                }
                Err(failure) => {
                    let (source, reason) = (&self.source, failure.reason());
                    tracing::debug!(?source, reason, "cannot consume; trying on");
                }
            }
            tokio::select! {
                () = self.tell.closed() => return,
                () = sleep(backoff.wait()) => {}
            }
        }
    }

    fn hear(&self, heard: Heard) {
        // Nobody listens any more.
        let _ = self.tell.send(Ok(heard));
    }

    async fn open(&self) -> Result<(Arc<Session>, Channel, Consumer), Failure> {
        let session = self.link.session().await?;
        let mut needed = pieces::fixed();
        if let Source::Jobs(pool) = &self.source {
            needed.extend(pieces::of_pool(pool));
        }
        ensure(&session, &needed).await?;
        let channel = session.channel().await?;
        let ear =
            async |exchange, key, longest| declare_ear(&session, &channel, exchange, key, longest).await;
        let (queue, no_ack) = match &self.source {
            Source::Jobs(pool) => (pieces::jobs_of(pool), false),
            Source::Dead => (pieces::DEAD.to_owned(), false),
            Source::Calls => (pieces::CALLS.to_owned(), false),
            Source::Events => (ear(pieces::EVENTS, "", Some(HINTS_KEPT)).await?, true),
            // Without a bound: whoever misses a voice would spend its share.
            Source::Choir(pool) => (ear(pieces::CHOIR, pool.as_str(), None).await?, true),
        };
        // Of each consumer, not of the channel: quorum queues refuse the latter.
        session.ask(channel.basic_qos(self.prefetch, BasicQosOptions { global: false })).await?;
        let options = BasicConsumeOptions { no_ack, ..BasicConsumeOptions::default() };
        let consuming =
            channel.basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default());
        let consumer = session.ask(consuming).await?;
        Ok((session, channel, consumer))
    }

    /// Until the stream ends, or nobody listens any more. Then all receipts are void.
    async fn serve(&self, session: &Session, channel: &Channel, mut consumer: Consumer) {
        let (orders, mut ordered) = mpsc::unbounded_channel();
        let mut chores = FuturesUnordered::<Chore>::new();
        loop {
            tokio::select! {
                biased;
                () = self.tell.closed() => break,
                Some(order) = ordered.recv() => follow(session, channel, order).await,
                Some((tag, moved)) = chores.next() => {
                    let settled = if moved { Order::Ack(tag, oneshot::channel().0) } else { Order::Requeue(tag) };
                    follow(session, channel, settled).await;
                }
                delivery = consumer.next() => match delivery {
                    Some(Ok(delivery)) => chores.extend(self.take(delivery, &orders)),
                    Some(Err(_)) | None => break,
                },
            }
        }
        ordered.close();
        // What is not settled goes back to the queue with the channel.
        let _ = session.ask(channel.close(200, "done".into())).await;
    }

    fn take(&self, mut delivery: Delivery, orders: &mpsc::UnboundedSender<Order>) -> Option<Chore> {
        let body = Bytes::from(std::mem::take(&mut delivery.data));
        let tag = delivery.delivery_tag;
        let triaged = triage(&self.source, &delivery, &body);
        let told = (ready_ms(&delivery), trace(&delivery));
        let receipt = |body| Receipt::new(tag, orders.clone(), self.publisher.clone(), body, told.clone());
        match triaged {
            Triage::Move(parcel) => return Some(move_elsewhere(self.publisher.clone(), tag, parcel)),
            Triage::Job(job) => self.hear(Heard::Job(job, receipt(body))),
            Triage::Dead(job, reason) => self.hear(Heard::Dead(job, reason, receipt(body))),
            Triage::Other if matches!(self.source, Source::Calls) => {
                self.hear(Heard::Call(body.clone(), receipt(body)));
            }
            Triage::Other => self.hear(Heard::Hint(body)),
        }
        None
    }
}

async fn follow(session: &Session, channel: &Channel, order: Order) {
    match order {
        Order::Ack(tag, done) => {
            let went_out = session.ask(channel.basic_ack(tag, BasicAckOptions::default())).await;
            // Not everybody waits for it.
            let _ = done.send(went_out.is_ok());
        }
        Order::Requeue(tag) => {
            // If it fails, the channel is dead, and the message comes back without.
            let _ = session.ask(channel.basic_reject(tag, BasicRejectOptions { requeue: true })).await;
        }
    }
}

fn move_elsewhere(publisher: Publisher, tag: u64, parcel: super::parcel::Parcel) -> Chore {
    Box::pin(async move {
        let moved = publisher.publish(parcel).await;
        if let Err(error) = &moved {
            tracing::error!(%error, "cannot move a message to where it belongs; it stays for now");
            sleep(std::time::Duration::from_secs(10)).await;
        }
        (tag, moved.is_ok())
    })
}
