//! The statistics of consistency: numbers and tokens in, numbers out.
//!
//! A *cell* is everything one target answered to one probe, as users → sessions → samples ([`Nested`]). From it
//! come the three agreement levels ([`agreement`], [`pairwise`]), means in `[0, 1]` ([`interval`]), shares and
//! entropies of labels ([`categorical`], [`entropy`]), the reliability of raters ([`fleiss`], [`krippendorff`]),
//! the most typical answer ([`medoid`]) and the likeness to a reference text ([`recall`]).
//!
//! Nothing here reads a file, a clock or a random device: every random choice is a function of a seed that the
//! caller passes. What is undefined is `None` with a reason, never 0 or 1, and no estimate is ever clipped.

pub mod agreement;
pub mod categorical;
pub mod change;
pub mod clustered;
pub mod clusters;
pub mod components;
pub mod consensus;
pub mod contingency;
pub mod distances;
pub mod divergence;
pub mod entropy;
mod estimate;
pub mod fleiss;
pub mod gwet;
pub mod icc;
pub mod interval;
mod kernel;
pub mod krippendorff;
pub mod lcs;
pub mod medoid;
pub mod monitoring;
pub mod multiplicity;
mod nested;
pub mod overlap;
mod pair_statistic;
pub mod pairwise;
pub mod pass;
pub mod permutation;
pub mod power;
mod quantile;
pub mod ranked;
pub mod rates;
pub mod recall;
pub mod rouge_l;
pub mod text;

pub use agreement::Agreement;
pub use estimate::{Estimate, Interval, Population, Undefined};
pub use kernel::SimilarityMatrix;
pub use nested::{CellSize, Nested, Row, SampleId, Session, User};
pub use pairwise::{Answer, PairPolicy, PairsUsed, TextAgreement};
