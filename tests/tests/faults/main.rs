//! The fault matrix: every case runs a fleet of real processes to its end through one kind of trouble, and then everything that it left
//! behind is held against the plan, the simulator's ledger and a run that nobody disturbed.
//!
//! `ANTIPHON_FAULT_SEEDS=20` tries each case with 20 seeds, which vary sizes, workers and moments. A failure names case and seed;
//! `cargo test --test faults -- 'worker_killed_after_the_write seed 7'` tries it again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod brokers;
mod case;
mod coordinators;
mod jobs;
mod models;
mod store;
mod wires;
mod workers;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::case::Case;

/// Cases at a time. Most of their time is waiting.
const AT_ONCE: usize = 6;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let tables = [
        workers::CASES,
        coordinators::CASES,
        store::CASES,
        models::CASES,
        jobs::CASES,
        wires::CASES,
        brokers::CASES,
    ];
    let seeds = seeds();
    let trials = (0..seeds).flat_map(|seed| tables.into_iter().flatten().map(move |case| trial(case, seed)));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// How many seeds each case is tried with.
#[expect(clippy::disallowed_methods, reason = "a test binary has no configuration")]
fn seeds() -> u64 {
    let seeds = std::env::var("ANTIPHON_FAULT_SEEDS").ok();
    seeds.map_or(1, |seeds| seeds.parse().expect("ANTIPHON_FAULT_SEEDS is a number of seeds"))
}

fn trial(case: &'static Case, seed: u64) -> Trial {
    Trial::test(format!("{} seed {seed}", case.name), move || {
        case.run(seed);
        Ok(())
    })
}
