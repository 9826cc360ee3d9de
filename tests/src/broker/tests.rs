//! The broker is what other tests lean on, so what it promises is tried with a client that is not ours.

use std::path::Path;

use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

use super::*;

async fn channel(url: &str) -> Channel {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    channel
}

async fn declare_quorum(channel: &Channel, queue: &str) {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.into(), durable, arguments).await.unwrap();
}

/// Publishes one message and waits for its confirm.
async fn publish(channel: &Channel, queue: &str) {
    let kept = BasicProperties::default().with_delivery_mode(2);
    let sent = channel.basic_publish("".into(), queue.into(), BasicPublishOptions::default(), b"job", kept);
    assert!(sent.await.unwrap().await.unwrap().is_ack());
}

fn depth(name: &str, ready: u64, unacked: u64) -> Depth {
    Depth { name: name.to_owned(), ready, unacked }
}

#[tokio::test]
async fn a_broker_keeps_what_it_confirmed_when_it_is_killed() {
    let mut broker = Broker::start().await;
    let client = channel(&broker.url()).await;
    declare_quorum(&client, "jobs").await;
    publish(&client, "jobs").await;
    broker.save_names().await;
    let process = broker.process().unwrap();
    broker.kill();
    assert!(!Path::new(&format!("/proc/{process}")).exists(), "it still runs");
    broker.restart().await;
    let client = channel(&broker.url()).await;
    client.basic_get("jobs".into(), BasicGetOptions::default()).await.unwrap().expect("the message is kept");
    broker.stop().await;
    assert_eq!(broker.process(), None);
}

#[tokio::test]
async fn vhosts_of_the_shared_broker_do_not_see_each_other() {
    let broker = Broker::shared().await;
    let (one, two) = (broker.vhost().await, broker.vhost().await);
    let client = channel(&one.url()).await;
    declare_quorum(&client, "jobs").await;
    publish(&client, "jobs").await;
    publish(&client, "jobs").await;
    client.basic_get("jobs".into(), BasicGetOptions::default()).await.unwrap().expect("a message is there");
    assert_eq!(one.queues().await, [depth("jobs", 1, 1)]);
    let other = channel(&two.url()).await;
    let classic = other.queue_declare("hints".into(), QueueDeclareOptions::default(), FieldTable::default());
    classic.await.unwrap();
    publish(&other, "hints").await;
    assert_eq!(two.queues().await, [depth("hints", 1, 0)]);
    one.purge_queue("jobs").await;
    assert_eq!(one.queue("jobs").await, Some(depth("jobs", 0, 1)));
    one.delete_queue("jobs").await;
    assert_eq!(one.queue("jobs").await, None);
}

#[tokio::test]
async fn a_full_memory_blocks_publishers_until_it_is_over() {
    let broker = Broker::with(&BrokerKind { management: true, ..BrokerKind::default() }).await;
    let client = channel(&broker.url()).await;
    declare_quorum(&client, "jobs").await;
    broker.memory_alarm(true).await;
    let stranger = std::net::TcpStream::connect(broker.management_url().trim_start_matches("http://"));
    assert!(stranger.is_ok(), "the management plugin listens");
    let blocked = publish(&client, "jobs");
    tokio::pin!(blocked);
    tokio::select! {
        () = &mut blocked => panic!("a message was confirmed"),
        queues = broker.queues() => assert_eq!(queues, [depth("jobs", 0, 0)]),
    }
    broker.memory_alarm(false).await;
    blocked.await;
    broker.close_connections().await;
    assert!(
        client.basic_get("jobs".into(), BasicGetOptions::default()).await.is_err(),
        "the connection is closed"
    );
}

#[tokio::test]
async fn tls_takes_clients_of_its_own_authority_only() {
    let broker = Broker::with(&BrokerKind { tls: Some(Tls::Mutual), ..BrokerKind::default() }).await;
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let files = broker.certificates();
    let config = |with_identity: bool| OwnedTLSConfig {
        identity: with_identity.then(|| OwnedIdentity::PKCS8 {
            pem: read(&files.client).into_bytes(),
            key: read(&files.client_key).into_bytes(),
        }),
        cert_chain: Some(read(&files.authority)),
    };
    let connect = |with_identity: bool, mechanism: &str| {
        let url = format!("{}?auth_mechanism={mechanism}", broker.tls_url());
        let config = config(with_identity);
        let runtime = lapin::runtime::default_runtime().unwrap();
        async move {
            let properties = ConnectionProperties::default();
            Connection::connect_with_config(&url, properties, config, runtime).await
        }
    };
    connect(true, "plain").await.expect("user and password are right");
    connect(true, "external").await.expect("the certificate names the user");
    connect(false, "plain").await.expect_err("no certificate, no connection");
}

#[tokio::test]
async fn a_cluster_goes_on_without_one_of_three() {
    let mut cluster = Cluster::start(3).await;
    let client = channel(&cluster.nodes()[1].url()).await;
    declare_quorum(&client, "jobs").await;
    publish(&client, "jobs").await;
    cluster.kill(0);
    publish(&client, "jobs").await;
    cluster.restart(0).await;
    let client = channel(&cluster.nodes()[0].url()).await;
    client.basic_get("jobs".into(), BasicGetOptions::default()).await.unwrap().expect("the message is kept");
}
