//! `antiphon-s3-server`: an S3 server for a bench or a laptop.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use antiphon_s3_server::{Kept, Server, ServerConfig};
use clap::{Args, Parser};

/// Serves S3 on this machine, path style, until it is killed. Prints its address as one line.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where to listen; port 0 is any.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where to listen for orders of bad behaviour; the address is the second line.
    #[arg(long)]
    control: Option<SocketAddr>,
    #[command(flatten)]
    kept: Place,
    /// The only identity.
    #[arg(long)]
    access_key: String,
    /// Its secret. Everybody on this machine can read it, so it must be one for tests only.
    #[arg(long)]
    secret_key: String,
    /// A bucket that is there from the start; may be given more than once.
    #[arg(long)]
    bucket: Vec<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// Keep objects in files of this folder.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Forget all objects at the end.
    #[arg(long)]
    memory: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let config = ServerConfig {
        access_key: options.access_key,
        secret_key: options.secret_key,
        buckets: options.bucket,
        kept: options.kept.folder.map_or(Kept::Memory, Kept::Folder),
    };
    let mut server = Server::start(config, options.listen).await?;
    writeln!(io::stdout(), "{}", server.url())?;
    if let Some(address) = options.control {
        writeln!(io::stdout(), "http://{}", server.control(address).await?)?;
    }
    server.serve().await;
    Ok(())
}
