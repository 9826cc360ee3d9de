//! Connections that break, go silent, work one way only, or are slow: between each pair, for a while.

use std::time::Duration;

use antiphon_tests::{Fleet, FleetKind, Relay, Sender};

use crate::case::{Case, Chance, IMPATIENCE, ends_well};

/// How long a wire is bad: longer than the timeouts and heartbeats of the fleet's configuration.
const BAD: Duration = Duration::from_secs(6);
/// Connections to the models that are refused: a sample that fails five times in the same way has failed for good, however short the
/// time.
const REFUSED: u64 = 3;

pub(crate) const CASES: &[Case] = &[
    Case { name: "wire_worker_broker_cut", happens: |chance| Box::pin(bad(chance, worker_broker, cut)) },
    Case {
        name: "wire_worker_broker_silent",
        happens: |chance| Box::pin(bad(chance, worker_broker, silent)),
    },
    Case {
        name: "wire_worker_broker_half_open",
        happens: |chance| Box::pin(bad(chance, worker_broker, half_open)),
    },
    Case { name: "wire_worker_broker_slow", happens: |chance| Box::pin(bad(chance, worker_broker, slow)) },
    Case { name: "wire_worker_store_cut", happens: |chance| Box::pin(bad(chance, worker_store, cut)) },
    Case { name: "wire_worker_store_silent", happens: |chance| Box::pin(bad(chance, worker_store, silent)) },
    Case {
        name: "wire_worker_store_half_open",
        happens: |chance| Box::pin(bad(chance, worker_store, half_open)),
    },
    Case { name: "wire_worker_store_slow", happens: |chance| Box::pin(bad(chance, worker_store, slow)) },
    Case {
        name: "wire_worker_models_cut",
        happens: |chance| Box::pin(bad(chance, worker_models, cut_for_few)),
    },
    Case {
        name: "wire_worker_models_silent",
        happens: |chance| Box::pin(bad(chance, worker_models, silent)),
    },
    Case {
        name: "wire_worker_models_half_open",
        happens: |chance| Box::pin(bad(chance, worker_models, half_open)),
    },
    Case { name: "wire_worker_models_slow", happens: |chance| Box::pin(bad(chance, worker_models, slow)) },
    Case {
        name: "wire_coordinator_broker_cut",
        happens: |chance| Box::pin(bad(chance, coordinator_broker, cut)),
    },
    Case {
        name: "wire_coordinator_broker_silent",
        happens: |chance| Box::pin(bad(chance, coordinator_broker, silent)),
    },
    Case {
        name: "wire_coordinator_broker_half_open",
        happens: |chance| Box::pin(bad(chance, coordinator_broker, half_open)),
    },
    Case {
        name: "wire_coordinator_broker_slow",
        happens: |chance| Box::pin(bad(chance, coordinator_broker, slow)),
    },
    Case {
        name: "wire_coordinator_store_cut",
        happens: |chance| Box::pin(bad(chance, coordinator_store, cut)),
    },
    Case {
        name: "wire_coordinator_store_silent",
        happens: |chance| Box::pin(bad(chance, coordinator_store, silent)),
    },
    Case {
        name: "wire_coordinator_store_half_open",
        happens: |chance| Box::pin(bad(chance, coordinator_store, half_open)),
    },
    Case {
        name: "wire_coordinator_store_slow",
        happens: |chance| Box::pin(bad(chance, coordinator_store, slow)),
    },
];

type Wire = fn(&Fleet) -> &Relay;
type Damage = fn(&mut Chance, &Relay, bool);

/// One wire of one member goes bad at some moment, and is mended.
async fn bad(mut chance: Chance, wire: Wire, damage: Damage) {
    let kind = FleetKind { patience: IMPATIENCE, ..chance.kind().await };
    let fleet = Fleet::start(kind).await;
    fleet.submit().await;
    fleet.stage.simulator.until_calls(chance.number(1..=500)).await;
    damage(&mut chance, wire(&fleet), true);
    tokio::time::sleep(BAD).await;
    damage(&mut chance, wire(&fleet), false);
    ends_well(fleet).await;
}

fn worker_broker(fleet: &Fleet) -> &Relay {
    &fleet.workers[0].wires.broker
}

fn worker_store(fleet: &Fleet) -> &Relay {
    &fleet.workers[0].wires.store
}

fn worker_models(fleet: &Fleet) -> &Relay {
    &fleet.workers[0].wires.models
}

fn coordinator_broker(fleet: &Fleet) -> &Relay {
    &fleet.coordinators[0].wires.broker
}

fn coordinator_store(fleet: &Fleet) -> &Relay {
    &fleet.coordinators[0].wires.store
}

/// Connections are reset, and perhaps no new ones are let through for a while.
fn cut(chance: &mut Chance, relay: &Relay, on: bool) {
    relay.refuse(on && chance.index(2) == 0);
    if on {
        relay.cut();
    }
}

/// Connections are reset, and a few new ones.
fn cut_for_few(_: &mut Chance, relay: &Relay, on: bool) {
    relay.refuse_next(if on { REFUSED } else { 0 });
    if on {
        relay.cut();
    }
}

/// Nobody hears that the wire is dead.
fn silent(_: &mut Chance, relay: &Relay, on: bool) {
    relay.blackhole(on);
}

/// One side is heard and hears nothing.
fn half_open(chance: &mut Chance, relay: &Relay, on: bool) {
    if on {
        relay.half_open([Sender::Client, Sender::Server][chance.index(2)], true);
    } else {
        relay.blackhole(false);
    }
}

/// Bytes come late, and perhaps a few at a time.
fn slow(chance: &mut Chance, relay: &Relay, on: bool) {
    relay.delay(if on { Duration::from_millis(chance.number(20..=200)) } else { Duration::ZERO });
    relay.dribble((on && chance.index(2) == 0).then_some(200));
}
