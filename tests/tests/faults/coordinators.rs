//! Coordinators that die, alone or one of two.

use antiphon_s3_server::{Fault, Operation, Order};
use antiphon_tests::{Event, Fleet, FleetKind, Member};

use crate::case::{Case, Chance, ends_well};

pub(crate) const CASES: &[Case] = &[
    Case { name: "coordinator_killed_while_planning", happens: |chance| Box::pin(while_planning(chance)) },
    Case {
        name: "coordinator_killed_while_publishing",
        happens: |chance| Box::pin(while_publishing(chance)),
    },
    Case { name: "coordinator_killed_at_any_time", happens: |chance| Box::pin(at_any_time(chance)) },
    Case { name: "coordinator_killed_at_the_end", happens: |chance| Box::pin(at_the_end(chance)) },
    Case { name: "coordinators_killed_in_turn", happens: |chance| Box::pin(in_turn(chance)) },
];

/// It reads what it is to plan, and dies before it has it.
async fn while_planning(mut chance: Chance) {
    let mut fleet = Fleet::idle(chance.kind().await).await;
    fleet.workers.iter_mut().for_each(Member::start);
    fleet.submit().await;
    let read = ["manifest.json", "/rounds/"][chance.index(2)];
    fleet.bucket.faults().order(Order::new(Fault::HoldBefore, Operation::GetObject, read));
    fleet.coordinators[0].start();
    fleet.bucket.faults().until_held(1).await;
    fleet.kill_coordinator(0);
    fleet.bucket.faults().clear();
    fleet.bucket.faults().release();
    fleet.start_rest();
    ends_well(fleet).await;
}

/// Some of its jobs have reached the broker, and some have not.
async fn while_publishing(mut chance: Chance) {
    let mut fleet = Fleet::idle(chance.kind().await).await;
    fleet.workers.iter_mut().for_each(Member::start);
    fleet.submit().await;
    let mut before = chance.number(0..=7);
    let nth_job = move |event: &Event| {
        let is_job = matches!(event, Event::Published { exchange, .. } if exchange == "antiphon.jobs");
        before = before.saturating_sub(u64::from(is_job && before > 0));
        is_job && before == 0
    };
    let publishing = fleet.coordinators[0].wires.broker.stop_before(nth_job);
    fleet.coordinators[0].start();
    publishing.sprung().await;
    fleet.kill_coordinator(0);
    fleet.start_rest();
    ends_well(fleet).await;
}

/// Jobs are queued, in work and done; the next one finds out which.
async fn at_any_time(mut chance: Chance) {
    let mut fleet = chance.at_work().await;
    let mut calls = 0;
    for _ in 0..chance.number(1..=3) {
        calls += chance.number(1..=300);
        fleet.stage.simulator.until_calls(calls).await;
        fleet.kill_coordinator(0);
        fleet.coordinators[0].start();
    }
    ends_well(fleet).await;
}

/// All jobs have their objects before somebody notices.
async fn at_the_end(mut chance: Chance) {
    let mut fleet = chance.at_work().await;
    fleet.stage.simulator.until_calls(chance.number(1..=300)).await;
    fleet.kill_coordinator(0);
    fleet.until_idle().await;
    fleet.coordinators[0].start();
    ends_well(fleet).await;
}

/// One of two dies, whichever leads; then the other, when the first is back.
async fn in_turn(mut chance: Chance) {
    let kind = FleetKind { coordinators: 2, ..chance.kind().await };
    let mut fleet = Fleet::start(kind).await;
    fleet.submit().await;
    let first = chance.index(2);
    fleet.stage.simulator.until_calls(chance.number(1..=300)).await;
    fleet.kill_coordinator(first);
    fleet.stage.simulator.until_calls(chance.number(301..=500)).await;
    fleet.coordinators[first].start();
    fleet.kill_coordinator(1 - first);
    ends_well(fleet).await;
}
