//! Hints: how roles hear of each other sooner than the store would tell them.

use std::collections::VecDeque;

use antiphon_core::Event;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::rabbitmq::{Heard, Subscription};
use crate::wire;

/// Hints as they come in. Who listens too slowly misses some; so does everybody when a connection breaks.
#[derive(Debug)]
pub struct EventStream {
    source: Source,
    /// What came in the same message as the last one.
    more: VecDeque<Event>,
}

#[derive(Debug)]
enum Source {
    Memory(broadcast::Receiver<Bytes>),
    RabbitMq(Subscription),
}

/// One of those that a message holds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Hint {
    Known(Event),
    Unknown(IgnoredAny),
}

impl EventStream {
    pub(crate) fn memory(receiver: broadcast::Receiver<Bytes>) -> Self {
        Self { source: Source::Memory(receiver), more: VecDeque::new() }
    }

    pub(crate) fn rabbitmq(subscription: Subscription) -> Self {
        Self { source: Source::RabbitMq(subscription), more: VecDeque::new() }
    }

    /// The next hint; waits for ever if none comes. May be dropped at any time without losing a hint.
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.more.pop_front() {
                return event;
            }
            let bytes = match &mut self.source {
                Source::Memory(receiver) => match receiver.recv().await {
                    Ok(bytes) => bytes,
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                Source::RabbitMq(subscription) => match subscription.next().await {
                    Ok(Heard::Hint(bytes)) => bytes,
                    Ok(_) => continue,
                    // Whoever needs more than hints hears of it where it asks for that.
                    Err(_) => std::future::pending().await,
                },
            };
            // What a newer version says and this one does not understand is as good as lost; the rest of the message is not.
            let understood = |hint| match hint {
                Hint::Known(event) => Some(event),
                Hint::Unknown(_) => None,
            };
            let hints: Vec<Hint> = wire::decode(&bytes).unwrap_or_default();
            self.more = hints.into_iter().filter_map(understood).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Newer {
        Known(Event),
        Other { other: u32 },
    }

    #[tokio::test]
    async fn what_is_not_understood_hides_nothing_else() {
        let (tell, heard) = broadcast::channel(4);
        let mut stream = EventStream::memory(heard);
        let known = |pool: &str| Event::PoolWorks { pool: pool.parse().unwrap() };
        let hints = [Newer::Known(known("a")), Newer::Other { other: 1 }, Newer::Known(known("b"))];
        tell.send(wire::encode(&hints)).unwrap();
        assert_eq!((stream.next().await, stream.next().await), (known("a"), known("b")));
    }
}
