//! Brokers that stop, die, forget, or are full.

use antiphon_tests::{Fleet, FleetKind, Ground};

use crate::case::{Case, Chance, ends_well};

pub(crate) const CASES: &[Case] = &[
    Case { name: "broker_stopped", happens: |chance| Box::pin(away(chance, Going::Stopped)) },
    Case { name: "broker_killed", happens: |chance| Box::pin(away(chance, Going::Killed)) },
    Case { name: "broker_out_of_memory", happens: |chance| Box::pin(out_of_memory(chance)) },
    Case { name: "broker_closes_connections", happens: |chance| Box::pin(closes_connections(chance)) },
    Case { name: "broker_loses_a_node", happens: |chance| Box::pin(loses_a_node(chance)) },
    Case { name: "queue_deleted", happens: |chance| Box::pin(loses_a_queue(chance, Loss::Queue)) },
    Case { name: "queue_purged", happens: |chance| Box::pin(loses_a_queue(chance, Loss::Messages)) },
];

/// A fleet at work on a broker of its own.
async fn on(mut chance: Chance, ground: Ground) -> (Fleet, Chance) {
    let kind = FleetKind::new(chance.asked(), 2 + chance.index(2), ground);
    let fleet = Fleet::start(kind).await;
    fleet.submit().await;
    fleet.stage.simulator.until_calls(chance.number(1..=500)).await;
    (fleet, chance)
}

enum Going {
    Stopped,
    Killed,
}

/// It goes, and comes back.
async fn away(chance: Chance, going: Going) {
    let (mut fleet, _) = on(chance, Ground::own().await).await;
    match going {
        Going::Stopped => fleet.ground.broker().stop().await,
        Going::Killed => {
            fleet.ground.broker().save_names().await;
            fleet.ground.broker().kill();
        }
    }
    fleet.ground.broker().restart().await;
    ends_well(fleet).await;
}

/// It takes nothing from anybody who publishes, and then does again.
async fn out_of_memory(chance: Chance) {
    let (mut fleet, mut chance) = on(chance, Ground::own().await).await;
    for _ in 0..chance.number(1..=2) {
        fleet.ground.broker().memory_alarm(true).await;
        fleet.ground.broker().memory_alarm(false).await;
    }
    ends_well(fleet).await;
}

/// It sends everybody away, more than once.
async fn closes_connections(chance: Chance) {
    let (mut fleet, mut chance) = on(chance, Ground::own().await).await;
    for _ in 0..chance.number(1..=3) {
        fleet.ground.broker().close_connections().await;
    }
    ends_well(fleet).await;
}

/// One of three nodes dies, and with it the connections of some; it comes back.
async fn loses_a_node(chance: Chance) {
    let (mut fleet, mut chance) = on(chance, Ground::several().await).await;
    let lost = chance.index(3);
    fleet.ground.cluster().kill(lost);
    fleet.until_more_results(2).await;
    fleet.ground.cluster().restart(lost).await;
    ends_well(fleet).await;
}

enum Loss {
    Queue,
    Messages,
}

/// A pool's queue is deleted or emptied under its consumers. Whoever does that restarts the coordinator, which misses nothing
/// before its longest delay is over.
async fn loses_a_queue(mut chance: Chance, loss: Loss) {
    let mut fleet = chance.at_work().await;
    fleet.stage.simulator.until_calls(chance.number(1..=200)).await;
    let queue = ["antiphon.jobs.high", "antiphon.jobs.low"][chance.index(2)];
    match loss {
        Loss::Queue => fleet.ground.vhost().delete_queue(queue).await,
        Loss::Messages => fleet.ground.vhost().purge_queue(queue).await,
    }
    fleet.coordinators[0].terminate();
    assert_eq!(fleet.coordinators[0].ended().await, Some(0));
    fleet.coordinators[0].start();
    ends_well(fleet).await;
}
