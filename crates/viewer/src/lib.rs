//! The viewer: shows what a run left in the store. Its static report is one HTML file; transcripts are read for it and for `show`.
//!
//! It reads the store only: it computes nothing and calls nobody.

mod error;
mod transcripts;
mod write_report;

pub use error::ViewerError;
pub use transcripts::{Filter, transcripts};
pub use write_report::write_report;
