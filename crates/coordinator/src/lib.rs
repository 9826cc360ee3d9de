//! The coordinator: splits a suite into jobs, keeps a window of them in the queue, and knows when a run is over.
//!
//! | module | what it does |
//! |---|---|
//! | `load_suite` | reads a suite with its documents and data sets, and resolves it |
//! | `forecast` | what a run would ask, take and cost |
//! | `open_run` | writes manifest and rounds: a new run, a resumed one, an extension |
//! | `retry_round` | which samples failed and are asked again |
//! | `budget` | reserves the worst case of a job before it is published, settles with the real cost |
//! | `run` | the role: publishes missing jobs in a window until all are stored |
//!
//! It calls no model and computes no statistics.

mod budget;
mod error;
mod forecast;
mod load_suite;
mod open_run;
mod retry_round;
mod run;

pub use budget::spent_so_far;
pub use error::{CoordinatorError, LoadError};
pub use forecast::{Forecast, PoolForecast, forecast};
pub use load_suite::{Loaded, load_suite, read_dataset};
pub use open_run::{Opened, Wanted, open_run};
pub use retry_round::open_retry;
pub use run::{Config, Parts, Progress, Report, StoppedPool, run};
