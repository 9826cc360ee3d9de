//! What the steps of chains came to.

use antiphon_core::{Grown, ProbeId, RunId, TargetId, keys};

use crate::{Put, Store, StoreError};

impl Store {
    /// Stores what a step came to, if nothing is stored of it. [`Put::Exists`] means that another record stands.
    pub async fn put_grown(&self, run: &RunId, grown: &Grown) -> Result<Put, StoreError> {
        self.put_json_once(&keys::grown(run, &grown.target, &grown.probe, grown.step), grown).await
    }

    /// What a step came to, if it was written.
    pub async fn get_grown(
        &self,
        run: &RunId,
        target: &TargetId,
        probe: &ProbeId,
        step: u32,
    ) -> Result<Option<Grown>, StoreError> {
        self.get_json(&keys::grown(run, target, probe, step)).await
    }

    /// What all steps of a chain came to, from the first. Steps are asked for one by one, so a listing that comes late hides none.
    pub async fn grown(
        &self,
        run: &RunId,
        target: &TargetId,
        probe: &ProbeId,
    ) -> Result<Vec<Grown>, StoreError> {
        let mut steps = Vec::new();
        while let Some(grown) =
            self.get_grown(run, target, probe, u32::try_from(steps.len()).unwrap_or(u32::MAX)).await?
        {
            steps.push(grown);
        }
        Ok(steps)
    }
}
