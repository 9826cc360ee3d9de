//! The pools that a worker sings in: limits and endpoints by the configuration.

use std::collections::BTreeMap;

use antiphon_core::{Limits, PoolId, Seed};
use antiphon_limits::{Pool, PoolSettings};
use antiphon_providers::Endpoint;
use antiphon_worker::PoolParts;

use crate::config::{Config, DEFAULT_CONCURRENCY, Environment};

/// One pool as it will be sung in.
pub(super) struct Singing {
    pub(super) id: PoolId,
    pub(super) limits: Pool,
    /// Sessions at a time.
    pub(super) slots: u32,
    endpoints: BTreeMap<String, Endpoint>,
}

impl Singing {
    /// The pool with those limits and the targets of these aliases.
    ///
    /// # Errors
    /// If a key is missing or an address cannot be used.
    pub(super) fn new<'a>(
        id: PoolId,
        limits: &Limits,
        aliases: impl Iterator<Item = &'a String>,
        config: &Config,
        jitter: Seed,
    ) -> anyhow::Result<Self> {
        let environment = Environment::default();
        let endpoint = |alias: &String| Ok((alias.clone(), config.endpoint(alias, &environment)?));
        Ok(Self {
            endpoints: aliases.map(endpoint).collect::<anyhow::Result<_>>()?,
            slots: limits.concurrency.unwrap_or(DEFAULT_CONCURRENCY),
            limits: Pool::new(limits, PoolSettings { jitter }),
            id,
        })
    }

    pub(super) fn into_parts(self) -> PoolParts {
        PoolParts::new(self.id, self.limits, self.slots, self.endpoints)
    }
}
