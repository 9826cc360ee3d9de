//! At no level of logging does a password show, not even in what the client library says.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon_queue::Queue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What every call is expected to do.
const WORKS: &str = "it works";
const PASSWORD: &str = "geheim-und-lang-genug";

/// All that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect(WORKS).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `connection.start` of a broker that says nothing of itself and takes a password.
fn greeting() -> Vec<u8> {
    let text = |text: &[u8]| {
        let length = u32::try_from(text.len()).expect(WORKS);
        [length.to_be_bytes().as_slice(), text].concat()
    };
    let method = [&[0, 10, 0, 10, 0, 9][..], &0_u32.to_be_bytes(), &text(b"PLAIN"), &text(b"en_US")].concat();
    [&[1, 0, 0][..], &text(&method), &[0xce]].concat()
}

/// Greets the first who comes, and gives what that one answers as soon as it holds the password.
async fn answer_with_password(listener: TcpListener) -> Vec<u8> {
    let (mut client, _) = listener.accept().await.expect(WORKS);
    client.read_exact(&mut [0; 8]).await.expect(WORKS);
    client.write_all(&greeting()).await.expect(WORKS);
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(PASSWORD) {
        assert!(client.read_buf(&mut answer).await.expect(WORKS) > 0, "it hung up after {answer:?}");
    }
    answer
}

#[tokio::test]
async fn a_password_goes_to_the_broker_and_nowhere_else() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let queue = Queue::rabbitmq(format!("amqp://me:{PASSWORD}@{address}").parse().unwrap());
    let checking = queue.check();
    tokio::select! {
        _ = answer_with_password(listener) => {}
        checked = checking => panic!("nobody let it in, but {checked:?}"),
        () = tokio::time::sleep(Duration::from_secs(60)) => panic!("it does not log in"),
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let as_numbers: Vec<String> = PASSWORD.bytes().map(|byte| byte.to_string()).collect();
    assert!(!logged.is_empty());
    assert!(!logged.contains(PASSWORD) && !logged.contains(&as_numbers.join(", ")), "{logged}");
    assert!(!format!("{queue:?}").contains(PASSWORD));
}
