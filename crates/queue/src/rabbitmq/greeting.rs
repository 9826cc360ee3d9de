//! What the broker says of itself before anybody logs in. The client library keeps it to itself.

use async_rs::Runtime;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use lapin::types::FieldTable;
use lapin::types::parsing::parse_field_table;
use parking_lot::Mutex;
use tokio::time::timeout;

use super::driver::driver;
use super::session::stream;
use super::settings::RabbitMqSettings;
use super::triage::words;

/// A broker, as it presents itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerFacts {
    /// What it is.
    pub product: String,
    /// Its version; what it can do depends on it, see `deploy/rabbitmq/README.md`.
    pub version: String,
    /// The name of its cluster, if it says one.
    pub cluster: Option<String>,
}

const HEADER: &[u8] = b"AMQP\0\0\x09\x01";
/// Type, channel and length of a frame.
const FRAME: usize = 7;
/// Class, method and version of the protocol, which stand before the properties in `connection.start`.
const BEFORE_PROPERTIES: usize = 6;
/// Far above what any broker says.
const LONGEST_GREETING: usize = 128 * 1024;

/// Asks on a connection of its own. `None` if the broker does not say, or not in a way that is understood.
pub(super) async fn greeting(settings: &RabbitMqSettings) -> Option<BrokerFacts> {
    let said = timeout(settings.patience, first_frame(settings)).await.ok()?.ok()?;
    let (_, properties) = parse_field_table(said.get(BEFORE_PROPERTIES..)?).ok()?;
    let text = |key: &str| FieldTable::inner(&properties).get(key).map(words);
    Some(BrokerFacts { product: text("product")?, version: text("version")?, cluster: text("cluster_name") })
}

async fn first_frame(settings: &RabbitMqSettings) -> std::io::Result<Vec<u8>> {
    let runtime = Runtime::tokio_with_handle(driver().clone());
    let mut stream = stream(settings, &runtime, &Mutex::default()).await?;
    stream.write_all(HEADER).await?;
    stream.flush().await?;
    let mut start = [0; FRAME];
    stream.read_exact(&mut start).await?;
    let length = u32::from_be_bytes([start[3], start[4], start[5], start[6]]);
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(LONGEST_GREETING);
    let mut said = vec![0; length];
    stream.read_exact(&mut said).await?;
    Ok(said)
}
