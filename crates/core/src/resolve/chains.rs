//! What chains need of the suite as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assets, Problem};
use crate::suite::{Suite, SuiteConvergence};
use crate::{Chain, ConvergenceRules, Probe, ProbeKind, UserDesign};

const FIELD: &str = "scoring.convergence";

/// Fewest users whose answers have an interval.
const FEWEST_FRESH: u32 = 3;

/// Refuses what chains do not go with; gives when they converge, if that is looked at.
pub(super) fn check(
    suite: &Suite,
    users: &UserDesign,
    probes: &mut [Probe],
) -> Result<Option<ConvergenceRules>, Problem> {
    let convergence = convergence(suite, users, probes)?;
    let Some(probe) = probes.iter().find(|probe| probe.chain().is_some()) else { return Ok(convergence) };
    let field = format!("probe {}", probe.id);
    if suite.sampling.until.is_some() {
        let text = "`sampling.until` asks probes on until they are narrow, and an `extract` probe is asked on until its text ends; put it \
                    into a suite of its own";
        return Err(Problem::at(field, text));
    }
    let voters = users.users.len() as u64 - u64::from(probe.chain().map_or(0, |chain| chain.fresh_users));
    if voters * u64::from(suite.sampling.sessions) * u64::from(suite.sampling.repeats) < 2 {
        let text = "a step of an `extract` probe takes what at least two samples agree on, and there is one; raise \
                    `sampling.sessions` or the number of users";
        return Err(Problem::at(field, text));
    }
    Ok(convergence)
}

/// When chains converge, if that is looked at: takes the fresh users' votes away. Where chains ask for an invented title, at least two must, and at least two
/// chains beside them must not, for a text is scored on what is said in another chain.
fn convergence(
    suite: &Suite,
    users: &UserDesign,
    probes: &mut [Probe],
) -> Result<Option<ConvergenceRules>, Problem> {
    let chains: Vec<(Option<&str>, bool)> =
        (probes.iter()).filter_map(|probe| Some((probe.group.as_deref(), probe.chain()?.invented))).collect();
    let is_controlled = chains.iter().any(|(_, invented)| *invented);
    let written = match suite.scoring.convergence {
        Some(written) => written,
        None if is_controlled => SuiteConvergence::default(),
        None => return Ok(None),
    };
    let at = |field: &str, text: String| Err(Problem::at(format!("{FIELD}{field}"), text));
    if let Some((field, message)) = written.problem() {
        return at(&format!(".{field}"), message.to_owned());
    }
    let groups: BTreeSet<Option<&str>> = chains.iter().map(|(group, _)| *group).collect();
    for group in groups {
        let count =
            |of: bool| chains.iter().filter(|(other, invented)| *other == group && *invented == of).count();
        let (real, invented) = (count(false), count(true));
        if invented > 0 && (real < 2 || invented < 2) {
            let name = group
                .map_or_else(|| "the chains without a `group`".to_owned(), |group| format!("group {group}"));
            let text = format!(
                "{name} has {real} chains, and {invented} with `control: invented`; what is said in one chain is held against the texts of \
                 others, so ask for either title in at least two ways"
            );
            return at("", text);
        }
    }
    if !chains.iter().any(|(group, _)| chains.iter().filter(|(other, _)| other == group).count() > 1) {
        return at(
            "",
            "no group has two chains, and what is said in one chain is held against the texts of others"
                .to_owned(),
        );
    }
    let all = u32::try_from(users.users.len()).unwrap_or(u32::MAX);
    let fresh = written.fresh_users.unwrap_or(all / 2);
    if fresh < FEWEST_FRESH || fresh >= all {
        let text = format!(
            "{fresh} of {all} users would be asked without a vote; at least {FEWEST_FRESH} must be, for an interval, and at least one must vote: \
             have {} users or more{}",
            2 * FEWEST_FRESH,
            if written.fresh_users.is_some() { ", or change `fresh_users`" } else { "" }
        );
        return at(".fresh_users", text);
    }
    for probe in probes {
        if let ProbeKind::Extract(chain) = &mut probe.kind {
            chain.fresh_users = fresh;
        }
    }
    let SuiteConvergence { run_words, margin, alike, .. } = written;
    Ok(Some(ConvergenceRules { run_words, margin, alike }))
}

/// Samples that the probes are asked at most, of one target, for each user and session of the suite.
pub(super) fn most_steps(probes: &[Probe]) -> u64 {
    probes
        .iter()
        .map(|probe| probe.chain().map_or(1, |chain| u64::from(chain.grow.max_steps)))
        .max()
        .unwrap_or(1)
}

/// The texts that chains are held against, by their hash.
pub(super) fn documents(probes: &[Probe], assets: &Assets) -> BTreeMap<String, String> {
    let held = probes.iter().filter_map(Probe::chain).filter_map(|chain: &Chain| chain.document.as_ref());
    held.filter_map(|document| Some((document.hash.clone(), assets.documents.get(&document.path)?.clone())))
        .collect()
}

#[cfg(test)]
mod tests;
