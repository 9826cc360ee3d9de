//! `policy`: whether its numbers make sense and the groups it names are there.

use std::collections::BTreeSet;

use super::Problem;
use crate::suite::Suite;
use crate::{Probe, nearest};

pub(super) fn check(suite: &Suite, probes: &[Probe]) -> Result<(), Problem> {
    let Some(policy) = &suite.policy else { return Ok(()) };
    if let Some((field, message)) = policy.problem() {
        return Err(Problem::at(field, message));
    }
    let groups: BTreeSet<&str> = probes.iter().filter_map(|probe| probe.group.as_deref()).collect();
    match policy.warn_groups.iter().find(|name| !groups.contains(name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let hint = match nearest(name, groups.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if groups.is_empty() => "no probe has a `group`".to_owned(),
                None => format!("there are {}", groups.into_iter().collect::<Vec<_>>().join(", ")),
            };
            Err(Problem::at("policy.warn_groups", format!("no probe is of the group `{name}`; {hint}")))
        }
    }
}
