//! One vhost of a broker.

use serde::Deserialize;

use super::Broker;

/// Counts by asking each queue: `rabbitmqctl list_queues` knows of quorum queues what they were five seconds ago.
/// A connection's own queue goes away with it at any time, and holds nothing then.
const COUNT: &str = r#"
io:put_chars(rabbit_json:encode([
    begin
        {resource, _, queue, Name} = amqqueue:get_name(Queue),
        [Ready, Unacked] = case amqqueue:get_type(Queue) of
            rabbit_quorum_queue -> [
                begin
                    {ok, {_, Count}, _} = ra:leader_query(amqqueue:get_pid(Queue), Query, 60000),
                    Count
                end || Query <- [fun rabbit_fifo:query_messages_ready/1, fun rabbit_fifo:query_messages_checked_out/1]];
            _ ->
                try [Count || {_, Count} <- rabbit_amqqueue:info(Queue, [messages_ready, messages_unacknowledged])]
                catch exit:{Why, _} when Why =:= normal; Why =:= noproc; Why =:= shutdown -> [0, 0]
                end
        end,
        #{name => Name, ready => Ready, unacked => Unacked}
    end || Queue <- rabbit_amqqueue:list(<<"VHOST">>)])).
"#;

/// A name space of a broker: its own exchanges and queues.
#[derive(Debug, Clone)]
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
    pub ready: u64,
    /// Messages that a consumer has and did not acknowledge yet.
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

    /// `127.0.0.1:<port>` of its broker.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        self.broker.address()
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

    /// All queues, as they are now.
    ///
    /// # Panics
    /// If the broker does not obey.
    pub async fn queues(&self) -> Vec<Depth> {
        let printed = self.broker.eval(&COUNT.replace("VHOST", &self.name)).await;
        // What the expression gave comes after what it printed.
        let counts = printed.trim_end().trim_end_matches("{ok, ok}");
        serde_json::from_str(counts).unwrap_or_else(|error| panic!("{error}: {printed}"))
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
