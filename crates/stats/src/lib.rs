//! The statistics of consistency: numbers and tokens in, numbers out.
//!
//! A *cell* is everything one target answered to one probe, as users → sessions → samples ([`Nested`]).
//!
//! | modules | what they answer |
//! |---|---|
//! | [`agreement`], [`pairwise`], [`over_cells`], [`interval`] | how often answers agree within a session, between sessions, between users, over several probes; rates; with intervals |
//! | [`categorical`], [`entropy`], [`clusters`], [`meanings`] | which answers there are, how many, and which mean the same |
//! | [`lcs`], [`rouge_l`], [`overlap`], [`minhash`], [`text`] | how alike two texts are |
//! | [`medoid`], [`consensus`], [`apart`] | the most typical answer, what most say word by word, and who gets other answers |
//! | [`selfcheck`], [`quotes`] | how well the other answers bear out what one says; what answers quote |
//! | [`recall`] | how much of a reference text a text has, how likely it comes out, and whether that is more than any text would have |
//! | [`pieces`], [`circles`], [`follows`] | texts that grow: cut into words and put together again; whether they go in circles; how they go along with a document |
//! | [`components`], [`clustered`], [`two_way`], [`bootstrap`] | where variance lies, and errors of means of clustered values |
//! | [`crossed`] | which factors of users go with disagreement; users in general |
//! | [`permutation`], [`exchange`], [`distances`], [`divergence`], [`between`], [`contingency`], [`ranked`] | whether and how far groups or models differ |
//! | [`change`], [`paired`], [`versus`], [`multiplicity`], [`monitoring`], [`season`], [`looks`], [`power`], [`nights`] | whether something changed between runs, for one probe or many, between two sides, once or every night, and what a design could find |
//! | [`fleiss`], [`krippendorff`], [`gwet`], [`icc`] | how reliable raters are |
//! | [`pass`], [`rates`] | independent trials |
//!
//! Nothing here reads a file, a clock or a random device: every random choice is a function of a seed that the
//! caller passes. What is undefined is `None` with a reason, never 0 or 1, and no estimate is ever clipped.

pub mod agreement;
pub mod apart;
pub mod between;
pub mod bootstrap;
pub mod categorical;
pub mod change;
pub mod circles;
pub mod clustered;
pub mod clusters;
pub mod components;
pub mod consensus;
pub mod contingency;
pub mod crossed;
pub mod distances;
pub mod divergence;
pub mod entropy;
mod estimate;
pub mod exchange;
pub mod fleiss;
pub mod follows;
pub mod gwet;
pub mod icc;
pub mod interval;
mod kernel;
pub mod krippendorff;
pub mod lcs;
pub mod looks;
pub mod meanings;
pub mod medoid;
pub mod minhash;
pub mod monitoring;
pub mod multiplicity;
mod nested;
pub mod nights;
pub mod over_cells;
pub mod overlap;
mod pair_statistic;
pub mod paired;
pub mod pairwise;
pub mod pass;
pub mod permutation;
pub mod pieces;
pub mod power;
mod quantile;
pub mod quotes;
pub mod ranked;
pub mod rates;
pub mod recall;
pub mod rouge_l;
pub mod season;
pub mod selfcheck;
pub mod text;
pub mod two_way;
pub mod versus;

pub use agreement::Agreement;
pub use estimate::{Estimate, Form, Interval, Population, Undefined};
pub use kernel::SimilarityMatrix;
pub use nested::{CellSize, Nested, Row, SampleId, Session, User};
pub use pairwise::{Answer, PairPolicy, PairsUsed, TextAgreement};
