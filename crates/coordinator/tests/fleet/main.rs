//! Coordinators among workers that only pretend: on a queue and a store in memory, and on a clock that jumps to whatever is next.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adaptive;
mod budget;
mod cancelled;
mod fairness;
mod large;
mod lost_jobs;
mod stage;
mod stopped_pools;
mod submissions;
mod takeover;
mod worker;
