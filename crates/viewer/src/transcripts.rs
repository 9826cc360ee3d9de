//! Conversations as they were: what the user said comes from the plan, what the model said from the store.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::summary::{Transcript, TranscriptAnswer, TranscriptTurn};
use antiphon_core::{
    BlockId, JobId, Manifest, Outcome, ProbeId, Round, RoundKind, RunId, Sample, TargetId, UserId, keys,
};
use antiphon_store::{Standing, Store};

use crate::ViewerError;

/// Which conversations; absent means all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this target.
    pub target: Option<TargetId>,
    /// Of this probe.
    pub probe: Option<ProbeId>,
    /// Of this user.
    pub user: Option<UserId>,
    /// With this number.
    pub session: Option<u32>,
}

/// At most `limit` conversations of each target and probe, in the order of the manifest.
///
/// # Errors
/// If there is no such run.
pub async fn transcripts(
    store: &Store,
    run: &RunId,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Transcript>, ViewerError> {
    let manifest = store.get_manifest(run).await?.ok_or_else(|| ViewerError::NoRun { run: run.clone() })?;
    let rounds = store.rounds(run).await?;
    let mut blocks: BTreeMap<(TargetId, BlockId), Vec<JobId>> = BTreeMap::new();
    for (target, block, job) in store.result_keys(run).await? {
        if filter.target.as_ref().is_none_or(|wanted| *wanted == target) {
            blocks.entry((target, block)).or_default().push(job);
        }
    }
    let prompter = Prompter::new(manifest.seed);
    let mut found = Vec::new();
    for ((target, block), jobs) in blocks {
        let reader = BlockReader { store, run, manifest: &manifest, rounds: &rounds, filter, limit };
        for (key, samples) in reader.sessions(&target, &block, jobs).await? {
            found.push(transcript(&Plan::new(&manifest, &rounds), &prompter, &target, key, samples)?);
        }
    }
    let place = |transcript: &Transcript| {
        let target = manifest.targets.iter().position(|target| target.id == transcript.target);
        let probe = manifest.probes.iter().position(|probe| probe.id == transcript.probe);
        (probe, target, transcript.session)
    };
    found.sort_by_cached_key(place);
    Ok(found)
}

type SessionPlace = (ProbeId, UserId, u32);

struct BlockReader<'a> {
    store: &'a Store,
    run: &'a RunId,
    manifest: &'a Manifest,
    rounds: &'a [Round],
    filter: &'a Filter,
    limit: usize,
}

impl BlockReader<'_> {
    /// Reads objects only until every probe has enough sessions, and retried ones on top.
    async fn sessions(
        &self,
        target: &TargetId,
        block: &BlockId,
        mut jobs: Vec<JobId>,
    ) -> Result<BTreeMap<SessionPlace, Vec<Sample>>, ViewerError> {
        jobs.sort();
        let mut kept: BTreeSet<SessionPlace> = BTreeSet::new();
        let mut standing = Standing::default();
        for job in jobs {
            if self.is_full(block, &kept) && !self.is_retry(&job) {
                continue;
            }
            let object = self.store.get_result(&keys::result_of(self.run, target, block, &job)).await?;
            standing.add(object.samples.into_iter().filter(|sample| self.keep(&mut kept, sample)));
        }
        let mut sessions: BTreeMap<SessionPlace, Vec<Sample>> = BTreeMap::new();
        for ((probe, user, session, ..), sample) in standing.samples() {
            sessions.entry((probe, user, session)).or_default().push(sample);
        }
        Ok(sessions)
    }

    fn keep(&self, kept: &mut BTreeSet<SessionPlace>, sample: &Sample) -> bool {
        let Filter { probe, user, session, .. } = self.filter;
        let wanted = probe.as_ref().is_none_or(|probe| *probe == sample.probe)
            && user.as_ref().is_none_or(|user| *user == sample.user)
            && session.is_none_or(|session| session == sample.session);
        let place = (sample.probe.clone(), sample.user.clone(), sample.session);
        if !wanted || kept.contains(&place) {
            return wanted;
        }
        let room = kept.iter().filter(|(probe, ..)| *probe == sample.probe).count() < self.limit;
        room && kept.insert(place)
    }

    fn is_full(&self, block: &BlockId, kept: &BTreeSet<SessionPlace>) -> bool {
        if self.filter.user.is_some() || self.filter.session.is_some() {
            return false;
        }
        let index = block.as_str().trim_start_matches('b').parse::<usize>().unwrap_or(usize::MAX);
        let size = self.manifest.probes_per_block as usize;
        let probes = self.manifest.probes.iter().skip(index.saturating_mul(size)).take(size);
        probes
            .filter(|probe| self.filter.probe.as_ref().is_none_or(|wanted| *wanted == probe.id))
            .all(|probe| kept.iter().filter(|(of, ..)| *of == probe.id).count() >= self.limit)
    }

    fn is_retry(&self, job: &JobId) -> bool {
        self.rounds.iter().any(|round| {
            matches!(round.kind, RoundKind::Retry(_))
                && job.as_str().starts_with(&format!("r{:03}-", round.number))
        })
    }
}

fn transcript(
    plan: &Plan<'_>,
    prompter: &Prompter,
    target: &TargetId,
    (probe, user, session): SessionPlace,
    samples: Vec<Sample>,
) -> Result<Transcript, ViewerError> {
    let mut transcript =
        Transcript { target: target.clone(), probe, user, session, system: None, turns: Vec::new() };
    let manifest = plan.manifest();
    let asked = manifest.probes.iter().find(|probe| probe.id == transcript.probe);
    let asking = manifest.users.users.iter().find(|user| user.id == transcript.user);
    let (Some(probe), Some(user)) = (asked, asking) else { return Ok(transcript) };
    let script = prompter.script_given(probe, user, session, plan.passage(target, probe, session))?;
    transcript.system = script.system;
    let last = script.turns.len() - 1;
    transcript.turns = script
        .turns
        .into_iter()
        .enumerate()
        .map(|(turn, asked)| TranscriptTurn {
            asked,
            prefill: script.prefill.clone().filter(|_| turn == last),
            answers: samples.iter().filter(|sample| sample.turn as usize == turn).map(answer).collect(),
        })
        .collect();
    Ok(transcript)
}

fn answer(sample: &Sample) -> TranscriptAnswer {
    let outcome = match &sample.outcome {
        Outcome::Answered => "answered".to_owned(),
        Outcome::Refused => "refused".to_owned(),
        Outcome::Truncated => "truncated".to_owned(),
        Outcome::Filtered => "filtered".to_owned(),
        Outcome::Empty => "empty".to_owned(),
        Outcome::Failed { kind, detail } => format!("failed: {kind}: {detail}"),
        Outcome::Unsupported { what } => format!("unsupported: the target lacks {what}"),
        Outcome::Unreached => "unreached".to_owned(),
        Outcome::Ended => "not asked: the answer before has no text to go on from".to_owned(),
    };
    TranscriptAnswer { repeat: sample.repeat, outcome, text: sample.text.clone() }
}
