//! Verdicts of the real program on voices whose knowledge of a document is known.

mod documents;
mod kinds;
mod run;
mod tally;

pub use kinds::{KINDS, Kind};
pub use run::{Case, Effort, Judged};
pub use tally::Tally;
