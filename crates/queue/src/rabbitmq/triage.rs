//! What a message is, and what is to be done with those that are not for a role.

use std::time::Duration;

use antiphon_core::Job;
use bytes::Bytes;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};

use super::parcel::{Parcel, READY, REST, TRACE, UNREAD};
use super::pieces::{self, DELAYS};
use super::subscription::Source;
use crate::{DELIVERY_LIMIT, DELIVERY_LIMIT_REASON, wire};

/// After so many looks a message that nobody could read is laid aside. The last 26 looks are two minutes apart: an upgrade of all
/// roles, one after the other, has time to end.
const LOOKS: i64 = 30;
const LONGEST_LOOK: usize = 3;

/// A message, looked at.
pub(super) enum Triage {
    Job(Job),
    Dead(Job, String),
    Other,
    /// It goes elsewhere, and nobody hears of it.
    Move(Parcel),
}

pub(super) fn triage(source: &Source, delivery: &Delivery, body: &Bytes) -> Triage {
    let none = FieldTable::default();
    let headers = delivery.properties.headers().as_ref().unwrap_or(&none);
    match source {
        Source::Jobs(pool) => job(pool.as_str(), headers, body),
        Source::Dead => dead(delivery.routing_key.as_str(), headers, body),
        Source::Calls | Source::Events | Source::Choir(_) => Triage::Other,
    }
}

fn job(pool: &str, headers: &FieldTable, body: &Bytes) -> Triage {
    let rest = number(headers, REST).and_then(|rest| u64::try_from(rest).ok()).unwrap_or(0);
    if rest > 0 {
        let parcel = Parcel::retry(pool, body.clone(), Duration::from_millis(rest));
        return Triage::Move(parcel.of_trace(headers.inner().get(TRACE).map(words)));
    }
    let job = match wire::decode_job(body) {
        Ok(job) => job,
        Err(reason) => return Triage::Move(unread(pool, headers, body, &reason)),
    };
    // The policy that lets the broker do the same may be missing.
    if losses(headers) >= i64::from(DELIVERY_LIMIT) {
        let letter = wire::Dead { job, reason: DELIVERY_LIMIT_REASON.to_owned() };
        return Triage::Move(Parcel::dead(pool, wire::encode(&letter)));
    }
    Triage::Job(job)
}

/// The trace that it belongs to.
pub(super) fn trace(delivery: &Delivery) -> Option<String> {
    Some(words(delivery.properties.headers().as_ref()?.inner().get(TRACE)?))
}

/// From when it could be delivered, in milliseconds since 1970, if its sender said so.
pub(super) fn ready_ms(delivery: &Delivery) -> Option<i64> {
    number(delivery.properties.headers().as_ref()?, READY)
}

/// Somebody newer may be able to read it.
fn unread(pool: &str, headers: &FieldTable, body: &Bytes, reason: &str) -> Parcel {
    let looks = number(headers, UNREAD).unwrap_or(0) + 1;
    if looks > LOOKS {
        let lies = pieces::UNREADABLE;
        tracing::error!(pool, reason, lies, "nobody could read a job; it is laid aside");
        return Parcel::unreadable(pool, body.clone(), reason);
    }
    tracing::warn!(pool, reason, looks, "cannot read a job; do all roles run the same version?");
    let wait = usize::try_from(looks - 1).unwrap_or(0).min(LONGEST_LOOK);
    Parcel::retry(pool, body.clone(), DELAYS[wait].1).unread(looks)
}

fn dead(key: &str, headers: &FieldTable, body: &Bytes) -> Triage {
    // A copy has not been lost yet. RabbitMQ 4 drops what was lost 20 times, and somebody must hear of a dead job.
    if losses(headers) >= i64::from(DELIVERY_LIMIT) {
        return Triage::Move(Parcel::dead(key, body.clone()));
    }
    if let Ok(wire::Dead { job, reason }) = wire::decode(body) {
        return Triage::Dead(job, reason);
    }
    // What the broker lays here by policy is the job alone.
    match wire::decode_job(body) {
        Ok(job) => Triage::Dead(job, reason_of_death(headers)),
        Err(reason) => {
            tracing::error!(
                key,
                reason,
                lies = pieces::UNREADABLE,
                "cannot read a dead letter; it is laid aside"
            );
            Triage::Move(Parcel::unreadable(key, body.clone(), &reason))
        }
    }
}

/// How often it was delivered and came back. Absent at first.
fn losses(headers: &FieldTable) -> i64 {
    number(headers, "x-delivery-count").unwrap_or(0)
}

fn reason_of_death(headers: &FieldTable) -> String {
    let deaths = headers.inner().get("x-death").and_then(AMQPValue::as_array);
    let deaths = deaths.map(|deaths| deaths.as_slice()).unwrap_or_default();
    let text = |death: &AMQPValue, key| death.as_field_table()?.inner().get(key).map(words);
    let of_jobs =
        |death: &&AMQPValue| text(death, "queue").is_some_and(|queue| queue.starts_with(pieces::JOBS));
    match deaths.iter().find(of_jobs).and_then(|death| text(death, "reason")).as_deref() {
        Some("delivery_limit") => DELIVERY_LIMIT_REASON.to_owned(),
        Some("maxlen") => "the queue of its pool was full".to_owned(),
        Some(other) => format!("the broker gave it up: {other}"),
        None => "the broker gave it up and did not say why".to_owned(),
    }
}

/// The text of a value, or what it looks like.
pub(super) fn words(value: &AMQPValue) -> String {
    match value {
        AMQPValue::LongString(text) => text.to_string(),
        AMQPValue::ShortString(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

fn number(headers: &FieldTable, key: &str) -> Option<i64> {
    match headers.inner().get(key)? {
        AMQPValue::ShortShortInt(number) => Some((*number).into()),
        AMQPValue::ShortShortUInt(number) => Some((*number).into()),
        AMQPValue::ShortInt(number) => Some((*number).into()),
        AMQPValue::ShortUInt(number) => Some((*number).into()),
        AMQPValue::LongInt(number) => Some((*number).into()),
        AMQPValue::LongUInt(number) => Some((*number).into()),
        AMQPValue::LongLongInt(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lapin::BasicProperties;
    use lapin::types::FieldArray;

    use super::*;
    use crate::conformance::job as a_job;

    fn triaged(source: &Source, body: &Bytes, headers: Vec<(&str, AMQPValue)>) -> Triage {
        let mut delivery = Delivery::mock(1, "".into(), "p".into(), false, Vec::new());
        let table: std::collections::BTreeMap<_, _> =
            headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
        delivery.properties = BasicProperties::default().with_headers(table.into());
        triage(source, &delivery, body)
    }

    fn moved(triage: Triage) -> Parcel {
        let Triage::Move(parcel) = triage else { panic!("it was not moved") };
        parcel
    }

    fn jobs() -> Source {
        Source::Jobs("p".parse().unwrap())
    }

    fn body() -> Bytes {
        wire::encode(&a_job(&"p".parse().unwrap(), 7))
    }

    #[test]
    fn a_job_is_delivered_until_it_was_lost_too_often() {
        for losses in [0, 9] {
            let triaged =
                triaged(&jobs(), &body(), vec![("x-delivery-count", AMQPValue::LongLongInt(losses))]);
            assert!(matches!(triaged, Triage::Job(job) if job.chunk == 7));
        }
        // Brokers write small numbers in small types.
        let dead =
            moved(triaged(&jobs(), &body(), vec![("x-delivery-count", AMQPValue::ShortShortUInt(10))]));
        assert_eq!((dead.exchange.as_str(), dead.key.as_str()), (pieces::DEAD, "p"));
        let letter: wire::Dead = wire::decode(&dead.body).unwrap();
        assert_eq!((letter.job.chunk, letter.reason.as_str()), (7, DELIVERY_LIMIT_REASON));
    }

    #[test]
    fn a_job_that_has_not_waited_long_enough_waits_on() {
        let waits = moved(triaged(&jobs(), &body(), vec![(REST, AMQPValue::LongLongInt(400_000))]));
        assert_eq!((waits.exchange.as_str(), &waits.body), ("antiphon.retry.10m", &body()));
    }

    #[test]
    fn what_cannot_be_read_is_looked_at_less_and_less_often_and_laid_aside() {
        let look = |looks| {
            moved(triaged(&jobs(), &Bytes::from_static(b"x"), vec![(UNREAD, AMQPValue::LongLongInt(looks))]))
        };
        let went = |looks| look(looks).exchange.to_string();
        assert_eq!(went(0), "antiphon.retry.1s");
        assert_eq!(went(1), "antiphon.retry.5s");
        assert_eq!([went(3), went(29)], ["antiphon.retry.2m", "antiphon.retry.2m"]);
        assert_eq!(went(30), pieces::UNREADABLE);
    }

    #[test]
    fn a_job_that_the_broker_gave_up_has_a_reason() {
        let death = |queue: &str, reason: &str| {
            let mut death = FieldTable::default();
            death.insert("queue".into(), AMQPValue::LongString(queue.into()));
            death.insert("reason".into(), AMQPValue::LongString(reason.into()));
            AMQPValue::FieldTable(death)
        };
        let reason = |reason: &str| {
            let deaths = vec![death("antiphon.retry.1s", "expired"), death("antiphon.jobs.p", reason)];
            let headers = vec![("x-death", AMQPValue::FieldArray(FieldArray::from(deaths)))];
            let Triage::Dead(_, reason) = triaged(&Source::Dead, &body(), headers) else {
                panic!("not dead")
            };
            reason
        };
        assert_eq!(reason("delivery_limit"), DELIVERY_LIMIT_REASON);
        assert!(reason("maxlen").contains("full"));
        assert!(reason("rejected").contains("rejected"));
    }
}
