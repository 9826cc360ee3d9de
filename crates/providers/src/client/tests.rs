use antiphon_core::Provider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::EndpointSettings;

const KEY: &str = "canary-key/0123456789";
const HEADER: &str = "canary-header-0123456789";

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    (listener, base_url)
}

fn endpoint(base_url: &str, send_sample_key: bool) -> Endpoint {
    Endpoint::new(&EndpointSettings {
        provider: Provider::Anthropic,
        base_url: base_url.to_owned(),
        key: Some(KEY.into()),
        headers: [("x-gateway".to_owned(), format!("Bearer {HEADER}").into())].into(),
        send_sample_key,
        allow_insecure: false,
        allow_link_local: false,
    })
    .unwrap()
}

fn client(change: impl FnOnce(&mut HttpSettings)) -> Client {
    let mut settings = HttpSettings { max_body_bytes: 1_000, ..HttpSettings::default() };
    change(&mut settings);
    Client::new(&settings).unwrap()
}

fn ask() -> HttpRequest {
    HttpRequest { path: "/v1/messages", headers: &[], body: Bytes::from_static(b"{\"a\":1}") }
}

/// Reads a whole request and returns it.
async fn received(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"{\"a\":1}") {
        let mut chunk = [0; 1_024];
        let length = stream.read(&mut chunk).await.unwrap();
        assert!(length > 0, "the client hung up");
        request.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8(request).unwrap()
}

/// Answers one call with `response` and then closes; returns what the client made of it, and what it sent.
async fn call(
    client: &Client,
    send_sample_key: bool,
    response: &[u8],
) -> (Result<HttpResponse, TransportError>, String) {
    let (listener, base_url) = listen().await;
    let endpoint = endpoint(&base_url, send_sample_key);
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = received(&mut stream).await;
        // A client that has seen enough may have hung up already.
        let _ = stream.write_all(response).await;
        let _ = stream.shutdown().await;
        request
    };
    let request = ask();
    tokio::join!(client.send(&endpoint, &request, Some("r/t/p/u/0/0/0"), None), server)
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nrequest-id: q\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn a_call_there_and_back() {
    let (response, request) = call(&client(|_| {}), false, &ok("{\"b\":2}")).await;
    let response = response.unwrap();
    assert_eq!((response.status, &response.body[..]), (200, &b"{\"b\":2}"[..]));
    assert_eq!(response.headers["request-id"], "q");
    let request = request.to_lowercase();
    assert!(request.starts_with("post /v1/v1/messages http/1.1\r\n"), "{request}");
    for line in
        ["content-type: application/json", "anthropic-version: 2023-06-01", &format!("x-api-key: {KEY}")]
    {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} is not in {request}");
    }
    assert!(!request.contains("idempotency-key") && !request.contains("accept-encoding"), "{request}");
}

#[tokio::test]
async fn the_sample_key_goes_only_to_endpoints_that_want_it() {
    let (_, request) = call(&client(|_| {}), true, &ok("")).await;
    assert!(request.contains("idempotency-key: r/t/p/u/0/0/0\r\n"), "{request}");
}

#[tokio::test]
async fn a_body_up_to_the_cap_is_read_and_one_beyond_it_is_not() {
    let client = client(|_| {});
    let (response, _) = call(&client, false, &ok(&"x".repeat(1_000))).await;
    assert_eq!(response.unwrap().body.len(), 1_000);
    let (response, _) = call(&client, false, &ok(&"x".repeat(1_001))).await;
    assert_eq!(response.unwrap_err().kind, FailureKind::InvalidResponse);
    // Without a length, in more chunks than the client reads at once.
    let mut endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..10_000 {
        endless.extend_from_slice(b"64\r\n");
        endless.extend_from_slice(&[b'x'; 100]);
        endless.extend_from_slice(b"\r\n");
    }
    let (response, _) = call(&client, false, &endless).await;
    assert_eq!(response.unwrap_err().kind, FailureKind::InvalidResponse);
}

#[tokio::test]
async fn a_body_that_ends_early_is_a_broken_connection() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"content\"";
    let (response, _) = call(&client(|_| {}), false, cut).await;
    let error = response.unwrap_err();
    assert_eq!((error.kind, error.unreachable), (FailureKind::Connection, false), "{error}");
    let (response, _) = call(&client(|_| {}), false, b"").await;
    let error = response.unwrap_err();
    assert_eq!((error.kind, error.unreachable), (FailureKind::Connection, false), "{error}");
}

#[tokio::test]
async fn a_connection_that_is_reset_is_a_broken_connection() {
    let (listener, base_url) = listen().await;
    let endpoint = endpoint(&base_url, false);
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        received(&mut stream).await;
        stream.set_zero_linger().unwrap();
    };
    let (client, request) = (client(|_| {}), ask());
    let (response, ()) = tokio::join!(client.send(&endpoint, &request, None, None), server);
    let error = response.unwrap_err();
    assert_eq!((error.kind, error.unreachable), (FailureKind::Connection, false), "{error}");
}

#[tokio::test]
async fn silence_ends_at_the_timeout_or_the_deadline() {
    let (listener, base_url) = listen().await;
    let endpoint = endpoint(&base_url, false);
    let request = ask();
    // The listener accepts in the kernel and never answers.
    let short = client(|settings| settings.timeout = Duration::from_millis(20));
    let error = short.send(&endpoint, &request, None, None).await.unwrap_err();
    assert_eq!((error.kind, error.unreachable), (FailureKind::Timeout, false), "{error}");
    let deadline = Some(Instant::now() + Duration::from_millis(20));
    let error = client(|_| {}).send(&endpoint, &request, None, deadline).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Timeout, "{error}");
    drop(listener);
}

#[tokio::test]
async fn a_trickle_does_not_outlive_the_timeout() {
    let (listener, base_url) = listen().await;
    let endpoint = endpoint(&base_url, false);
    let client = client(|settings| settings.timeout = Duration::from_millis(50));
    let trickle = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        received(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n").await.unwrap();
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let request = ask();
    let (response, ()) = tokio::join!(client.send(&endpoint, &request, None, None), trickle);
    assert_eq!(response.unwrap_err().kind, FailureKind::Timeout);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let (listener, base_url) = listen().await;
    drop(listener);
    let error = client(|_| {}).send(&endpoint(&base_url, false), &ask(), None, None).await.unwrap_err();
    assert_eq!((error.kind, error.unreachable), (FailureKind::Connection, true), "{error}");
    assert!(!error.detail.contains("127.0.0.1") && !error.detail.contains("messages"), "{error}");
}

#[tokio::test]
async fn something_that_does_not_speak_tls_is_unreachable() {
    let (listener, base_url) = listen().await;
    let endpoint = endpoint(&base_url.replace("http:", "https:"), false);
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    let (client, request) = (client(|_| {}), ask());
    let (response, ()) = tokio::join!(client.send(&endpoint, &request, None, None), server);
    let error = response.unwrap_err();
    assert_eq!((error.kind, error.unreachable), (FailureKind::Connection, true), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, elsewhere_url) = listen().await;
    let redirect = format!("HTTP/1.1 307 Moved\r\nlocation: {elsewhere_url}\r\ncontent-length: 0\r\n\r\n");
    let call = async { call(&client(|_| {}), false, redirect.as_bytes()).await.0 };
    let response = tokio::select! {
        _ = elsewhere.accept() => panic!("the key went to another host"),
        response = call => response.unwrap(),
    };
    assert_eq!(response.status, 307);
    let reply = crate::parse(Provider::Anthropic, &response, std::time::SystemTime::UNIX_EPOCH);
    assert!(matches!(reply, crate::Reply::Stop(crate::Stop { misconfigured: true, .. })), "{reply:?}");
}

#[tokio::test]
async fn secrets_that_the_server_repeats_are_masked() {
    let escaped = KEY.replace('/', "\\/");
    let body = format!("{{\"error\":\"bad key {KEY}, {escaped}, {HEADER}\"}}");
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 200 OK\r\nrequest-id: of {KEY}\r\nx-other: 1\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let response = call(&client(|_| {}), false, reply.as_bytes()).await.0.unwrap();
    let stars = |secret: &str| "*".repeat(secret.len());
    let expected =
        format!("{{\"error\":\"bad key {}, {}, {}\"}}", stars(KEY), stars(&escaped), stars(HEADER));
    assert_eq!(String::from_utf8(response.body.to_vec()).unwrap(), expected);
    assert_eq!(
        (&response.headers["request-id"], &response.headers["x-other"]),
        (&"***".parse().unwrap(), &"1".parse().unwrap())
    );
}

#[test]
fn settings_that_cannot_work_say_which() {
    let fails = |change: fn(&mut HttpSettings)| {
        let mut settings = HttpSettings::default();
        change(&mut settings);
        Client::new(&settings).unwrap_err()
    };
    assert!(matches!(fails(|s| s.proxy = Some("not a url".to_owned())), ClientError::Proxy));
    assert!(matches!(fails(|s| s.ca_pem = Some(b"nothing".to_vec())), ClientError::CaFile));
}

#[tokio::test]
async fn names_that_lead_to_metadata_services_are_not_found() {
    use std::str::FromStr;
    let found = PublicNames.resolve(Name::from_str("localhost").unwrap()).await.unwrap();
    assert!(found.count() > 0);
    assert!(PublicNames.resolve(Name::from_str("169.254.169.254").unwrap()).await.is_err());
}
