//! Messages that no version of ours published, or a newer one.

use antiphon_queue::DELIVERY_LIMIT_REASON;
use antiphon_tests::{Broker, Vhost};

use crate::topology;
use crate::work::{WORKS, finish, next, pool, publish, queue, soon, wait_until};

/// Publishes text with headers, as anybody may who has the management API.
async fn publish_text(vhost: &Vhost<'_>, exchange: &str, key: &str, text: &str, headers: serde_json::Value) {
    let broker = topology::shared().await;
    let address = format!("{}/api/exchanges/{}/{exchange}/publish", broker.management_url(), vhost.name());
    let (user, password) = broker.user();
    let body = serde_json::json!({
        "properties": { "headers": headers, "delivery_mode": 2 },
        "routing_key": key, "payload": text, "payload_encoding": "string",
    });
    let request = reqwest::Client::new().post(address).basic_auth(user, Some(password));
    let answer = request.body(body.to_string()).send().await.expect(WORKS);
    let said = answer.text().await.expect(WORKS);
    assert!(said.contains("true"), "{said}");
}

async fn messages(vhost: &Vhost<'_>, queue: &str) -> u64 {
    vhost.queue(queue).await.map_or(0, |depth| depth.ready + depth.unacked)
}

#[tokio::test]
async fn what_nobody_can_read_is_looked_at_again_and_then_laid_aside() {
    let vhost = topology::shared().await.vhost().await;
    let queue = queue(&vhost.url());
    let pool = pool("p");
    let mut consumer = queue.consume_jobs(&pool, 2).await.unwrap();
    let mut dead = queue.dead_letters().await.unwrap();
    publish_text(&vhost, "antiphon.jobs", "p", "no job", serde_json::json!({})).await;
    publish(&queue, &pool, 0..1).await;
    finish(&mut consumer, 0..1).await;
    wait_until("it waits for somebody newer", async || {
        messages(&vhost, "antiphon.retry.1s").await + messages(&vhost, "antiphon.retry.5s").await == 1
    })
    .await;
    publish_text(&vhost, "antiphon.jobs", "p", "no job", serde_json::json!({ "antiphon-unread": 30 })).await;
    wait_until("it is laid aside", async || messages(&vhost, "antiphon.unreadable").await == 1).await;
    publish_text(&vhost, "antiphon.dead", "p", "no letter", serde_json::json!({})).await;
    wait_until("it is laid aside", async || messages(&vhost, "antiphon.unreadable").await == 2).await;
    next_is_nothing_strange(&mut dead).await;
}

async fn next_is_nothing_strange(dead: &mut antiphon_queue::DeadLetters) {
    let waited = tokio::time::timeout(crate::work::QUIET, dead.next()).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test]
async fn what_the_broker_gives_up_by_policy_has_its_reason() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let queue = queue(&vhost.url());
    let pool = pool("p");
    antiphon_queue::topology::apply(&queue, std::slice::from_ref(&pool), None).await.unwrap();
    let policy = r#"{"delivery-limit":2,"dead-letter-exchange":"antiphon.dead","dead-letter-strategy":"at-least-once","overflow":"reject-publish"}"#;
    vhost.ctl("set_policy", &["short", r"^antiphon\.jobs\.", policy]).await;
    let mut consumer = queue.consume_jobs(&pool, 1).await.unwrap();
    let mut dead = queue.dead_letters().await.unwrap();
    publish(&queue, &pool, 0..1).await;
    for _ in 0..3 {
        drop(next(&mut consumer).await);
    }
    let letter = soon(dead.next()).await.unwrap();
    assert_eq!((letter.job().chunk, letter.reason()), (0, DELIVERY_LIMIT_REASON));
    letter.ack().await.unwrap();
}

/// A broker of version 4 drops what was lost 20 times; a dead letter must not be.
#[tokio::test]
async fn a_dead_letter_comes_again_without_limit() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().await;
    let queue = queue(&vhost.url());
    let pool = pool("p");
    let mut consumer = queue.consume_jobs(&pool, 1).await.unwrap();
    let mut dead = queue.dead_letters().await.unwrap();
    vhost.ctl("set_policy", &["like-version-4", r"^antiphon\.dead$", r#"{"delivery-limit":20}"#]).await;
    publish(&queue, &pool, 0..1).await;
    next(&mut consumer).await.reject("for good").await.unwrap();
    for _ in 0..50 {
        drop(soon(dead.next()).await.unwrap());
    }
    let letter = soon(dead.next()).await.unwrap();
    assert_eq!((letter.job().chunk, letter.reason()), (0, "for good"));
    letter.ack().await.unwrap();
}
