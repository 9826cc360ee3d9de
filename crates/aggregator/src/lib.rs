//! The aggregator: reads what a run stored, block by block, and says how consistent the answers are.
//!
//! | module | what it does |
//! |---|---|
//! | `run` | the role: blocks in, `summary.json`, `operations.json` and Parquet out |
//! | `read_block` | the samples of a block; of retried ones the first that stands |
//! | `label` | from an answer's text to a label: an option, a number, a short text |
//! | `cell` | one target's answers to one turn of one probe, summed up |
//! | `users`, `scales` | who asked; how far scales can be relied on across probes |
//! | `drift` | whether a model answers differently late in a run than early |
//! | `estimates` | from numbers of `stats` to numbers of the summary |
//! | `tables` | the same samples and probes as Parquet |
//! | `vectors`, `word_vectors` | which answers have vectors, and which are still to be had; vectors from a file of word vectors |
//! | `tally` | how the run went: calls, tokens, dollars, latency |
//!
//! It calls nobody, and its result is a pure function of manifest, rounds and stored samples: the order in which
//! objects are listed or were written changes nothing.

mod cell;
mod drift;
mod error;
mod estimates;
mod label;
mod read_block;
mod run;
mod scales;
mod tables;
mod tally;
mod users;
mod vectors;
mod word_vectors;

pub use error::AggregatorError;
pub use label::{Label, label_of};
pub use run::{Parts, run};
pub use vectors::ToEmbed;
pub use word_vectors::{WordVectorError, WordVectors, words_of};
