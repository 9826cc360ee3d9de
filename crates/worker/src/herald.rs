//! Tells others what was done.
//!
//! A message of its own for each job would cost more than all else of the job's way through a broker. Whoever hears it later by a
//! moment misses nothing: a hint only saves looking into the store.

use std::time::Duration;

use antiphon_core::Event;
use antiphon_queue::Queue;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::WorkerError;

/// Most hints of one message, which is then at most a quarter of a megabyte long.
const MOST: usize = 256;
/// Hints that wait while the broker takes none; more are dropped.
const KEPT: usize = 4_096;
/// How long the last ones may take in the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Cheap to clone; clones tell in one message what comes within a moment.
#[derive(Debug, Clone)]
pub(crate) enum Herald {
    /// Each hint at once.
    AtOnce(Queue),
    Together(mpsc::Sender<Event>),
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
        let (outbox, waiting) = mpsc::channel(KEPT);
        tasks.spawn(tell_together(queue, linger, waiting));
        Self::Together(outbox)
    }

    /// Returns when it is told, or soon will be.
    pub(crate) async fn tell(&self, event: Event) -> Result<(), WorkerError> {
        match self {
            Self::AtOnce(queue) => queue.publish_event(&event).await?,
            Self::Together(outbox) => {
                if outbox.try_send(event).is_err() {
                    // Either the broker takes nothing, or the task has ended and said why.
                    tracing::debug!("a hint was dropped");
                }
            }
        }
        Ok(())
    }
}

async fn tell_together(
    queue: Queue,
    linger: Duration,
    mut waiting: mpsc::Receiver<Event>,
) -> Result<(), WorkerError> {
    let mut events = Vec::new();
    let mut farewell = None;
    while waiting.recv_many(&mut events, MOST).await > 0 {
        if waiting.is_closed() {
            farewell.get_or_insert_with(|| Instant::now() + FAREWELL);
        } else {
            sleep(linger).await;
        }
        while events.len() < MOST
            && let Ok(event) = waiting.try_recv()
        {
            events.push(event);
        }
        let telling = queue.publish_events(&events);
        match farewell {
            None => telling.await?,
            Some(end) => match timeout_at(end, telling).await {
                Ok(told) => told?,
                Err(_) => return Ok(()),
            },
        }
        events.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use antiphon_queue::MemoryQueue;
    use tokio::time::timeout;

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
            sleep(LINGER / 5).await;
        }
        sleep(2 * LINGER).await;
        let begin = Instant::now();
        for pool in ["c", "d"] {
            herald.tell(hint(pool)).await.unwrap();
            sleep(LINGER / 5).await;
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
