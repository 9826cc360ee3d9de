//! Workers as a fleet has them: several at a queue in memory, against a simulator. What one worker promises is looked at here; what
//! all roles promise together is looked at with the built program.
//!
//! Most tests run on a clock that jumps to the next timer whenever everybody waits, so that minutes pass in no time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod choir;
mod hand_back;
mod once;
mod rest;
mod stage;
