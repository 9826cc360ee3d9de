//! The wire, with real sockets and a real broker.

use std::io::ErrorKind;

use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::amqp::{Conversation, Splitter};
use super::*;
use crate::Broker;

/// Whoever connects, and the relay in between.
async fn wire() -> (Relay, TcpListener) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    (Relay::start(listener.local_addr().unwrap()).await, listener)
}

async fn connect(relay: &Relay, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(relay.address()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

async fn sends(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8]) {
    from.write_all(bytes).await.unwrap();
    let mut read = vec![0; bytes.len()];
    to.read_exact(&mut read).await.unwrap();
    assert_eq!(read, bytes);
}

#[tokio::test]
async fn bytes_go_both_ways_and_are_counted() {
    let (relay, listener) = wire().await;
    let (mut client, mut server) = connect(&relay, &listener).await;
    sends(&mut client, &mut server, b"question").await;
    relay.dribble(Some(1));
    relay.delay(Duration::from_millis(1));
    sends(&mut server, &mut client, b"an answer").await;
    assert_eq!(relay.counts(), Counts { accepted: 1, open: 1, from_client: 8, from_server: 9 });
    client.shutdown().await.unwrap();
    assert_eq!(server.read(&mut [0]).await.unwrap(), 0, "the end is passed on");
    server.write_all(b"late").await.unwrap();
    drop(server);
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"late");
}

#[tokio::test]
async fn a_cut_resets_both_sides() {
    let (relay, listener) = wire().await;
    let (mut client, mut server) = connect(&relay, &listener).await;
    sends(&mut client, &mut server, b"x").await;
    relay.cut();
    assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let (mut client, mut server) = connect(&relay, &listener).await;
    sends(&mut client, &mut server, b"again").await;
    relay.refuse(true);
    let mut refused = TcpStream::connect(relay.address()).await.unwrap();
    assert!(refused.read(&mut [0]).await.is_err(), "it is let in");
    sends(&mut server, &mut client, b"open ones stay").await;
}

#[tokio::test]
async fn a_dead_direction_keeps_what_is_sent_until_it_lives() {
    let (relay, listener) = wire().await;
    let (mut client, mut server) = connect(&relay, &listener).await;
    relay.half_open(Sender::Client, true);
    client.write_all(b"lost?").await.unwrap();
    sends(&mut server, &mut client, b"heard").await;
    assert_eq!(relay.counts().from_client, 0);
    relay.blackhole(true);
    let (mut other, mut accepted) = connect(&relay, &listener).await;
    other.write_all(b"hello?").await.unwrap();
    accepted.write_all(b"greeting").await.unwrap();
    relay.blackhole(false);
    let mut read = [0; 5];
    server.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"lost?");
    sends(&mut other, &mut accepted, b"").await;
    let mut read = [0; 6];
    accepted.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"hello?");
}

#[test]
fn commands_are_whole_however_the_bytes_come() {
    let frame = |kind: u8, channel: u16, payload: &[u8]| {
        let size = u32::try_from(payload.len()).unwrap();
        [&[kind], &channel.to_be_bytes()[..], &size.to_be_bytes(), payload, &[0xCE]].concat()
    };
    let publish = frame(1, 1, b"\0\x3c\0\x28\0\0\x01e\x02rk\0");
    let header = frame(2, 1, b"\0\x3c\0\0\0\0\0\0\0\0\0\x03\0\0");
    let ack = frame(1, 2, b"\0\x3c\0\x50\0\0\0\0\0\0\0\x07\x01");
    let (one, two) = (frame(3, 1, b"ab"), frame(3, 1, b"c"));
    // Another channel may speak in the middle of a message.
    let all = [b"AMQP\0\0\x09\x01", &publish[..], &header, &one, &ack, &two].concat();
    for step in 1..all.len() {
        let (mut splitter, conversation) = (Splitter::new(Sender::Client), Conversation::default());
        let (mut forwarded, mut events) = (Vec::new(), Vec::new());
        for piece in all.chunks(step) {
            splitter.feed(piece);
            while let Some(command) = splitter.next().unwrap() {
                forwarded.push(command.bytes.len());
                events.extend(conversation.hear(Sender::Client, &command));
            }
        }
        assert_eq!(forwarded, [8, ack.len(), publish.len() + header.len() + one.len() + two.len()]);
        let published = Event::Published { exchange: "e".to_owned(), routing_key: "rk".to_owned() };
        assert_eq!(events, [Event::Acked { tag: 7, multiple: true }, published]);
    }
    let mut strange = Splitter::new(Sender::Server);
    strange.feed(b"HTTP/1.1 400 Bad Request");
    assert!(strange.next().unwrap().is_none() || strange.next().is_err());
}

async fn channel(url: &str) -> Channel {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    channel
}

async fn publish(channel: &Channel, queue: &str) -> bool {
    let message = BasicProperties::default();
    let sent =
        channel.basic_publish("".into(), queue.into(), BasicPublishOptions::default(), b"job", message);
    sent.await.unwrap().await.unwrap().is_ack()
}

#[tokio::test]
async fn a_client_can_be_stopped_between_a_confirm_and_its_ack() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let relay = Relay::amqp(broker.address()).await;
    let client = channel(&vhost.url_at(&relay.address().to_string())).await;
    for queue in ["jobs", "retry"] {
        client
            .queue_declare(queue.into(), QueueDeclareOptions::default(), FieldTable::default())
            .await
            .unwrap();
    }
    let fits =
        |event: &Event| matches!(event, Event::Confirmed { routing_key, .. } if routing_key == "retry");
    let trap = relay.stop_after(fits);
    assert!(publish(&client, "jobs").await);
    let consumed = client.basic_consume(
        "jobs".into(),
        "me".into(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    let mut consumer = consumed.await.unwrap();
    let delivery = futures::StreamExt::next(&mut consumer).await.unwrap().unwrap();
    assert!(publish(&client, "retry").await, "the confirm goes through");
    delivery.ack(BasicAckOptions::default()).await.unwrap();
    let confirmed = Event::Confirmed { exchange: String::new(), routing_key: "retry".to_owned() };
    assert_eq!(trap.sprung().await, confirmed);
    // The ack has left the client and has not reached the broker, which gives the job back after the cut.
    assert_eq!(vhost.queue("jobs").await.unwrap().unacked, 1);
    assert_eq!(vhost.queue("retry").await.unwrap().ready, 1);
    relay.cut();
    relay.half_open(Sender::Client, false);
    let again = channel(&vhost.url_at(&relay.address().to_string())).await;
    let before = relay.stop_before(|event| matches!(event, Event::Acked { .. }));
    let consumed = again.basic_consume(
        "jobs".into(),
        "you".into(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    let mut consumer = consumed.await.unwrap();
    let delivery = futures::StreamExt::next(&mut consumer).await.unwrap().unwrap();
    assert!(delivery.redelivered);
    delivery.ack(BasicAckOptions::default()).await.unwrap();
    assert!(matches!(before.sprung().await, Event::Acked { .. }));
    assert_eq!(vhost.queue("jobs").await.unwrap().unacked, 1);
}
