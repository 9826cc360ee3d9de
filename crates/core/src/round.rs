//! Rounds: a run grows by rounds and never changes what is there.

use serde::{Deserialize, Serialize};

use crate::{Growth, Manifest, ProbeId, Reach, SessionKey, Step, TargetId};

/// Most samples of a run: its jobs are listed in memory, and a slip of the finger must not fill it.
pub const MOST_SAMPLES: u64 = 100_000_000;

/// What one round adds, and why. Written once, before any of its jobs is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// Its number, from 0.
    pub number: u32,
    /// What it adds.
    pub kind: RoundKind,
}

/// What a round adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundKind {
    /// The first sessions of the run.
    Base(Selection),
    /// All sessions of the selection that no earlier round has.
    Extension(Selection),
    /// Samples that failed are asked again.
    Retry(Vec<RetrySession>),
    /// Probes whose intervals were not narrow enough are asked on, sorted by target and probe.
    Adaptive(Vec<Growth>),
    /// Samples that were read from files: nothing is asked for it, and what is planned is what was found.
    Import(Import),
    /// Chains are asked on, each by one step, sorted by target and probe.
    Extraction(Vec<Step>),
}

impl RoundKind {
    /// How far it brings a probe of a target, whatever earlier rounds did; `None` if it leaves it as it is.
    #[must_use]
    pub fn reach(&self, target: &TargetId, probe: &ProbeId) -> Option<Reach> {
        match self {
            Self::Base(selection) | Self::Extension(selection) => {
                let chosen = selection.probes.as_ref().is_none_or(|probes| probes.contains(probe));
                let Selection { users, sessions, .. } = *selection;
                (chosen && selection.targets.contains(target)).then_some(Reach { users, sessions })
            }
            Self::Retry(_) | Self::Import(_) => None,
            Self::Adaptive(growths) => {
                let place =
                    growths.binary_search_by(|growth| (&growth.target, &growth.probe).cmp(&(target, probe)));
                place.ok().map(|place| growths[place].to)
            }
            Self::Extraction(_) => self.step(target, probe).map(|step| step.to),
        }
    }

    /// The step of a chain that it asks, if any.
    #[must_use]
    pub fn step(&self, target: &TargetId, probe: &ProbeId) -> Option<&Step> {
        let Self::Extraction(steps) = self else { return None };
        let place = steps.binary_search_by(|step| (&step.target, &step.probe).cmp(&(target, probe)));
        place.ok().map(|place| &steps[place])
    }
}

/// What an import found. Each target and probe has as many sessions and answers as it happens to have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// What there is of each target and probe, in the order of the manifest.
    pub cells: Vec<ImportedCell>,
    /// How the samples are stored, target by target and block by block.
    pub blocks: Vec<ImportedBlock>,
}

/// What an import found of a target and a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedCell {
    /// The target.
    pub target: TargetId,
    /// The probe.
    pub probe: ProbeId,
    /// The most sessions that any user has.
    pub sessions: u32,
    /// Samples, turn by turn.
    pub samples: Vec<u64>,
}

/// How an import stored a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedBlock {
    /// The target.
    pub target: TargetId,
    /// The block's place among the target's.
    pub block: u32,
    /// Samples of each of its objects, from the first.
    pub objects: Vec<u64>,
}

/// A box of sessions: these targets, these probes, the first so many users, the first so many sessions of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Targets, in the order of the manifest.
    pub targets: Vec<TargetId>,
    /// Probes; `None` is all of the manifest.
    pub probes: Option<Vec<ProbeId>>,
    /// Users, from the first.
    pub users: u32,
    /// Sessions of each user, from 0.
    pub sessions: u32,
}

impl Selection {
    /// Samples of all its sessions, `u64::MAX` if they are more than can be counted.
    #[must_use]
    pub fn samples(&self, manifest: &Manifest) -> u64 {
        let chosen = manifest.probes.iter().filter(|probe| match &self.probes {
            None => true,
            Some(probes) => probes.contains(&probe.id),
        });
        let turns: u64 = chosen.map(|probe| probe.turns() as u64).sum();
        [
            self.targets.len() as u64,
            self.users.into(),
            self.sessions.into(),
            manifest.sampling.repeats.into(),
            turns,
        ]
        .into_iter()
        .fold(1, u64::saturating_mul)
    }
}

/// A session to take up again where it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrySession {
    /// Which.
    pub key: SessionKey,
    /// The answers that stand, turn by turn, up to the first turn without one.
    pub history: Vec<String>,
    /// What to ask again.
    pub redo: Vec<Redo>,
}

/// One sample to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redo {
    /// The turn.
    pub turn: u32,
    /// The repeat.
    pub repeat: u32,
}
