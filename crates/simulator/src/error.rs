//! What can go wrong before the first call is answered.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why a simulator did not start, or a voice file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The YAML does not have the form of a voice file; the source says where.
    #[error("voice file is not valid: {0}")]
    Syntax(String),
    /// The YAML has the right form and says something impossible.
    #[error("line {line}: {place}: {problem}")]
    Voice {
        /// Line of the voice file, from 1.
        line: u64,
        /// The voice, and the answer where one is meant.
        place: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// A document that a voice knows could not be read.
    #[error("line {line}: cannot read the document {path}, which is looked for beside the voice file")]
    Document {
        /// Line of the voice file, from 1.
        line: u64,
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An order for a date or a fault cannot be carried out.
    #[error("{0}")]
    Order(String),
    /// The address could not be bound.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
