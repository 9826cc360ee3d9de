//! What the commands of a fleet begin with: configuration, store and queue.

use std::path::Path;

use antiphon_core::RunId;
use antiphon_queue::Queue;
use antiphon_store::Store;

use super::open_store;
use crate::args::Arguments;
use crate::compose;
use crate::config::{self, Broker, Config, Environment};
use crate::output::Usage;

/// A fleet as it is seen from here.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) config: Config,
    pub(crate) address: String,
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) broker: Broker,
}

impl Fleet {
    /// Reads the configuration, beside the suite if there is one, and opens store and queue.
    pub(crate) async fn open(arguments: &Arguments, suite: Option<&Path>) -> anyhow::Result<Self> {
        let config = config::find(arguments.config.as_deref(), suite)?;
        let (queue, broker) = compose::fleet_queue(&config)?;
        let address = open_store::address(arguments, &config);
        let store = match suite {
            Some(_) => compose::create_store(&address, &config).await?,
            None => compose::open_store(&address, &config).await?,
        };
        Ok(Self { config, address, store, queue, broker })
    }

    /// The same, for a run that must be there.
    pub(crate) async fn holding(arguments: &Arguments, run: &RunId) -> anyhow::Result<Self> {
        let fleet = Self::open(arguments, None).await?;
        open_store::must_hold(&fleet.store, &fleet.address, run).await?;
        Ok(fleet)
    }
}

/// The queue, where there is a broker: what can be said without it is said without it.
pub(crate) fn queue_if_any(config: &Config) -> anyhow::Result<Option<Queue>> {
    let broker = config.broker(&Environment::default())?;
    Ok(broker.map(|broker| Queue::rabbitmq(broker.settings)))
}

/// Refuses to work here on a run that the fleet works on: both would ask, and pay.
pub(crate) async fn refuse_if_submitted(store: &Store, run: &RunId) -> anyhow::Result<()> {
    if store.open_submissions(run).await?.is_empty() {
        return Ok(());
    }
    let hint = format!("see `antiphon watch {run}`, or stop it with `antiphon cancel {run}`");
    Err(Usage(format!("a fleet works on run {run}; {hint}")).into())
}
