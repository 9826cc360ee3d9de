//! Whether the broker can be reached, allows what the fleet does, and has the fleet's queues.

use antiphon_core::PoolId;
use antiphon_queue::{BrokerFacts, Queue, topology};

use super::finding::Finding;
use crate::config::{BROKER, Broker, Config};

/// Without a broker there is no fleet, which is fine.
pub(super) fn none() -> Finding {
    let remedy = format!("for a fleet, set {BROKER} or write [broker] into antiphon.toml");
    Finding::warn("broker", "there is none: `antiphon run` works, a fleet does not", remedy)
}

/// The oldest RabbitMQ whose quorum queues do what the fleet needs.
const OLDEST: (u32, u32) = (3, 10);

fn version(broker: &Broker, facts: &BrokerFacts) -> Finding {
    let BrokerFacts { product, version, .. } = facts;
    let says = format!("{product} {version} at {}", broker.settings);
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) < OLDEST => {
            Finding::fail("broker", says, "use RabbitMQ 3.10 or newer")
        }
        _ => Finding::ok("broker", says),
    }
}

pub(super) async fn look(queue: &Queue, broker: &Broker, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(broker.in_the_clear().iter().map(|place| {
        Finding::warn(
            "encryption",
            format!("{place} is spoken to in the clear, password and all"),
            "use amqps:// and https:// unless the network is your own",
        )
    }));
    match queue.check().await {
        Ok(facts) => findings.push(version(broker, &facts)),
        Err(error) => {
            findings.push(Finding::error("broker", &error.into()));
            return findings;
        }
    }
    findings.extend(topology_of(queue, broker, config).await);
    findings
}

/// Whether the fleet's queues are there. Whoever uses them first makes them, where the broker allows it.
async fn topology_of(queue: &Queue, broker: &Broker, config: &Config) -> Vec<Finding> {
    let pools: Vec<PoolId> = config.catalogue.pools.keys().cloned().collect();
    let what = "queues and exchanges";
    let mut findings = match topology::check(queue, &pools, broker.management.as_ref()).await {
        Ok(found) if found.is_empty() => vec![Finding::ok(what, "are as they must be")],
        Ok(found) => of_topology(what, &found),
        Err(error) => vec![Finding::error(what, &error.into())],
    };
    if broker.management.is_none() {
        findings.push(Finding::warn(
            "policies",
            "cannot be seen without the management API",
            "set `management_url` in [broker], or compare with what `antiphon topology apply` prints",
        ));
    }
    findings
}

/// What is missing in one line: where nothing was applied, that is all of it.
fn of_topology(what: &str, found: &[topology::Finding]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut missing, mut hidden) = (Vec::new(), Vec::new());
    for finding in found {
        match finding {
            topology::Finding::Missing { what } => missing.push(what.as_str()),
            topology::Finding::Hidden { what } => hidden.push(what.as_str()),
            topology::Finding::Differs { .. } => findings.push(Finding::fail(
                what,
                finding,
                "policy: run `antiphon topology apply`; else: `antiphon topology delete` when the fleet is idle, then `apply`",
            )),
        }
    }
    if let Some(some) = first_of(&hidden) {
        findings.push(Finding::warn(
            what,
            format!("not checked: the broker does not let this user look at {some}"),
            "run `antiphon topology check` as the user that applied the topology",
        ));
    }
    if let Some(some) = first_of(&missing) {
        findings.push(Finding::warn(
            what,
            format!("missing: {some}"),
            "run `antiphon topology apply`, or let the services make what they may; `antiphon topology check` lists it all",
        ));
    }
    findings
}

fn first_of(names: &[&str]) -> Option<String> {
    let [first, rest @ ..] = names else { return None };
    Some(if rest.is_empty() { (*first).to_owned() } else { format!("{first} and {} more", rest.len()) })
}
