//! The bucket of a fleet, as its server knows it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use antiphon_s3_server::{Faults, Kept, Outcome, Server, ServerConfig};
use antiphon_store::{S3Credentials, S3Settings, Store, StoreSettings};
use serde::de::DeserializeOwned;

pub(super) const BUCKET: &str = "runs";
pub(super) const ACCESS_KEY: &str = "antiphon";
pub(super) const SECRET_KEY: &str = "only-for-tests";

/// A bucket on a server of its own.
#[derive(Debug)]
pub struct Bucket {
    server: Server,
    store: Store,
}

impl Bucket {
    pub(super) async fn start() -> Self {
        let config = ServerConfig {
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            buckets: vec![BUCKET.to_owned()],
            kept: Kept::Memory,
        };
        let server = Server::start(config, ([127, 0, 0, 1], 0).into()).await.expect("there is a free port");
        let credentials = S3Credentials {
            access_key: ACCESS_KEY.into(),
            secret_key: SECRET_KEY.into(),
            session_token: None,
        };
        let s3 = S3Settings {
            endpoint: Some(server.url()),
            credentials: Some(credentials),
            ..S3Settings::default()
        };
        let store = Store::open_with(&format!("s3://{BUCKET}"), &StoreSettings { s3 }).await;
        Self { server, store: store.expect("the bucket is there") }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What goes wrong with it.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// The keys that begin so, sorted, by the server's own journal.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for write in self.server.journal().writes() {
            match write.outcome {
                Outcome::Created if write.key.starts_with(prefix) => drop(keys.insert(write.key.to_string())),
                Outcome::Deleted => drop(keys.remove(&*write.key)),
                _ => {}
            }
        }
        keys
    }

    /// The keys that ever held more than one object.
    #[must_use]
    pub fn rewritten(&self) -> Vec<String> {
        self.server.journal().rewritten().iter().map(|key| key.to_string()).collect()
    }

    /// An object.
    ///
    /// # Panics
    /// If it is not there.
    pub async fn get(&self, key: &str) -> Vec<u8> {
        let found = self.store.get(key).await.expect("the server answers");
        found.unwrap_or_else(|| panic!("there is no {key}")).to_vec()
    }

    /// A JSON object.
    ///
    /// # Panics
    /// If it is not there, or otherwise than expected.
    pub async fn json<T: DeserializeOwned>(&self, key: &str) -> T {
        let bytes = self.get(key).await;
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{key}: {error}"))
    }
}
