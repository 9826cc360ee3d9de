//! The connections of one service.

use std::net::SocketAddr;

use crate::{Relay, Sender};

/// All ways of a service, which stay when its process does not.
#[derive(Debug)]
pub struct Wires {
    /// To the broker; it reads AMQP.
    pub broker: Relay,
    /// To the store.
    pub store: Relay,
    /// To the models.
    pub models: Relay,
}

impl Wires {
    pub(super) async fn new(broker: SocketAddr, store: SocketAddr, models: SocketAddr) -> Self {
        let (broker, store) = (Relay::amqp(broker).await, Relay::start(store).await);
        Self { broker, store, models: Relay::start(models).await }
    }

    /// After the death of the process: what a trap has stopped on its way to the broker never arrives, and the next process is let through.
    pub(super) fn revive(&self) {
        self.broker.cut();
        self.broker.half_open(Sender::Client, false);
    }
}
