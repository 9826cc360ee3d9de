//! The pools that a worker sings in: limits and endpoints by the configuration.

use std::collections::BTreeMap;

use antiphon_core::{Limits, PoolId, Seed};
use antiphon_limits::{ChoirSettings, Pool, PoolSettings};
use antiphon_providers::Endpoint;
use antiphon_worker::PoolParts;

use crate::config::{Config, DEFAULT_CONCURRENCY, Environment};

/// One pool as it will be sung in.
pub(super) struct Singing {
    pub(super) id: PoolId,
    pub(super) limits: Pool,
    /// Sessions at a time.
    pub(super) slots: u32,
    parts: PoolParts,
}

impl Singing {
    /// A pool that nobody else sings in: all of its limits are for this process.
    ///
    /// # Errors
    /// If a key is missing or an address cannot be used.
    pub(super) fn alone<'a>(
        id: PoolId,
        limits: &Limits,
        aliases: impl Iterator<Item = &'a String>,
        config: &Config,
        jitter: Seed,
    ) -> anyhow::Result<Self> {
        let (slots, pool) = (slots(limits), Pool::new(limits, PoolSettings { jitter }));
        let parts = PoolParts::new(id.clone(), pool.clone(), slots, endpoints(aliases, config)?);
        Ok(Self { id, limits: pool, slots, parts })
    }

    /// A pool that all workers of a fleet share, at most `most` sessions of it here.
    ///
    /// # Errors
    /// Those of [`Singing::alone`].
    pub(super) fn in_choir<'a>(
        id: PoolId,
        most: Option<u32>,
        aliases: impl Iterator<Item = &'a String>,
        config: &Config,
    ) -> anyhow::Result<Self> {
        let limits = config.limits(&id);
        let slots = slots(&limits).min(most.unwrap_or(u32::MAX));
        let endpoints = endpoints(aliases, config)?;
        let parts = PoolParts::in_choir(id.clone(), limits, ChoirSettings::default(), slots, endpoints);
        Ok(Self { id, limits: parts.limits().clone(), slots, parts })
    }

    pub(super) fn into_parts(self) -> PoolParts {
        self.parts
    }
}

fn slots(limits: &Limits) -> u32 {
    limits.concurrency.unwrap_or(DEFAULT_CONCURRENCY)
}

fn endpoints<'a>(
    aliases: impl Iterator<Item = &'a String>,
    config: &Config,
) -> anyhow::Result<BTreeMap<String, Endpoint>> {
    let environment = Environment::default();
    aliases.map(|alias| Ok((alias.clone(), config.endpoint(alias, &environment)?))).collect()
}
