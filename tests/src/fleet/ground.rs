//! What the jobs of a fleet travel through.

use std::net::SocketAddr;

use crate::{Broker, Cluster, Depth, Vhost};

/// A broker, or a part of one.
#[derive(Debug)]
pub enum Ground {
    /// A vhost of the broker that all tests of a binary share.
    Shared(Vhost<'static>),
    /// A broker of its own, which may be disturbed.
    Own(Box<Broker>),
    /// Several nodes, any of which may be lost.
    Several(Cluster),
}

impl Ground {
    /// A part of the shared broker.
    pub async fn shared() -> Self {
        Self::Shared(Broker::shared().await.vhost().await)
    }

    /// A broker of its own.
    pub async fn own() -> Self {
        Self::Own(Box::new(Broker::start().await))
    }

    /// Three nodes of its own.
    pub async fn several() -> Self {
        Self::Several(Cluster::start(3).await)
    }

    /// Its own broker.
    ///
    /// # Panics
    /// If it is shared, or several.
    pub fn broker(&mut self) -> &mut Broker {
        let Self::Own(broker) = self else { panic!("the broker is not the fleet's own") };
        broker
    }

    /// Its nodes.
    ///
    /// # Panics
    /// If it is one node.
    pub fn cluster(&mut self) -> &mut Cluster {
        let Self::Several(cluster) = self else { panic!("the broker is a single node") };
        cluster
    }

    /// Where the so-manieth client finds it; clients are spread over all nodes.
    #[must_use]
    pub fn address(&self, client: usize) -> SocketAddr {
        match self {
            Self::Shared(vhost) => vhost.address(),
            Self::Own(broker) => broker.address(),
            Self::Several(cluster) => cluster.nodes()[client % cluster.nodes().len()].address(),
        }
    }

    /// What a client is told that reaches it through `address`.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        self.vhost().url_at(&address.to_string())
    }

    /// All queues.
    pub async fn queues(&self) -> Vec<Depth> {
        self.vhost().queues().await
    }

    /// The name space that holds them.
    #[must_use]
    pub fn vhost(&self) -> Vhost<'_> {
        match self {
            Self::Shared(vhost) => vhost.clone(),
            Self::Own(broker) => broker.root(),
            Self::Several(cluster) => {
                cluster.nodes().iter().find(|node| node.process().is_some()).expect("a node runs").root()
            }
        }
    }
}
