//! The worker: takes jobs, asks models, writes one object per job.
//!
//! | module | what it does |
//! |---|---|
//! | `run` | the role: one loop per pool, and all of them end together |
//! | `parts` | what it is put together from |
//! | `pool_loop` | one pool: takes jobs, rests while the pool is stopped, drains in the end |
//! | `job` | one job: its sessions side by side, then store → hint → ack |
//! | `herald` | tells others what was done |
//! | `open_jobs` | the jobs in work and all their deliveries |
//! | `strangers` | jobs that this worker cannot do |
//! | `turn` | which job may begin |
//! | `session` | one conversation, turn by turn |
//! | `call` | one sample: limit → call → classify → settle, again until it stands or is given up |
//! | `retry` | how often, how long, and when a failure is final |
//! | `runs` | the runs at hand, and whether they were cancelled |
//! | `choir` | one voice: beats, hears the others, sets the pool's share |
//! | `song` | what a pool is sung for at present |
//! | `metrics`, `health` | what others may watch |
//!
//! It never judges an answer: an outcome and the exact exchange are recorded, the aggregator does the rest.

mod call;
mod choir;
mod clock;
mod error;
mod health;
mod herald;
mod job;
mod metrics;
mod open_jobs;
mod parts;
mod pool_loop;
mod retry;
mod run;
mod runs;
mod session;
mod song;
mod strangers;
mod turn;

pub use error::WorkerError;
pub use health::{Health, HealthReading, PoolHealth};
pub use metrics::{Metrics, Reading};
pub use parts::{Config, Parts, PoolParts};
pub use retry::RetryPolicy;
pub use run::run;
pub use runs::FRESH;
