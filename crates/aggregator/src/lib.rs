//! The aggregator: reads what a run stored, block by block, and says how consistent the answers are.
//!
//! | module | what it does |
//! |---|---|
//! | `run` | the role: blocks in, `summary.json`, `operations.json` and Parquet out |
//! | `between` | targets side by side |
//! | `block`, `part` | what a block comes to, and how parts become the whole |
//! | `stored_parts`, `serve` | parts that other processes make, as jobs of the queue |
//! | `metrics` | what others may watch |
//! | `memory` | how many blocks are held at a time |
//! | `read_block` | the samples of a block; of retried ones the first that stands |
//! | `label` | from an answer's text to a label: an option, a number, a short text |
//! | `rules` | refusal and hedging by rule |
//! | `looks`, `measure` | probes that are asked until their intervals are narrow |
//! | `compare` | a run against an earlier one: user by user, and over many nights |
//! | `cell` | one target's answers to one turn of one probe, summed up |
//! | `extraction` | what chains came to |
//! | `mirrored` | refusal across probes; the two sides of mirrored pairs |
//! | `groups` | agreement over all probes of a group |
//! | `users`, `scales` | who asked; how far scales can be relied on across probes |
//! | `drift` | whether a model answers differently late in a run than early |
//! | `estimates` | from numbers of `stats` to numbers of the summary |
//! | `table`, `tables` | the same samples and probes as Parquet |
//! | `vectors`, `word_vectors` | which answers have vectors, and which are still to be had; vectors from a file of word vectors |
//! | `tally` | how the run went: calls, tokens, dollars, latency |
//!
//! It calls nobody, and its result is a pure function of manifest, rounds and stored samples: the order in which
//! objects are listed or were written changes nothing, and neither do threads.

mod between;
mod block;
mod cell;
mod compare;
mod drift;
mod error;
mod error_bars;
mod estimates;
mod extraction;
mod groups;
mod label;
mod looks;
mod measure;
mod memory;
mod metrics;
mod mirrored;
mod part;
mod read_block;
pub mod rules;
mod run;
mod scales;
mod serve;
mod stored_parts;
mod table;
mod tables;
mod tally;
mod users;
mod vectors;
mod verdict;
mod word_vectors;

pub use block::Block;
pub use compare::{Look, Movements, Series, UserMoved, compare, season, with_season};
pub use error::AggregatorError;
pub use label::{Label, label_of};
pub use measure::widest;
pub use memory::Settings;
pub use metrics::Metrics;
pub use run::{Parts, run, run_with_help};
pub use serve::serve;
pub use vectors::ToEmbed;
pub use word_vectors::{WordVectorError, WordVectors, words_of};
