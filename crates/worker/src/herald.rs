//! Tells others what was done.
//!
//! A message of its own for each job would cost more than all else of the job's way through a broker. Whoever hears it later by a
//! moment misses nothing: a hint only saves looking into the store.

use std::time::Duration;

use antiphon_core::Event;
use antiphon_queue::Queue;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::WorkerError;

/// Most hints of one message, which is then some tens of kilobytes long.
const MOST: usize = 256;

/// Cheap to clone; clones tell in one message what comes within a moment.
#[derive(Debug, Clone)]
pub(crate) enum Herald {
    /// Each hint at once.
    AtOnce(Queue),
    Together(mpsc::UnboundedSender<Event>),
}

impl Herald {
    /// Hints wait for others for so long. The task ends when all clones are dropped and everything was told.
    pub(crate) fn start(
        queue: Queue,
        linger: Duration,
        tasks: &mut JoinSet<Result<(), WorkerError>>,
    ) -> Self {
        if linger.is_zero() {
            return Self::AtOnce(queue);
        }
        let (outbox, waiting) = mpsc::unbounded_channel();
        tasks.spawn(tell_together(queue, linger, waiting));
        Self::Together(outbox)
    }

    /// Returns when it is told, or soon will be.
    pub(crate) async fn tell(&self, event: Event) -> Result<(), WorkerError> {
        match self {
            Self::AtOnce(queue) => queue.publish_event(&event).await?,
            // The task has said why it ended.
            Self::Together(outbox) => drop(outbox.send(event)),
        }
        Ok(())
    }
}

async fn tell_together(
    queue: Queue,
    linger: Duration,
    mut waiting: mpsc::UnboundedReceiver<Event>,
) -> Result<(), WorkerError> {
    let mut events = Vec::new();
    while waiting.recv_many(&mut events, MOST).await > 0 {
        if !waiting.is_closed() {
            sleep(linger).await;
        }
        while events.len() < MOST
            && let Ok(event) = waiting.try_recv()
        {
            events.push(event);
        }
        queue.publish_events(&events).await?;
        events.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use antiphon_queue::MemoryQueue;
    use tokio::time::{Instant, timeout};

    use super::*;

    const LINGER: Duration = Duration::from_millis(50);

    fn hint(pool: &str) -> Event {
        Event::PoolWorks { pool: pool.parse().unwrap() }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_a_moment_is_one_message() {
        let memory = MemoryQueue::default();
        let queue = Queue::Memory(memory.clone());
        let mut heard = queue.subscribe_events().await.unwrap();
        let mut tasks = JoinSet::new();
        let herald = Herald::start(queue, LINGER, &mut tasks);
        memory.lose_events(1);
        for pool in ["a", "b"] {
            herald.tell(hint(pool)).await.unwrap();
        }
        sleep(2 * LINGER).await;
        let begin = Instant::now();
        for pool in ["c", "d"] {
            herald.tell(hint(pool)).await.unwrap();
        }
        assert_eq!(
            (heard.next().await, heard.next().await),
            (hint("c"), hint("d")),
            "a and b were lost as one"
        );
        assert_eq!(begin.elapsed(), LINGER, "and these came as one");
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_ones_are_told_without_waiting() {
        let queue = Queue::memory();
        let mut heard = queue.subscribe_events().await.unwrap();
        let (mut tasks, begin) = (JoinSet::new(), Instant::now());
        let herald = Herald::start(queue, LINGER, &mut tasks);
        herald.tell(hint("a")).await.unwrap();
        drop(herald);
        tasks.join_next().await.unwrap().unwrap().unwrap();
        assert_eq!(timeout(LINGER, heard.next()).await.unwrap(), hint("a"));
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
