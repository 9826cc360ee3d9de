//! One vhost of a broker.

use serde::Deserialize;

use super::Broker;

/// A name space of a broker: its own exchanges and queues.
#[derive(Debug)]
pub struct Vhost<'a> {
    broker: &'a Broker,
    name: String,
}

/// How much stands in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Depth {
    /// The queue.
    pub name: String,
    /// Messages that wait for a consumer.
    #[serde(rename = "messages_ready")]
    pub ready: u64,
    /// Messages that a consumer has and did not acknowledge yet.
    #[serde(rename = "messages_unacknowledged")]
    pub unacked: u64,
}

impl<'a> Vhost<'a> {
    pub(super) fn new(broker: &'a Broker, name: String) -> Self {
        Self { broker, name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where a client finds it, with user and password.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(&self.broker.address().to_string())
    }

    /// The same through something else that listens at `host:port`, such as a relay.
    #[must_use]
    pub fn url_at(&self, address: &str) -> String {
        let (user, password) = self.broker.user();
        format!("amqp://{user}:{password}@{address}/{}", self.name.replace('/', "%2f"))
    }

    /// Runs `rabbitmqctl <command> --vhost <this> <arguments>`, and gives what that printed.
    ///
    /// # Panics
    /// If `rabbitmqctl` fails or hangs.
    pub async fn ctl(&self, command: &str, arguments: &[&str]) -> String {
        self.broker.ctl(&[&[command, "--vhost", &self.name], arguments].concat()).await
    }

    /// All queues.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn queues(&self) -> Vec<Depth> {
        let columns = ["name", "messages_ready", "messages_unacknowledged", "--formatter", "json"];
        let printed = self.ctl("list_queues", &columns).await;
        serde_json::from_str(&printed).expect("rabbitmqctl writes JSON")
    }

    /// One queue, if it is there.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn queue(&self, name: &str) -> Option<Depth> {
        self.queues().await.into_iter().find(|queue| queue.name == name)
    }

    /// Deletes a queue with all that is in it.
    ///
    /// # Panics
    /// If it is not there.
    pub async fn delete_queue(&self, name: &str) {
        self.ctl("delete_queue", &[name]).await;
    }

    /// Drops the messages that wait in a queue.
    ///
    /// # Panics
    /// If it is not there.
    pub async fn purge_queue(&self, name: &str) {
        self.ctl("purge_queue", &[name]).await;
    }
}
