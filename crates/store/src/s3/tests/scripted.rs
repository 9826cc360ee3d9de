//! A server that answers what it was told to, one answer per request, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::{S3Credentials, S3Settings, Store, StoreError, StoreSettings};

/// What happens to one request.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Http(u16, String),
    /// An answer with another header.
    With(u16, &'static str, String),
    /// The body ends before its promised length.
    Half(String, usize),
    /// The connection ends without an answer.
    Reset,
    /// Nothing comes.
    Silence,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) line: String,
    head: String,
}

impl Asked {
    pub(super) fn has(&self, header: &str) -> bool {
        self.head.lines().any(|line| line.eq_ignore_ascii_case(header))
    }
}

pub(super) struct Scripted {
    endpoint: String,
    script: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    _listening: JoinSet<()>,
}

pub(super) fn ok(body: &str) -> Answer {
    Answer::Http(200, body.to_owned())
}

/// An error as S3 words it.
pub(super) fn refusal(status: u16, code: &str) -> Answer {
    Answer::Http(status, error_body(code))
}

pub(super) fn error_body(code: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>the server's words</Message></Error>")
}

/// A page of a listing: keys, then how it goes on.
pub(super) fn page(keys: &[&str], is_truncated: bool, token: Option<&str>) -> Answer {
    let keys: String =
        keys.iter().map(|key| format!("<Contents><Key>{key}</Key><Size>3</Size></Contents>")).collect();
    let token = token.map(|token| format!("<NextContinuationToken>{token}</NextContinuationToken>"));
    ok(&format!(
        "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>{}{keys}\
         </ListBucketResult>",
        token.unwrap_or_default()
    ))
}

impl Scripted {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (script, asked) =
            (Arc::<Mutex<VecDeque<Answer>>>::default(), Arc::<Mutex<Vec<Asked>>>::default());
        let mut listening = JoinSet::new();
        let shared = (Arc::clone(&script), Arc::clone(&asked));
        listening.spawn(async move {
            let mut silent = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(request) = read(&mut stream).await else { continue };
                shared.1.lock().push(request);
                let answer = shared.0.lock().pop_front();
                match answer.unwrap_or_else(|| refusal(418, "NothingScripted")) {
                    Answer::Reset => {}
                    Answer::Silence => silent.push(stream),
                    answer => stream.write_all(answer.bytes().as_bytes()).await.unwrap(),
                }
            }
        });
        Self { endpoint, script, asked, _listening: listening }
    }

    pub(super) fn settings(&self) -> StoreSettings {
        let credentials = S3Credentials {
            access_key: "AKIA-the-key".to_owned().into(),
            secret_key: "hunter2".to_owned().into(),
            session_token: Some("token3".to_owned().into()),
        };
        let endpoint = Some(self.endpoint.clone());
        StoreSettings { s3: S3Settings { endpoint, credentials: Some(credentials), ..S3Settings::default() } }
    }

    pub(super) async fn open(&self, settings: &StoreSettings) -> Result<Store, StoreError> {
        Store::open_with("s3://bucket/top", settings).await
    }

    /// A store that has been opened; from then on `script` is what happens.
    pub(super) async fn store(&self, script: impl IntoIterator<Item = Answer>) -> Store {
        self.script.lock().push_back(page(&[], false, None));
        let store = self.open(&self.settings()).await.unwrap();
        self.then(script);
        store
    }

    /// Forgets what was asked, and goes on with `script`.
    pub(super) fn then(&self, script: impl IntoIterator<Item = Answer>) {
        self.asked.lock().clear();
        *self.script.lock() = script.into_iter().collect();
    }

    /// What was asked since, as `METHOD path?query`. Everything that was scripted must have happened.
    pub(super) fn asked(&self) -> Vec<Asked> {
        assert!(self.script.lock().is_empty(), "not asked for: {:?}", self.script.lock());
        self.asked.lock().clone()
    }

    /// The methods of what was asked.
    pub(super) fn methods(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.line.split(' ').next().unwrap_or_default().to_owned()).collect()
    }
}

impl Answer {
    fn bytes(&self) -> String {
        let (status, header, body, length) = match self {
            Self::Http(status, body) => (*status, "x-amz-request-id: 1", body, body.len()),
            Self::With(status, header, body) => (*status, *header, body, body.len()),
            Self::Half(body, length) => (200, "x-amz-request-id: 1", body, *length),
            Self::Reset | Self::Silence => unreachable!("these say nothing"),
        };
        format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{header}\r\n\r\n{body}"
        )
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    while bytes.len() < end + length.unwrap_or(0) {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    Some(Asked { line, head })
}
