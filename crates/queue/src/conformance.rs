//! What every queue must do. Each function uses pools of its own names and panics where a promise is broken.
//!
//! That something does *not* happen is watched for a while only; a slow broker can make such a check pass in vain, never fail in vain.

use std::collections::BTreeSet;
use std::time::Duration;

use antiphon_core::{Call, ChoirMessage, Event, Hush, Job, OBJECT_FORMAT, PoolId, VoiceId};
use tokio::time::{Instant, timeout};

use crate::{
    CallStream, ChoirHeard, DELIVERY_LIMIT, DELIVERY_LIMIT_REASON, DeadLetters, Delivery, JobConsumer, Queue,
    QueueError,
};

/// How long to watch for what must not happen.
const QUIET: Duration = Duration::from_millis(300);
/// How long to wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

const ALIVE: &str = "the queue answers";

/// All of the suite; pools and run are named with `name`, which must be new to the queue.
pub async fn all(queue: &Queue, name: &str) {
    let pool = |part: &str| format!("{name}-{part}").parse().expect("the name fits an id");
    every_job_is_delivered_and_an_ack_ends_it(queue, &pool("ack")).await;
    a_dropped_delivery_comes_again(queue, &pool("drop")).await;
    a_dropped_consumer_hands_back(queue, &pool("gone")).await;
    a_batch_arrives_whole(queue, &pool("batch"), &pool("batch2")).await;
    how_long_it_waited_is_told(queue, &pool("waited")).await;
    a_retry_waits(queue, &pool("retry")).await;
    a_long_wait_holds_up_no_short_one(queue, &pool("waits")).await;
    no_more_than_prefetch_at_a_time(queue, &pool("prefetch")).await;
    two_consumers_share(queue, &pool("share")).await;
    pools_are_apart(queue, &pool("one"), &pool("two")).await;
    a_dropped_wait_loses_nothing(queue, &pool("wait")).await;
    let mut dead = queue.dead_letters().await.expect(ALIVE);
    a_rejected_job_is_dead(queue, &mut dead, &pool("reject")).await;
    a_job_that_is_lost_every_time_is_dead(queue, &mut dead, &pool("limit")).await;
    hints_reach_all_who_listen(queue, &pool("hints")).await;
    a_choir_hears_itself_in_order(queue, &pool("choir"), &pool("other")).await;
    one_of_many_hears_the_calls(queue, name).await;
}

/// A job of the pool with that number.
///
/// # Panics
/// Never: its ids are valid.
#[must_use]
pub fn job(pool: &PoolId, chunk: u32) -> Job {
    let id = "letters and digits are an id";
    Job {
        format: OBJECT_FORMAT,
        run: "r1".parse().expect(id),
        pool: pool.clone(),
        target: "opus".parse().expect(id),
        block: "b1".parse().expect(id),
        round: 0,
        chunk,
    }
}

async fn publish(queue: &Queue, pool: &PoolId, count: u32) {
    for chunk in 0..count {
        queue.publish_job(&job(pool, chunk)).await.expect(ALIVE);
    }
}

async fn consume(queue: &Queue, pool: &PoolId, prefetch: u16) -> JobConsumer {
    queue.consume_jobs(pool, prefetch).await.expect(ALIVE)
}

async fn next(consumer: &mut JobConsumer) -> Delivery {
    timeout(PATIENCE, consumer.next()).await.expect("a job comes in time").expect(ALIVE)
}

async fn nothing_comes(consumer: &mut JobConsumer) {
    if let Ok(delivery) = timeout(QUIET, consumer.next()).await {
        panic!("{delivery:?} came unexpectedly");
    }
}

/// Takes and acks until `count` jobs have come.
async fn finish(consumer: &mut JobConsumer, count: usize) -> Vec<Job> {
    let mut done = Vec::new();
    while done.len() < count {
        let delivery = next(consumer).await;
        done.push(delivery.job().clone());
        delivery.ack().await.expect(ALIVE);
    }
    done
}

fn chunks(jobs: &[Job]) -> BTreeSet<u32> {
    jobs.iter().map(|job| job.chunk).collect()
}

/// Also jobs that were published before anybody consumed.
pub async fn every_job_is_delivered_and_an_ack_ends_it(queue: &Queue, pool: &PoolId) {
    publish(queue, pool, 50).await;
    assert_eq!(queue.depth(pool).await.expect(ALIVE), 50);
    let mut consumer = consume(queue, pool, 10).await;
    let done = finish(&mut consumer, 50).await;
    assert_eq!(chunks(&done), (0..50).collect());
    assert!(done.iter().all(|done| *done == job(pool, done.chunk)), "jobs come as they were published");
    nothing_comes(&mut consumer).await;
    drop(consumer);
    assert_eq!(queue.depth(pool).await.expect(ALIVE), 0);
    nothing_comes(&mut consume(queue, pool, 10).await).await;
}

/// Its worker died.
pub async fn a_dropped_delivery_comes_again(queue: &Queue, pool: &PoolId) {
    publish(queue, pool, 2).await;
    let mut consumer = consume(queue, pool, 2).await;
    let (first, second) = (next(&mut consumer).await, next(&mut consumer).await);
    let lost = first.job().clone();
    drop(first);
    second.ack().await.expect(ALIVE);
    assert_eq!(finish(&mut consumer, 1).await, [lost]);
    nothing_comes(&mut consumer).await;
}

/// Its deliveries go to others, and it can settle them no more.
pub async fn a_dropped_consumer_hands_back(queue: &Queue, pool: &PoolId) {
    publish(queue, pool, 4).await;
    let mut gone = consume(queue, pool, 3).await;
    let (one, two, three) = (next(&mut gone).await, next(&mut gone).await, next(&mut gone).await);
    drop(gone);
    let mut consumer = consume(queue, pool, 4).await;
    assert_eq!(chunks(&finish(&mut consumer, 4).await), (0..4).collect());
    let late = [one.ack().await, two.retry(Duration::ZERO).await, three.reject("too late").await];
    for late in late {
        assert!(matches!(late, Err(QueueError::HandedBack { .. })), "it was handed back, but: {late:?}");
    }
    nothing_comes(&mut consumer).await;
}

/// Of many pools, and of more jobs than travel at a time.
pub async fn a_batch_arrives_whole(queue: &Queue, one: &PoolId, two: &PoolId) {
    let jobs: Vec<Job> = (0..1_000).map(|chunk| job(if chunk % 3 == 0 { one } else { two }, chunk)).collect();
    queue.publish_jobs(&jobs).await.expect(ALIVE);
    queue.publish_jobs(&[]).await.expect(ALIVE);
    for pool in [one, two] {
        let wanted: BTreeSet<Job> = jobs.iter().filter(|job| job.pool == *pool).cloned().collect();
        let done = finish(&mut consume(queue, pool, 50).await, wanted.len()).await;
        assert_eq!(done.into_iter().collect::<BTreeSet<_>>(), wanted);
    }
}

/// Whoever waits for a day must not hold up whoever waits for a second.
pub async fn a_long_wait_holds_up_no_short_one(queue: &Queue, pool: &PoolId) {
    publish(queue, pool, 2).await;
    let mut consumer = consume(queue, pool, 2).await;
    let (long, short) = (next(&mut consumer).await, next(&mut consumer).await);
    let (wanted_last, wanted_first) = (long.job().clone(), short.job().clone());
    long.retry(Duration::from_secs(4)).await.expect(ALIVE);
    short.retry(Duration::from_millis(500)).await.expect(ALIVE);
    assert_eq!(finish(&mut consumer, 2).await, [wanted_first, wanted_last]);
}

/// And is not lost meanwhile, nor counted as a loss.
pub async fn a_retry_waits(queue: &Queue, pool: &PoolId) {
    publish(queue, pool, 1).await;
    let mut consumer = consume(queue, pool, 1).await;
    let delay = QUIET * 3;
    let asked = Instant::now();
    next(&mut consumer).await.retry(delay).await.expect(ALIVE);
    nothing_comes(&mut consumer).await;
    let again = next(&mut consumer).await;
    assert!(asked.elapsed() >= delay, "it came after {:?}", asked.elapsed());
    again.retry(Duration::ZERO).await.expect(ALIVE);
    for _ in 0..=DELIVERY_LIMIT {
        next(&mut consumer).await.retry(Duration::ZERO).await.expect(ALIVE);
    }
    finish(&mut consumer, 1).await;
    nothing_comes(&mut consumer).await;
}

/// From when it could have been delivered: a pause that was asked for is none.
pub async fn how_long_it_waited_is_told(queue: &Queue, pool: &PoolId) {
    // A clock on the wall does not stop with a test's.
    let waits = Duration::from_millis(400);
    publish(queue, pool, 1).await;
    tokio::time::sleep(waits).await;
    let mut consumer = consume(queue, pool, 1).await;
    let delivery = next(&mut consumer).await;
    let waited = delivery.waited().expect("its sender says since when");
    assert!(waited >= waits / 2, "{waited:?}");
    let delay = QUIET * 3;
    delivery.retry(delay).await.expect(ALIVE);
    let again = next(&mut consumer).await;
    let waited = again.waited().expect("its sender says since when");
    assert!(waited < delay, "{waited:?} of a pause of {delay:?}");
    again.ack().await.expect(ALIVE);
}

/// Settling one makes room for one.
pub async fn no_more_than_prefetch_at_a_time(queue: &Queue, pool: &PoolId) {
    publish(queue, pool, 4).await;
    let mut consumer = consume(queue, pool, 2).await;
    let (first, second) = (next(&mut consumer).await, next(&mut consumer).await);
    nothing_comes(&mut consumer).await;
    first.ack().await.expect(ALIVE);
    let third = next(&mut consumer).await;
    nothing_comes(&mut consumer).await;
    second.ack().await.expect(ALIVE);
    third.ack().await.expect(ALIVE);
    finish(&mut consumer, 1).await;
}

/// Each job goes to one of them, and both get some.
pub async fn two_consumers_share(queue: &Queue, pool: &PoolId) {
    let (mut one, mut two) = (consume(queue, pool, 1).await, consume(queue, pool, 1).await);
    publish(queue, pool, 20).await;
    let mut done = Vec::new();
    for _ in 0..10 {
        let (first, second) = tokio::join!(next(&mut one), next(&mut two));
        done.extend([first.job().clone(), second.job().clone()]);
        first.ack().await.expect(ALIVE);
        second.ack().await.expect(ALIVE);
    }
    assert_eq!(chunks(&done), (0..20).collect());
    nothing_comes(&mut one).await;
}

/// A pool that waits holds up no other.
pub async fn pools_are_apart(queue: &Queue, one: &PoolId, two: &PoolId) {
    publish(queue, one, 1).await;
    publish(queue, two, 1).await;
    let mut consumer = consume(queue, two, 5).await;
    assert_eq!(finish(&mut consumer, 1).await, [job(two, 0)]);
    nothing_comes(&mut consumer).await;
    finish(&mut consume(queue, one, 5).await, 1).await;
}

/// `next` stands in a `select!`, so its waits are given up all the time.
pub async fn a_dropped_wait_loses_nothing(queue: &Queue, pool: &PoolId) {
    let mut consumer = consume(queue, pool, 1).await;
    let mut done = Vec::new();
    for chunk in 0..5 {
        nothing_comes(&mut consumer).await;
        queue.publish_job(&job(pool, chunk)).await.expect(ALIVE);
        let delivery = loop {
            tokio::select! {
                biased;
                () = tokio::task::yield_now() => {}
                delivery = consumer.next() => break delivery.expect(ALIVE),
            }
        };
        done.push(delivery.job().clone());
        delivery.ack().await.expect(ALIVE);
    }
    assert_eq!(chunks(&done), (0..5).collect());
    nothing_comes(&mut consumer).await;
}

async fn next_dead(dead: &mut DeadLetters) -> (Job, String) {
    let letter = timeout(PATIENCE, dead.next()).await.expect("a dead letter comes in time").expect(ALIVE);
    let told = (letter.job().clone(), letter.reason().to_owned());
    letter.ack().await.expect(ALIVE);
    told
}

/// With its reason, until somebody has recorded it.
pub async fn a_rejected_job_is_dead(queue: &Queue, dead: &mut DeadLetters, pool: &PoolId) {
    publish(queue, pool, 1).await;
    let mut consumer = consume(queue, pool, 1).await;
    next(&mut consumer).await.reject("no such target").await.expect(ALIVE);
    drop(timeout(PATIENCE, dead.next()).await.expect("a dead letter comes in time").expect(ALIVE));
    assert_eq!(next_dead(dead).await, (job(pool, 0), "no such target".to_owned()));
    assert!(timeout(QUIET, dead.next()).await.is_err(), "an acked dead letter comes no more");
    nothing_comes(&mut consumer).await;
}

/// It would kill workers for ever.
pub async fn a_job_that_is_lost_every_time_is_dead(queue: &Queue, dead: &mut DeadLetters, pool: &PoolId) {
    publish(queue, pool, 1).await;
    let mut consumer = consume(queue, pool, 1).await;
    let mut deliveries = 0;
    let told = loop {
        tokio::select! {
            biased;
            delivery = consumer.next() => {
                deliveries += 1;
                assert!(deliveries <= DELIVERY_LIMIT + 1, "it comes for ever");
                drop(delivery.expect(ALIVE));
            }
            told = next_dead(dead) => break told,
        }
    };
    assert_eq!(told, (job(pool, 0), DELIVERY_LIMIT_REASON.to_owned()));
    assert!(deliveries >= DELIVERY_LIMIT, "given up after {deliveries} deliveries");
    nothing_comes(&mut consumer).await;
}

/// Nobody else: a hint is for the moment.
pub async fn hints_reach_all_who_listen(queue: &Queue, pool: &PoolId) {
    let hint =
        |reason: &str| Event::PoolStopped { pool: pool.clone(), reason: reason.into(), misconfigured: false };
    queue.publish_event(&hint("before anybody listens")).await.expect(ALIVE);
    let (mut one, mut two) =
        (queue.subscribe_events().await.expect(ALIVE), queue.subscribe_events().await.expect(ALIVE));
    queue.publish_event(&hint("now")).await.expect(ALIVE);
    for stream in [&mut one, &mut two] {
        assert_eq!(timeout(PATIENCE, stream.next()).await.expect("a hint comes in time"), hint("now"));
        assert!(timeout(QUIET, stream.next()).await.is_err(), "one hint comes once");
    }
    queue.publish_events(&[hint("one"), hint("two")]).await.expect(ALIVE);
    for expected in [hint("one"), hint("two")] {
        assert_eq!(timeout(PATIENCE, one.next()).await.expect("hints come in time"), expected);
    }
}

/// All who listen, the sender included, hear all of it in one order; other pools hear nothing.
pub async fn a_choir_hears_itself_in_order(queue: &Queue, pool: &PoolId, other: &PoolId) {
    let message = |number| {
        let voice = VoiceId(number % 3);
        ChoirMessage::Hush(Hush { format: OBJECT_FORMAT, pool: pool.clone(), voice, after_ms: Some(number) })
    };
    queue.publish_choir(&message(0)).await.expect(ALIVE);
    let mut one = queue.listen_choir(pool).await.expect(ALIVE);
    let mut two = queue.listen_choir(pool).await.expect(ALIVE);
    let mut apart = queue.listen_choir(other).await.expect(ALIVE);
    for number in 1..=100 {
        queue.publish_choir(&message(number)).await.expect(ALIVE);
    }
    for stream in [&mut one, &mut two] {
        for number in 1..=100 {
            let heard = timeout(PATIENCE, stream.next()).await.expect("it is heard in time").expect(ALIVE);
            assert_eq!(heard, ChoirHeard::Message(message(number)));
        }
        assert!(timeout(QUIET, stream.next()).await.is_err(), "a message is heard once");
    }
    assert!(timeout(QUIET, apart.next()).await.is_err(), "pools are apart");
}

/// And when it is gone, another does.
pub async fn one_of_many_hears_the_calls(queue: &Queue, name: &str) {
    let submitted = |number: u32| Call::Submitted {
        run: format!("{name}-{number}").parse().expect("the name fits an id"),
    };
    let mut leader = queue.stand_by().await.expect(ALIVE);
    // Other calls may be waiting from before.
    queue.call(&submitted(0)).await.expect(ALIVE);
    while call(&mut leader).await != submitted(0) {}
    let mut next = queue.stand_by().await.expect(ALIVE);
    for number in 1..=10 {
        queue.call(&submitted(number)).await.expect(ALIVE);
        assert_eq!(call(&mut leader).await, submitted(number));
    }
    assert!(timeout(QUIET, next.next()).await.is_err(), "one leads at a time");
    drop(leader);
    queue.call(&submitted(11)).await.expect(ALIVE);
    // What the last leader heard but had not settled yet may come again.
    while call(&mut next).await != submitted(11) {}
}

async fn call(stream: &mut CallStream) -> Call {
    timeout(PATIENCE, stream.next()).await.expect("a call comes in time").expect(ALIVE)
}
