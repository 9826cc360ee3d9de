//! Finding out before a run whether the server keeps the promise that results rest on.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use super::S3;
use crate::{Put, StoreError};

impl S3 {
    /// Writes a fresh object twice; the second write must be refused. The object is removed again if that is allowed: it harms
    /// nobody where it stays.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        let name = || RandomState::new().hash_one(self.0.name.as_str());
        let key = format!("probes/{:016x}{:016x}", name(), name());
        let probed = self.probe_at(&key).await;
        if let Ok(full) = self.full(&key) {
            // Least-privileged keys may not delete.
            let _ = self.0.client.delete_object().bucket(&self.0.name).key(full).send().await;
        }
        probed
    }

    async fn probe_at(&self, key: &str) -> Result<(), StoreError> {
        let full = self.full(key)?;
        let bytes = Bytes::from_static(b"May be deleted: it showed that this key can be written once.\n");
        self.put_once_within(self.few_tries(), key, bytes).await?;
        let mut tries = self.few_tries();
        loop {
            match self.create(&full, &Bytes::from_static(b"This must not be here.\n")).await {
                Ok(Put::Exists) => return Ok(()),
                Ok(Put::Created) => return Err(self.overwrites()),
                Err((failure, _)) if failure.is_conflict() => return Ok(()),
                Err((failure, action)) => self.again(&mut tries, failure, action, key).await?,
            }
        }
    }

    fn overwrites(&self) -> StoreError {
        let reason = "the server ignores `If-None-Match: *` and overwrites what is there; use one that heeds it, or set \
                      `conditional_writes = false` in [s3] and live with the weaker promise that docs/store.md describes";
        StoreError::unsuitable(self.place(""), reason)
    }
}
