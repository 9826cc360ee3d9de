//! Vectors of answers, beside the answers: write-once objects, block by block.

use antiphon_core::{BlockId, RunId, TargetId, VectorObject, keys};

use crate::blocking::blocking;
use crate::codec::{decode_message_pack, encode_message_pack};
use crate::{Put, Store, StoreError};

impl Store {
    /// Stores vectors of answers of a block. The name comes from the texts, so that the same texts are stored once.
    pub async fn put_vectors(
        &self,
        run: &RunId,
        target: &TargetId,
        block: &BlockId,
        object: VectorObject,
    ) -> Result<Put, StoreError> {
        let key = keys::vectors_of(run, target, block, &object);
        let owned = key.clone();
        let bytes = blocking(&key, move || encode_message_pack(&owned, &object)).await?;
        self.put_once(&key, bytes).await
    }

    /// Where the vectors of a block's answers are, sorted.
    pub async fn vector_keys(
        &self,
        run: &RunId,
        target: &TargetId,
        block: &BlockId,
    ) -> Result<Vec<String>, StoreError> {
        let mut found = self.list(&keys::vectors(run, target, block)).await?;
        found.retain(|key| key.ends_with(".mpk.zst"));
        found.sort_unstable();
        Ok(found)
    }

    /// The vectors under one of these keys.
    pub async fn get_vectors(&self, key: &str) -> Result<VectorObject, StoreError> {
        let absent = || StoreError::Absent { key: key.to_owned() };
        let bytes = self.get(key).await?.ok_or_else(absent)?;
        let owned = key.to_owned();
        blocking(key, move || decode_message_pack(&owned, &bytes)).await
    }
}
