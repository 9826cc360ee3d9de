//! Makes sure that the broker has what is needed.
//!
//! It looks first and declares only if something is missing: so a user who may not configure anything works where the topology
//! has been applied by somebody who may. Until 4.2.5 everybody may look; 4.2.6 and 4.3.0 let only those look who may configure,
//! and newer brokers those who may do anything with what they look at. So what may not be looked at is taken to be there: if it
//! is not, its use says so.

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use tokio::time::sleep;

use super::failure::{ACCESS_REFUSED, Failure, NOT_FOUND};
use super::pieces::{Argument, Kind, Piece};
use super::session::Session;

/// A broker writes a quorum queue's name to its disk only half a second after it was declared. One that is killed before comes back
/// with the queue empty, although it confirmed what was in it (seen in 3.10.8).
const SETTLES: Duration = Duration::from_secs(1);

/// What a look at the broker shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    There,
    Missing,
    /// This user may not look at it.
    Hidden,
}

/// Declares everything if anything is missing, and waits until the broker would remember it.
pub(super) async fn ensure(session: &Session, pieces: &[Piece]) -> Result<(), Failure> {
    let mut channel = session.channel().await?;
    for piece in pieces {
        match look(session, &channel, piece).await? {
            Seen::There => {}
            Seen::Hidden => channel = session.channel().await?,
            Seen::Missing => {
                declare_all(session, pieces).await?;
                sleep(SETTLES).await;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Declares everything, also what seems to be there: its bindings may not be.
pub(super) async fn declare_all(session: &Session, pieces: &[Piece]) -> Result<(), Failure> {
    let channel = session.channel().await?;
    for piece in pieces {
        declare(session, &channel, piece).await?;
    }
    Ok(())
}

/// Looks whether it is there; nobody can look at a binding. The channel is closed unless it is.
pub(super) async fn look(session: &Session, channel: &Channel, piece: &Piece) -> Result<Seen, Failure> {
    let (passive, none) = (true, FieldTable::default());
    seen(match piece {
        Piece::Exchange { name, kind } => {
            let options = ExchangeDeclareOptions { passive, ..ExchangeDeclareOptions::default() };
            session
                .ask(channel.exchange_declare(name.as_str().into(), exchange_kind(*kind), options, none))
                .await
        }
        Piece::Queue { name, .. } => messages(session, channel, name).await.map(|_| ()),
        Piece::Binding { .. } => Ok(()),
    })
}

fn seen(answer: Result<(), Failure>) -> Result<Seen, Failure> {
    match answer {
        Ok(()) => Ok(Seen::There),
        Err(failure) if failure.is(NOT_FOUND) => Ok(Seen::Missing),
        Err(failure) if failure.is(ACCESS_REFUSED) => Ok(Seen::Hidden),
        Err(failure) => Err(failure),
    }
}

/// How many messages wait in a queue.
pub(super) async fn messages(session: &Session, channel: &Channel, queue: &str) -> Result<u32, Failure> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let found = session.ask(channel.queue_declare(queue.into(), options, FieldTable::default())).await?;
    Ok(found.message_count())
}

/// Creates it, or fails if it exists otherwise. A failure closes the channel.
pub(super) async fn declare(session: &Session, channel: &Channel, piece: &Piece) -> Result<(), Failure> {
    let none = FieldTable::default();
    match piece {
        Piece::Exchange { name, kind } => {
            let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            session
                .ask(channel.exchange_declare(name.as_str().into(), exchange_kind(*kind), options, none))
                .await
        }
        Piece::Queue { name, arguments } => {
            let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            let declaring = channel.queue_declare(name.as_str().into(), options, table(arguments));
            session.ask(declaring).await.map(|_| ())
        }
        Piece::Binding { exchange, queue, key } => {
            let (queue, exchange) = (queue.as_str().into(), exchange.as_str().into());
            let binding =
                channel.queue_bind(queue, exchange, key.as_str().into(), QueueBindOptions::default(), none);
            session.ask(binding).await
        }
    }
}

/// Declares a queue that only this connection uses, that goes with it, and that hears an exchange from now on; gives its name.
pub(super) async fn declare_ear(
    session: &Session,
    channel: &Channel,
    exchange: &str,
    key: &str,
    longest: Option<u32>,
) -> Result<String, Failure> {
    let options =
        QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    if let Some(longest) = longest {
        arguments.insert("x-max-length".into(), AMQPValue::LongUInt(longest));
    }
    let queue = session.ask(channel.queue_declare("".into(), options, arguments)).await?;
    let binding = channel.queue_bind(
        queue.name().clone(),
        exchange.into(),
        key.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    session.ask(binding).await?;
    Ok(queue.name().to_string())
}

fn exchange_kind(kind: Kind) -> ExchangeKind {
    match kind {
        Kind::Direct => ExchangeKind::Direct,
        Kind::Fanout => ExchangeKind::Fanout,
    }
}

fn table(arguments: &[(&'static str, Argument)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, argument) in arguments {
        let value = match argument {
            Argument::Text(text) => AMQPValue::LongString((*text).into()),
            Argument::Milliseconds(time) => AMQPValue::LongLongInt(milliseconds(*time)),
            Argument::Yes => AMQPValue::Boolean(true),
        };
        table.insert((*name).into(), value);
    }
    table
}

pub(super) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::failure::PRECONDITION_FAILED;
    use super::*;

    #[test]
    fn a_look_that_is_refused_shows_nothing_and_is_no_failure() {
        let refused = |code| seen(Err(Failure::Refused { code, reason: String::new() }));
        assert_eq!(seen(Ok(())).unwrap(), Seen::There);
        assert_eq!(refused(NOT_FOUND).unwrap(), Seen::Missing);
        assert_eq!(refused(ACCESS_REFUSED).unwrap(), Seen::Hidden);
        assert!(refused(PRECONDITION_FAILED).unwrap_err().is(PRECONDITION_FAILED));
        assert!(matches!(seen(Err(Failure::Broken(String::new()))), Err(Failure::Broken(_))));
    }
}
