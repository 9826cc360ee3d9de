//! The server as the SDK sees it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use antiphon_s3_server::{Fault, Journal, Kept, Operation, Order, Outcome, Server, ServerConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use tokio::task::JoinSet;

const BUCKET: &str = "bucket";
const SECRET: &str = "secret";

async fn start(kept: Kept) -> Server {
    let config = ServerConfig {
        access_key: "key".to_owned(),
        secret_key: SECRET.to_owned(),
        buckets: vec![BUCKET.to_owned()],
        kept,
    };
    Server::start(config, ([127, 0, 0, 1], 0).into()).await.unwrap()
}

fn config(server: &Server, secret: &str) -> Builder {
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(server.url())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", secret, None, None, "test"))
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
}

fn client(server: &Server) -> Client {
    Client::from_conf(config(server, SECRET).build())
}

/// What came of a create-only write: nothing, or S3's word for what is wrong, or the status, or that there was no answer.
async fn create(client: &Client, key: &str, body: &str) -> Result<(), String> {
    let body = ByteStream::from(body.as_bytes().to_vec());
    let put = client.put_object().bucket(BUCKET).key(key).if_none_match("*").body(body);
    put.send().await.map(drop).map_err(|error| match &error {
        SdkError::ServiceError(_) => error.code().unwrap_or("no code").to_owned(),
        _ => "no answer".to_owned(),
    })
}

async fn read(client: &Client, key: &str) -> String {
    let got = client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
    String::from_utf8(got.body.collect().await.unwrap().to_vec()).unwrap()
}

/// All keys with a prefix by following the pages, and how many pages there were.
async fn list(client: &Client, prefix: &str, most: i32) -> (Vec<String>, usize) {
    let (mut keys, mut token, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = client.list_objects_v2().bucket(BUCKET).prefix(prefix).max_keys(most);
        let page = page.set_continuation_token(token).send().await.unwrap();
        keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
        pages += 1;
        token = page.next_continuation_token().map(str::to_owned);
        if page.is_truncated() != Some(true) {
            return (keys, pages);
        }
    }
}

fn outcomes(journal: &Journal) -> Vec<Outcome> {
    journal.writes().into_iter().map(|write| write.outcome).collect()
}

async fn races(kept: Kept) {
    let server = start(kept).await;
    let client = client(&server);
    for round in 0..8 {
        let key = format!("race/{round}");
        let mut racers = JoinSet::new();
        for racer in 0..24 {
            let (client, key) = (client.clone(), key.clone());
            racers.spawn(async move { (racer, create(&client, &key, &racer.to_string()).await) });
        }
        let ended = racers.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = ended.into_iter().partition(|(_, outcome)| outcome.is_ok());
        assert_eq!(won.len(), 1, "{won:?}");
        assert!(lost.iter().all(|(_, outcome)| *outcome == Err("PreconditionFailed".to_owned())), "{lost:?}");
        assert_eq!(read(&client, &key).await, won[0].0.to_string());
    }
    assert_eq!(server.journal().rewritten(), BTreeSet::new());
    assert_eq!(server.journal().count(Operation::PutObject), 8 * 24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_to_create_has_one_winner_in_memory() {
    races(Kept::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_to_create_has_one_winner_on_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    races(Kept::Folder(folder.path().to_owned())).await;
}

#[tokio::test]
async fn a_folder_outlives_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || Kept::Folder(folder.path().to_owned());
    let server = start(kept()).await;
    let first = client(&server);
    create(&first, "a/b", "one").await.unwrap();
    create(&first, "a", "two").await.unwrap();
    create(&first, "gone", "three").await.unwrap();
    first.delete_object().bucket(BUCKET).key("gone").send().await.unwrap();
    let body = ByteStream::from_static(b"four");
    first.put_object().bucket(BUCKET).key("a").body(body).metadata("by", "me").send().await.unwrap();
    assert_eq!(server.journal().rewritten(), BTreeSet::from(["a".into()]));
    drop(server);

    let server = start(kept()).await;
    let second = client(&server);
    assert_eq!(list(&second, "", 1000).await.0, ["a", "a/b"]);
    assert_eq!((read(&second, "a").await, read(&second, "a/b").await), ("four".to_owned(), "one".to_owned()));
    let head = second.head_object().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!((head.content_length(), head.metadata().unwrap()["by"].as_str()), (Some(4), "me"));
    assert_eq!(create(&second, "a/b", "five").await, Err("PreconditionFailed".to_owned()));
    let staged = std::fs::read_dir(folder.path().join(".stage")).unwrap().count();
    assert_eq!(staged, 0, "files are left over");
}

#[tokio::test]
async fn a_folder_that_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("photos")).unwrap();
    std::fs::write(folder.path().join("photos/cat.jpg"), "no object").unwrap();
    let config = ServerConfig {
        access_key: "key".to_owned(),
        secret_key: SECRET.to_owned(),
        buckets: Vec::new(),
        kept: Kept::Folder(folder.path().to_owned()),
    };
    let refused = Server::start(config, ([127, 0, 0, 1], 0).into()).await.unwrap_err();
    assert!(std::error::Error::source(&refused).unwrap().to_string().contains("cat.jpg"), "{refused:?}");
    assert!(Path::new(&folder.path().join("photos/cat.jpg")).exists());
}

#[tokio::test]
async fn a_page_may_lie_about_its_length_and_not_about_the_rest() {
    let server = start(Kept::Memory).await;
    let client = client(&server);
    let keys: Vec<String> = (0..25).map(|number| format!("runs/{number:02}")).collect();
    for key in &keys {
        create(&client, key, "x").await.unwrap();
    }
    create(&client, "zzz", "x").await.unwrap();
    assert_eq!(list(&client, "runs/", 10).await, (keys.clone(), 3));
    server.faults().order(Order::new(Fault::Truncate(0), Operation::ListObjectsV2, "runs/"));
    server.faults().order(Order::new(Fault::Truncate(3), Operation::ListObjectsV2, "runs/"));
    assert_eq!(list(&client, "runs/", 10).await, (keys.clone(), 5));
    server.faults().order(Order::new(Fault::Stale, Operation::ListObjectsV2, "runs/"));
    assert_eq!(list(&client, "runs/", 1000).await, (keys[..24].to_vec(), 1));
    assert_eq!(list(&client, "runs/", 1000).await, (keys, 1));
}

#[tokio::test]
async fn what_is_refused_is_not_written() {
    let server = start(Kept::Memory).await;
    let client = client(&server);
    for (fault, code) in [
        (Fault::Conflict, "ConditionalRequestConflict"),
        (Fault::InternalError, "InternalError"),
        (Fault::SlowDown, "SlowDown"),
    ] {
        server.faults().order(Order::new(fault, Operation::PutObject, "b/"));
        create(&client, "a/1", "x").await.unwrap_or_else(|error| assert_eq!(error, "PreconditionFailed"));
        assert_eq!(create(&client, "b/1", "x").await, Err(code.to_owned()));
    }
    assert_eq!(list(&client, "", 1000).await.0, ["a/1"]);
}

#[tokio::test]
async fn a_reset_write_has_been_done() {
    let server = start(Kept::Memory).await;
    let client = client(&server);
    server.faults().order(Order::new(Fault::Reset, Operation::PutObject, "a"));
    assert_eq!(create(&client, "a", "x").await, Err("no answer".to_owned()));
    assert_eq!(outcomes(server.journal()), [Outcome::Created]);
    assert_eq!(create(&client, "a", "x").await, Err("PreconditionFailed".to_owned()));
}

#[tokio::test]
async fn a_held_write_is_done_before_or_after_even_if_nobody_waits() {
    let server = start(Kept::Memory).await;
    let short = TimeoutConfig::builder().read_timeout(Duration::from_millis(200)).build();
    let impatient = Client::from_conf(config(&server, SECRET).timeout_config(short).build());
    let client = client(&server);

    server.faults().order(Order::new(Fault::HoldAfter, Operation::PutObject, "after"));
    let (ended, released) = tokio::join!(create(&client, "after", "x"), async {
        server.faults().until_held(1).await;
        assert_eq!(outcomes(server.journal()), [Outcome::Created]);
        server.faults().release()
    });
    assert_eq!((ended, released), (Ok(()), 1));

    server.faults().order(Order::new(Fault::HoldBefore, Operation::PutObject, "before"));
    assert_eq!(create(&impatient, "before", "late").await, Err("no answer".to_owned()));
    assert_eq!(create(&client, "before", "early").await, Ok(()));
    assert_eq!((server.faults().held(), server.faults().release()), (1, 1));
    let late = async {
        while server.journal().writes_to("before").len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    late.await;
    assert_eq!(outcomes(server.journal()), [Outcome::Created, Outcome::Created, Outcome::Refused]);
    assert_eq!(read(&client, "before").await, "early");
}

#[tokio::test]
async fn another_secret_is_refused() {
    let server = start(Kept::Memory).await;
    let stranger = Client::from_conf(config(&server, "guess").build());
    assert_eq!(create(&stranger, "a", "x").await, Err("SignatureDoesNotMatch".to_owned()));
    assert_eq!(server.journal().writes(), []);
}
