//! Extraction rounds: chains grow by what the samples of their last step agree on, all live chains by one step a round.
//!
//! What a step came to is a pure function of the manifest, the steps before it and the samples that stand of it, and it is written once, before the
//! round that goes on from it. So it does not matter who leads, how often that changes, and whether two do at once. A step of which too few samples
//! were had is not written: once they are retried, the chain goes on.

mod step;

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::plan::Plan;
use antiphon_core::{
    Chain, Grown, Job, OBJECT_FORMAT, Probe, ProbeId, Reach, Round, RoundKind, Sample, Step, Target, TargetId,
};
use antiphon_store::{Put, Store, StoreError};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::{CoordinatorError, Gauge, Opened};
use step::{Said, Story, Words};

/// Blocks that are read at a time.
const READERS: usize = 8;

/// The chains of a run as far as they are known to have come, by target and probe.
#[derive(Debug, Default)]
pub(crate) struct Chains(BTreeMap<(TargetId, ProbeId), Vec<Grown>>);

/// A chain that is to be looked at.
struct Open<'a> {
    target: &'a Target,
    probe: &'a Probe,
    chain: &'a Chain,
    /// How far its first step was asked.
    begun: Reach,
    /// What it came to so far.
    steps: Vec<Grown>,
}

/// Writes what the last steps of all live chains came to, and the round that asks the next ones, if any goes on; gives all rounds there are then.
/// To be called when every job of the rounds so far has ended.
pub(crate) async fn next_round(
    store: &Store,
    gauge: &dyn Gauge,
    opened: &Opened,
    chains: &mut Chains,
) -> Result<Option<Vec<Round>>, CoordinatorError> {
    let plan = Plan::new(&opened.manifest, &opened.rounds);
    let blocks = opened
        .manifest
        .targets
        .iter()
        .flat_map(|target| (0..plan.blocks()).map(move |block| (target, block)));
    let mut looks = Vec::new();
    for (target, block) in blocks {
        let mut open = Vec::new();
        for (_, probe) in plan.block_probes(block) {
            let (Some(chain), Some(begun)) = (probe.chain(), plan.begun(&target.id, probe)) else { continue };
            let steps = chains.take(store, opened, (&target.id, &probe.id)).await?;
            open.push(Open { target, probe, chain, begun, steps });
        }
        if !open.is_empty() {
            looks.push(look(store, gauge, &plan, (target, block), open));
        }
    }
    let looked: Vec<Vec<Open<'_>>> = stream::iter(looks).buffered(READERS).try_collect().await?;
    let mut steps = Vec::new();
    for open in looked.into_iter().flatten() {
        steps.extend(open.next_step(&plan));
        chains.0.insert((open.target.id.clone(), open.probe.id.clone()), open.steps);
    }
    if steps.is_empty() {
        return Ok(None);
    }
    steps.sort_by(|a, b| (&a.target, &a.probe).cmp(&(&b.target, &b.probe)));
    let number = u32::try_from(opened.rounds.len()).expect("a run has few rounds");
    tracing::info!(run = %opened.manifest.run, round = number, chains = steps.len(), "growing on");
    // If another was written first, that one is worked on, whatever it is.
    let round = Round { format: OBJECT_FORMAT, number, kind: RoundKind::Extraction(steps) };
    store.put_round(&opened.manifest.run, &round).await?;
    Ok(Some(store.rounds(&opened.manifest.run).await?))
}

/// Whether a chain of a run of which every job has ended would go on, or could.
pub(crate) async fn goes_on(store: &Store, opened: &Opened) -> Result<bool, CoordinatorError> {
    let plan = Plan::new(&opened.manifest, &opened.rounds);
    for target in &opened.manifest.targets {
        for probe in &opened.manifest.probes {
            let Some(last) = plan.last_step(&target.id, probe) else { continue };
            let written = store.get_grown(&opened.manifest.run, &target.id, &probe.id, last).await?;
            if written.is_none_or(|grown| grown.end.is_none()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

impl Chains {
    /// What a chain came to: as it is known, or else as it is stored.
    async fn take(
        &mut self,
        store: &Store,
        opened: &Opened,
        (target, probe): (&TargetId, &ProbeId),
    ) -> Result<Vec<Grown>, CoordinatorError> {
        match self.0.remove(&(target.clone(), probe.clone())) {
            Some(steps) => Ok(steps),
            None => Ok(store.grown(&opened.manifest.run, target, probe).await?),
        }
    }
}

impl Open<'_> {
    fn story(&self) -> Story<'_> {
        Story { chain: self.chain, steps: &self.steps }
    }

    /// The step that was asked and is not written, if there is one.
    fn unwritten(&self, plan: &Plan<'_>) -> Option<u32> {
        let last = plan.last_step(&self.target.id, self.probe)?;
        let written = u32::try_from(self.steps.len()).expect("few steps");
        (!self.has_ended() && written <= last).then_some(written)
    }

    fn has_ended(&self) -> bool {
        self.steps.last().is_some_and(|grown| grown.end.is_some())
    }

    /// What is to be asked next, if the chain goes on and that was not asked yet.
    fn next_step(&self, plan: &Plan<'_>) -> Option<Step> {
        let step = u32::try_from(self.steps.len()).expect("few steps");
        let is_asked = plan.last_step(&self.target.id, self.probe)? >= step;
        if self.has_ended() || is_asked {
            return None;
        }
        let sessions = plan.manifest().sampling.sessions * (step + 1);
        Some(Step {
            target: self.target.id.clone(),
            probe: self.probe.id.clone(),
            step,
            to: Reach { users: self.begun.users, sessions },
            passage: self.story().passage(),
        })
    }
}

/// Looks at the chains of a block, and writes what their last steps came to.
async fn look<'a>(
    store: &Store,
    gauge: &dyn Gauge,
    plan: &Plan<'_>,
    (target, block): (&Target, usize),
    mut chains: Vec<Open<'a>>,
) -> Result<Vec<Open<'a>>, CoordinatorError> {
    let run = &plan.manifest().run;
    let wanted: BTreeMap<&ProbeId, u32> =
        chains.iter().filter_map(|open| Some((&open.probe.id, open.unwritten(plan)?))).collect();
    if wanted.is_empty() {
        return Ok(chains);
    }
    let rounds: BTreeSet<u32> = (plan.rounds().iter())
        .filter(|round| match &round.kind {
            RoundKind::Retry(_) => true,
            RoundKind::Extraction(_) => {
                let asks = |(probe, step): (&&ProbeId, &u32)| {
                    round.kind.step(&target.id, probe).is_some_and(|asked| asked.step == *step)
                };
                wanted.iter().any(asks)
            }
            _ => wanted.values().any(|step| *step == 0),
        })
        .map(|round| round.number)
        .collect();
    let mut jobs = store.block_results(plan, target, block, true).await?;
    jobs.retain(|job| Job::parse_id(job).is_some_and(|(round, _)| rounds.contains(&round)));
    let each = plan.manifest().sampling.sessions;
    let id = Plan::block_id(block);
    let standing = store.standing_samples(run, (&target.id, &id), jobs, |sample| {
        sample.request = None;
        wanted.get(&sample.probe).is_some_and(|step| sample.session / each == *step)
    });
    let samples: Vec<Sample> = standing.await?.into_values().collect();
    for open in &mut chains {
        let Some(step) = open.unwritten(plan) else { continue };
        let voters = open.begun.users.saturating_sub(open.chain.fresh_users);
        let said: Vec<Said> = (samples.iter().filter(|sample| sample.probe == open.probe.id))
            .filter_map(|sample| said(gauge, plan, voters, sample))
            .collect();
        let planned = u64::from(voters) * u64::from(each) * plan.samples_per_session(open.probe);
        let Some(Words { most, chunk, end }) = open.story().next(&said, planned) else {
            tracing::warn!(%run, target = %target.id, probe = %open.probe.id, step, had = said.len(), planned, "too few samples to grow on");
            continue;
        };
        let (target, probe) = (target.id.clone(), open.probe.id.clone());
        let grown = Grown { format: OBJECT_FORMAT, target, probe, step, most, chunk, end };
        open.steps.push(stands(store, plan, grown).await?);
    }
    Ok(chains)
}

/// Writes what a step came to, and gives what stands of it.
async fn stands(store: &Store, plan: &Plan<'_>, grown: Grown) -> Result<Grown, CoordinatorError> {
    let run = &plan.manifest().run;
    if store.put_grown(run, &grown).await? == Put::Created {
        return Ok(grown);
    }
    let written = store.get_grown(run, &grown.target, &grown.probe, grown.step).await?;
    let key = || antiphon_core::keys::grown(run, &grown.target, &grown.probe, grown.step);
    Ok(written.ok_or_else(|| StoreError::Absent { key: key() })?)
}

/// What a sample says that has a vote; `None` for one that says nothing of the model. Only the first `voters` have one.
fn said(gauge: &dyn Gauge, plan: &Plan<'_>, voters: u32, sample: &Sample) -> Option<Said> {
    let users = &plan.manifest().users.users;
    let user = users.iter().take(voters as usize).position(|user| user.id == sample.user)?;
    Said::of(user as u64, sample, |text| gauge.refuses(&users[user].language, &sample.outcome, text))
}
