//! The limits of one pool inside one process: who may start a call now, and who waits.
//!
//! | module | what it holds |
//! |---|---|
//! | `pool` | [`Pool`] and [`Permit`]: the line of waiting calls |
//! | `gate` | all limits of a pool as one synchronous state machine that is told the time |
//! | `request_pace` | calls per minute, by `governor` |
//! | `token_bucket` | tokens per minute: reserve, then settle with refund or debt |
//! | `hush` | the answer to 429: a pause, and a factor on every rate |
//! | `overload` | the answer to 503 and 529: an exponential back-off |
//!
//! Nothing here spawns, speaks to a network or knows a provider.

mod gate;
mod hush;
mod overload;
mod pool;
mod request_pace;
mod token_bucket;

pub use gate::{Estimate, Reading, Remaining};
pub use pool::{Denied, Permit, Pool, PoolSettings};
