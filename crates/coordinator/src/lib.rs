//! The coordinator: splits a suite into jobs, keeps a window of them in the queue, and knows when a run is over.
//!
//! | module | what it does |
//! |---|---|
//! | `load_suite` | reads a suite with its documents and data sets, and resolves it |
//! | `forecast` | what a run would ask, take and cost |
//! | `power` | what change between nights a run could find |
//! | `open_run` | writes manifest and rounds: a new run, a resumed one, an extension |
//! | `adaptive` | which probes are asked on, and the round that does it |
//! | `extraction` | what chains grow by, and the round that asks their next steps |
//! | `retry_round` | which samples failed and are asked again |
//! | `budget` | reserves the worst case of a job before it is published, settles with the real cost |
//! | `books` | what is known of one run while it is worked on: to be published, queued, done, given up |
//! | `work` | work on one run: publishes missing jobs in a window per pool until all are stored; asks the store when in doubt |
//! | `progress`, `metrics` | what others may watch |
//! | `leader` | works on any number of runs: hears all hints and dead letters, tells each run its own |
//! | `run` | the role for one run |
//! | `serve` | the role for a fleet: stands by, leads, works on what was submitted |
//! | `submit`, `cancel`, `status` | what users ask of a fleet, through the store |
//!
//! It calls no model and computes no statistics of answers but what the next words of a chain are: how wide intervals are is told by a
//! [`Gauge`].

mod adaptive;
mod books;
mod budget;
mod cancel;
mod clock;
mod config;
mod error;
mod extraction;
mod forecast;
mod leader;
mod load_suite;
mod metrics;
mod open_run;
mod power;
mod progress;
mod report;
mod retry_round;
mod run;
mod serve;
mod status;
mod submit;
mod work;

pub use adaptive::{Gauge, GaugeError};
pub use budget::spent_so_far;
pub use cancel::cancel;
pub use config::Config;
pub use error::{CoordinatorError, LoadError};
pub use forecast::{Forecast, PoolForecast, forecast};
pub use load_suite::{Loaded, load_suite, read_dataset};
pub use open_run::{Opened, Wanted, open_run};
pub use power::{Assumptions, Power, PowerRow, power};
pub use progress::Progress;
pub use report::{End, Ended, Report, StoppedPool};
pub use retry_round::open_retry;
pub use run::{Parts, run};
pub use serve::serve;
pub use status::{Counts, Look, RunStatus, SubmissionStatus, status};
pub use submit::{Requeue, Submitted, requeue, submit, submit_opened};
pub use work::goes_on;
