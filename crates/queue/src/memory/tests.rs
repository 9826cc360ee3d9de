use antiphon_core::Event;

use super::*;
use crate::conformance::job;
use crate::{DELIVERY_LIMIT, Queue};

fn pool() -> PoolId {
    "p".parse().unwrap()
}

async fn with_jobs(count: u32) -> (Queue, MemoryQueue) {
    let memory = MemoryQueue::default();
    let queue = Queue::Memory(memory.clone());
    for chunk in 0..count {
        queue.publish_job(&job(&pool(), chunk)).await.unwrap();
    }
    (queue, memory)
}

#[tokio::test]
async fn a_lost_ack_is_believed_and_its_job_comes_again() {
    let (queue, memory) = with_jobs(1).await;
    memory.lose_acks(1);
    let mut consumer = queue.consume_jobs(&pool(), 1).await.unwrap();
    for _ in 0..2 {
        consumer.next().await.unwrap().ack().await.unwrap();
    }
    assert_eq!(queue.depth(&pool()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_doubled_job_is_delivered_twice_at_the_same_time() {
    let (queue, memory) = with_jobs(1).await;
    memory.deliver_twice(1);
    let mut consumer = queue.consume_jobs(&pool(), 2).await.unwrap();
    let (one, two) = (consumer.next().await.unwrap(), consumer.next().await.unwrap());
    assert_eq!(one.job(), two.job());
    one.ack().await.unwrap();
    two.ack().await.unwrap();
    assert_eq!(queue.depth(&pool()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_lost_hint_is_just_not_there() {
    let (queue, memory) = with_jobs(0).await;
    let mut events = queue.subscribe_events().await.unwrap();
    memory.lose_events(1);
    let hint = |reason: &str| Event::PoolStopped { pool: pool(), reason: reason.into(), misconfigured: true };
    queue.publish_event(&hint("lost")).await.unwrap();
    queue.publish_event(&hint("heard")).await.unwrap();
    assert_eq!(events.next().await, hint("heard"));
}

#[tokio::test]
async fn a_slow_listener_misses_the_oldest_hints_and_goes_on() {
    let (queue, _) = with_jobs(0).await;
    let mut events = queue.subscribe_events().await.unwrap();
    let hint = |n: usize| Event::PoolStopped { pool: pool(), reason: n.to_string(), misconfigured: true };
    for n in 0..=EVENTS_KEPT {
        queue.publish_event(&hint(n)).await.unwrap();
    }
    assert_eq!(events.next().await, hint(1));
}

#[tokio::test]
async fn a_full_queue_says_so() {
    let (queue, memory) = with_jobs(0).await;
    for _ in 0..LARGEST_DEPTH {
        memory.publish_job(&pool(), Bytes::new(), None).unwrap();
    }
    let refused = queue.publish_job(&job(&pool(), 0)).await;
    assert!(matches!(refused, Err(QueueError::Full { waiting: LARGEST_DEPTH, .. })), "{refused:?}");
    queue.publish_job(&job(&"another".parse().unwrap(), 0)).await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_no_job_is_reported_once_and_holds_up_nothing() {
    let (queue, memory) = with_jobs(0).await;
    memory.publish_job(&pool(), Bytes::from_static(b"\x01"), None).unwrap();
    queue.publish_job(&job(&pool(), 7)).await.unwrap();
    let mut consumer = queue.consume_jobs(&pool(), 1).await.unwrap();
    let error = consumer.next().await.unwrap_err();
    assert!(matches!(&error, QueueError::Malformed { queue, .. } if queue.contains("pool p")), "{error}");
    assert_eq!(consumer.next().await.unwrap().job().chunk, 7);
}

#[tokio::test]
async fn every_lost_ack_counts_towards_the_limit() {
    let (queue, memory) = with_jobs(1).await;
    memory.lose_acks(DELIVERY_LIMIT);
    let mut consumer = queue.consume_jobs(&pool(), 1).await.unwrap();
    for _ in 0..DELIVERY_LIMIT {
        consumer.next().await.unwrap().ack().await.unwrap();
    }
    let letter = queue.dead_letters().await.unwrap().next().await.unwrap();
    assert_eq!((letter.job(), letter.reason()), (&job(&pool(), 0), DELIVERY_LIMIT_REASON));
}
