//! What the commands of a fleet begin with: configuration, store and queue.

use std::time::Duration;

use antiphon_core::RunId;
use antiphon_queue::Queue;
use antiphon_store::Store;

use super::open_store;
use crate::args::Arguments;
use crate::compose;
use crate::config::{self, Broker, Config, Environment};
use crate::output::Usage;

/// How long somebody at a terminal waits for a broker.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

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
    /// For a service: it waits for its broker, and a folder is made where there is none, since somebody begins.
    pub(crate) async fn serving(arguments: &Arguments) -> anyhow::Result<Self> {
        let config = config::find(arguments.config.as_deref(), None)?;
        let broker = compose::broker(&config)?;
        let queue = Queue::rabbitmq(broker.settings.clone());
        let address = open_store::address(arguments, &config);
        let store = compose::create_store(&address, &config).await?;
        Ok(Self { config, address, store, queue, broker })
    }

    /// For a command about a run that must be there. A command gives up where a service waits.
    pub(crate) async fn holding(arguments: &Arguments, run: &RunId) -> anyhow::Result<Self> {
        let config = config::find(arguments.config.as_deref(), None)?;
        let (queue, broker) = reach(&config).await?;
        let address = open_store::address(arguments, &config);
        let store = compose::open_store(&address, &config).await?;
        open_store::must_hold(&store, &address, run).await?;
        Ok(Self { config, address, store, queue, broker })
    }
}

/// The queue at a broker that answers.
pub(crate) async fn reach(config: &Config) -> anyhow::Result<(Queue, Broker)> {
    let mut broker = compose::broker(config)?;
    broker.settings.patience = PATIENCE;
    let queue = Queue::rabbitmq(broker.settings.clone());
    queue.check().await?;
    Ok((queue, broker))
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
