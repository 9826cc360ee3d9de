//! A server whose certificate is signed by an authority of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::scripted::Scripted;
use crate::Store;

/// Listens on a port of its own and answers every request with an empty listing. Gives its address and its authority.
fn serve() -> (String, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
            let mut line = String::new();
            // Whoever does not trust the certificate sends nothing.
            while stream.read_line(&mut line).is_ok_and(|length| length > 0) && !line.ends_with("\r\n\r\n") {}
            if line.ends_with("\r\n\r\n") {
                let body = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
                let head =
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.get_mut().write_all((head + body).as_bytes()).unwrap();
            }
        }
    });
    (endpoint, authority.pem())
}

#[tokio::test]
async fn an_authority_is_trusted_if_and_only_if_it_is_named() {
    let (endpoint, authority) = serve();
    let mut settings = Scripted::start().await.settings();
    settings.s3.endpoint = Some(endpoint);
    let error = Store::open_with("s3://bucket", &settings).await.unwrap_err();
    assert!(error.to_string().contains("give its authority as `ca_file` in [s3]"), "{error}");
    settings.s3.ca_pem = Some(authority.into_bytes());
    Store::open_with("s3://bucket", &settings).await.unwrap();
}
