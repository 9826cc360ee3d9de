//! What a run would come to, before anything is written or asked.

use std::collections::HashSet;

use antiphon_coordinator::{Forecast, Loaded, Opened, Wanted, forecast, open_run, spent_so_far};
use antiphon_core::plan::Plan;
use antiphon_store::{Store, StoreError};

use crate::compose::open_store;
use crate::config::Config;

/// A run as it would be opened, and what is left of it to do.
pub(crate) struct Foreseen {
    pub(crate) opened: Opened,
    pub(crate) forecast: Forecast,
    /// Dollars that its results have cost; counted only where there is a budget.
    pub(crate) spent: f64,
}

/// Opens the run in memory, on what the store at `address` has of it, if there is one.
pub(crate) async fn foresee(
    address: &str,
    config: &Config,
    loaded: &Loaded,
    wanted: &Wanted,
) -> anyhow::Result<Foreseen> {
    let run = &loaded.manifest.run;
    let scratch = Store::memory();
    let mut stored = HashSet::new();
    let mut spent = 0.0;
    match open_store(address, config).await {
        Ok(store) => {
            if let Some(manifest) = store.get_manifest(run).await? {
                scratch.put_manifest(&manifest).await?;
            }
            for round in store.rounds(run).await? {
                scratch.put_round(run, &round).await?;
            }
            stored = store.result_keys(run).await?.into_iter().collect();
            if loaded.manifest.budget_dollars.is_some() {
                spent = spent_so_far(&store, &loaded.manifest).await?;
            }
        }
        Err(error) if matches!(error.downcast_ref(), Some(StoreError::NoStore { .. })) => {}
        Err(error) => return Err(error),
    }
    let opened = open_run(&scratch, &loaded.text, loaded.manifest.clone(), wanted).await?;
    let plan = Plan::new(&opened.manifest, &opened.rounds);
    let limits = |pool: &_| config.limits(pool).lowered_by(&opened.manifest.limits);
    let forecast = forecast(&plan, &opened.rounds, &stored, &limits);
    Ok(Foreseen { opened, forecast, spent })
}
