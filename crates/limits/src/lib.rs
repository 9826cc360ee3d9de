//! The limits of a pool: who may start a call now, who waits, and which part of them belongs to this process.
//!
//! | module | what it holds |
//! |---|---|
//! | `choir` | [`Choir`]: one voice among the workers that share a pool, and its [`Share`] of the limits |
//! | `pool` | [`Pool`] and [`Permit`]: the line of waiting calls |
//! | `gate` | all limits of a pool as one synchronous state machine that is told the time |
//! | `request_pace` | calls per minute, by `governor` |
//! | `token_bucket` | tokens per minute: reserve, then settle with refund or debt |
//! | `hush` | the answer to 429: a pause, and a factor on every rate |
//! | `overload` | the answer to 503 and 529: an exponential back-off |
//!
//! Nothing here spawns, speaks to a network or knows a provider.

mod choir;
mod gate;
mod hush;
mod overload;
mod pool;
mod request_pace;
mod token_bucket;

pub use choir::{Choir, ChoirSettings, Hushed, Share, Standing};
pub use gate::{Estimate, Reading, Remaining};
pub use pool::{Denied, Permit, Pool, PoolSettings};
