//! What a message is, and what is to be done with those that are not for a role.

use std::time::Duration;

use antiphon_core::Job;
use bytes::Bytes;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};

use super::parcel::{Parcel, REST, UNREAD};
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
        return Triage::Move(Parcel::retry(pool, body.clone(), Duration::from_millis(rest)));
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
