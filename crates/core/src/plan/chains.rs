//! Steps of chains: which session belongs to which, and what it is given.

use super::Plan;
use crate::{Probe, Reach, RoundKind, TargetId};

impl<'a> Plan<'a> {
    /// What a session of a chain is given instead of the seed: the passage of its step. `None` for the first step, for sessions that are
    /// not planned, and for all other probes.
    #[must_use]
    pub fn passage(&self, target: &TargetId, probe: &Probe, session: u32) -> Option<&'a str> {
        probe.chain()?;
        let step = session / self.manifest.sampling.sessions;
        let mut steps = self.rounds.iter().rev().filter_map(|round| round.kind.step(target, &probe.id));
        steps.find(|asked| asked.step == step).map(|asked| asked.passage.as_str())
    }

    /// How far a chain's first step was asked; `None` if the chain has not begun.
    #[must_use]
    pub fn begun(&self, target: &TargetId, probe: &Probe) -> Option<Reach> {
        probe.chain()?;
        let first = |kind: &RoundKind| match kind {
            RoundKind::Base(_) | RoundKind::Extension(_) => kind.reach(target, &probe.id),
            _ => None,
        };
        self.rounds.iter().find_map(|round| first(&round.kind))
    }

    /// The newest step of a chain that was asked, from 0; `None` if the chain has not begun.
    #[must_use]
    pub fn last_step(&self, target: &TargetId, probe: &Probe) -> Option<u32> {
        self.begun(target, probe)?;
        let steps = self.rounds.iter().filter_map(|round| round.kind.step(target, &probe.id));
        Some(steps.map(|asked| asked.step).max().unwrap_or(0))
    }
}
