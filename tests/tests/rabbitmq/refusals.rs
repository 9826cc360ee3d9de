//! What a broker refuses is said so that somebody can act on it, and least privilege is enough to work.

use std::time::Duration;

use antiphon_core::Event;
use antiphon_queue::{Queue, QueueError, topology};
use antiphon_tests::Broker;

use crate::work::{finish, next, pool, publish, queue, settings, soon, user};

/// What the deployment grants to workers: `deploy/rabbitmq/definitions.json`.
const WORKER: [&str; 3] =
    [r"^amq\.gen-.*$", r"^(antiphon\..*|amq\.gen-.*)$", r"^(antiphon\..*|amq\.gen-.*)$"];

async fn refused(url: &str) -> String {
    let refused = soon(queue(url).check()).await.expect_err("it is refused");
    assert!(matches!(refused, QueueError::Refused { .. }), "{refused:?}");
    let text = format!("{refused} {refused:?}");
    assert!(!text.contains("geheim"), "{text}");
    text
}

#[tokio::test]
async fn a_wrong_login_is_named_and_the_password_is_not() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let name = vhost.name().to_owned();
    let url = user(broker, &vhost, &name, [".*"; 3]).await;
    queue(&url).check().await.unwrap();
    let wrong = refused(&url.replace("geheim", "geheim-anders")).await;
    assert!(wrong.contains("check user and password"), "{wrong}");
    let elsewhere = refused(&format!("{url}-not")).await;
    assert!(elsewhere.contains("check that the vhost exists"), "{elsewhere}");
    broker.ctl(&["clear_permissions", "--vhost", vhost.name(), &name]).await;
    let forbidden = refused(&url).await;
    assert!(forbidden.contains("the user may use it"), "{forbidden}");
}

#[tokio::test]
async fn a_refused_login_reaches_everybody_who_needs_it_and_ends_when_it_is_granted() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let name = vhost.name().to_owned();
    let url = user(broker, &vhost, &name, [".*"; 3]).await;
    let queue = queue(&url.replace("geheim", "spaeter"));
    let pool = pool("p");
    let job = antiphon_queue::conformance::job(&pool, 0);
    assert!(matches!(soon(queue.publish_job(&job)).await, Err(QueueError::Refused { .. })));
    assert!(matches!(soon(queue.consume_jobs(&pool, 1)).await, Err(QueueError::Refused { .. })));
    broker.ctl(&["change_password", &name, "spaeter"]).await;
    crate::work::wait_until("the login is accepted", async || queue.publish_job(&job).await.is_ok()).await;
}

#[tokio::test]
async fn nobody_there_is_told_to_whoever_cannot_wait() {
    let mut settings = settings("amqp://nobody@127.0.0.1:1");
    settings.patience = Duration::from_secs(1);
    let unreachable = Queue::rabbitmq(settings).check().await.unwrap_err();
    assert!(matches!(unreachable, QueueError::Unreachable { .. }), "{unreachable:?}");
    assert!(unreachable.to_string().contains("refused"), "{unreachable}");
}

#[tokio::test]
async fn missing_permissions_and_missing_queues_are_told_apart() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let (one, two) = (format!("{}r", vhost.name()), format!("{}w", vhost.name()));
    let reader = queue(&user(broker, &vhost, &one, ["^$", "^$", ".*"]).await);
    let pool = pool("p");
    let job = antiphon_queue::conformance::job(&pool, 0);
    let bare = soon(reader.publish_job(&job)).await.unwrap_err();
    assert!(bare.to_string().contains("antiphon.jobs"), "{bare}");
    topology::apply(&queue(&vhost.url()), &[], None).await.unwrap();
    let forbidden = soon(reader.publish_job(&job)).await.unwrap_err();
    assert!(matches!(forbidden, QueueError::Refused { .. }), "{forbidden:?}");
    let worker = queue(&user(broker, &vhost, &two, WORKER).await);
    let unroutable = soon(worker.publish_job(&job)).await.unwrap_err();
    assert!(matches!(&unroutable, QueueError::Unroutable { key, .. } if key == "p"), "{unroutable:?}");
    let unconsumable = soon(worker.consume_jobs(&pool, 1)).await.unwrap_err();
    assert!(unconsumable.to_string().contains("antiphon.jobs"), "{unconsumable}");
}

#[tokio::test]
async fn a_worker_that_may_configure_nothing_works_where_the_topology_is() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let pool = pool("p");
    topology::apply(&queue(&vhost.url()), std::slice::from_ref(&pool), None).await.unwrap();
    let worker = queue(&user(broker, &vhost, vhost.name(), WORKER).await);
    let mut consumer = worker.consume_jobs(&pool, 4).await.unwrap();
    let mut events = worker.subscribe_events().await.unwrap();
    let _choir = worker.listen_choir(&pool).await.unwrap();
    let mut dead = worker.dead_letters().await.unwrap();
    publish(&worker, &pool, 0..3).await;
    next(&mut consumer).await.retry(Duration::from_millis(1)).await.unwrap();
    let rejected = next(&mut consumer).await;
    let gone = rejected.job().chunk;
    rejected.reject("no such target").await.unwrap();
    let letter = soon(dead.next()).await.unwrap();
    assert_eq!((letter.job().chunk, letter.reason()), (gone, "no such target"));
    letter.ack().await.unwrap();
    publish(&worker, &pool, gone..gone + 1).await;
    finish(&mut consumer, 0..3).await;
    let hint = Event::PoolStopped { pool, reason: "r".into(), misconfigured: true };
    worker.publish_event(&hint).await.unwrap();
    assert_eq!(soon(events.next()).await, hint);
    assert_eq!(topology::check(&worker, &[], None).await.unwrap(), []);
}
