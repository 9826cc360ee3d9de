//! The same suite that the queue within a process passes.

use antiphon_queue::{Queue, conformance};
use antiphon_tests::Broker;

#[tokio::test]
async fn rabbitmq_keeps_the_promises_of_every_queue() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let queue = Queue::rabbitmq(vhost.url().parse().unwrap());
    conformance::all(&queue, "suite").await;
}
