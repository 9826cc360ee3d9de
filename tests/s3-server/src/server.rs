//! Listens, and ends with its value.

use std::fmt;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::Error;
use crate::backend::Backend;
use crate::buckets::Buckets;
use crate::control::{Controlled, router};
use crate::faults::Faults;
use crate::folder::Folder;
use crate::front::{Front, without_answer};
use crate::journal::Journal;

/// How long not to accept after the system refused to.
const BREATHER: Duration = Duration::from_millis(50);

/// What a server is like.
#[derive(Clone)]
pub struct ServerConfig {
    /// The only identity.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// Buckets that are there from the start.
    pub buckets: Vec<String>,
    /// Where objects are.
    pub kept: Kept,
}

/// Where objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Gone with the server.
    Memory,
    /// In files of this folder, which no other server uses at the same time.
    Folder(PathBuf),
}

/// A server that answers. Dropping it ends it at once, with all connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    controlled: Controlled,
    tasks: JoinSet<()>,
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("buckets", &self.buckets)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens what there is, binds `address`, whose port may be 0, and answers from then on.
    ///
    /// # Errors
    /// If the folder cannot be used or the address cannot be bound.
    pub async fn start(config: ServerConfig, address: SocketAddr) -> Result<Self, Error> {
        let journal = Arc::new(Journal::new());
        let buckets = open(&config, journal.clone())?;
        let mut builder = S3ServiceBuilder::new(Backend { buckets: Arc::new(buckets) });
        builder.set_auth(SimpleAuth::from_single(config.access_key, config.secret_key));
        let controlled = Controlled { faults: Arc::default(), journal };
        let front = Front {
            service: builder.build(),
            faults: controlled.faults.clone(),
            journal: controlled.journal.clone(),
            detached: TaskTracker::new(),
        };
        let (listener, address) = bind(address).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, front));
        Ok(Self { address, controlled, tasks })
    }

    /// Takes orders over HTTP from then on, without any signature. Gives the address that was bound.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn control(&mut self, address: SocketAddr) -> Result<SocketAddr, Error> {
        let (listener, address) = bind(address).await?;
        let serve = axum::serve(listener, router(self.controlled.clone()));
        self.tasks.spawn(async move {
            // It never ends by itself.
            let _ = serve.into_future().await;
        });
        Ok(address)
    }

    /// The address that was bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Orders of bad behaviour.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.controlled.faults
    }

    /// What was asked and written.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.controlled.journal
    }

    /// Serves until it is dropped.
    pub async fn serve(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

fn open(config: &ServerConfig, journal: Arc<Journal>) -> Result<Buckets, Error> {
    let path = match &config.kept {
        Kept::Memory => PathBuf::new(),
        Kept::Folder(path) => path.clone(),
    };
    let open = || {
        let folder = match &config.kept {
            Kept::Memory => None,
            Kept::Folder(path) => Some(Folder::open(path)?),
        };
        let buckets = Buckets::open(folder, journal)?;
        for bucket in &config.buckets {
            buckets.create(bucket)?;
        }
        Ok(buckets)
    };
    open().map_err(|source| Error::Folder { path, source })
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn accept(listener: TcpListener, front: Front) {
    let mut connections = JoinSet::new();
    loop {
        // Either may be dropped: no connection is taken before `accept` gives it, and an ended one stays in the set.
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, front.clone()))),
                // Too many open files: some connections have to end first.
                Err(_) => tokio::time::sleep(BREATHER).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, front: Front) {
    // A socket that refuses the option is already broken, which the first read says.
    let _ = stream.set_nodelay(true);
    let spare = stream.as_fd().try_clone_to_owned();
    let serve = service_fn(|request| front.answer(request));
    let ended = http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await;
    if let (Err(error), Ok(spare)) = (ended, spare)
        && without_answer(&error)
    {
        // Without time to linger, closing the last handle of a socket resets its connection.
        let _ = rustix::net::sockopt::set_socket_linger(&spare, Some(Duration::ZERO));
    }
}
