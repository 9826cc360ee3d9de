//! What the user may do at the broker, found out by doing it where that harms nobody.
//!
//! A broker does not tell anybody what they are allowed. Queues of jobs, dead letters and calls are left alone: whoever reads them takes
//! a message away, and whoever writes to the exchanges before them leaves one.

use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use tokio::time::timeout;

use super::RabbitMqQueue;
use super::failure::{ACCESS_REFUSED, Failure, NOT_FOUND};
use super::pieces::{CHOIR, EVENTS, JOBS};
use super::session::Session;
use crate::QueueError;
use crate::topology::{Kind, Permission};

/// No pool is called so: a direct exchange drops what has this key.
const NOBODY: &str = "nobody's";
/// No MessagePack begins so: whoever hears it as a hint goes on to the next.
const NOTHING: &[u8] = b"\xc1";
/// Queues whose names the broker makes up, one of each listener.
const OWN: &str = "amq.gen-*";

impl RabbitMqQueue {
    pub(crate) async fn permissions(&self) -> Result<Vec<Permission>, QueueError> {
        let session = self.session().await?;
        let looked = timeout(self.settings().patience, look(&session)).await;
        let held_up = || Failure::Broken("it takes no messages; perhaps it lacks memory or disk".to_owned());
        let looked = looked.unwrap_or_else(|_| Err(held_up()));
        looked.map_err(|failure| failure.into_error(&self.settings().to_string()))
    }
}

async fn look(session: &Session) -> Result<Vec<Permission>, Failure> {
    let mut found = Vec::new();
    for exchange in [JOBS, EVENTS, CHOIR] {
        found.push(permission(Kind::Write, exchange, is_granted(write(session, exchange).await)?));
    }
    for exchange in [EVENTS, CHOIR] {
        for permission in listen(session, exchange).await? {
            if !found.contains(&permission) {
                found.push(permission);
            }
        }
    }
    Ok(found)
}

fn permission(kind: Kind, of: &str, is_granted: Option<bool>) -> Permission {
    Permission { kind, of: of.to_owned(), is_granted }
}

/// `None` where there is nothing to try it with.
fn is_granted(tried: Result<(), Failure>) -> Result<Option<bool>, Failure> {
    match tried {
        Ok(()) => Ok(Some(true)),
        Err(failure) if failure.is(ACCESS_REFUSED) => Ok(Some(false)),
        Err(failure) if failure.is(NOT_FOUND) => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn write(session: &Session, exchange: &str) -> Result<(), Failure> {
    let channel = session.confirming_channel().await?;
    let sent = async {
        let (options, none) = (BasicPublishOptions::default(), BasicProperties::default());
        channel.basic_publish(exchange.into(), NOBODY.into(), options, NOTHING, none).await?.await
    };
    session.ask(sent).await?;
    session.ask(channel.close(200, "done".into())).await
}

/// Has a queue of its own listen for a moment, as all who hear hints do.
async fn listen(session: &Session, exchange: &str) -> Result<Vec<Permission>, Failure> {
    let (channel, none) = (session.channel().await?, FieldTable::default());
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let queue = match session.ask(channel.queue_declare("".into(), options, none.clone())).await {
        Ok(queue) => queue.name().clone(),
        Err(failure) => {
            let configure = permission(Kind::Configure, OWN, is_granted(Err(failure))?);
            return Ok(vec![configure, permission(Kind::Read, exchange, None)]);
        }
    };
    let key = NOBODY.into();
    let binding = channel.queue_bind(queue.clone(), exchange.into(), key, QueueBindOptions::default(), none);
    let bound = session.ask(binding).await;
    // A refusal has closed the channel.
    let channel = if bound.is_ok() { channel } else { session.channel().await? };
    session.ask(channel.queue_delete(queue, QueueDeleteOptions::default())).await?;
    session.ask(channel.close(200, "done".into())).await?;
    let (write, read) = match bound {
        // It takes two permissions, and the broker names the one that it misses.
        Err(failure) if failure.is(ACCESS_REFUSED) && !failure.reason().contains(exchange) => {
            (Some(false), None)
        }
        bound => (Some(true), is_granted(bound)?),
    };
    Ok(vec![
        permission(Kind::Configure, OWN, Some(true)),
        permission(Kind::Write, OWN, write),
        permission(Kind::Read, exchange, read),
    ])
}
