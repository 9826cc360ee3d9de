//! What the tests of this folder do all the time.

use std::collections::BTreeSet;
use std::time::Duration;

use antiphon_queue::conformance::job;
use antiphon_queue::{Delivery, JobConsumer, Queue, RabbitMqSettings};
use antiphon_tests::{Broker, Vhost};
use tokio::time::timeout;

/// How long to wait for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// How long to watch for what must not happen.
pub(crate) const QUIET: Duration = Duration::from_millis(500);

/// What every call is expected to do unless a test is about its failing.
pub(crate) const WORKS: &str = "it works";

pub(crate) fn pool(name: &str) -> antiphon_core::PoolId {
    name.parse().expect(WORKS)
}

pub(crate) fn settings(url: &str) -> RabbitMqSettings {
    url.parse().expect(WORKS)
}

pub(crate) fn queue(url: &str) -> Queue {
    Queue::rabbitmq(settings(url))
}

/// Publishes jobs with these numbers.
pub(crate) async fn publish(queue: &Queue, pool: &antiphon_core::PoolId, chunks: std::ops::Range<u32>) {
    let jobs: Vec<_> = chunks.map(|chunk| job(pool, chunk)).collect();
    soon(queue.publish_jobs(&jobs)).await.expect(WORKS);
}

/// What must happen in a while.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it happens in time")
}

pub(crate) async fn next(consumer: &mut JobConsumer) -> Delivery {
    soon(consumer.next()).await.expect(WORKS)
}

/// Acks until all these have come; some may come again.
pub(crate) async fn finish(consumer: &mut JobConsumer, wanted: std::ops::Range<u32>) {
    let mut missing: BTreeSet<u32> = wanted.collect();
    while !missing.is_empty() {
        let delivery = timeout(PATIENCE, consumer.next()).await;
        let delivery = delivery.unwrap_or_else(|_| panic!("{missing:?} do not come")).expect(WORKS);
        missing.remove(&delivery.job().chunk);
        // Where it fails, the job comes again.
        let _ = delivery.ack().await;
    }
}

pub(crate) async fn wait_until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

/// A user of the vhost who may configure, write and read what these patterns say; gives the way to connect as that user.
pub(crate) async fn user(broker: &Broker, vhost: &Vhost<'_>, name: &str, permissions: [&str; 3]) -> String {
    broker.ctl(&["add_user", name, "geheim"]).await;
    let [configure, write, read] = permissions;
    vhost.ctl("set_permissions", &[name, configure, write, read]).await;
    format!("amqp://{name}:geheim@{}/{}", broker.address(), vhost.name())
}

/// A file of the deployment.
pub(crate) fn deployed(file: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/rabbitmq");
    folder.canonicalize().expect(WORKS).join(file)
}
