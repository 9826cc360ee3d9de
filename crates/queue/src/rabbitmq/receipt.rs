//! The right to settle a message, once, while the subscription it came by lasts.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::clock;
use super::parcel::Parcel;
use super::publisher::Publisher;
use crate::QueueError;

/// What a subscription is asked to tell the broker.
#[derive(Debug)]
pub(super) enum Order {
    Ack(u64, oneshot::Sender<bool>),
    /// Counts as a loss: `basic.reject` does in all versions, `basic.nack` no longer since 4.3.
    Requeue(u64),
}

/// Dropping it unused brings the message back, which counts as a loss.
#[derive(Debug)]
pub(crate) struct Receipt {
    /// `None` once it is used.
    tag: Option<u64>,
    orders: mpsc::UnboundedSender<Order>,
    publisher: Publisher,
    /// As it came, for a copy that loses nothing of it.
    body: Bytes,
    /// From when it could be delivered, in milliseconds since 1970, if its sender said so.
    ready_ms: Option<i64>,
    /// The trace that it belongs to.
    trace: Option<String>,
}

impl Receipt {
    pub(super) fn new(
        tag: u64,
        orders: mpsc::UnboundedSender<Order>,
        publisher: Publisher,
        body: Bytes,
        (ready_ms, trace): (Option<i64>, Option<String>),
    ) -> Self {
        Self { tag: Some(tag), orders, publisher, body, ready_ms, trace }
    }

    /// The trace that it belongs to.
    pub(crate) fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    /// How long it could have been delivered by now, as far as the clocks of two machines tell.
    pub(crate) fn waited(&self) -> Option<Duration> {
        let waited = clock::now_ms().saturating_sub(self.ready_ms?);
        Some(Duration::from_millis(u64::try_from(waited).unwrap_or_default()))
    }

    /// Whether the broker has given the message back to its queue, or will do so at once.
    pub(super) fn is_void(&self) -> bool {
        self.orders.is_closed()
    }

    /// Whether the message was still ours. The ack may still be lost on its way: then the message comes again.
    pub(crate) async fn ack(mut self) -> bool {
        let Some(tag) = self.tag.take() else { return false };
        let (done, result) = oneshot::channel();
        self.orders.send(Order::Ack(tag, done)).is_ok() && result.await.unwrap_or(false)
    }

    /// Acks without waiting for what comes of it.
    pub(crate) fn ack_soon(mut self) {
        if let Some(tag) = self.tag.take() {
            // If it fails, the message comes again.
            let _ = self.orders.send(Order::Ack(tag, oneshot::channel().0));
        }
    }

    /// Publishes a copy that comes later, then acks this one. A crash in between leaves two of them, never none.
    pub(crate) async fn retry(self, pool: &str, delay: Duration) -> Result<bool, QueueError> {
        let copy = Parcel::retry(pool, self.body.clone(), delay).of_trace(self.trace.clone());
        self.replace_by(copy).await
    }

    /// The same with the body of a dead letter.
    pub(crate) async fn bury(self, pool: &str, letter: Bytes) -> Result<bool, QueueError> {
        self.replace_by(Parcel::dead(pool, letter)).await
    }

    async fn replace_by(self, parcel: Parcel) -> Result<bool, QueueError> {
        if self.is_void() {
            return Ok(false);
        }
        self.publisher.clone().publish(parcel).await?;
        Ok(self.ack().await)
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(tag) = self.tag.take() {
            // If it fails, the message is on its way back already.
            let _ = self.orders.send(Order::Requeue(tag));
        }
    }
}
