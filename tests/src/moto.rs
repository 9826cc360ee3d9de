//! An S3 server that nobody here wrote: moto, from the tests' Python libraries.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kept::{Kept, free_port};

/// A server that does not start within that time hangs. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(120);

/// How often a server that starts is tried.
const LOOK: Duration = Duration::from_millis(50);

/// A server in memory, which takes any key and secret. Dropping it kills it.
#[derive(Debug)]
pub struct Moto {
    address: SocketAddr,
    _running: Kept,
}

impl Moto {
    /// A server with one bucket.
    ///
    /// # Panics
    /// If the Python libraries are missing or it does not start.
    pub async fn start(bucket: &str) -> Self {
        let test = std::env::current_exe().expect("a test knows where it is");
        let target = test.ancestors().nth(3).expect("tests stand in <target>/<profile>/deps");
        let program = target.join("python-venv/bin/moto_server");
        assert!(program.exists(), "{} is missing; `make prepare` installs it", program.display());
        let port = free_port();
        let mut command = Kept::command(program.to_str().expect("the target folder has a plain name"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Kept::start(command);
        let address = ([127, 0, 0, 1], port).into();
        let starts = async {
            while !create(address, bucket).await.is_ok_and(|created| created) {
                assert!(running.ended().is_none(), "moto ended: is port {port} taken?");
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(HANGS, starts).await.expect("moto does not start");
        Self { address, _running: running }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Makes a bucket, without the signature that moto does not look at.
async fn create(address: SocketAddr, bucket: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "PUT /{bucket} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bucket_is_there_and_no_other() {
        let moto = Moto::start("runs").await;
        for (bucket, status) in [("runs", "200"), ("walks", "404")] {
            let mut stream = TcpStream::connect(moto.address()).await.unwrap();
            let head =
                format!("HEAD /{bucket} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", moto.address());
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
        }
    }
}
