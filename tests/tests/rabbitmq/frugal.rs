//! Heartbeats go out whatever the role's own threads do.

use std::time::{Duration, Instant};

use antiphon_queue::Queue;
use antiphon_tests::Broker;

use crate::work::{next, pool, publish, settings};

/// The only thread of this runtime computes for longer than a broker waits for a sign of life.
#[tokio::test]
async fn a_busy_role_keeps_its_connection() {
    let broker = Broker::start().await;
    let mut settings = settings(&broker.url());
    settings.heartbeat = Duration::from_secs(1);
    let queue = Queue::rabbitmq(settings);
    publish(&queue, &pool("p"), 0..2).await;
    let mut consumer = queue.consume_jobs(&pool("p"), 1).await.unwrap();
    let delivery = next(&mut consumer).await;
    let busy_until = Instant::now() + Duration::from_secs(6);
    while Instant::now() < busy_until {
        std::hint::spin_loop();
    }
    delivery.ack().await.expect("the connection that brought it lives");
    next(&mut consumer).await.ack().await.unwrap();
    let log = broker.log();
    assert!(!log.contains("missed heartbeats"), "{log}");
}
