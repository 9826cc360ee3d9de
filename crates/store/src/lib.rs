//! The store: the truth about every run, as bytes under keys.
//!
//! | module | what it is |
//! |---|---|
//! | [`Store`] | the port: create-only writes, replaceable derived files, reads, sorted listings, run locks |
//! | `results`, `records`, `dead_jobs`, `submissions` | the same store in the words of core |
//! | `codec` | what a stored object looks like: MessagePack with named fields in a checksummed zstd frame |
//! | `memory`, `directory` | the backends; each is a variant of [`Store`] |
//! | [`conformance`] | what every backend must do, as functions that a test calls |
//!
//! Where things stand is said by [`antiphon_core::keys`]. Nothing here deletes an object.

mod blocking;
mod codec;
pub mod conformance;
mod dead_jobs;
mod directory;
mod error;
mod key;
mod memory;
mod records;
mod results;
mod run_lock;
mod standing;
mod store;
mod submissions;

pub use codec::{LARGEST_OBJECT, decode, decode_result, encode_result};
pub use dead_jobs::DeadJob;
pub use directory::Directory;
pub use error::StoreError;
pub use memory::Memory;
pub use run_lock::RunLock;
pub use standing::{Place, Standing};
pub use store::{Put, Store};
