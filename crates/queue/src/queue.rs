//! The port: what every queue offers.

use antiphon_core::{Call, ChoirMessage, Event, Job, PoolId};
use tracing::Span;

use crate::calls::CallStream;
use crate::choir::ChoirStream;
use crate::delivery::{DeadLetters, JobConsumer};
use crate::events::EventStream;
use crate::memory::MemoryQueue;
use crate::rabbitmq::{BrokerFacts, RabbitMqQueue, RabbitMqSettings};
use crate::trace::{self, SPANS};
use crate::{QueueError, wire};

/// A job that was lost with its worker so many times is given up. (A broker may count the first delivery or not, so a job may
/// be delivered once more.)
pub const DELIVERY_LIMIT: u32 = 10;
/// The reason that such a job is dead-lettered with.
pub const DELIVERY_LIMIT_REASON: &str =
    "delivery limit: its workers died or lost their connection every time";

/// Where jobs and hints travel. Cheap to clone; clones are the same queue.
#[derive(Debug, Clone)]
pub enum Queue {
    /// Within this process; gone with it.
    Memory(MemoryQueue),
    /// In a broker that many machines share.
    RabbitMq(RabbitMqQueue),
}

impl Queue {
    /// A new, empty queue within this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(MemoryQueue::default())
    }

    /// The queue in a RabbitMQ. It connects when it is needed first, and again whenever the connection breaks: calls wait for it as
    /// long as it takes, and fail only if the broker refuses what they need. Hints are dropped after some seconds.
    #[must_use]
    pub fn rabbitmq(settings: RabbitMqSettings) -> Self {
        Self::RabbitMq(RabbitMqQueue::new(settings))
    }

    /// Connects if need be and tells what is there; an error if the broker refuses, or cannot be reached in a while.
    pub async fn check(&self) -> Result<BrokerFacts, QueueError> {
        match self {
            Self::Memory(_) => Ok(BrokerFacts {
                product: "memory".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                cluster: None,
            }),
            Self::RabbitMq(rabbitmq) => rabbitmq.check().await,
        }
    }

    /// Whether the broker is there at this moment, as far as anybody has tried.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::RabbitMq(rabbitmq) => rabbitmq.is_connected(),
        }
    }

    /// Adds a job to the queue of its pool. When this returns, the queue has it.
    pub async fn publish_job(&self, job: &Job) -> Result<(), QueueError> {
        self.publish_jobs(std::slice::from_ref(job)).await
    }

    /// Adds jobs to the queues of their pools. When this returns, the queues have them all; after an error they may have some.
    pub async fn publish_jobs(&self, jobs: &[Job]) -> Result<(), QueueError> {
        // They last until all have arrived.
        let spans: Vec<Span> = jobs.iter().map(|job| self.sending(job)).collect();
        let mut letters =
            jobs.iter().zip(&spans).map(|(job, span)| (job.pool.clone(), wire::encode(job), trace::of(span)));
        match self {
            Self::Memory(memory) => {
                letters.try_for_each(|(pool, body, trace)| memory.publish_job(&pool, body, trace))
            }
            Self::RabbitMq(rabbitmq) => rabbitmq.publish_jobs(letters).await,
        }
    }

    /// A trace of its own for each job; named as OpenTelemetry's conventions for messages have it.
    fn sending(&self, job: &Job) -> Span {
        tracing::info_span!(
            target: SPANS,
            parent: None,
            "send",
            otel.name = format!("send {}", job.pool),
            otel.kind = "producer",
            messaging.system = self.system(),
            messaging.destination.name = %job.pool,
            messaging.message.id = %job.id(),
            antiphon.run = %job.run,
            antiphon.target = %job.target,
            antiphon.block = %job.block,
        )
    }

    /// What carries the messages, by its name among OpenTelemetry's.
    pub(crate) fn system(&self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::RabbitMq(_) => "rabbitmq",
        }
    }

    /// Opens a consumer of a pool's jobs that holds at most `prefetch` (at least 1) unsettled deliveries at a time.
    pub async fn consume_jobs(&self, pool: &PoolId, prefetch: u16) -> Result<JobConsumer, QueueError> {
        match self {
            Self::Memory(memory) => Ok(JobConsumer::memory(memory.consume_jobs(pool, prefetch))),
            Self::RabbitMq(rabbitmq) => {
                Ok(JobConsumer::rabbitmq(rabbitmq.consume_jobs(pool, prefetch).await?))
            }
        }
    }

    /// Opens a consumer of the jobs that will not be done.
    pub async fn dead_letters(&self) -> Result<DeadLetters, QueueError> {
        match self {
            Self::Memory(memory) => Ok(DeadLetters::memory(memory.consume_dead())),
            Self::RabbitMq(rabbitmq) => Ok(DeadLetters::rabbitmq(rabbitmq.consume_dead().await?)),
        }
    }

    /// Sends a hint to all who listen at this moment.
    pub async fn publish_event(&self, event: &Event) -> Result<(), QueueError> {
        self.publish_events(std::slice::from_ref(event)).await
    }

    /// Sends hints in one message, which all get or lose together.
    pub async fn publish_events(&self, events: &[Event]) -> Result<(), QueueError> {
        match self {
            Self::Memory(memory) => memory.publish_events(wire::encode(&events)),
            Self::RabbitMq(rabbitmq) => rabbitmq.publish_events(wire::encode(&events)).await?,
        }
        Ok(())
    }

    /// Listens to hints from now on.
    pub async fn subscribe_events(&self) -> Result<EventStream, QueueError> {
        match self {
            Self::Memory(memory) => Ok(EventStream::memory(memory.subscribe_events())),
            Self::RabbitMq(rabbitmq) => Ok(EventStream::rabbitmq(rabbitmq.subscribe_events().await?)),
        }
    }

    /// Tells all workers of a pool, this one included, if it listens.
    pub async fn publish_choir(&self, message: &ChoirMessage) -> Result<(), QueueError> {
        match self {
            Self::Memory(memory) => memory.publish_choir(message.pool(), &wire::encode(message)),
            Self::RabbitMq(rabbitmq) => rabbitmq.publish_choir(message.pool(), wire::encode(message)).await?,
        }
        Ok(())
    }

    /// Listens to the workers of a pool from now on.
    pub async fn listen_choir(&self, pool: &PoolId) -> Result<ChoirStream, QueueError> {
        match self {
            Self::Memory(memory) => Ok(ChoirStream::memory(memory.listen_choir(pool))),
            Self::RabbitMq(rabbitmq) => Ok(ChoirStream::rabbitmq(rabbitmq.listen_choir(pool).await?)),
        }
    }

    /// Calls the coordinator that leads. If none does, the call waits for a while.
    pub async fn call(&self, call: &Call) -> Result<(), QueueError> {
        match self {
            Self::Memory(memory) => memory.publish_call(wire::encode(call)),
            Self::RabbitMq(rabbitmq) => rabbitmq.publish_call(wire::encode(call)).await?,
        }
        Ok(())
    }

    /// Stands by to lead: of all who do, one hears the calls.
    pub async fn stand_by(&self) -> Result<CallStream, QueueError> {
        match self {
            Self::Memory(memory) => Ok(CallStream::memory(memory.consume_calls())),
            Self::RabbitMq(rabbitmq) => Ok(CallStream::rabbitmq(rabbitmq.consume_calls().await?)),
        }
    }

    /// Jobs of the pool that wait for a consumer. Those that are delivered or wait for their time do not count. An error, and no
    /// count, if the broker does not let this user look.
    pub async fn depth(&self, pool: &PoolId) -> Result<u64, QueueError> {
        match self {
            Self::Memory(memory) => Ok(memory.depth(pool)),
            Self::RabbitMq(rabbitmq) => rabbitmq.depth(pool).await,
        }
    }
}
