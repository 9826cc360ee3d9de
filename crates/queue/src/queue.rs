//! The port: what every queue offers.

use antiphon_core::{Call, ChoirMessage, Event, Job, PoolId};

use crate::calls::CallStream;
use crate::choir::ChoirStream;
use crate::delivery::{DeadLetters, JobConsumer};
use crate::events::EventStream;
use crate::memory::MemoryQueue;
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
}

#[expect(clippy::unused_async, reason = "a broker is far away, and callers must not have to know")]
impl Queue {
    /// A new, empty queue within this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(MemoryQueue::default())
    }

    /// Adds a job to the queue of its pool. When this returns, the queue has it.
    pub async fn publish_job(&self, job: &Job) -> Result<(), QueueError> {
        self.publish_jobs(std::slice::from_ref(job)).await
    }

    /// Adds jobs to the queues of their pools. When this returns, the queues have them all; after an error they may have some.
    pub async fn publish_jobs(&self, jobs: &[Job]) -> Result<(), QueueError> {
        match self {
            Self::Memory(memory) => {
                jobs.iter().try_for_each(|job| memory.publish_job(&job.pool, wire::encode(job)))
            }
        }
    }

    /// Opens a consumer of a pool's jobs that holds at most `prefetch` (at least 1) unsettled deliveries at a time.
    pub async fn consume_jobs(&self, pool: &PoolId, prefetch: u16) -> Result<JobConsumer, QueueError> {
        match self {
            Self::Memory(memory) => Ok(JobConsumer::memory(memory.consume_jobs(pool, prefetch))),
        }
    }

    /// Opens a consumer of the jobs that will not be done.
    pub async fn dead_letters(&self) -> Result<DeadLetters, QueueError> {
        match self {
            Self::Memory(memory) => Ok(DeadLetters::memory(memory.consume_dead())),
        }
    }

    /// Sends a hint to all who listen at this moment.
    pub async fn publish_event(&self, event: &Event) -> Result<(), QueueError> {
        match self {
            Self::Memory(memory) => memory.publish_event(wire::encode(event)),
        }
        Ok(())
    }

    /// Listens to hints from now on.
    pub async fn subscribe_events(&self) -> Result<EventStream, QueueError> {
        match self {
            Self::Memory(memory) => Ok(EventStream::memory(memory.subscribe_events())),
        }
    }

    /// Tells all workers of a pool, this one included, if it listens.
    pub async fn publish_choir(&self, message: &ChoirMessage) -> Result<(), QueueError> {
        match self {
            Self::Memory(memory) => memory.publish_choir(message.pool(), &wire::encode(message)),
        }
        Ok(())
    }

    /// Listens to the workers of a pool from now on.
    pub async fn listen_choir(&self, pool: &PoolId) -> Result<ChoirStream, QueueError> {
        match self {
            Self::Memory(memory) => Ok(ChoirStream::memory(memory.listen_choir(pool))),
        }
    }

    /// Calls the coordinator that leads. If none does, the call waits for a while.
    pub async fn call(&self, call: &Call) -> Result<(), QueueError> {
        match self {
            Self::Memory(memory) => memory.publish_call(wire::encode(call)),
        }
        Ok(())
    }

    /// Stands by to lead: of all who do, one hears the calls.
    pub async fn stand_by(&self) -> Result<CallStream, QueueError> {
        match self {
            Self::Memory(memory) => Ok(CallStream::memory(memory.consume_calls())),
        }
    }

    /// Jobs of the pool that wait for a consumer. Those that are delivered or wait for their time do not count.
    pub async fn depth(&self, pool: &PoolId) -> Result<u64, QueueError> {
        match self {
            Self::Memory(memory) => Ok(memory.depth(pool)),
        }
    }
}
