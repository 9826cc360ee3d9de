//! Calls to the coordinator that leads.

use antiphon_core::Call;
use bytes::Bytes;

use crate::memory::CallConsumer;
use crate::rabbitmq::{Heard, Subscription};
use crate::{QueueError, wire};

/// Hears calls if it is the one that leads: of all streams that are open, one is given every call, until it is dropped or its
/// connection is lost; then another is. That is no lock: for a moment two may believe that they lead.
#[derive(Debug)]
pub struct CallStream {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Memory(CallConsumer),
    RabbitMq(Subscription),
}

impl CallStream {
    pub(crate) fn memory(consumer: CallConsumer) -> Self {
        Self { source: Source::Memory(consumer) }
    }

    pub(crate) fn rabbitmq(subscription: Subscription) -> Self {
        Self { source: Source::RabbitMq(subscription) }
    }

    /// The next call; waits while there is none, or another stream is given them. May be dropped at any time without losing one.
    pub async fn next(&mut self) -> Result<Call, QueueError> {
        loop {
            let bytes: Bytes = match &mut self.source {
                Source::Memory(consumer) => consumer.next().await,
                Source::RabbitMq(subscription) => match subscription.next().await? {
                    Heard::Call(bytes, receipt) => {
                        receipt.ack_soon();
                        bytes
                    }
                    _ => continue,
                },
            };
            // A call of a newer version: what it is about stands in the store.
            if let Ok(call) = wire::decode(&bytes) {
                return Ok(call);
            }
        }
    }
}
