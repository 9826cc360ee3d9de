//! Answers from and for other tools: files of answers become a run without a call, and a run becomes an Inspect log.
//!
//! An import reads every file once ([`read()`]), finds every mistake before anything is written, keeps the texts in a temporary file
//! and a few numbers of each answer in memory, and then writes manifest, round and objects ([`write()`]).

mod answer;
mod error;
mod export;
mod field;
mod found;
mod gather;
mod inspect;
mod map;
mod name;
mod read;
mod spill;
mod value;
mod write;

pub use error::ExchangeError;
pub use export::{ExportParts, LogFormat, export_log};
pub use found::Found;
pub use map::{Kind, Map, Users};
pub use read::read;
pub use write::{Written, write};

/// A number with its noun.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
