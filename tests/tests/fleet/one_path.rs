//! One process and a fleet are the same roles, put together differently.

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
