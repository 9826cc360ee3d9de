//! The queue as a RabbitMQ carries it, 3.10 or newer.
//!
//! | module | what it is |
//! |---|---|
//! | `settings`, `tls` | where the broker is, how to log in |
//! | `session`, `link` | one connection; another one as soon as it is over |
//! | `pieces`, `declare` | what the broker is to have, and making sure that it has it |
//! | `topology`, `policies`, `management` | the same for an operator, with limits |
//! | `permissions` | what the user may do there |
//! | `parcel`, `publisher` | messages on their way to the broker, until they are confirmed |
//! | `subscription`, `triage`, `receipt` | messages on their way from the broker, until they are settled |
//! | `greeting` | what the broker says of itself |
//! | `failure` | what went wrong, and whether waiting helps |
//! | `clock` | the time of day, in messages |
//! | `driver` | the thread that all of this runs on |
//!
//! Two connections, since a broker that lacks memory reads nothing more from those that publish: acks, which free memory, must
//! not stand behind messages.

mod clock;
mod declare;
mod driver;
mod failure;
mod greeting;
mod link;
mod management;
mod parcel;
mod permissions;
mod pieces;
mod policies;
mod publisher;
mod receipt;
mod session;
mod settings;
mod subscription;
mod tls;
mod topology;
mod triage;

use std::sync::{Arc, LazyLock};

use antiphon_core::PoolId;
use bytes::Bytes;

pub use greeting::BrokerFacts;
pub use management::Management;
pub(crate) use receipt::Receipt;
pub use settings::{ClientCertificate, RabbitMqSettings, Tls};
pub(crate) use subscription::{Heard, Subscription};

use crate::QueueError;
use declare::messages;
use driver::driver;
use failure::{ACCESS_REFUSED, Failure, NOT_FOUND};
use greeting::greeting;
use link::Link;
use parcel::Parcel;
use publisher::Publisher;
use session::Session;
use subscription::Source;

/// A RabbitMQ. Clones are the same connections, which are opened when they are needed first.
#[derive(Debug, Clone)]
pub struct RabbitMqQueue {
    settings: Arc<RabbitMqSettings>,
    ends: Arc<LazyLock<Ends, Box<dyn FnOnce() -> Ends + Send>>>,
}

#[derive(Debug)]
struct Ends {
    consuming: Link,
    publishing: Link,
    publisher: Publisher,
}

impl RabbitMqQueue {
    pub(crate) fn new(settings: RabbitMqSettings) -> Self {
        let settings = Arc::new(settings);
        let theirs = settings.clone();
        let open = move || {
            let publishing = Link::open(&theirs, "publishes");
            let publisher = Publisher::start(publishing.clone());
            Ends { consuming: Link::open(&theirs, "consumes"), publishing, publisher }
        };
        Self { settings, ends: Arc::new(LazyLock::new(Box::new(open))) }
    }

    pub(crate) async fn publish_jobs(
        &self,
        jobs: impl Iterator<Item = (PoolId, Bytes, Option<String>)>,
    ) -> Result<(), QueueError> {
        let parcels = jobs.map(|(pool, body, trace)| Parcel::job(&pool, body).of_trace(trace));
        self.ends.publisher.publish_all(parcels.collect()).await
    }

    pub(crate) async fn publish_events(&self, body: Bytes) -> Result<(), QueueError> {
        self.ends.publisher.publish(Parcel::events(body)).await
    }

    pub(crate) async fn publish_choir(&self, pool: &PoolId, body: Bytes) -> Result<(), QueueError> {
        self.ends.publisher.publish(Parcel::choir(pool, body)).await
    }

    pub(crate) async fn publish_call(&self, body: Bytes) -> Result<(), QueueError> {
        self.ends.publisher.publish(Parcel::call(body)).await
    }

    pub(crate) async fn consume_jobs(
        &self,
        pool: &PoolId,
        prefetch: u16,
    ) -> Result<Subscription, QueueError> {
        self.subscribe(Source::Jobs(pool.clone()), Some(prefetch)).await
    }

    pub(crate) async fn consume_dead(&self) -> Result<Subscription, QueueError> {
        self.subscribe(Source::Dead, None).await
    }

    pub(crate) async fn consume_calls(&self) -> Result<Subscription, QueueError> {
        self.subscribe(Source::Calls, None).await
    }

    pub(crate) async fn subscribe_events(&self) -> Result<Subscription, QueueError> {
        self.subscribe(Source::Events, None).await
    }

    pub(crate) async fn listen_choir(&self, pool: &PoolId) -> Result<Subscription, QueueError> {
        self.subscribe(Source::Choir(pool.clone()), None).await
    }

    async fn subscribe(&self, source: Source, prefetch: Option<u16>) -> Result<Subscription, QueueError> {
        Subscription::open(&self.ends.consuming, &self.ends.publisher, source, prefetch).await
    }

    /// 0 if there is no such queue yet.
    pub(crate) async fn depth(&self, pool: &PoolId) -> Result<u64, QueueError> {
        let queue = pieces::jobs_of(pool);
        let channel = async {
            let session = self.ends.consuming.session().await?;
            let channel = session.channel().await?;
            Ok((session, channel))
        };
        let (session, channel) =
            channel.await.map_err(|failure: Failure| failure.into_error(&self.settings.to_string()))?;
        match messages(&session, &channel, &queue).await {
            Ok(count) => Ok(count.into()),
            Err(failure) if failure.is(NOT_FOUND) => Ok(0),
            Err(failure) if failure.is(ACCESS_REFUSED) => {
                Err(QueueError::Hidden { broker: self.settings.to_string(), queue })
            }
            Err(failure) => Err(failure.into_error(&self.settings.to_string())),
        }
    }

    /// For those who cannot wait for ever.
    async fn session(&self) -> Result<Arc<Session>, QueueError> {
        self.ends.consuming.session_within(self.settings.patience).await
    }

    fn settings(&self) -> &RabbitMqSettings {
        &self.settings
    }

    /// Connects if need be, but does not wait for ever.
    pub(crate) async fn check(&self) -> Result<BrokerFacts, QueueError> {
        let patience = self.settings.patience;
        self.session().await?;
        self.ends.publishing.session_within(patience).await?;
        let settings = self.settings.clone();
        let asked = driver().spawn(async move { greeting(&settings).await }).await;
        let unknown = || "unknown".to_owned();
        Ok(asked.ok().flatten().unwrap_or_else(|| BrokerFacts {
            product: unknown(),
            version: unknown(),
            cluster: None,
        }))
    }

    /// Whether both connections are there at this moment. `false` before they are needed first.
    pub(crate) fn is_connected(&self) -> bool {
        LazyLock::get(&self.ends).is_some_and(|ends| ends.consuming.is_live() && ends.publishing.is_live())
    }
}
