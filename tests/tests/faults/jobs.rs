//! Jobs that nobody can do.

use antiphon_tests::{Event, Fleet};
use serde_json::Value;

use crate::case::{Case, Chance, ends_well};

pub(crate) const CASES: &[Case] =
    &[Case { name: "job_kills_its_workers", happens: |chance| Box::pin(kills_its_workers(chance)) }];

/// The pool whose jobs kill. Of two, neither might have come first often enough.
const POISONED: &str = "high";
/// So many workers may die of a job.
const DEATHS: u32 = 10;

/// Whoever is given jobs of one pool dies, until those that come first are given up. The rest is done, the reasons stand in the store, and when
/// the cause is mended the dead jobs are tried again.
async fn kills_its_workers(mut chance: Chance) {
    let mut fleet = Fleet::idle(chance.kind().await).await;
    fleet.coordinators[0].start();
    fleet.submit().await;
    for _ in 0..=DEATHS {
        let poisoned = |event: &Event| {
            matches!(event, Event::Delivered { exchange, routing_key, .. }
                if exchange == "antiphon.jobs" && routing_key == POISONED)
        };
        let given = fleet.workers[0].wires.broker.stop_after(poisoned);
        fleet.workers[0].start();
        given.sprung().await;
        fleet.kill_worker(0);
    }
    fleet.start_rest();
    let status = fleet.wait_done().await;
    assert!(status["jobs"]["dead"].as_u64().unwrap() > 0, "{status}");
    assert_eq!(status["jobs"]["left"], 0, "{status}");
    let said = fleet.command(&["dead", "list", "held", "--json"]).await.out;
    let listed: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), dead(&fleet).len());
    fleet.command(&["dead", "requeue", "held"]).await;
    ends_well(fleet).await;
}

/// The jobs that were given up.
fn dead(fleet: &Fleet) -> Vec<String> {
    fleet.bucket.keys("runs/held/dead/").into_iter().collect()
}
