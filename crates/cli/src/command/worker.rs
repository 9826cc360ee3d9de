//! `antiphon worker`: the service that asks models.

use antiphon_core::{PoolId, nearest};

use super::fleet::Fleet;
use super::service::keep;
use crate::args::{Arguments, WorkerArguments};
use crate::compose::{Choice, choose, work};
use crate::config::{Config, ConfigError};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &WorkerArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let fleet = Fleet::serving(arguments).await?;
    wanted.pools.iter().try_for_each(|pool| must_be_there(pool, &fleet.config))?;
    let choice = choose(&fleet.config, &wanted.pools, wanted.concurrency);
    refuse_if_it_has_none(&choice, &wanted.pools)?;
    for (pool, error) in &choice.left_out {
        tracing::warn!(%pool, reason = format!("{error:#}"), "does not sing in this pool");
    }
    let pools: Vec<String> = choice
        .pools()
        .map(|(pool, slots)| format!("{pool} ({})", counted(slots.into(), "session", "sessions")))
        .collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        broker = %fleet.broker.settings,
        store = fleet.address,
        pools = pools.join(", "),
        "worker begins"
    );
    fleet.store.probe().await?;
    let (config, grace) = (&fleet.config, wanted.service.grace);
    let role = async |place, stop| Box::pin(work(&place, config, choice, grace, &stop)).await;
    keep("worker", &wanted.service, &fleet, role, *output).await
}

fn must_be_there(pool: &PoolId, config: &Config) -> Result<(), Usage> {
    let has_targets = |pool: &PoolId| config.catalogue.targets.values().any(|target| &target.pool == pool);
    if has_targets(pool) {
        return Ok(());
    }
    let pools = config.catalogue.pools.keys().filter(|pool| has_targets(pool));
    let hint = match nearest(pool.as_str(), pools.map(PoolId::as_str)) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "`antiphon check` lists targets with their pools".to_owned(),
    };
    Err(Usage(format!("--pools {pool}: no target of the configuration is in such a pool; {hint}")))
}

/// A pool that was asked for by name must be sung in; of the others, at least one.
fn refuse_if_it_has_none(choice: &Choice, wanted: &[PoolId]) -> Result<(), ConfigError> {
    if let Some((pool, error)) = choice.left_out.iter().find(|(pool, _)| wanted.contains(pool)) {
        return Err(ConfigError(format!("cannot sing in pool {pool}: {error:#}")));
    }
    if choice.pools().next().is_some() {
        return Ok(());
    }
    let reasons: Vec<String> =
        choice.left_out.iter().map(|(pool, error)| format!("{pool}: {error:#}")).collect();
    Err(ConfigError(match reasons.as_slice() {
        [] => "there is no pool to sing in: the configuration has no targets".to_owned(),
        reasons => format!("there is no pool to sing in: {}", reasons.join("; ")),
    }))
}
