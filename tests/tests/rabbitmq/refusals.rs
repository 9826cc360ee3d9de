//! What a broker refuses is said so that somebody can act on it, and least privilege is enough to work.

use std::time::Duration;

use antiphon_core::{Call, ChoirMessage, Event, Hush, OBJECT_FORMAT, VoiceId};
use antiphon_queue::topology::Finding;
use antiphon_queue::{ChoirHeard, Queue, QueueError, topology};
use antiphon_tests::{Broker, Relay, Vhost};

use crate::work::{WORKS, deployed, finish, next, pool, publish, queue, settings, soon, user};

/// A user with what the deployment grants to one of its own; gives the way to connect as that user.
async fn granted(broker: &Broker, vhost: &Vhost<'_>, role: &str) -> String {
    let users = std::fs::read_to_string(deployed("users.json")).expect(WORKS);
    let users: serde_json::Value = serde_json::from_str(&users).expect(WORKS);
    let grants = users["permissions"].as_array().expect(WORKS).iter().find(|grants| grants["user"] == role);
    let grants = ["configure", "write", "read"].map(|kind| grants.expect(WORKS)[kind].as_str().expect(WORKS));
    user(broker, vhost, &format!("{}-{role}", vhost.name()), grants).await
}

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
    let reader = queue(&user(broker, &vhost, vhost.name(), ["^$", "^$", ".*"]).await);
    let pool = pool("p");
    let job = antiphon_queue::conformance::job(&pool, 0);
    let bare = soon(reader.publish_job(&job)).await.unwrap_err();
    assert!(bare.to_string().contains("antiphon.jobs"), "{bare}");
    topology::apply(&queue(&vhost.url()), &[], None).await.unwrap();
    let forbidden = soon(reader.publish_job(&job)).await.unwrap_err();
    assert!(matches!(forbidden, QueueError::Refused { .. }), "{forbidden:?}");
    let worker = queue(&granted(broker, &vhost, "antiphon-worker").await);
    let unroutable = soon(worker.publish_job(&job)).await.unwrap_err();
    assert!(matches!(&unroutable, QueueError::Unroutable { key, .. } if key == "p"), "{unroutable:?}");
    let unconsumable = soon(worker.consume_jobs(&pool, 1)).await.unwrap_err();
    assert!(unconsumable.to_string().contains("antiphon.jobs"), "{unconsumable}");
}

/// What a worker and a coordinator do at a broker, each as the user of that name.
async fn roles_work(worker: &Queue, coordinator: &Queue) {
    let pool = pool("p");
    let mut calls = soon(coordinator.stand_by()).await.expect(WORKS);
    let mut dead = soon(coordinator.dead_letters()).await.expect(WORKS);
    let mut heard_by_coordinator = soon(coordinator.subscribe_events()).await.expect(WORKS);
    let mut heard_by_worker = soon(worker.subscribe_events()).await.expect(WORKS);
    let mut choir = soon(worker.listen_choir(&pool)).await.expect(WORKS);
    let mut consumer = soon(worker.consume_jobs(&pool, 4)).await.expect(WORKS);
    publish(coordinator, &pool, 0..3).await;
    next(&mut consumer).await.retry(Duration::from_millis(1)).await.expect(WORKS);
    let rejected = next(&mut consumer).await;
    let gone = rejected.job().chunk;
    rejected.reject("no such target").await.expect(WORKS);
    let letter = soon(dead.next()).await.expect(WORKS);
    assert_eq!((letter.job().chunk, letter.reason()), (gone, "no such target"));
    letter.ack().await.expect(WORKS);
    publish(worker, &pool, gone..gone + 1).await;
    finish(&mut consumer, 0..3).await;
    let hint = Event::PoolStopped { pool: pool.clone(), reason: "r".into(), misconfigured: true };
    for (from, to) in [(worker, &mut heard_by_coordinator), (coordinator, &mut heard_by_worker)] {
        from.publish_event(&hint).await.expect(WORKS);
        while soon(to.next()).await != hint {}
    }
    let hush = Hush { format: OBJECT_FORMAT, pool, voice: VoiceId(1), after_ms: None };
    let hush = ChoirMessage::Hush(hush);
    worker.publish_choir(&hush).await.expect(WORKS);
    assert!(matches!(soon(choir.next()).await.expect(WORKS), ChoirHeard::Message(heard) if heard == hush));
    soon(coordinator.call(&Call::Submitted { run: "r1".parse().expect(WORKS) })).await.expect(WORKS);
    soon(calls.next()).await.expect(WORKS);
}

#[tokio::test]
async fn the_grants_that_ship_are_enough_to_work() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let pool = pool("p");
    topology::apply(&queue(&vhost.url()), std::slice::from_ref(&pool), None).await.unwrap();
    let worker = queue(&granted(broker, &vhost, "antiphon-worker").await);
    let coordinator = queue(&granted(broker, &vhost, "antiphon-coordinator").await);
    roles_work(&worker, &coordinator).await;
    assert_eq!(coordinator.depth(&pool).await.unwrap(), 0);
    assert_eq!(topology::check(&worker, &[], None).await.unwrap(), []);
}

/// Newer brokers let nobody look who has no grant on what is looked at.
#[tokio::test]
async fn they_are_enough_where_looking_is_refused() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let pool = pool("p");
    topology::apply(&queue(&vhost.url()), std::slice::from_ref(&pool), None).await.unwrap();
    let relay = Relay::amqp(broker.address()).await;
    relay.hide(true);
    let behind =
        |url: String| queue(&url.replace(&broker.address().to_string(), &relay.address().to_string()));
    let worker = behind(granted(broker, &vhost, "antiphon-worker").await);
    let coordinator = behind(granted(broker, &vhost, "antiphon-coordinator").await);
    roles_work(&worker, &coordinator).await;
    let unknown = coordinator.depth(&pool).await.unwrap_err();
    assert!(matches!(unknown, QueueError::Hidden { .. }), "{unknown:?}");
    let seen = topology::check(&worker, std::slice::from_ref(&pool), None).await.unwrap();
    assert!(
        !seen.is_empty() && seen.iter().all(|finding| matches!(finding, Finding::Hidden { .. })),
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_a_user_may_not_do_is_found_without_doing_harm() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let all = queue(&vhost.url());
    let pools = [pool("p")];
    let mut found = topology::permissions(&all).await.unwrap().into_iter();
    assert!(found.any(|permission| permission.is_granted.is_none()), "nothing is there yet to try it with");
    topology::apply(&all, &pools, None).await.unwrap();
    let mut events = all.subscribe_events().await.unwrap();
    let lacks = async |what: &str, grants: [&str; 3]| {
        let as_user = queue(&user(broker, &vhost, &format!("{}{what}", vhost.name()), grants).await);
        let found = soon(topology::permissions(&as_user)).await.unwrap().into_iter();
        let found = found.filter(|permission| permission.is_granted != Some(true));
        let found = found.map(|found| (found.kind.to_string(), found.of, found.is_granted));
        found.collect::<Vec<_>>()
    };
    let of = |kind: &str, what: &str| (kind.to_owned(), what.to_owned(), Some(false));
    let untried = |kind: &str, what: &str| (kind.to_owned(), what.to_owned(), None);
    assert_eq!(lacks("a", [".*"; 3]).await, []);
    assert_eq!(
        lacks("w", [".*", "^amq\\.gen-", ".*"]).await,
        ["antiphon.jobs", "antiphon.events", "antiphon.choir"].map(|exchange| of("write", exchange))
    );
    assert_eq!(
        lacks("r", [".*", ".*", "^antiphon\\.choir$"]).await,
        [of("read", "antiphon.events")],
        "of the two only one may be listened to"
    );
    assert_eq!(
        lacks("b", [".*", "^antiphon\\.", ".*"]).await,
        [of("write", "amq.gen-*"), untried("read", "antiphon.events"), untried("read", "antiphon.choir")]
    );
    assert_eq!(
        lacks("c", ["^$", ".*", ".*"]).await,
        [of("configure", "amq.gen-*"), untried("read", "antiphon.events"), untried("read", "antiphon.choir")]
    );
    for role in ["antiphon-worker", "antiphon-coordinator"] {
        let as_role = queue(&granted(broker, &vhost, role).await);
        let found = topology::permissions(&as_role).await.unwrap().into_iter();
        let lacks = found.filter(|permission| permission.is_granted != Some(true));
        let lacks: Vec<String> = lacks.map(|permission| permission.of).collect();
        assert!(
            lacks.iter().all(|what| role == "antiphon-coordinator" && what == "antiphon.choir"),
            "{lacks:?}"
        );
    }
    // Whoever listens has heard nothing of it, and no message lies anywhere.
    let hint = Event::PoolStopped { pool: pools[0].clone(), reason: "r".into(), misconfigured: true };
    all.publish_event(&hint).await.unwrap();
    assert_eq!(soon(events.next()).await, hint);
    let everything = topology::Extent::Everything(pools.to_vec());
    assert_eq!(topology::waiting(&all, &everything).await.unwrap(), []);
    let own = vhost.queues().await.into_iter().filter(|queue| queue.name.starts_with("amq.gen-")).count();
    assert_eq!(own, 1, "only that of the events is left");
}
