//! The whole pipeline under random faults: coordinator, worker and aggregator as libraries on a queue in memory, against a
//! simulator that gives every answer a token of its own.
//!
//! Whatever happened, once the run is driven to its end every planned sample is stored exactly once, every token is stored at
//! most once, no object was ever replaced, what was asked twice is explained by crashes and doubled deliveries, and the summary
//! is that of a run that nobody disturbed.
//!
//! `PROPTEST_CASES=500 cargo test -p antiphon-tests --test pipeline_simulation` looks longer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod operation;
mod pipeline;
mod regressions;
mod verdict;
mod world;

use proptest::prelude::{ProptestConfig, prop};
use proptest::test_runner::TestRunner;

use crate::operation::Op;
use crate::world::{Place, World};

/// Cases where the environment does not ask for more.
const CASES: u32 = 24;
/// Most milliseconds spent on making a failing list shorter: each try may hang.
const SHRINKING: u32 = 60_000;
/// Sessions of each user that the suite asks.
const SESSIONS: u32 = 2;

/// Plays the operations, drives the run to its end, and holds it against its guarantees.
fn play(place: Place, ops: &[Op]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(place, SESSIONS).await;
        for op in ops {
            world.play(op).await;
            world.look().await;
        }
        world.drive_to_the_end().await;
        verdict::check(&world).await;
    });
}

#[test]
fn nothing_is_lost_or_counted_twice() {
    let asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    let config =
        ProptestConfig { failure_persistence: None, max_shrink_time: SHRINKING, ..ProptestConfig::default() };
    let cases = if asked_for { config.cases } else { CASES };
    let mut runner = TestRunner::new(ProptestConfig { cases, ..config });
    let place = prop::sample::select(vec![Place::Memory, Place::Directory]);
    let played = runner.run(&(place, operation::ops()), |(place, ops)| {
        play(place, &ops);
        Ok(())
    });
    if let Err(error) = played {
        panic!("{error}\na list that fails belongs into regressions.rs");
    }
}
