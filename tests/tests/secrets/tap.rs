//! All messages of a broker, by its own tracing.

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_tests::Broker;
use futures::StreamExt;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Connection, ConnectionProperties};
use parking_lot::Mutex;
use tokio::task::JoinSet;

/// Where the broker publishes a copy of each message, with the original's properties among its headers.
const TRACE: &str = "amq.rabbitmq.trace";

/// Everything that was published, by the exchange it was published to.
#[derive(Debug)]
pub(crate) struct Tap {
    messages: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    _connection: Connection,
    _tasks: JoinSet<()>,
}

impl Tap {
    /// Of the vhost `/`, whose tracing is on.
    pub(crate) async fn open(broker: &Broker) -> Self {
        let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare("".into(), options, FieldTable::default()).await.unwrap();
        let name = queue.name().clone();
        let (bind, none) = (QueueBindOptions::default(), FieldTable::default());
        channel.queue_bind(name.clone(), TRACE.into(), "publish.#".into(), bind, none.clone()).await.unwrap();
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let mut consumer = channel.basic_consume(name, "".into(), options, none).await.unwrap();
        let messages = Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new()));
        let (mut tasks, heard) = (JoinSet::new(), Arc::clone(&messages));
        tasks.spawn(async move {
            let _channel = channel;
            while let Some(message) = consumer.next().await {
                let message = message.unwrap();
                let exchange = message.routing_key.as_str().trim_start_matches("publish.").to_owned();
                let mut bytes = message.data;
                if let Some(headers) = message.properties.headers() {
                    spell(&AMQPValue::FieldTable(headers.clone()), &mut bytes);
                }
                heard.lock().entry(exchange).or_default().extend(bytes);
            }
        });
        Self { messages, _connection: connection, _tasks: tasks }
    }

    pub(crate) fn messages(&self) -> BTreeMap<String, Vec<u8>> {
        self.messages.lock().clone()
    }
}

/// All texts of a value, as they are and with a space before each.
fn spell(value: &AMQPValue, into: &mut Vec<u8>) {
    into.push(b' ');
    match value {
        AMQPValue::LongString(text) => into.extend(text.as_bytes()),
        AMQPValue::ShortString(text) => into.extend(text.as_str().as_bytes()),
        AMQPValue::ByteArray(bytes) => into.extend(bytes.as_slice()),
        AMQPValue::FieldArray(values) => values.as_slice().iter().for_each(|value| spell(value, into)),
        AMQPValue::FieldTable(table) => table.inner().iter().for_each(|(name, value)| {
            into.extend(name.as_str().as_bytes());
            spell(value, into);
        }),
        other => into.extend(format!("{other:?}").bytes()),
    }
}
