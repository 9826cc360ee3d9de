//! The queue: carries jobs to workers and hints to whoever listens. It only carries work; the store is the truth.
//!
//! | module | what it is |
//! |---|---|
//! | [`Queue`] | the port: publish jobs and events, open consumers |
//! | [`JobConsumer`], [`Delivery`] | jobs of one pool, each to be acked, retried or rejected; a dropped one comes again |
//! | [`DeadLetters`], [`DeadLetter`] | jobs that will not be done, and why |
//! | [`EventStream`] | hints, which may be lost |
//! | [`ChoirStream`] | what the workers of a pool tell each other |
//! | [`CallStream`] | calls to the coordinator that leads |
//! | `memory` | the queue within a process, with faults that tests can order |
//! | `rabbitmq` | the queue in a RabbitMQ, behind [`RabbitMqSettings`] |
//! | `trace` | the trace that a message belongs to |
//! | [`topology`] | what a broker must have, applied, checked and deleted at once |
//! | [`conformance`] | what every backend must do, as functions that a test calls |
//!
//! Jobs are delivered at least once and in any order. The queue within a process has no background tasks; that of a RabbitMQ keeps
//! its connections on a thread of its own, whatever the role's threads are busy with.

mod calls;
mod choir;
pub mod conformance;
mod delivery;
mod error;
mod events;
mod memory;
mod queue;
mod rabbitmq;
pub mod topology;
mod trace;
mod wire;

pub use calls::CallStream;
pub use choir::{ChoirHeard, ChoirStream};
pub use delivery::{DeadLetter, DeadLetters, Delivery, JobConsumer};
pub use error::QueueError;
pub use events::EventStream;
pub use memory::MemoryQueue;
pub use queue::{DELIVERY_LIMIT, DELIVERY_LIMIT_REASON, Queue};
pub use rabbitmq::{BrokerFacts, ClientCertificate, RabbitMqQueue, RabbitMqSettings, Tls};
pub use trace::SPANS;
