//! What the workers of a pool tell each other.

use antiphon_core::ChoirMessage;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::rabbitmq::{Heard, Subscription};
use crate::{QueueError, wire};

/// What a listener hears.
#[derive(Debug, Clone, PartialEq)]
pub enum ChoirHeard {
    /// A message, its own included. Those of one listener come in the order in which the queue took them, and none is left out.
    Message(ChoirMessage),
    /// The connection was lost and is there again: any number of messages may be missing.
    Disconnected,
}

/// Hears all messages of a pool from the moment on at which it was opened.
#[derive(Debug)]
pub struct ChoirStream {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Memory(mpsc::UnboundedReceiver<Bytes>),
    RabbitMq(Subscription),
}

impl ChoirStream {
    pub(crate) fn memory(receiver: mpsc::UnboundedReceiver<Bytes>) -> Self {
        Self { source: Source::Memory(receiver) }
    }

    pub(crate) fn rabbitmq(subscription: Subscription) -> Self {
        Self { source: Source::RabbitMq(subscription) }
    }

    /// What comes next; waits while there is nothing. May be dropped at any time without losing a message.
    pub async fn next(&mut self) -> Result<ChoirHeard, QueueError> {
        let bytes = match &mut self.source {
            Source::Memory(receiver) => match receiver.recv().await {
                Some(bytes) => bytes,
                None => std::future::pending().await,
            },
            Source::RabbitMq(subscription) => match subscription.next().await? {
                Heard::Hint(bytes) => bytes,
                _ => return Ok(ChoirHeard::Disconnected),
            },
        };
        // A voice that this version does not understand may be one that spends: who cannot count must not sing.
        let malformed = |reason| QueueError::Malformed { queue: "the choir".to_owned(), reason };
        wire::decode(&bytes).map(ChoirHeard::Message).map_err(malformed)
    }
}
