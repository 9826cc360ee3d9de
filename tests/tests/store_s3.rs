//! The suite that every store passes, over S3: against two servers that have nothing in common, one of which checks signatures and
//! checksums; and what becomes of a write whose answer is lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use antiphon_s3_server::{Fault, Kept, Operation, Order, Outcome, Server, ServerConfig};
use antiphon_store::{Checksums, Put, S3Credentials, S3Settings, Store, StoreSettings, conformance};
use antiphon_tests::Moto;

const BUCKET: &str = "conformance";
const ADDRESS: &str = "s3://conformance";

fn settings(endpoint: String, checksums: Checksums) -> StoreSettings {
    let credentials = S3Credentials {
        access_key: "antiphon".to_owned().into(),
        secret_key: "only-for-tests".to_owned().into(),
        session_token: None,
    };
    let s3 = S3Settings {
        endpoint: Some(endpoint),
        checksums: Some(checksums),
        credentials: Some(credentials),
        ..S3Settings::default()
    };
    StoreSettings { s3 }
}

async fn server() -> Server {
    let config = ServerConfig {
        access_key: "antiphon".to_owned(),
        secret_key: "only-for-tests".to_owned(),
        buckets: vec![BUCKET.to_owned()],
        kept: Kept::Memory,
    };
    Server::start(config, ([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// Below a prefix with checksums, and at the top without, each in a place that is empty. (All four ways would be a thousand more
/// objects each, and nothing of the one has to do with the other.)
async fn keeps_its_promises(endpoint: &str) {
    let below = format!("{ADDRESS}/below");
    for (address, checksums) in
        [(below.as_str(), Checksums::WhenSupported), (ADDRESS, Checksums::WhenRequired)]
    {
        let settings = settings(endpoint.to_owned(), checksums);
        let store = Store::create_with(address, &settings).await.unwrap();
        store.probe().await.unwrap();
        conformance::all(&store, "suite/").await;
    }
}

#[tokio::test]
async fn a_server_that_checks_signatures_and_checksums() {
    let server = server().await;
    keeps_its_promises(&server.url()).await;
}

#[tokio::test]
async fn a_server_that_nobody_here_wrote() {
    let moto = Moto::start(BUCKET).await;
    keeps_its_promises(&moto.url()).await;
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_as_ones_own() {
    let server = server().await;
    let settings = settings(server.url(), Checksums::WhenSupported);
    let store = Store::create_with(ADDRESS, &settings).await.unwrap();
    server.faults().order(Order::new(Fault::Reset, Operation::PutObject, "runs/lost").next(1));
    assert_eq!(store.put_once("runs/lost", "mine".into()).await.unwrap(), Put::Created);
    assert_eq!(store.put_once("runs/lost", "theirs".into()).await.unwrap(), Put::Exists);
    assert_eq!(store.get("runs/lost").await.unwrap().as_deref(), Some(b"mine".as_slice()));
    let created = server.journal().writes_to("runs/lost");
    let created = created.iter().filter(|write| write.outcome == Outcome::Created).count();
    assert_eq!((created, server.journal().rewritten().len()), (1, 0));
}

#[tokio::test]
async fn a_conflict_a_full_server_and_short_pages_are_waited_out() {
    let server = server().await;
    let settings = settings(server.url(), Checksums::WhenSupported);
    let store = Store::create_with(ADDRESS, &settings).await.unwrap();
    for (fault, key) in [(Fault::Conflict, "a"), (Fault::SlowDown, "b"), (Fault::InternalError, "c")] {
        let key = format!("runs/{key}");
        server.faults().order(Order::new(fault, Operation::PutObject, key.as_str()).next(2));
        assert_eq!(store.put_once(&key, "once".into()).await.unwrap(), Put::Created, "{key}");
    }
    for entries in [0, 1] {
        server.faults().order(Order::new(Fault::Truncate(entries), Operation::ListObjectsV2, "").next(1));
        assert_eq!(store.list("runs/").await.unwrap(), ["runs/a", "runs/b", "runs/c"], "pages of {entries}");
    }
}
