//! A message on its way to the broker.

use std::time::Duration;

use antiphon_core::{OBJECT_FORMAT, PoolId};
use bytes::Bytes;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use super::clock;
use super::declare::milliseconds;
use super::pieces::{CALLS, CHOIR, DEAD, DELAYS, EVENTS, JOBS, UNREADABLE};

/// Written to disk before it is confirmed, where the queue is durable.
const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;

/// The format that the message was written in; for whoever looks at it in the broker.
const FORMAT: &str = "antiphon-format";
/// From when a job may be delivered, in milliseconds since 1970: how long it waits in queues is told by it.
pub(super) const READY: &str = "antiphon-ready-ms";
/// The trace that a job belongs to, as W3C Trace Context writes it.
pub(super) const TRACE: &str = "traceparent";
/// Milliseconds that a job is to wait after the delay of its queue.
pub(super) const REST: &str = "antiphon-rest-ms";
/// How often somebody could not read the message.
pub(super) const UNREAD: &str = "antiphon-unread";
/// Why a message lies where it lies.
const REASON: &str = "antiphon-reason";

/// What is to be published, and where.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) exchange: ShortString,
    pub(super) key: ShortString,
    pub(super) body: Bytes,
    headers: Vec<(&'static str, AMQPValue)>,
    /// Whether it is for whoever listens, perhaps nobody. Such a message is not kept if the broker is away.
    pub(super) is_hint: bool,
}

impl Parcel {
    fn new(exchange: &str, key: &str, body: Bytes) -> Self {
        Self { exchange: exchange.into(), key: key.into(), body, headers: Vec::new(), is_hint: false }
    }

    fn with(mut self, header: &'static str, value: AMQPValue) -> Self {
        self.headers.push((header, value));
        self
    }

    pub(super) fn job(pool: &PoolId, body: Bytes) -> Self {
        Self::new(JOBS, pool.as_str(), body).ready_in(Duration::ZERO)
    }

    /// A job that is to come back to its pool after a while: it waits in the shortest queue that is long enough. Beyond the
    /// longest it takes several turns, the rest being in a header.
    pub(super) fn retry(pool: &str, body: Bytes, delay: Duration) -> Self {
        if delay.is_zero() {
            return Self::new(JOBS, pool, body).ready_in(delay);
        }
        let fitting = DELAYS.iter().find(|(_, longest)| delay <= *longest);
        let (queue, waited) = fitting.unwrap_or(&DELAYS[DELAYS.len() - 1]);
        let parcel = Self::new(queue, pool, body).ready_in(delay);
        match delay.saturating_sub(*waited) {
            Duration::ZERO => parcel,
            rest => parcel.with(REST, AMQPValue::LongLongInt(milliseconds(rest))),
        }
    }

    /// With the trace that it belongs to, if anybody traces.
    pub(super) fn of_trace(self, trace: Option<String>) -> Self {
        match trace {
            Some(trace) => self.with(TRACE, AMQPValue::LongString(trace.into())),
            None => self,
        }
    }

    fn ready_in(self, delay: Duration) -> Self {
        let ready = clock::now_ms().saturating_add(milliseconds(delay));
        self.with(READY, AMQPValue::LongLongInt(ready))
    }

    pub(super) fn unread(self, times: i64) -> Self {
        self.with(UNREAD, AMQPValue::LongLongInt(times))
    }

    pub(super) fn dead(pool: &str, body: Bytes) -> Self {
        Self::new(DEAD, pool, body)
    }

    pub(super) fn unreadable(key: &str, body: Bytes, reason: &str) -> Self {
        Self::new(UNREADABLE, key, body).with(REASON, AMQPValue::LongString(reason.into()))
    }

    pub(super) fn call(body: Bytes) -> Self {
        Self::new(CALLS, "", body)
    }

    pub(super) fn events(body: Bytes) -> Self {
        Self { is_hint: true, ..Self::new(EVENTS, "", body) }
    }

    pub(super) fn choir(pool: &PoolId, body: Bytes) -> Self {
        Self { is_hint: true, ..Self::new(CHOIR, pool.as_str(), body) }
    }

    /// Whether somebody waits for it now: a hint, or a call.
    pub(super) fn is_talk(&self) -> bool {
        self.is_hint || self.exchange.as_str() == CALLS
    }

    /// With an id, by which it is known when the broker returns it.
    pub(super) fn properties(&self, id: &str) -> BasicProperties {
        let mut headers = FieldTable::default();
        headers.insert(FORMAT.into(), AMQPValue::LongUInt(OBJECT_FORMAT));
        for (name, value) in &self.headers {
            headers.insert((*name).into(), value.clone());
        }
        BasicProperties::default()
            .with_message_id(id.into())
            .with_content_type("application/msgpack".into())
            .with_delivery_mode(if self.is_hint { TRANSIENT } else { PERSISTENT })
            .with_headers(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(seconds: u64) -> (String, Option<i64>) {
        let parcel = Parcel::retry("p", Bytes::new(), Duration::from_secs(seconds));
        let rest = parcel.headers.iter().find(|(name, _)| *name == REST);
        (parcel.exchange.to_string(), rest.and_then(|(_, value)| value.as_long_long_int()))
    }

    #[test]
    fn a_retry_waits_in_the_shortest_queue_that_is_long_enough() {
        for (seconds, queue) in [(0, JOBS), (1, "antiphon.retry.1s"), (2, "antiphon.retry.5s")] {
            assert_eq!(waits(seconds), (queue.to_owned(), None));
        }
        assert_eq!(waits(3600), ("antiphon.retry.1h".to_owned(), None));
        assert_eq!(waits(3601), ("antiphon.retry.1h".to_owned(), Some(1_000)));
    }
}
