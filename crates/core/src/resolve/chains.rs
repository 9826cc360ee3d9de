//! What chains need of the suite as a whole.

use std::collections::BTreeMap;

use super::{Assets, Problem};
use crate::suite::Suite;
use crate::{Chain, Probe, UserDesign};

/// Refuses what chains do not go with.
pub(super) fn check(suite: &Suite, users: &UserDesign, probes: &[Probe]) -> Result<(), Problem> {
    let Some(probe) = probes.iter().find(|probe| probe.chain().is_some()) else { return Ok(()) };
    let field = format!("probe {}", probe.id);
    if suite.sampling.until.is_some() {
        let text = "`sampling.until` asks probes on until they are narrow, and an `extract` probe is asked on until its text ends; put it \
                    into a suite of its own";
        return Err(Problem::at(field, text));
    }
    let samples =
        users.users.len() as u64 * u64::from(suite.sampling.sessions) * u64::from(suite.sampling.repeats);
    if samples < 2 {
        let text = "a step of an `extract` probe takes what at least two samples agree on, and there is one; raise \
                    `sampling.sessions` or the number of users";
        return Err(Problem::at(field, text));
    }
    Ok(())
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
