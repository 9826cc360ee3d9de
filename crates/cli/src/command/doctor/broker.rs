//! Whether the broker can be reached, allows what the fleet does, and has the fleet's queues.

use antiphon_core::PoolId;
use antiphon_queue::topology::Permission;
use antiphon_queue::{BrokerFacts, Queue, RabbitMqSettings, topology};

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
    findings.extend(match topology::permissions(queue).await {
        Ok(permissions) => of_permissions(&broker.settings, &permissions),
        Err(error) => vec![Finding::error(PERMISSIONS, &error.into())],
    });
    findings.extend(topology_of(queue, broker, config).await);
    findings
}

const PERMISSIONS: &str = "permissions";
/// Trying them would take a message away, or leave one.
const NOT_TRIED: &str =
    "to consume jobs, dead letters and calls, and to write retries, dead letters and calls";
/// What only workers use.
const CHOIR: &str = "antiphon.choir";

fn of_permissions(settings: &RabbitMqSettings, permissions: &[Permission]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unknown = Vec::new();
    for Permission { kind, of, is_granted } in permissions {
        match is_granted {
            Some(true) => {}
            None => unknown.push(format!("{kind} {of}")),
            Some(false) => {
                let RabbitMqSettings { user, vhost, .. } = settings;
                let user = if user.is_empty() { "USER" } else { user };
                let remedy = format!(
                    "`rabbitmqctl set_permissions --vhost '{vhost}' '{user}' CONFIGURE WRITE READ`, with what deploy/rabbitmq/users.json grants to such a role"
                );
                let says = format!("{user} lacks the permission to {kind} {of}");
                findings.push(match of.as_str() {
                    CHOIR => Finding::warn(PERMISSIONS, format!("{says}, which workers need"), remedy),
                    _ => Finding::fail(PERMISSIONS, says, remedy),
                });
            }
        }
    }
    let but = if unknown.is_empty() { String::new() } else { format!("{}; ", unknown.join(", ")) };
    if findings.is_empty() && unknown.is_empty() {
        findings.push(Finding::ok(
            PERMISSIONS,
            format!("suffice as far as they were tried; not checked: {NOT_TRIED}"),
        ));
    } else {
        let remedy = "they show when the services use them";
        findings.push(Finding::warn(PERMISSIONS, format!("not checked: {but}{NOT_TRIED}"), remedy));
    }
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

#[cfg(test)]
mod tests {
    use antiphon_queue::topology::Kind;

    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_missing_permission_is_named_with_the_command_that_grants_it() {
        let settings: RabbitMqSettings = "amqp://me@rabbit/v".parse().unwrap();
        let of = |kind, of: &str, is_granted| Permission { kind, of: of.to_owned(), is_granted };
        let states = |permissions: &[Permission]| {
            let findings = of_permissions(&settings, permissions);
            let states: Vec<State> = findings.iter().map(|finding| finding.state).collect();
            (states, serde_json::to_string(&findings).unwrap())
        };
        let (fine, said) = states(&[of(Kind::Write, "antiphon.jobs", Some(true))]);
        assert_eq!(fine, [State::Ok]);
        assert!(said.contains("not checked: to consume jobs"), "{said}");
        let (refused, said) = states(&[
            of(Kind::Write, "antiphon.jobs", Some(false)),
            of(Kind::Read, "antiphon.choir", Some(false)),
            of(Kind::Read, "antiphon.events", None),
        ]);
        assert_eq!(refused, [State::Fail, State::Warn, State::Warn]);
        for says in [
            "me lacks the permission to write antiphon.jobs",
            "rabbitmqctl set_permissions --vhost 'v' 'me'",
            "deploy/rabbitmq/users.json",
            "to read antiphon.choir, which workers need",
            "not checked: read antiphon.events",
        ] {
            assert!(said.contains(says), "{says} in {said}");
        }
    }
}
