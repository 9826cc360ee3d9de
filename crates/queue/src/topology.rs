//! What a broker must have before a fleet works with it, all at once and by somebody who may configure it.
//!
//! Whoever publishes or consumes declares what is missing, too, if it may; this is for operators who grant workers less, and for
//! the policies, which AMQP cannot set. A queue within a process needs none of it.

use std::fmt;

use antiphon_core::PoolId;

pub use crate::rabbitmq::Management;
use crate::{Queue, QueueError};

/// What became of the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policies {
    /// They are set.
    Set,
    /// They could not be, without the management API. These commands, to be typed at the broker, do the same.
    ToSet(Vec<String>),
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is not there; applying the topology makes it.
    Missing {
        /// Kind and name.
        what: String,
    },
    /// It is there, but not as this version needs it. A policy is corrected by applying the topology; a queue or an exchange must be
    /// deleted first, since the broker never changes one.
    Differs {
        /// Kind and name.
        what: String,
        /// In what.
        how: String,
    },
    /// Nobody knows: the broker does not let this user look.
    Hidden {
        /// Kind and name.
        what: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { what } => write!(f, "{what} is missing"),
            Self::Differs { what, how } => write!(f, "{what} is not as it should be: {how}"),
            Self::Hidden { what } => write!(f, "{what} was not looked at: the broker does not let this user"),
        }
    }
}

/// What a broker lets its users do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Make and delete.
    Configure,
    /// Publish to an exchange, bind a queue.
    Write,
    /// Consume a queue, bind to an exchange.
    Read,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configure => "configure",
            Self::Write => "write",
            Self::Read => "read",
        })
    }
}

/// Something that a role needs, and whether the user may do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// To do what.
    pub kind: Kind,
    /// With which exchange, or which queues.
    pub of: String,
    /// `None` if it could not be tried, since something is not there or another permission is missing.
    pub is_granted: Option<bool>,
}

/// Whether the user may do what can be tried without harm: publish jobs, hints and what a choir sings, and listen to the latter two.
/// To consume queues and to write retries, dead letters and calls is not tried.
pub async fn permissions(queue: &Queue) -> Result<Vec<Permission>, QueueError> {
    match queue {
        Queue::Memory(_) => Ok(Vec::new()),
        Queue::RabbitMq(rabbitmq) => rabbitmq.permissions().await,
    }
}

/// Makes exchanges, queues and bindings, those of these pools included, and sets the policies if the management API is given.
/// What is there already stays. An error if something is there otherwise, or may not be made.
pub async fn apply(
    queue: &Queue,
    pools: &[PoolId],
    management: Option<&Management>,
) -> Result<Policies, QueueError> {
    match queue {
        Queue::Memory(_) => Ok(Policies::Set),
        Queue::RabbitMq(rabbitmq) => rabbitmq.apply(pools, management).await,
    }
}

/// What is missing or differs; nothing if all is well. Without the management API bindings and policies are not seen, and without
/// the right to configure neither are arguments. Changes nothing.
pub async fn check(
    queue: &Queue,
    pools: &[PoolId],
    management: Option<&Management>,
) -> Result<Vec<Finding>, QueueError> {
    match queue {
        Queue::Memory(_) => Ok(Vec::new()),
        Queue::RabbitMq(rabbitmq) => rabbitmq.findings(pools, management).await,
    }
}

/// How much of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All that a fleet has, the queues of these pools included.
    Everything(Vec<PoolId>),
    /// Only the queues of these pools; the others work on.
    Pools(Vec<PoolId>),
}

/// How many messages wait in which queue; those without any are left out.
pub async fn waiting(queue: &Queue, extent: &Extent) -> Result<Vec<(String, u32)>, QueueError> {
    match queue {
        Queue::Memory(_) => Ok(Vec::new()),
        Queue::RabbitMq(rabbitmq) => rabbitmq.waiting(extent).await,
    }
}

/// Deletes it, with the policies if that is everything. Queues in which messages wait are an error, and then nothing is deleted, unless
/// these may go too. Jobs that wait are not lost thereby: the coordinator publishes again what the store lacks.
pub async fn delete(
    queue: &Queue,
    extent: &Extent,
    management: Option<&Management>,
    with_messages: bool,
) -> Result<(), QueueError> {
    match queue {
        Queue::Memory(_) => Ok(()),
        Queue::RabbitMq(rabbitmq) => rabbitmq.delete(extent, management, with_messages).await,
    }
}
