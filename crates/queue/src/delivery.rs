//! Consumers and what they deliver.

use std::time::Duration;

use antiphon_core::Job;
use tracing::Span;

use crate::memory::{Consumer, Receipt, Settlement};
use crate::rabbitmq::{self, Heard, Subscription};
use crate::trace::{self, SPANS};
use crate::{QueueError, wire};

/// Delivers jobs of one pool. Dropping it hands back all its deliveries that are not settled, also those still in work.
#[derive(Debug)]
pub struct JobConsumer {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Memory(Consumer),
    RabbitMq(Subscription),
}

/// A job to be done, once settled by `ack`, `retry` or `reject`. Dropping it instead means that its worker died: the job is
/// delivered again, up to [`crate::DELIVERY_LIMIT`].
#[derive(Debug)]
#[must_use = "a delivery that is dropped comes again"]
pub struct Delivery {
    job: Job,
    waited: Option<Duration>,
    ticket: Ticket,
}

/// The right to settle a message, once.
#[derive(Debug)]
enum Ticket {
    Memory(Receipt),
    RabbitMq(rabbitmq::Receipt),
}

impl Ticket {
    fn trace(&self) -> Option<&str> {
        match self {
            Self::Memory(receipt) => receipt.trace(),
            Self::RabbitMq(receipt) => receipt.trace(),
        }
    }

    /// What carried the message, by its name among OpenTelemetry's.
    fn system(&self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::RabbitMq(_) => "rabbitmq",
        }
    }
}

impl JobConsumer {
    pub(crate) fn memory(consumer: Consumer) -> Self {
        Self { source: Source::Memory(consumer) }
    }

    pub(crate) fn rabbitmq(subscription: Subscription) -> Self {
        Self { source: Source::RabbitMq(subscription) }
    }

    /// The next job; waits while there is none or `prefetch` deliveries are not settled. It has no end of its own: a consumer
    /// that can deliver no more is an error. May be dropped at any time without losing a job.
    pub async fn next(&mut self) -> Result<Delivery, QueueError> {
        match &mut self.source {
            Source::Memory(consumer) => {
                let (body, receipt) = consumer.next().await;
                match wire::decode_job(&body) {
                    Ok(job) => {
                        let waited = Some(receipt.waited());
                        Ok(Delivery { job, waited, ticket: Ticket::Memory(receipt) })
                    }
                    Err(reason) => Err(receipt.drop_malformed(reason)),
                }
            }
            Source::RabbitMq(subscription) => loop {
                if let Heard::Job(job, receipt) = subscription.next().await? {
                    let waited = receipt.waited();
                    return Ok(Delivery { job, waited, ticket: Ticket::RabbitMq(receipt) });
                }
            },
        }
    }
}

impl Delivery {
    /// What is to be done.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// How long it could have been delivered before it was, where its sender said since when. Between machines it is as good as their clocks.
    #[must_use]
    pub fn waited(&self) -> Option<Duration> {
        self.waited
    }

    /// A span for the work on it, which belongs to the trace of whoever sent it.
    #[must_use]
    pub fn span(&self) -> Span {
        let (job, system, sender) = (&self.job, self.ticket.system(), self.ticket.trace());
        let span = tracing::info_span!(
            target: SPANS,
            parent: None,
            "process",
            otel.name = format!("process {}", job.pool),
            otel.kind = "consumer",
            messaging.system = system,
            messaging.destination.name = %job.pool,
            messaging.message.id = %job.id(),
            antiphon.run = %job.run,
            antiphon.target = %job.target,
            antiphon.block = %job.block,
        );
        trace::follow(&span, sender);
        span
    }

    /// The job is done; its result is stored.
    pub async fn ack(self) -> Result<(), QueueError> {
        self.settle(Settlement::Ack).await
    }

    /// The job cannot be done now; deliver it again, to anybody, not before `delay` has passed. Does not count as a loss.
    pub async fn retry(self, delay: Duration) -> Result<(), QueueError> {
        self.settle(Settlement::Retry(delay)).await
    }

    /// The job can never be done; hand it to the dead letters with the reason.
    pub async fn reject(self, reason: &str) -> Result<(), QueueError> {
        let dead = wire::Dead { job: self.job.clone(), reason: reason.to_owned() };
        self.settle(Settlement::Reject(wire::encode(&dead))).await
    }

    async fn settle(self, settlement: Settlement) -> Result<(), QueueError> {
        let Self { job, ticket, waited: _ } = self;
        let pool = job.pool.as_str();
        let was_ours = match (ticket, settlement) {
            (Ticket::Memory(receipt), settlement) => receipt.settle(settlement),
            (Ticket::RabbitMq(receipt), Settlement::Ack) => receipt.ack().await,
            (Ticket::RabbitMq(receipt), Settlement::Retry(delay)) => receipt.retry(pool, delay).await?,
            (Ticket::RabbitMq(receipt), Settlement::Reject(letter)) => receipt.bury(pool, letter).await?,
        };
        let handed_back = || QueueError::HandedBack { job: format!("{}/{}", job.block, job.id()) };
        if was_ours { Ok(()) } else { Err(handed_back()) }
    }
}

/// Delivers jobs that will not be done.
#[derive(Debug)]
pub struct DeadLetters {
    source: Source,
}

/// A job that will not be done, to be recorded and then acked. Dropping it instead delivers it again, without limit.
#[derive(Debug)]
#[must_use = "a dead letter that is dropped comes again"]
pub struct DeadLetter {
    job: Job,
    reason: String,
    ticket: Ticket,
}

impl DeadLetters {
    pub(crate) fn memory(consumer: Consumer) -> Self {
        Self { source: Source::Memory(consumer) }
    }

    pub(crate) fn rabbitmq(subscription: Subscription) -> Self {
        Self { source: Source::RabbitMq(subscription) }
    }

    /// The next dead job; waits while there is none. May be dropped at any time without losing one.
    pub async fn next(&mut self) -> Result<DeadLetter, QueueError> {
        match &mut self.source {
            Source::Memory(consumer) => {
                let (body, receipt) = consumer.next().await;
                match wire::decode::<wire::Dead>(&body) {
                    Ok(wire::Dead { job, reason }) => {
                        Ok(DeadLetter { job, reason, ticket: Ticket::Memory(receipt) })
                    }
                    Err(reason) => Err(receipt.drop_malformed(reason)),
                }
            }
            Source::RabbitMq(subscription) => loop {
                if let Heard::Dead(job, reason, receipt) = subscription.next().await? {
                    return Ok(DeadLetter { job, reason, ticket: Ticket::RabbitMq(receipt) });
                }
            },
        }
    }
}

impl DeadLetter {
    /// Which.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Why, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// It is recorded.
    pub async fn ack(self) -> Result<(), QueueError> {
        Delivery { job: self.job, waited: None, ticket: self.ticket }.ack().await
    }
}
