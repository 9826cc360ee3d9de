//! A fanout exchange with one queue per connection, as slow and uneven as a broker may be.
//!
//! A message is routed some time after it was published, and reaches every queue that exists then. The broker lags as a whole by
//! any time; between two queues it differs by at most `skew`. Messages of one connection keep their order in every queue,
//! those of different connections need not.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

/// A connection, and the queue that it listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Connection(pub(super) u32);

#[derive(Debug, Clone)]
pub(super) struct Delays {
    /// The longest from publishing to routing.
    pub(super) publish: Duration,
    /// The longest that the broker lags as a whole.
    pub(super) lag: Duration,
    /// How differently it delays two queues.
    pub(super) skew: Duration,
    /// Of what part of the other connections a queue drops everything. A broker must not.
    pub(super) dropped: f64,
}

pub(super) struct Broker {
    pub(super) delays: Delays,
    queues: BTreeMap<Connection, Queue>,
    routed: BTreeMap<Connection, Instant>,
    /// No queue gets anything before this any more.
    front: Instant,
    last: u32,
}

/// By publisher: when its newest message reaches the queue, and what part of `skew` its messages are late at present; nothing where
/// they are dropped.
type Queue = BTreeMap<Connection, Option<(Instant, f64)>>;

impl Broker {
    pub(super) fn new(delays: Delays, now: Instant) -> Self {
        Self { delays, queues: BTreeMap::new(), routed: BTreeMap::new(), front: now, last: 0 }
    }

    pub(super) fn connect(&mut self) -> Connection {
        self.last += 1;
        let connection = Connection(self.last);
        self.queues.insert(connection, Queue::new());
        connection
    }

    /// The queue and everything in it are gone. What was published may still be routed.
    pub(super) fn cut(&mut self, connection: Connection) {
        self.queues.remove(&connection);
    }

    /// When a message that is published now will be routed.
    pub(super) fn publish(&mut self, from: Connection, rng: &mut ChaCha8Rng, now: Instant) -> Instant {
        let at = now + upto(self.delays.publish, rng);
        let routed = self.routed.entry(from).or_insert(at);
        *routed = at.max(*routed);
        *routed
    }

    /// Which queues a message reaches, and when.
    pub(super) fn route(
        &mut self,
        from: Connection,
        rng: &mut ChaCha8Rng,
        now: Instant,
    ) -> Vec<(Connection, Instant)> {
        self.front = self.front.max(now + upto(self.delays.lag, rng));
        let mut reached = Vec::new();
        for (connection, queue) in &mut self.queues {
            let kept = from == *connection || !rng.random_bool(self.delays.dropped);
            let Some((newest, lateness)) = queue.entry(from).or_insert(kept.then_some((now, 0.5))) else {
                continue;
            };
            // Early or late for a while: a skew that is drawn anew each time would hardly ever add up.
            if rng.random_bool(0.1) {
                *lateness = [0.0, 1.0, rng.random_range(0.0..1.0)][rng.random_range(0..3)];
            }
            *newest = (*newest).max(self.front + self.delays.skew.mul_f64(*lateness));
            reached.push((*connection, *newest));
        }
        reached
    }
}

/// Often next to nothing, sometimes all of it.
pub(super) fn upto(most: Duration, rng: &mut ChaCha8Rng) -> Duration {
    most.mul_f64(rng.random_range(0.0..1.0_f64).powi(4))
}
