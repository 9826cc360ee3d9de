//! An S3 server for tests and for the local stack: one process, path style, no TLS.
//!
//! It checks signatures and checksums, and a create-only write has one winner under any race. On request it behaves badly in the ways that
//! a client has to survive. It has no versions, multipart uploads, permissions or replicas.
//!
//! | module | what it is |
//! |---|---|
//! | `server` | listens, and ends with its value |
//! | `front` | what comes before S3: counts requests and does what was ordered |
//! | `operation` | what a request wants, by its first line |
//! | `faults` | orders of bad behaviour |
//! | `control` | the same over HTTP, for programs in other languages |
//! | `backend` | S3's operations |
//! | `checksum` | what a body must be |
//! | `buckets` | all objects, in order, in memory |
//! | `listing` | one page of a listing |
//! | `folder` | objects on a disk |
//! | `journal` | who wrote what, and how often what was asked |

mod backend;
mod buckets;
mod checksum;
mod control;
mod error;
mod faults;
mod folder;
mod front;
mod journal;
mod listing;
mod operation;
mod server;

pub use error::Error;
pub use faults::{Fault, Faults, Order};
pub use journal::{Journal, Outcome, Write};
pub use operation::Operation;
pub use server::{Kept, Server, ServerConfig};
