//! `antiphon topology`: the fleet's queues and exchanges at the broker.

use antiphon_core::{PoolId, nearest};
use antiphon_queue::Queue;
use antiphon_queue::topology::{self, Finding, Policies};
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
    let at = At { queue, broker, pools };
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
}

#[derive(Serialize)]
struct Checked {
    right: bool,
    findings: Vec<String>,
}

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
        let findings: Vec<String> = findings.iter().map(Finding::to_string).collect();
        let right = findings.is_empty();
        if output.json {
            output.value(&Checked { right, findings });
        } else {
            findings.iter().for_each(|finding| output.line(finding));
            match right {
                true => output.note(format!("{} has all that a fleet needs", self.broker.settings)),
                false => output.note("`antiphon topology apply` makes what is missing"),
            }
        }
        Ok(if right { Exit::Complete } else { Exit::Usage })
    }

    async fn delete(&self, yes: bool, output: Output) -> anyhow::Result<Exit> {
        let mut waiting = 0;
        for pool in &self.pools {
            waiting += self.queue.depth(pool).await?;
        }
        let (jobs, place) = (counted(waiting, "job that waits", "jobs that wait"), &self.broker.settings);
        if !yes && !ask(&format!("Delete the fleet's queues and exchanges at {place}, with {jobs}?"))? {
            return Err(Usage("nothing was deleted; give --yes to delete it".to_owned()).into());
        }
        topology::delete(&self.queue, &self.pools, self.broker.management.as_ref(), true).await?;
        output.line(format!("deleted the fleet's queues and exchanges at {place}, with {jobs}"));
        Ok(Exit::Complete)
    }
}
