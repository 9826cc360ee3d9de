//! The same suite that the queue within a process passes.

use antiphon_queue::conformance;
use antiphon_tests::Broker;

use crate::work::{pool, queue};

#[tokio::test]
async fn rabbitmq_keeps_the_promises_of_every_queue() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let queue = queue(&vhost.url());
    conformance::all(&queue, "suite").await;
}

/// Each look closes a channel, and the next one must not be taken for it.
#[tokio::test]
async fn a_queue_that_is_not_there_is_empty_however_often_it_is_looked_at() {
    let broker = Broker::start().await;
    let queue = queue(&broker.url());
    let looks = (0..400).map(|_| async { queue.depth(&pool("nobody")).await });
    for depth in futures::future::join_all(looks).await {
        assert_eq!(depth.unwrap(), 0);
    }
    for _ in 0..100 {
        assert_eq!(queue.depth(&pool("nobody")).await.unwrap(), 0);
    }
}
