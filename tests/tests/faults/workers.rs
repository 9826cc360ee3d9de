//! Workers that die, or are asked to go.

use std::collections::BTreeSet;

use antiphon_s3_server::{Fault, Operation, Order};
use antiphon_tests::{Event, Fleet, Relay, Trap};

use crate::case::{Case, Chance, ends_well};
use crate::models::{End, order};

pub(crate) const CASES: &[Case] = &[
    Case { name: "worker_killed_after_delivery", happens: |chance| Box::pin(after_delivery(chance)) },
    Case { name: "worker_killed_after_the_answer", happens: |chance| Box::pin(after_the_answer(chance)) },
    Case { name: "worker_killed_during_the_write", happens: |chance| Box::pin(during_the_write(chance)) },
    Case { name: "worker_killed_after_the_write", happens: |chance| Box::pin(after_the_write(chance)) },
    Case {
        name: "worker_killed_before_a_retry",
        happens: |chance| Box::pin(at_a_retry(chance, Relay::stop_before)),
    },
    Case {
        name: "worker_killed_after_a_retry",
        happens: |chance| Box::pin(at_a_retry(chance, Relay::stop_after)),
    },
    Case { name: "workers_killed_at_any_time", happens: |chance| Box::pin(at_any_time(chance)) },
    Case { name: "worker_terminated_with_grace", happens: |chance| Box::pin(with_grace(chance)) },
    Case { name: "worker_terminated_without_grace", happens: |chance| Box::pin(without_grace(chance)) },
];

/// A fleet at work of which only one worker runs.
async fn alone(chance: &mut Chance) -> Fleet {
    let mut fleet = Fleet::idle(chance.kind().await).await;
    fleet.coordinators[0].start();
    fleet.workers[0].start();
    fleet
}

/// The worker dies; others take over, and then it comes back.
fn dies(mut fleet: Fleet) -> Fleet {
    fleet.kill_worker(0);
    fleet.start_rest();
    fleet
}

/// It has jobs, and calls that will never be answered.
async fn after_delivery(mut chance: Chance) {
    let fleet = alone(&mut chance).await;
    order(&fleet, "hang", End::Rate(1.0));
    fleet.submit().await;
    fleet.stage.simulator.until_calls(chance.number(1..=8)).await;
    let fleet = dies(fleet);
    order(&fleet, "hang", End::Rate(0.0));
    ends_well(fleet).await;
}

/// All samples of a job are answered; its write has begun and will not take place.
async fn after_the_answer(mut chance: Chance) {
    let fleet = alone(&mut chance).await;
    hold(&fleet, Fault::HoldBefore).await;
    let fleet = dies(fleet);
    ends_well(fleet).await;
}

/// The writes take place when the worker is long dead, and others do its jobs.
async fn during_the_write(mut chance: Chance) {
    let fleet = alone(&mut chance).await;
    hold(&fleet, Fault::HoldBefore).await;
    let there = fleet.results().len();
    let fleet = dies(fleet);
    fleet.until_results(there + chance.index(4)).await;
    assert!(fleet.bucket.faults().release() > 0);
    ends_well(fleet).await;
}

/// The objects are there, and nobody has been told.
async fn after_the_write(mut chance: Chance) {
    let fleet = alone(&mut chance).await;
    hold(&fleet, Fault::HoldAfter).await;
    let fleet = dies(fleet);
    fleet.bucket.faults().release();
    ends_well(fleet).await;
}

/// Waits until the first write of a result is held.
async fn hold(fleet: &Fleet, fault: Fault) {
    fleet.bucket.faults().order(Order::new(fault, Operation::PutObject, "/samples/").next(u64::MAX));
    fleet.submit().await;
    fleet.bucket.faults().until_held(1).await;
    fleet.bucket.faults().clear();
}

/// How a relay is told to let nothing through any more.
type Stop = fn(&Relay, fn(&Event) -> bool) -> Trap;

/// It hands a job back, which is to publish a copy and then to ack it. Before the copy nothing has happened; after it there are two of
/// the job.
async fn at_a_retry(mut chance: Chance, stop: Stop) {
    let mut fleet = alone(&mut chance).await;
    fleet.workers[0].argue("--grace", "0s");
    fleet.workers[0].start();
    fleet.submit().await;
    fleet.stage.simulator.until_calls(chance.number(1..=200)).await;
    let copied = stop(
        &fleet.workers[0].wires.broker,
        |event| matches!(event, Event::Published { exchange, .. } if exchange == "antiphon.jobs"),
    );
    fleet.workers[0].terminate();
    copied.sprung().await;
    let fleet = dies(fleet);
    ends_well(fleet).await;
}

/// Any worker, any moment, and again.
async fn at_any_time(mut chance: Chance) {
    let mut fleet = chance.at_work().await;
    let mut calls = 0;
    for _ in 0..chance.number(2..=4) {
        calls += chance.number(1..=250);
        fleet.stage.simulator.until_calls(calls).await;
        let victim = chance.index(fleet.workers.len());
        fleet.kill_worker(victim);
        fleet.workers[victim].start();
    }
    ends_well(fleet).await;
}

/// Open jobs end within the grace period, so that nothing is asked twice.
async fn with_grace(mut chance: Chance) {
    let mut fleet = chance.at_work().await;
    fleet.stage.simulator.until_calls(chance.number(1..=600)).await;
    fleet.workers[0].terminate();
    assert_eq!(fleet.workers[0].ended().await, Some(0));
    ends_well(fleet).await;
}

/// Open jobs go back into the queue at once.
async fn without_grace(mut chance: Chance) {
    let mut fleet = Fleet::idle(chance.kind().await).await;
    fleet.workers[0].argue("--grace", "0s");
    fleet.start_rest();
    fleet.submit().await;
    fleet.stage.simulator.until_calls(chance.number(1..=600)).await;
    let before: BTreeSet<String> = fleet.results();
    fleet.workers[0].terminate();
    assert_eq!(fleet.workers[0].ended().await, Some(0));
    fleet.excuse(before);
    ends_well(fleet).await;
}
