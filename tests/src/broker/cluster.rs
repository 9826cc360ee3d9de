//! Several nodes that are one broker.

use std::sync::Arc;

use super::node::{Node, PortMapper};
use super::{Broker, BrokerKind, Secrets};

/// Nodes on this machine that know each other. Dropping it kills them all.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Broker>,
}

impl Cluster {
    /// Starts that many nodes and joins them to the first.
    ///
    /// # Panics
    /// If RabbitMQ is not installed, does not start or does not join.
    pub async fn start(nodes: usize) -> Self {
        let (mapper, secrets) = (Arc::new(PortMapper::start().await), Secrets::new());
        let mut cluster = Self { nodes: Vec::new() };
        for number in 0..nodes {
            let node = Node::new(&format!("rabbit{number}"), &BrokerKind::default(), &secrets);
            let joining = Broker::boot(node, mapper.clone()).await;
            if let Some(first) = cluster.nodes.first() {
                joining.ctl(&["stop_app"]).await;
                joining.ctl(&["join_cluster", &first.node.name]).await;
                joining.ctl(&["start_app"]).await;
                joining.ctl(&["await_startup"]).await;
            }
            cluster.nodes.push(joining);
        }
        cluster
    }

    /// The nodes, in the order of their numbers.
    #[must_use]
    pub fn nodes(&self) -> &[Broker] {
        &self.nodes
    }

    /// SIGKILL for one node. [`Cluster::restart`] brings it back.
    ///
    /// # Panics
    /// If there is no node of that number.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Starts a node again.
    ///
    /// # Panics
    /// If it does not start, or there is no node of that number.
    pub async fn restart(&mut self, node: usize) {
        self.nodes[node].restart().await;
    }
}
