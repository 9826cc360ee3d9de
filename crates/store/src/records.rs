//! Records: the small JSON objects beside the results.

use antiphon_core::{Manifest, Round, RunId, keys};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{decode_json, decode_message_pack, encode_json, encode_message_pack};
use crate::{Put, Store, StoreError};

impl Store {
    /// Stores `value` as JSON if nothing is under `key`.
    pub async fn put_json_once<T: Serialize>(&self, key: &str, value: &T) -> Result<Put, StoreError> {
        self.put_once(key, encode_json(key, value)?).await
    }

    /// Stores `value` as JSON, replacing what is there. Only for derived files.
    pub async fn put_json<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.put(key, encode_json(key, value)?).await
    }

    /// The JSON under `key`, if any.
    pub async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        self.get(key).await?.map(|bytes| decode_json(key, &bytes)).transpose()
    }

    /// Stores `value` packed as results are, replacing what is there. Only for derived files.
    pub async fn put_packed<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.put(key, encode_message_pack(key, value)?).await
    }

    /// What is packed under `key`, if anything.
    pub async fn get_packed<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        self.get(key).await?.map(|bytes| decode_message_pack(key, &bytes)).transpose()
    }

    /// Stores the manifest of a new run. [`Put::Exists`] means that the run was begun before; compare with what is there.
    pub async fn put_manifest(&self, manifest: &Manifest) -> Result<Put, StoreError> {
        self.put_json_once(&keys::manifest(&manifest.run), manifest).await
    }

    /// The manifest of a run, if there is such a run.
    pub async fn get_manifest(&self, run: &RunId) -> Result<Option<Manifest>, StoreError> {
        self.get_json(&keys::manifest(run)).await
    }

    /// Stores a round of a run. [`Put::Exists`] means that a round of that number is there already.
    pub async fn put_round(&self, run: &RunId, round: &Round) -> Result<Put, StoreError> {
        self.put_json_once(&keys::round(run, round.number), round).await
    }

    /// The rounds of a run, from the first, whatever a late listing lacks. Their numbers have no gaps: round `n` is at index `n`.
    pub async fn rounds(&self, run: &RunId) -> Result<Vec<Round>, StoreError> {
        let mut rounds = Vec::new();
        for key in self.list(&keys::rounds(run)).await? {
            let Some(round) = self.get_json::<Round>(&key).await? else {
                return Err(StoreError::Absent { key });
            };
            rounds.push(round);
        }
        rounds.sort_by_key(|round| round.number);
        if let Some((_, missing)) = rounds.iter().zip(0..).find(|(round, place)| round.number != *place) {
            return Err(StoreError::Absent { key: keys::round(run, missing) });
        }
        // A listing that comes late lacks the last.
        let mut next = rounds.last().map_or(0, |last| last.number + 1);
        while let Some(round) = self.get_json::<Round>(&keys::round(run, next)).await? {
            rounds.push(round);
            next += 1;
        }
        Ok(rounds)
    }

    /// Stores a suite as its user wrote it, under its hash.
    pub async fn put_suite(&self, hash: &str, yaml: impl Into<Bytes>) -> Result<Put, StoreError> {
        self.put_once(&keys::suite(hash), yaml.into()).await
    }

    /// The runs that have a manifest, sorted by their ids.
    pub async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        let mut runs = Vec::new();
        for name in self.folders("runs/").await? {
            if let Ok(run) = name.parse()
                && self.exists(&keys::manifest(&run)).await?
            {
                runs.push(run);
            }
        }
        Ok(runs)
    }
}
