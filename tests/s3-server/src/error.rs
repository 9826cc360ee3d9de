//! What can go wrong before the first request.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else listens there, or nobody may.
    #[error("listen at {address}; choose another address, or port 0 for any")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The folder of the objects cannot be used.
    #[error("read {path}; is it a folder of this server, and may it be written?")]
    Folder {
        /// What was being read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}
