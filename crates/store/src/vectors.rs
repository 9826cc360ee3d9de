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

    /// All vectors of a block, in the order of their keys.
    pub async fn vectors(
        &self,
        run: &RunId,
        target: &TargetId,
        block: &BlockId,
    ) -> Result<Vec<VectorObject>, StoreError> {
        let mut found = Vec::new();
        for key in self.list(&keys::vectors(run, target, block)).await? {
            if !key.ends_with(".mpk.zst") {
                continue;
            }
            let Some(bytes) = self.get(&key).await? else { return Err(StoreError::Absent { key }) };
            let owned = key.clone();
            found.push(blocking(&key, move || decode_message_pack(&owned, &bytes)).await?);
        }
        Ok(found)
    }
}
