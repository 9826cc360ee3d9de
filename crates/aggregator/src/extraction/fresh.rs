//! What users without a vote said in chains: the answers on which texts are scored, and which no text was made of.

use std::collections::BTreeMap;

use antiphon_core::plan::Plan;
use antiphon_core::{Chain, Outcome, Probe, ProbeId, Sample, TargetId, may_refuse, without_preface};

use crate::AggregatorError;
use crate::block::OpenRun;
use crate::rules::{Refusal, classes};

/// An answer of a user without a vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fresh {
    /// The user's place in the manifest.
    pub(super) user: usize,
    /// What was said; `None` where it was refused, filtered or empty.
    pub(super) text: Option<String>,
    /// What was given: the passage of the step, or the question.
    pub(super) given: String,
}

/// Answers by target and chain.
pub(super) type Answers = BTreeMap<(TargetId, ProbeId), Vec<Fresh>>;

/// All fresh answers of a run, of each chain in the order of users and sessions.
pub(super) async fn answers(run: &OpenRun, asks_each: bool) -> Result<Answers, AggregatorError> {
    let plan = run.plan();
    let mut found = Answers::new();
    for block in run.blocks() {
        let target = &run.target(block).id;
        let chains: BTreeMap<&ProbeId, (&Probe, &Chain)> = plan
            .block_probes(block.block)
            .filter_map(|(_, probe)| Some((&probe.id, (probe, probe.chain()?))))
            .collect();
        if chains.is_empty() {
            continue;
        }
        let fresh = |sample: &Sample| {
            let (probe, chain) = chains.get(&sample.probe)?;
            let asked = plan.begun(target, probe)?.users as usize;
            let from = asked.saturating_sub(chain.fresh_users as usize);
            let users = run.manifest.users.users.iter().take(asked).skip(from);
            let user = from + users.clone().position(|user| user.id == sample.user)?;
            Some((user, *probe, *chain))
        };
        let jobs = run.inputs(block, asks_each).await?.jobs;
        let id = Plan::block_id(block.block);
        let wanted = |sample: &mut Sample| {
            sample.request = None;
            fresh(sample).is_some()
        };
        let standing = run.store.standing_samples(&run.manifest.run, (target, &id), jobs, wanted).await?;
        for sample in standing.into_values() {
            let Some((user, probe, chain)) = fresh(&sample) else { continue };
            let language = &run.manifest.users.users[user].language;
            let Some(text) = said(language.as_str(), &sample) else { continue };
            let first = || chain.opening.as_deref().unwrap_or(&chain.seed);
            let given = plan.passage(target, probe, sample.session).unwrap_or_else(first).to_owned();
            found.entry((target.clone(), probe.id.clone())).or_default().push(Fresh { user, text, given });
        }
    }
    Ok(found)
}

/// What a sample says; nothing in it where it says no text, and `None` where it says nothing of the model.
fn said(language: &str, sample: &Sample) -> Option<Option<String>> {
    if matches!(sample.outcome, Outcome::Unsupported { .. }) {
        return None;
    }
    let classes = classes(language, &sample.outcome, &sample.text)?;
    let is_silent = match sample.outcome {
        Outcome::Refused | Outcome::Filtered | Outcome::Empty => true,
        Outcome::Answered => classes.refusal == Refusal::Refused && may_refuse(&sample.text),
        _ => false,
    };
    Some((!is_silent).then(|| without_preface(&sample.text).to_owned()))
}
