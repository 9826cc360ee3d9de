//! The worker: takes jobs, asks models, writes one object per job.
//!
//! | module | what it does |
//! |---|---|
//! | `run` | the role: one loop per pool, which fills its slots job by job |
//! | `job` | one job: its sessions side by side, then store → hint → ack, in that order |
//! | `session` | one conversation, turn by turn |
//! | `call` | one sample: limit → call → classify → settle, again until it stands or is given up |
//! | `retry` | how often, how long, and when a failure is final |
//! | `runs` | manifests and rounds of the runs at hand |
//! | `counters` | what others may watch |
//!
//! It never judges an answer: an outcome and the exact exchange are recorded, the aggregator does the rest.

mod call;
mod clock;
mod counters;
mod error;
mod job;
mod retry;
mod run;
mod runs;
mod session;

pub use counters::{Counters, Reading};
pub use error::WorkerError;
pub use retry::RetryPolicy;
pub use run::{Config, Parts, PoolParts, run};
