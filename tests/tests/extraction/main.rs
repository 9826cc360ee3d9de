//! Chains that grow a text, by the real program: what they grow, and what becomes of them when it is killed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod converges;
mod grows;
mod killed;
mod mended;
mod scene;
mod ways;
mod written;
