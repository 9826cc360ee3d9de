//! `antiphon topology`: the fleet's queues and exchanges at the broker.

use antiphon_core::{PoolId, nearest};
use antiphon_queue::Queue;
use antiphon_queue::topology::{self, Extent, Finding, Policies};
use serde::Serialize;

use super::fleet;
use crate::args::{Arguments, TopologyAction, TopologyArguments, TopologyPools};
use crate::ask::ask;
use crate::config::{self, Broker, Config};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    topology: &TopologyArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let (TopologyAction::Apply(wanted)
    | TopologyAction::Check(wanted)
    | TopologyAction::Delete { pools: wanted, .. }) = &topology.action;
    let pools = pools(wanted, &config)?;
    let (queue, broker) = fleet::reach(&config).await?;
    let at = At { queue, broker, pools, is_narrowed: !wanted.pools.is_empty() };
    match &topology.action {
        TopologyAction::Apply(_) => at.apply(*output).await,
        TopologyAction::Check(_) => at.check(*output).await,
        TopologyAction::Delete { yes, .. } => at.delete(*yes, *output).await,
    }
}

/// The pools that are meant.
fn pools(wanted: &TopologyPools, config: &Config) -> Result<Vec<PoolId>, Usage> {
    let known = &config.catalogue.pools;
    if let Some(pool) = wanted.pools.iter().find(|pool| !known.contains_key(*pool)) {
        let hint = match nearest(pool.as_str(), known.keys().map(PoolId::as_str)) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "`antiphon check` lists targets with their pools".to_owned(),
        };
        return Err(Usage(format!("--pool {pool}: the configuration has no such pool; {hint}")));
    }
    Ok(if wanted.pools.is_empty() { known.keys().cloned().collect() } else { wanted.pools.clone() })
}

/// A broker that answers, and the pools that are meant.
struct At {
    queue: Queue,
    broker: Broker,
    pools: Vec<PoolId>,
    /// Whether these are the only pools that are meant, and nothing besides.
    is_narrowed: bool,
}

#[derive(Serialize)]
struct Checked {
    right: bool,
    findings: Vec<String>,
    not_checked: Vec<String>,
}

/// What AMQP does not show.
const BLIND: &str =
    "bindings and policies were not looked at: that needs the management API (`management_url` in [broker])";

impl At {
    async fn apply(&self, output: Output) -> anyhow::Result<Exit> {
        let policies = topology::apply(&self.queue, &self.pools, self.broker.management.as_ref()).await?;
        output.note(format!("exchanges and queues are there at {}", self.broker.settings));
        if let Policies::ToSet(commands) = policies {
            output.warning(
                "policies need the management API (`management_url` in [broker]) or these commands at the broker:",
            );
            commands.iter().for_each(|command| output.line(command));
        }
        Ok(Exit::Complete)
    }

    async fn check(&self, output: Output) -> anyhow::Result<Exit> {
        let findings = topology::check(&self.queue, &self.pools, self.broker.management.as_ref()).await?;
        let (hidden, wrong): (Vec<Finding>, Vec<Finding>) =
            findings.into_iter().partition(|finding| matches!(finding, Finding::Hidden { .. }));
        let mut not_checked: Vec<String> = hidden.iter().map(Finding::to_string).collect();
        if self.broker.management.is_none() {
            not_checked.push(BLIND.to_owned());
        }
        let findings: Vec<String> = wrong.iter().map(Finding::to_string).collect();
        let right = findings.is_empty();
        if output.json {
            output.value(&Checked { right, findings, not_checked });
        } else {
            findings.iter().for_each(|finding| output.line(finding));
            not_checked.iter().for_each(|what| output.warning(what));
            match (right, not_checked.is_empty()) {
                (true, true) => output.note(format!("{} has all that a fleet needs", self.broker.settings)),
                (true, false) => {
                    output.note(format!("{} lacks nothing of what was seen", self.broker.settings))
                }
                (false, _) => output.note("`antiphon topology apply` makes what is missing"),
            }
        }
        Ok(if right { Exit::Complete } else { Exit::Usage })
    }

    async fn delete(&self, yes: bool, output: Output) -> anyhow::Result<Exit> {
        let place = &self.broker.settings;
        let extent = match self.is_narrowed {
            true => Extent::Pools(self.pools.clone()),
            false => Extent::Everything(self.pools.clone()),
        };
        let what = match &extent {
            Extent::Everything(_) => "the fleet's queues and exchanges".to_owned(),
            Extent::Pools(pools) => {
                let pools: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
                format!("the queues of {}", pools.join(", "))
            }
        };
        let waiting = topology::waiting(&self.queue, &extent).await?;
        let messages = told(&waiting);
        if !yes && !ask(&format!("Delete {what} at {place}, with {messages}?"))? {
            return Err(Usage("nothing was deleted; give --yes to delete it".to_owned()).into());
        }
        // Who was told that nothing waits has not agreed to lose what came since.
        let with_messages = yes || !waiting.is_empty();
        topology::delete(&self.queue, &extent, self.broker.management.as_ref(), with_messages).await?;
        output.line(format!("deleted {what} at {place}, with {messages}"));
        Ok(Exit::Complete)
    }
}

/// How many messages wait, and where.
fn told(waiting: &[(String, u32)]) -> String {
    let all = waiting.iter().map(|(_, messages)| u64::from(*messages)).sum();
    let queues: Vec<String> =
        waiting.iter().map(|(queue, messages)| format!("{messages} in {queue}")).collect();
    let places = if queues.is_empty() { String::new() } else { format!(" ({})", queues.join(", ")) };
    format!("{}{places}", counted(all, "message that waits", "messages that wait"))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_is_lost_is_counted_by_queue() {
        assert_eq!(told(&[]), "0 messages that wait");
        let waiting = [("antiphon.dead".to_owned(), 2), ("antiphon.jobs.p".to_owned(), 40)];
        assert_eq!(told(&waiting), "42 messages that wait (2 in antiphon.dead, 40 in antiphon.jobs.p)");
    }
}
