//! A retry round: samples that failed are asked again, in new jobs; what is there is never changed.

use std::collections::{BTreeMap, HashSet};

use antiphon_core::plan::Plan;
use antiphon_core::{
    Job, OBJECT_FORMAT, Redo, RetrySession, Round, RoundKind, RunId, Sample, SessionKey, TargetId,
};
use antiphon_store::{Put, Store};

use crate::open_run::{present_manifest, refuse_cancelled, refuse_imported};
use crate::{CoordinatorError, Opened};

/// Adds a round for all samples of the run that failed or were not reached, and that no unfinished retry round has already. Gives
/// the number of samples that are left to ask again; where there are none, or all are in such a round, none is added.
///
/// # Errors
/// If there is no such run, or it is cancelled.
pub async fn open_retry(store: &Store, run: &RunId) -> Result<(Opened, u64), CoordinatorError> {
    let manifest = present_manifest(store, run).await?;
    refuse_imported(&manifest)?;
    refuse_cancelled(store, run).await?;
    let mut rounds = store.rounds(run).await?;
    let mut sessions = Vec::new();
    let mut blocks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let stored = store.result_keys(run).await?;
    for (target, block, job) in stored.iter().cloned() {
        blocks.entry((target, block)).or_default().push(job);
    }
    for ((target, block), jobs) in blocks {
        let without_request = |sample: &mut Sample| {
            sample.request = None;
            true
        };
        let samples = store.standing_samples(run, (&target, &block), jobs, without_request).await?;
        sessions.extend(to_retry(&target, samples.into_values()));
    }
    let count = sessions.iter().map(|session| session.redo.len() as u64).sum();
    let dead: Vec<Job> = store.dead_jobs(run).await?.into_iter().map(|dead| dead.job).collect();
    let done: HashSet<_> = stored.into_iter().collect();
    let under_way = under_way(&Plan::new(&manifest, &rounds), &rounds, |job| {
        done.contains(&(job.target.clone(), job.block.clone(), job.id())) || dead.contains(job)
    });
    sessions.retain(|session| !under_way.contains(&session.key));
    if !sessions.is_empty() {
        let number = u32::try_from(rounds.len()).expect("a run has few rounds");
        let round = Round { format: OBJECT_FORMAT, number, kind: RoundKind::Retry(sessions) };
        if store.put_round(run, &round).await? == Put::Exists {
            // Another round was written first, by whoever works on the run or retries as well; what it leaves comes after it.
            return Box::pin(open_retry(store, run)).await;
        }
        rounds = store.rounds(run).await?;
    }
    Ok((Opened { manifest, rounds, resumed: true }, count))
}

/// Sessions that an earlier retry round will ask as soon as its jobs are done: asking them in another round would pay twice.
fn under_way(plan: &Plan<'_>, rounds: &[Round], ended: impl Fn(&Job) -> bool) -> HashSet<SessionKey> {
    let retries = rounds.iter().filter(|round| matches!(round.kind, RoundKind::Retry(_)));
    let mut sessions = HashSet::new();
    for job in retries.flat_map(|round| plan.jobs(round)).filter(|job| !ended(job)) {
        sessions.extend(plan.sessions(&job).into_iter().map(|planned| SessionKey {
            target: job.target.clone(),
            probe: planned.probe.id.clone(),
            user: planned.user.id.clone(),
            session: planned.session,
        }));
    }
    sessions
}

/// Sessions with a failed sample; `samples` stand in the order of their places.
fn to_retry(target: &TargetId, samples: impl Iterator<Item = Sample>) -> Vec<RetrySession> {
    let mut sessions: BTreeMap<SessionKey, Vec<Sample>> = BTreeMap::new();
    for sample in samples {
        let (probe, user) = (sample.probe.clone(), sample.user.clone());
        let key = SessionKey { target: target.clone(), probe, user, session: sample.session };
        sessions.entry(key).or_default().push(sample);
    }
    sessions.into_iter().filter_map(|(key, samples)| retry(key, &samples)).collect()
}

fn retry(key: SessionKey, samples: &[Sample]) -> Option<RetrySession> {
    let failed = samples.iter().filter(|sample| sample.outcome.wants_retry());
    let redo: Vec<Redo> = failed.map(|sample| Redo { turn: sample.turn, repeat: sample.repeat }).collect();
    let said =
        |turn| samples.iter().find(|sample| sample.turn == turn && sample.repeat == 0 && sample.carries_on());
    let history = (0..).map_while(said).map(|sample| sample.text.clone()).collect();
    (!redo.is_empty()).then_some(RetrySession { key, history, redo })
}
