//! What operators apply, check and delete; and what the deployment imports.

use antiphon_queue::topology::{Extent, Finding, Management, Policies, apply, check, delete, waiting};
use antiphon_queue::{QueueError, conformance};
use antiphon_tests::{Broker, BrokerKind, Vhost};
use tokio::sync::OnceCell;

use crate::work::{deployed, next, pool, publish, queue, soon, wait_until};

/// A broker of the test's own with the management plugin.
async fn managed() -> (Broker, Management) {
    let broker = Broker::with(&MANAGED).await;
    let management = management(&broker);
    (broker, management)
}

/// A part of the one that other tests use too.
async fn managed_vhost() -> (Vhost<'static>, Management) {
    let broker = shared().await;
    (broker.vhost().await, management(broker))
}

/// The broker with the management plugin that tests share.
pub(crate) async fn shared() -> &'static Broker {
    static SHARED: OnceCell<Broker> = OnceCell::const_new();
    SHARED.get_or_init(async || Broker::with(&MANAGED).await).await
}

const MANAGED: BrokerKind = BrokerKind { management: true, tls: None, config: String::new() };

fn management(broker: &Broker) -> Management {
    let (user, password) = broker.user();
    Management {
        url: broker.management_url(),
        user: user.to_owned(),
        password: password.into(),
        authority: None,
    }
}

#[tokio::test]
async fn a_topology_is_applied_found_in_order_and_deleted() {
    let (vhost, management) = managed_vhost().await;
    let queue = queue(&vhost.url());
    let pools = [pool("one"), pool("two")];
    let everything = Extent::Everything(pools.to_vec());
    let empty = check(&queue, &pools, Some(&management)).await.unwrap();
    for what in [
        "exchange antiphon.jobs",
        "queue antiphon.jobs.two",
        "policy antiphon.jobs",
        "queue antiphon.retry.1h",
    ] {
        assert!(empty.contains(&Finding::Missing { what: what.to_owned() }), "{what} in {empty:?}");
    }
    for _ in 0..2 {
        assert_eq!(apply(&queue, &pools, Some(&management)).await.unwrap(), Policies::Set);
        assert_eq!(check(&queue, &pools, Some(&management)).await.unwrap(), []);
    }
    publish(&queue, &pools[0], 0..3).await;
    let refused = delete(&queue, &everything, Some(&management), false).await.unwrap_err();
    assert!(matches!(refused, QueueError::NotEmpty { messages: 3, .. }), "{refused:?}");
    assert_eq!(check(&queue, &pools, Some(&management)).await.unwrap(), [], "nothing was deleted");
    delete(&queue, &everything, Some(&management), true).await.unwrap();
    assert_eq!(check(&queue, &pools, Some(&management)).await.unwrap(), empty);
    delete(&queue, &everything, Some(&management), false).await.unwrap();
}

#[tokio::test]
async fn a_pool_is_deleted_and_the_rest_works_on() {
    let (vhost, management) = managed_vhost().await;
    let queue = queue(&vhost.url());
    let (gone, other) = (pool("gone"), pool("other"));
    apply(&queue, &[gone.clone(), other.clone()], Some(&management)).await.unwrap();
    publish(&queue, &gone, 0..3).await;
    publish(&queue, &other, 0..2).await;
    let mut consumer = queue.consume_jobs(&other, 1).await.unwrap();
    next(&mut consumer).await.reject("no such target").await.unwrap();
    drop(consumer);
    let only = Extent::Pools(vec![gone.clone()]);
    let jobs_of = |name: &str, jobs: u32| (format!("antiphon.jobs.{name}"), jobs);
    wait_until("all that waits is counted", async || {
        let all = Extent::Everything(vec![gone.clone(), other.clone()]);
        let dead = ("antiphon.dead".to_owned(), 1);
        waiting(&queue, &all).await.unwrap() == [dead, jobs_of("gone", 3), jobs_of("other", 1)]
    })
    .await;
    assert_eq!(waiting(&queue, &only).await.unwrap(), [jobs_of("gone", 3)]);
    let refused = delete(&queue, &only, Some(&management), false).await.unwrap_err();
    assert!(matches!(refused, QueueError::NotEmpty { messages: 3, .. }), "{refused:?}");
    delete(&queue, &only, Some(&management), true).await.unwrap();
    assert_eq!(
        check(&queue, std::slice::from_ref(&other), Some(&management)).await.unwrap(),
        [],
        "all else is there"
    );
    let missing = check(&queue, std::slice::from_ref(&gone), Some(&management)).await.unwrap();
    assert!(
        missing.contains(&Finding::Missing { what: "queue antiphon.jobs.gone".to_owned() }),
        "{missing:?}"
    );
    assert_eq!(queue.depth(&other).await.unwrap(), 1);
}

#[tokio::test]
async fn with_its_policies_the_broker_keeps_the_promises_of_every_queue_too() {
    let (vhost, management) = managed_vhost().await;
    let queue = queue(&vhost.url());
    apply(&queue, &[], Some(&management)).await.unwrap();
    conformance::all(&queue, "suite").await;
}

#[tokio::test]
async fn without_the_api_there_are_commands_that_do_the_same() {
    let (broker, management) = managed().await;
    let queue = queue(&broker.url());
    let Policies::ToSet(commands) = apply(&queue, &[], None).await.unwrap() else { panic!("who set them?") };
    assert!(!check(&queue, &[], Some(&management)).await.unwrap().is_empty());
    for command in commands {
        // As a shell would read it.
        let command = command.strip_prefix("rabbitmqctl ").unwrap();
        let words =
            std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {command}")]).output();
        let words = String::from_utf8(words.unwrap().stdout).unwrap();
        broker.ctl(&words.lines().collect::<Vec<_>>()).await;
    }
    assert_eq!(check(&queue, &[], Some(&management)).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_there_otherwise_is_named() {
    let (broker, management) = managed().await;
    let queue = queue(&broker.url());
    apply(&queue, &[], Some(&management)).await.unwrap();
    broker.root().delete_queue("antiphon.calls").await;
    let declare = "rabbit_amqqueue:declare({resource,<<\"/\">>,queue,<<\"antiphon.calls\">>},true,false,[],none,<<\"test\">>).";
    broker.eval(declare).await;
    broker.ctl(&["set_policy", "antiphon.jobs", "^nothing$", r#"{"max-length":1}"#]).await;
    let findings = check(&queue, &[], Some(&management)).await.unwrap();
    let differs = |name: &str| {
        findings.iter().any(|finding| matches!(finding, Finding::Differs { what, .. } if what == name))
    };
    assert!(differs("queue antiphon.calls") && differs("policy antiphon.jobs"), "{findings:?}");
    let refused = apply(&queue, &[], None).await.unwrap_err();
    assert!(refused.to_string().contains("delete it when it is empty"), "{refused}");
}

#[tokio::test]
async fn the_management_api_fails_in_words() {
    let (vhost, mut management) = managed_vhost().await;
    let queue = queue(&vhost.url());
    management.password = "geheim".into();
    let refused = apply(&queue, &[], Some(&management)).await.unwrap_err();
    let text = format!("{refused} {refused:?} {management:?}");
    assert!(text.contains("401") && !text.contains("geheim"), "{text}");
}

/// The definitions of the deployment hold all of it for their pool.
#[tokio::test]
async fn the_definitions_that_ship_are_complete() {
    let (broker, management) = managed().await;
    for file in ["definitions.json", "users.json"] {
        broker.ctl(&["import_definitions", deployed(file).to_str().unwrap()]).await;
    }
    let queue = queue(&broker.url());
    assert_eq!(check(&queue, &[pool("anthropic.main.claude")], Some(&management)).await.unwrap(), []);
    let users = broker.ctl(&["list_permissions"]).await;
    for user in ["antiphon-worker", "antiphon-coordinator", "antiphon-operator"] {
        assert!(users.contains(user), "{user} in {users}");
    }
}

/// As `deploy/rabbitmq/README.md` has it done.
#[tokio::test]
async fn a_password_outlives_a_start_of_the_broker_that_loads_the_definitions() {
    let config = format!("load_definitions = {}", deployed("definitions.json").display());
    let mut broker = Broker::with(&BrokerKind { config, ..BrokerKind::default() }).await;
    broker.ctl(&["import_definitions", deployed("users.json").to_str().unwrap()]).await;
    let worker = format!("amqp://antiphon-worker:geheim@{}", broker.address());
    let refused = soon(queue(&worker).check()).await.unwrap_err();
    assert!(
        matches!(refused, QueueError::Refused { .. }),
        "without a password nobody is let in: {refused:?}"
    );
    broker.ctl(&["change_password", "antiphon-worker", "geheim"]).await;
    soon(queue(&worker).check()).await.unwrap();
    broker.stop().await;
    broker.restart().await;
    let facts = soon(queue(&worker).check()).await.unwrap();
    assert_eq!(facts.product, "RabbitMQ");
}
