//! TLS with an authority of one's own, and logging in by certificate.

use std::fs::read_to_string;
use std::time::Duration;

use antiphon_queue::{ClientCertificate, Queue, QueueError, RabbitMqSettings, Tls};
use antiphon_tests::{Broker, BrokerKind};

use crate::work::{WORKS, finish, pool, publish};

async fn broker(tls: antiphon_tests::Tls) -> (Broker, RabbitMqSettings) {
    let broker = Broker::with(&BrokerKind { tls: Some(tls), ..BrokerKind::default() }).await;
    let mut settings: RabbitMqSettings = broker.tls_url().parse().expect(WORKS);
    let authority = read_to_string(&broker.certificates().authority).expect(WORKS);
    settings.tls = Some(Tls { authority: Some(authority), client: None });
    (broker, settings)
}

async fn works(settings: RabbitMqSettings) {
    let queue = Queue::rabbitmq(settings);
    let facts = queue.check().await.expect(WORKS);
    assert_eq!(facts.product, "RabbitMQ");
    publish(&queue, &pool("p"), 0..10).await;
    finish(&mut queue.consume_jobs(&pool("p"), 3).await.expect(WORKS), 0..10).await;
}

#[tokio::test]
async fn a_broker_with_a_certificate_of_the_own_authority_is_believed_and_no_other() {
    let (_broker, mut settings) = broker(antiphon_tests::Tls::Server).await;
    works(settings.clone()).await;
    settings.tls = Some(Tls::default());
    settings.patience = Duration::from_secs(2);
    let strange = Queue::rabbitmq(settings).check().await.unwrap_err();
    assert!(matches!(strange, QueueError::Unreachable { .. }), "{strange:?}");
    assert!(strange.to_string().contains("certificate"), "{strange}");
}

#[tokio::test]
async fn a_client_certificate_logs_in_instead_of_a_password() {
    let (broker, mut settings) = broker(antiphon_tests::Tls::Mutual).await;
    let certificates = broker.certificates();
    let client = ClientCertificate {
        chain: read_to_string(&certificates.client).unwrap(),
        key: read_to_string(&certificates.client_key).unwrap().into(),
    };
    settings.tls.as_mut().unwrap().client = Some(client);
    settings.password = None;
    assert!(!format!("{settings:?}").contains("PRIVATE KEY"));
    works(settings).await;
}
