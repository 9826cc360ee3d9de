//! Brokers stop, die, freeze and run out of memory; connections break; queues are deleted. Nothing that was confirmed is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use antiphon_core::{Call, ChoirMessage, Event, Hush, OBJECT_FORMAT, VoiceId};
use antiphon_queue::conformance::job;
use antiphon_queue::{ChoirHeard, Queue, QueueError, RabbitMqSettings};
use antiphon_tests::{Broker, Relay};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::work::{PATIENCE, QUIET, WORKS, finish, next, pool, publish, queue, settings, soon, wait_until};

#[derive(Clone, Copy)]
enum End {
    Stop,
    Kill,
}

/// Publishes one job after the other until it is told to stop; gives how many were confirmed.
async fn publish_on(queue: Queue, stop: Arc<AtomicBool>) -> u32 {
    let (pool, mut count) = (pool("p"), 0);
    while !stop.load(Ordering::Relaxed) {
        queue.publish_job(&job(&pool, count)).await.expect(WORKS);
        count += 1;
    }
    count
}

async fn broker_ends_and_comes_back(end: End) {
    let mut broker = Broker::start().await;
    let queue = queue(&broker.url());
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    let mut consumer = queue.consume_jobs(&pool("p"), 8).await.expect(WORKS);
    tasks.spawn(publish_on(queue.clone(), stop.clone()));
    let mut done = BTreeSet::new();
    for round in 1..=2 {
        while done.len() < round * 200 {
            let delivery = next(&mut consumer).await;
            done.insert(delivery.job().chunk);
            let _ = delivery.ack().await;
        }
        let in_work = next(&mut consumer).await;
        match end {
            End::Stop => broker.stop().await,
            End::Kill => broker.kill(),
        }
        broker.restart().await;
        wait_until("the queue has noticed", async || queue.is_connected()).await;
        let late = in_work.ack().await;
        assert!(matches!(late, Err(QueueError::HandedBack { .. })), "{late:?}");
    }
    stop.store(true, Ordering::Relaxed);
    let published = soon(tasks.join_next()).await.expect(WORKS).expect(WORKS);
    let mut missing: BTreeSet<u32> = (0..published).filter(|chunk| !done.contains(chunk)).collect();
    while !missing.is_empty() {
        let delivery = timeout(PATIENCE, consumer.next()).await;
        let delivery = delivery.unwrap_or_else(|_| panic!("{missing:?} were lost")).expect(WORKS);
        missing.remove(&delivery.job().chunk);
        let _ = delivery.ack().await;
    }
}

#[tokio::test]
async fn a_broker_that_is_stopped_loses_no_confirmed_job() {
    broker_ends_and_comes_back(End::Stop).await;
}

#[tokio::test]
async fn a_broker_that_is_killed_loses_no_confirmed_job() {
    broker_ends_and_comes_back(End::Kill).await;
}

#[tokio::test]
async fn a_cut_connection_is_told_to_the_choir_and_mended_for_all() {
    let broker = Broker::start().await;
    let queue = queue(&broker.url());
    let pool = pool("p");
    publish(&queue, &pool, 0..3).await;
    let mut consumer = queue.consume_jobs(&pool, 2).await.unwrap();
    let mut choir = queue.listen_choir(&pool).await.unwrap();
    let mut events = queue.subscribe_events().await.unwrap();
    let in_work = next(&mut consumer).await;
    broker.close_connections().await;
    assert_eq!(soon(choir.next()).await.unwrap(), ChoirHeard::Disconnected);
    let late = in_work.ack().await;
    assert!(matches!(late, Err(QueueError::HandedBack { .. })), "{late:?}");
    finish(&mut consumer, 0..3).await;

    let hush = ChoirMessage::Hush(Hush {
        format: OBJECT_FORMAT,
        pool: pool.clone(),
        voice: VoiceId(1),
        after_ms: None,
    });
    queue.publish_choir(&hush).await.unwrap();
    assert_eq!(soon(choir.next()).await.unwrap(), ChoirHeard::Message(hush));
    let hint = Event::PoolStopped { pool, reason: "again".into(), misconfigured: false };
    // The events may come back a little later than the choir.
    let heard = async {
        loop {
            queue.publish_event(&hint).await.unwrap();
            if let Ok(heard) = timeout(QUIET, events.next()).await {
                return heard;
            }
        }
    };
    assert_eq!(soon(heard).await, hint);
}

#[tokio::test]
async fn a_deleted_queue_is_declared_again_and_consumed_on() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let queue = queue(&vhost.url());
    let pool = pool("p");
    let mut consumer = queue.consume_jobs(&pool, 2).await.unwrap();
    publish(&queue, &pool, 0..1).await;
    finish(&mut consumer, 0..1).await;
    for round in 1..4 {
        vhost.delete_queue("antiphon.jobs.p").await;
        publish(&queue, &pool, round..round + 1).await;
        finish(&mut consumer, round..round + 1).await;
    }
}

/// The library hangs a returned message on any confirmation: none of those on their way at the same time may be taken for arrived.
#[tokio::test]
async fn no_job_is_lost_where_queues_are_missing_for_some_of_a_batch() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let queue = queue(&vhost.url());
    let pools: Vec<_> = ["a", "b", "c", "d"].map(pool).into();
    for round in 0..3 {
        let jobs: Vec<_> =
            (0..800).map(|chunk| job(&pools[chunk as usize % 4], round * 800 + chunk)).collect();
        soon(queue.publish_jobs(&jobs)).await.unwrap();
        for pool in &pools {
            assert_eq!(queue.depth(pool).await.unwrap(), 200, "of pool {pool} in round {round}");
            // Only some of them are missing in the next round.
            if round == 1 || pool.as_str() != "c" {
                vhost.delete_queue(&format!("antiphon.jobs.{pool}")).await;
            } else {
                vhost.purge_queue(&format!("antiphon.jobs.{pool}")).await;
            }
        }
    }
}

/// Also if that lasts longer than a confirmation may take otherwise.
#[tokio::test]
async fn a_broker_without_memory_holds_up_messages_but_not_acks() {
    let broker = Broker::start().await;
    let queue = Queue::rabbitmq(RabbitMqSettings { patience: QUIET * 8, ..settings(&broker.url()) });
    let pool = pool("p");
    publish(&queue, &pool, 0..20).await;
    broker.memory_alarm(true).await;
    let (held, there) = (job(&pool, 20), job(&pool, 21));
    let mut publishing = Box::pin(queue.publish_job(&held));
    assert!(timeout(QUIET * 16, &mut publishing).await.is_err(), "a broker without memory confirms nothing");
    let mut consumer = queue.consume_jobs(&pool, 4).await.unwrap();
    finish(&mut consumer, 0..20).await;
    wait_until("the acks have arrived", async || {
        broker.root().queue("antiphon.jobs.p").await.is_some_and(|depth| depth.unacked + depth.ready == 0)
    })
    .await;
    broker.memory_alarm(false).await;
    soon(publishing).await.unwrap();
    soon(queue.publish_job(&there)).await.unwrap();
    finish(&mut consumer, 20..22).await;
    let log = broker.log();
    // Those that ever logged in have a vhost; others are the starter's.
    let gone = |line: &&str| line.contains("closing AMQP connection") && line.contains("vhost");
    let left = log.lines().find(gone);
    assert!(left.is_none(), "a connection was given up: {left:?}");
}

/// Stops for a while without closing anything; `settings` say by what it is noticed.
async fn broker_freezes(broker: Broker, settings: RabbitMqSettings) {
    let queue = Queue::rabbitmq(settings);
    let pool = pool("p");
    publish(&queue, &pool, 0..5).await;
    let mut consumer = queue.consume_jobs(&pool, 2).await.expect(WORKS);
    let in_work = next(&mut consumer).await;
    let process = broker.process().expect("it runs");
    signal(process, "STOP");
    let late_job = job(&pool, 5);
    let publishing = queue.publish_job(&late_job);
    tokio::pin!(publishing);
    tokio::select! {
        result = &mut publishing => panic!("a frozen broker confirmed: {result:?}"),
        () = wait_until("its silence is noticed", async || !queue.is_connected()) => {}
    }
    signal(process, "CONT");
    soon(publishing).await.expect(WORKS);
    let acked = in_work.ack().await;
    assert!(matches!(acked, Ok(()) | Err(QueueError::HandedBack { .. })), "{acked:?}");
    finish(&mut consumer, if acked.is_ok() { 1..6 } else { 0..6 }).await;
}

#[tokio::test]
async fn a_frozen_broker_is_left_for_its_missing_heartbeats() {
    let broker = Broker::start().await;
    let settings = RabbitMqSettings { heartbeat: Duration::from_secs(1), ..settings(&broker.url()) };
    broker_freezes(broker, settings).await;
}

#[tokio::test]
async fn a_frozen_broker_is_left_for_a_missing_confirmation() {
    let broker = Broker::start().await;
    let patience = Duration::from_secs(2);
    let settings =
        RabbitMqSettings { heartbeat: Duration::from_secs(600), patience, ..settings(&broker.url()) };
    broker_freezes(broker, settings).await;
}

fn signal(process: u32, name: &str) {
    let sent =
        std::process::Command::new("kill").args(["-s", name, &process.to_string()]).status().expect(WORKS);
    assert!(sent.success(), "kill -s {name} {process}");
}

/// A retry publishes a copy before it acks: whatever falls in between, the job is there once or twice.
#[tokio::test]
async fn retries_lose_nothing_when_connections_break() {
    let broker = Broker::start().await;
    let queue = queue(&broker.url());
    let pool = pool("p");
    publish(&queue, &pool, 0..60).await;
    let mut consumer = queue.consume_jobs(&pool, 20).await.unwrap();
    let mut retries = tokio::task::JoinSet::new();
    for number in 0..60_u64 {
        if number % 20 == 19 {
            broker.close_connections().await;
        }
        let delivery = next(&mut consumer).await;
        let delay = Duration::from_secs(number % 2);
        // Where it fails, the job comes again by itself.
        retries.spawn(async move { drop(delivery.retry(delay).await) });
    }
    soon(async { while retries.join_next().await.is_some() {} }).await;
    finish(&mut consumer, 0..60).await;
}

/// A quorum queue without its majority takes messages and confirms none.
#[tokio::test]
async fn a_queue_that_confirms_nothing_silences_nobody_and_keeps_the_connection() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let relay = Relay::amqp(broker.address()).await;
    let url = vhost.url().replace(&broker.address().to_string(), &relay.address().to_string());
    let mut settings = settings(&url);
    settings.patience = Duration::from_secs(15);
    let (fleet, pool) = (Queue::rabbitmq(settings), pool("stuck"));
    let mut events = fleet.subscribe_events().await.unwrap();
    let mut calls = fleet.stand_by().await.unwrap();
    publish(&fleet, &pool, 0..1).await;
    let connections = relay.counts().accepted;
    relay.withhold(Some("stuck"));
    let mut stuck = JoinSet::new();
    let (publisher, its_pool) = (fleet.clone(), pool.clone());
    stuck.spawn(async move { publish(&publisher, &its_pool, 1..2).await });
    wait_until("the job is in its queue", async || fleet.depth(&pool).await.unwrap() == 2).await;
    let hint = Event::PoolStopped { pool: pool.clone(), reason: "r".into(), misconfigured: true };
    fleet.publish_event(&hint).await.unwrap();
    assert_eq!(soon(events.next()).await, hint, "hints come meanwhile");
    soon(fleet.call(&Call::WhoLeads)).await.unwrap();
    assert_eq!(soon(calls.next()).await.unwrap(), Call::WhoLeads, "and calls");
    assert_eq!(fleet.depth(&pool).await.unwrap(), 2, "nobody had to lose patience with the job for that");
    wait_until("the job is published again", async || fleet.depth(&pool).await.unwrap() > 2).await;
    assert!(stuck.try_join_next().is_none(), "nobody has confirmed it");
    assert_eq!(relay.counts().accepted, connections, "the connections are those of the beginning");
    relay.withhold(None);
    soon(stuck.join_next()).await.unwrap().unwrap();
    finish(&mut fleet.consume_jobs(&pool, 8).await.unwrap(), 0..2).await;
}
