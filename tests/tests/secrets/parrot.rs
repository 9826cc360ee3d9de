//! A server that sends back what it was sent, as some gateways do in their errors.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What its words begin with.
pub(crate) const WORD: &str = "parrotsaysitback";

/// Speaks the Anthropic dialect; which model is asked decides how it answers. To S3 clients it is a server that refuses.
#[derive(Debug)]
pub(crate) struct Parrot {
    pub(crate) address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Parrot {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(talk(stream));
            }
        });
        Self { address, _tasks: tasks }
    }
}

async fn talk(mut stream: TcpStream) {
    let Some((head, body)) = request(&mut stream).await else { return };
    let headers: Vec<&str> = head.lines().skip(1).collect();
    let secrets = headers.iter().filter(|header| header.starts_with("x-"));
    let said = secrets.copied().collect::<Vec<_>>().join(" ");
    let escaped = said.replace('/', "\\/");
    let (status, body) = if body.contains("answers") {
        let usage = r#"{"input_tokens":1,"output_tokens":1}"#;
        let text =
            format!(r#""content":[{{"type":"text","text":"{WORD} {said} {escaped}"}}],"usage":{usage}"#);
        (
            200,
            format!(
                r#"{{"id":"1","type":"message","role":"assistant","model":"m","stop_reason":"end_turn",{text}}}"#
            ),
        )
    } else if head.contains("AWS4-HMAC-SHA256") {
        let authorization = headers.iter().find(|header| header.starts_with("authorization")).unwrap();
        let access = authorization.split(['=', ',']).nth(1).unwrap();
        let key = access.split("/20").next().unwrap();
        (
            403,
            format!(
                "<Error><Code>InvalidAccessKeyId</Code><Message>It does not exist</Message><AWSAccessKeyId>{key}</AWSAccessKeyId></Error>"
            ),
        )
    } else {
        let (status, kind) = if body.contains("refuses") {
            (401, "authentication_error")
        } else {
            (422, "invalid_request_error")
        };
        (
            status,
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{WORD} {said} {escaped}"}}}}"#),
        )
    };
    let key = headers.iter().find_map(|header| header.strip_prefix("x-api-key: ")).unwrap_or("none");
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Said\r\nrequest-id: for {key}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    // Whoever asked may be gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// Head and body, if the client sends them whole.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut received = Vec::new();
    loop {
        if let Some((head, body)) = String::from_utf8_lossy(&received).split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.ok().filter(|length| *length > 0)?;
        received.extend_from_slice(&piece[..length]);
    }
}
