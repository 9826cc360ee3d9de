//! The store: the truth about every run, as bytes under keys.
//!
//! | module | what it is |
//! |---|---|
//! | [`Store`] | the port: create-only writes, replaceable derived files, reads, sorted listings, run locks |
//! | `results`, `records`, `chains`, `dead_jobs`, `submissions` | the same store in the words of core |
//! | `codec` | what a stored object looks like: MessagePack with named fields in a checksummed zstd frame |
//! | `memory`, `directory`, `s3` | the backends; each is a variant of [`Store`] |
//! | `address` | where a store is, in a line |
//! | `metrics` | operations, for Prometheus |
//! | [`StoreSettings`] | how a bucket is reached |
//! | [`conformance`] | what every backend must do, as functions that a test calls |
//!
//! Where things stand is said by [`antiphon_core::keys`]. Only
//! [`Store::purge`] deletes an object, all of a run at once, and only `antiphon purge` calls it; the probe of a server takes its own away.

mod address;
mod blocking;
mod chains;
mod codec;
pub mod conformance;
mod dead_jobs;
mod directory;
mod error;
mod key;
mod memory;
mod metrics;
mod purged;
mod records;
mod results;
mod run_lock;
mod s3;
mod settings;
mod standing;
mod store;
mod submissions;
mod vectors;

pub use codec::{LARGEST_OBJECT, decode, decode_result, encode_result};
pub use dead_jobs::DeadJob;
pub use directory::Directory;
pub use error::StoreError;
pub use memory::Memory;
pub use purged::Purged;
pub use run_lock::RunLock;
pub use s3::S3;
pub use settings::{Checksums, S3Credentials, S3Settings, StoreSettings};
pub use standing::{Place, Standing};
pub use store::{Put, Store};
