//! The viewer: shows what a run left in the store. Its static report is one HTML file; transcripts are read for it and for `show`. As a
//! service it serves stored reports, and the newest results of each suite as metrics.
//!
//! | module | what it does |
//! |---|---|
//! | `write_report`, `transcripts` | the report of a run |
//! | `serve` | the role: looks into the store from time to time |
//! | `catalogue` | what the store holds: suites, their runs, and what came of the newest |
//! | `results` | the same as metrics |
//! | `pages` | the same over HTTP |
//!
//! It reads the store only: it computes nothing and calls nobody.

mod catalogue;
mod error;
mod pages;
mod results;
mod serve;
mod transcripts;
mod write_report;

pub use error::ViewerError;
pub use pages::pages;
pub use serve::{Parts, serve};
pub use transcripts::{Filter, transcripts};
pub use write_report::write_report;
