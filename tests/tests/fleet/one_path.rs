//! One process and a fleet are the same roles, put together differently.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use antiphon_core::plan::Plan;
use antiphon_core::{Job, Target};
use antiphon_queue::Queue;
use antiphon_tests::{Asked, Fleet, FleetKind, Ground};

/// The check compares the summaries byte by byte: same suite, same seed, same name of the run, separate stores.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_and_three_workers_come_to_the_same_summary() {
    let asked = Asked::new(10, 10, 1);
    let ground = Ground::shared().await;
    let mut fleet = Fleet::start(FleetKind::new(asked, 3, ground)).await;
    fleet.submit().await;
    fleet.wait_done().await;
    fleet.check().await;
}

/// The same where aggregators sum the run up, and one of them dies at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregators_come_to_the_same_summary() {
    let asked = Asked::new(10, 10, 1);
    let ground = Ground::shared().await;
    let mut fleet = Fleet::start(FleetKind { aggregators: 2, ..FleetKind::new(asked, 1, ground) }).await;
    fleet.submit().await;
    fleet.wait_done().await;
    let blocks = ask_for_parts(&fleet).await;
    fleet.until_parts(1).await;
    fleet.kill_aggregator(0);
    // The other one does what the dead one held.
    fleet.until_parts(blocks).await;
    fleet.check().await;
    assert_eq!(fleet.parts(), blocks, "what aggregators had made was used");
}

/// Asks the aggregators for the parts of all blocks, and nobody to join them; gives how many there are.
async fn ask_for_parts(fleet: &Fleet) -> usize {
    let manifest = fleet.manifest().await;
    let blocks = Plan::new(&manifest, &[]).blocks();
    let of = |target: &Target| {
        let (run, target) = (manifest.run.clone(), target.id.clone());
        (0..blocks).map(move |block| Job::summing_up(run.clone(), target.clone(), Plan::block_id(block)))
    };
    let jobs: Vec<Job> = manifest.targets.iter().flat_map(of).collect();
    let broker = fleet.ground.url_at(fleet.ground.address(0));
    Queue::rabbitmq(broker.parse().unwrap()).publish_jobs(&jobs).await.unwrap();
    jobs.len()
}
